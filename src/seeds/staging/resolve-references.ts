import { findTable, primaryKey, type Column, type Table } from '../../catalog/catalog.ts'
import { id, sql } from '../../database/database.ts'
import { isSecret, type Reference } from '../format/cell.ts'
import { evaluate, type Prepared } from './evaluate.ts'
import type { KnownValue, PlannedRow } from './planned-rows.ts'
import { lookUpAll, type Found, type LookUp } from './references.ts'
import { foreignTarget, isMiss, tableNamed, tableSql, writableColumn } from '../target.ts'
import { rowColumn, stageSql, type ResolvedStep, type StageWorld } from './staged.ts'

/** A cell that refers to another row, and where its value goes. */
export interface PendingReference {
  readonly row: number
  readonly column: Column
  readonly ref: Reference
  readonly where: string
  readonly values: Prepared[]
  readonly index: number
  /** The columns that the values are of. */
  readonly columns: readonly string[]
}

/**
 * Finds the rows that cells refer to: in the database, or among those that are going to be written, whose values come late.
 * While rows are being written, one that refers to a row of its own step that is not there yet waits. `register` is called
 * when what the rows say of other tables is known, so that they can be found by it.
 */
export async function resolveReferences(
  world: StageWorld,
  step: ResolvedStep,
  pending: readonly PendingReference[],
  outcome: { readonly late: Map<number, Set<string>>; readonly waiting: Set<number>; readonly register: () => void },
): Promise<void> {
  const searches = pending.flatMap((one) => {
    const search = searchOf(world, step, step.table, one)
    return search === undefined ? [] : [{ one, search }]
  })
  const isOwn = ({ search }: { search: Search }) => tableKey(search.table) === tableKey(step.table)
  const find = makeFinder(world)
  const settleAll = async (group: typeof searches) => {
    await find(group.map(({ search }) => search))
    for (const { one, search } of group) settle(world, step, { one, search }, outcome)
  }
  await settleAll(searches.filter((one) => !isOwn(one)))
  outcome.register()
  await settleAll(searches.filter(isOwn))
}

/** What is looked for, and what was found. */
interface Search {
  readonly table: Table
  readonly column: string
  readonly by: readonly { readonly column: string; readonly value: string | null | Search; readonly hidden?: boolean }[]
  readonly where: string
  result?: KnownValue | { readonly fault: Found }
}

/** What tells tables apart. */
export function tableKey({ schema, name }: { readonly schema: string; readonly name: string }): string {
  return `${schema}.${name}`
}

function searchOf(
  world: StageWorld,
  step: ResolvedStep,
  table: Table,
  { column, ref, where }: Pick<PendingReference, 'column' | 'ref' | 'where'>,
): Search | undefined {
  const { problems, cells } = world
  const target = foreignTarget(table, column.name)
  const named =
    ref.table === null ? target && findTable(cells.scene.catalog, target) : tableNamed(cells.scene, ref.table)
  if (named === undefined) {
    const remedy = 'Name the table beside it: { "$ref": { … }, "table": "…" }.'
    problems.add(where, `The column ${column.name} has no foreign key that says which table is meant.`, remedy)
    return undefined
  }
  if (isMiss(named)) {
    problems.add(where, named.message, named.remedy)
    return undefined
  }
  const sameTable = target?.schema === named.schema && target.name === named.name
  const selected = ref.column ?? (sameTable ? target.column : primaryKey(named)?.columns[0])
  const found = writableColumn(named, selected ?? '')
  if (isMiss(found)) {
    problems.add(where, found.message, found.remedy)
    return undefined
  }
  const by = ref.by.map((part) => {
    const byColumn = writableColumn(named, part.column)
    if (isMiss(byColumn)) {
      problems.add(where, byColumn.message, byColumn.remedy)
      return undefined
    }
    if (part.cell.kind === 'ref') {
      const inner = searchOf(world, step, named, { column: byColumn, ref: part.cell.ref, where })
      return inner && { column: part.column, value: inner }
    }
    const place = {
      table: named,
      column: byColumn,
      where,
      directory: step.directory,
      inputs: step.inputs,
      identity: () => undefined,
    }
    const value = evaluate(cells, part.cell, place)
    return value === undefined || (value !== null && typeof value !== 'string')
      ? undefined
      : { column: part.column, value, hidden: isSecret(part.cell) }
  })
  const complete = by.filter((one) => one !== undefined)
  return complete.length < by.length ? undefined : { table: named, column: found.name, by: complete, where }
}

// Inner searches first; what was found once is not asked for again.
function makeFinder(world: StageWorld): (searches: readonly Search[]) => Promise<void> {
  const known = new Map<string, KnownValue | { fault: Found }>()
  const find = async (searches: readonly Search[]): Promise<void> => {
    const inner = searches.flatMap(({ by }) => by.flatMap(({ value }) => (isSearch(value) ? [value] : [])))
    if (inner.length > 0) await find(inner)
    const open = new Map<string, Search>()
    for (const search of searches) {
      const name = JSON.stringify([tableKey(search.table), search.column, valuesOf(search)])
      const result = known.get(name)
      if (result !== undefined) search.result = result
      else if (!open.has(name)) open.set(name, search)
    }
    const asked = [...open]
    const results = await findAll(
      world,
      asked.map(([, search]) => search),
    )
    asked.forEach(([name], index) => known.set(name, results[index] ?? { fault: { missing: 'none' } }))
    for (const search of searches) {
      search.result ??= known.get(JSON.stringify([tableKey(search.table), search.column, valuesOf(search)])) ?? {
        fault: { missing: 'none' },
      }
    }
  }
  return find
}

function isSearch(value: string | null | Search): value is Search {
  return typeof value === 'object' && value !== null
}

function valuesOf({ by }: Search): { column: string; value: KnownValue | undefined }[] {
  return by.map(({ column, value }) => {
    if (!isSearch(value)) return { column, value }
    const { result } = value
    return { column, value: typeof result === 'object' && result !== null && 'fault' in result ? undefined : result }
  })
}

async function findAll(world: StageWorld, searches: readonly Search[]): Promise<(KnownValue | { fault: Found })[]> {
  const asked = searches.map((search) => ({ search, values: valuesOf(search) }))
  const inDatabase = asked.filter(({ values }) =>
    values.every(({ value }) => value === null || typeof value === 'string'),
  )
  const toLookUp = (
    from: LookUp['from'],
    select: LookUp['select'],
    { values }: { values: { column: string; value: KnownValue | undefined }[] },
  ): LookUp => ({
    from,
    select,
    by: values.map(({ column, value }) => ({ column, value: value as string | null })),
  })
  const found = await lookUpAll(
    world.tx,
    inDatabase.map((one) => toLookUp(tableSql(one.search.table), sql`r.${id(one.search.column)}`, one)),
  )
  const results = new Map(inDatabase.map((one, index) => [one.search, found[index] ?? ({ missing: 'none' } as const)]))
  const all: (KnownValue | { fault: Found })[] = []
  for (const { search, values } of asked) {
    const result = results.get(search) ?? { missing: 'none' as const }
    const planned =
      'missing' in result && result.missing === 'none' ? await plannedRow(world, search, values) : undefined
    all.push('value' in result ? result.value : planned === undefined ? { fault: result } : { planned })
  }
  return all
}

async function plannedRow(
  { planned, bulk, tx }: StageWorld,
  search: Search,
  values: readonly { column: string; value: KnownValue | undefined }[],
): Promise<PlannedRow | undefined> {
  if (planned === null || values.some(({ value }) => value === undefined)) return undefined
  const by = values.map(({ column, value }) => ({ column, value: value as KnownValue }))
  const listed = planned.find(tableKey(search.table), by)
  if (listed !== undefined || by.some(({ value }) => value !== null && typeof value === 'object')) return listed
  for (const staged of bulk) {
    if (tableKey(staged.step.table) !== tableKey(search.table)) continue
    if (!by.every(({ column }) => staged.columns.includes(column))) continue
    const plain = by.map(({ column, value }) => ({ column, value: value as string | null }))
    const [found] = await lookUpAll(tx, [{ from: stageSql(staged), select: sql`r.${id(rowColumn)}`, by: plain }])
    if (found !== undefined && 'value' in found) return { step: staged.step.number, row: Number(found.value) }
  }
  return undefined
}

interface Outcome {
  readonly late: Map<number, Set<string>>
  readonly waiting: Set<number>
}

function settle(
  world: StageWorld,
  step: ResolvedStep,
  { one, search }: { readonly one: PendingReference; readonly search: Search },
  { late, waiting }: Outcome,
): void {
  const { result } = search
  if (result === undefined) return
  if (result === null || typeof result === 'string') {
    one.values[one.index] = result
    return
  }
  if ('planned' in result) {
    late.set(one.row, (late.get(one.row) ?? new Set()).add(one.column.name))
    // Kept for whoever refers to this row, and for the search for cycles.
    one.values[one.index] = { late: 'ref', ref: one.ref, where: one.where, planned: result.planned }
    return
  }
  if (world.planned === null && tableKey(search.table) === tableKey(step.table)) {
    waiting.add(one.row)
    return
  }
  reportMissing(world, search)
}

function reportMissing({ problems }: StageWorld, search: Search): void {
  const faulty = search.by.find(({ value }) => isSearch(value) && isFault(value.result))
  if (faulty !== undefined) return reportMissing({ problems } as StageWorld, faulty.value as Search)
  if (!isFault(search.result)) return
  const { fault } = search.result
  const shown = search.by
    .map(
      ({ column, value, hidden }) =>
        `${column} ${isSearch(value) ? 'as referred to' : hidden ? '(not shown)' : JSON.stringify(value)}`,
    )
    .join(' and ')
  const row = `row of ${search.table.name} with ${shown}`
  if ('failed' in fault) {
    // The database repeats the value that it cannot read.
    const reason = search.by.some(({ hidden }) => hidden) ? 'a value is none of its column.' : fault.failed
    problems.add(search.where, `The ${row} cannot be looked for: ${reason}`, 'Correct the value.')
  } else if ('missing' in fault && fault.missing === 'several') {
    problems.add(search.where, `There is more than one ${row}.`, 'Give more columns, so that only one is meant.')
  } else if ('missing' in fault) {
    const remedy = 'Correct the reference, or put the file or the step that gives that row before this one.'
    problems.add(search.where, `There is no ${row}, neither in the database nor in an earlier seed.`, remedy)
  }
}

function isFault(result: Search['result']): result is { fault: Found } {
  return typeof result === 'object' && result !== null && 'fault' in result
}
