import { findColumn } from '../../catalog/catalog.ts'
import { id, join, raw, sql } from '../../database/database.ts'
import { reportCycle } from './cycles.ts'
import type { Prepared } from './evaluate.ts'
import { isOrderedAlike } from './key-order.ts'
import type { KnownValue } from './planned-rows.ts'
import { sameKey } from './check-staged.ts'
import { batchesOf, rowLoader, type Batch, type BatchRow, type LoadedRow, type Staging } from './prepare-rows.ts'
import { inSavepoint } from './references.ts'
import { resolveReferences, tableKey } from './resolve-references.ts'
import {
  fewRows,
  rowColumn,
  shapeColumn,
  type ResolvedStep,
  type Shape,
  type Staged,
  type StageWorld,
} from './staged.ts'
import { isMiss, tableSql, writableColumn } from '../target.ts'

/** A failure of the database to take the rows as they are, with what it said. */
export class StagingFailed extends Error {}

/** Brings the rows of a step into a temporary table; `only` limits it to some of them. Throws StagingFailed. */
export async function stageRows(world: StageWorld, step: ResolvedStep, only?: ReadonlySet<number>): Promise<Staged> {
  const columns =
    step.source.columns ?? step.table.columns.filter(({ generated }) => generated === null).map(({ name }) => name)
  // Of no rows nothing else is known than by what they would be told apart.
  const known = [...new Set([...columns, ...step.key])].filter((name) => !isMiss(writableColumn(step.table, name)))
  const path = await createStage(world, step, known)
  const staging = beginStaging(world, step, known)
  let count = 0
  const wrong = world.problems.found.length
  const batches = batchesOf(staging, only)
  const loaded = rowLoader(staging)
  const target = { table: path, columns: [rowColumn, shapeColumn, ...known] }
  for (let next = await batches.next(); next.done !== true;) {
    let held: IteratorResult<Batch, void> = next
    await settleBatch(staging, next.value)
    const rows = async function* (): AsyncGenerator<readonly LoadedRow[]> {
      // Rows that refer to others need queries, which cannot be asked while a load is under way.
      for (; held.done !== true; held = await batches.next()) {
        if (held.value !== next.value && held.value.pending.length > 0) return
        yield held.value.rows.map(loaded)
        count += held.value.rows.length
        world.onRows?.(count)
      }
    }
    if (world.problems.found.length > wrong) break
    try {
      await inSavepoint(world.tx, () => world.tx.load(target, rows()))
    } catch (error) {
      if (error instanceof Error && 'engineCode' in error) throw new StagingFailed(error.message, { cause: error })
      throw error
    }
    next = held
  }
  if (count > fewRows) await prepareJoins(staging, path)
  return stagedBy(staging, path, count)
}

function beginStaging(world: StageWorld, step: ResolvedStep, columns: readonly string[]): Staging {
  return {
    world,
    step,
    columns,
    shapes: new Map(),
    secrets: [],
    late: new Map(),
    nullColumns: new Set(),
    keysAscend: false,
    waiting: new Set(),
    unknown: new Set(),
    hidden: new Set(),
  }
}

function stagedBy(staging: Staging, path: readonly string[], count: number): Staged {
  const { step, columns, secrets, late, nullColumns, keysAscend, hidden, waiting } = staging
  const shapes = [...staging.shapes.values()]
  return { step, path, columns, shapes, count, secrets, late, nullColumns, keysAscend, hidden, waiting }
}

// Nobody else gathers statistics of a temporary table, and without any a join of many rows is planned as one of few. A coarse
// sample of what joins look at is enough: that there are many rows is what counts.
async function prepareJoins({ world: { tx, cells }, step, columns, keysAscend }: Staging, path: readonly string[]) {
  const key = step.key.filter((column) => columns.includes(column))
  if (cells.dialect === 'sqlite' || key.length === 0) {
    await tx.query(sql`analyze ${id(...path)}`)
    return
  }
  // Spilling both sides of the joins to disk takes longer than they do themselves. For the transaction of this file only.
  await tx.query(sql`
    select set_config('work_mem', '64MB', true)
    where pg_size_bytes(current_setting('work_mem')) < pg_size_bytes('64MB')`)
  // Rows that came in the order of their key are joined in that order, when the table has them so too: neither side is sorted,
  // hashed or looked up row by row. An index is what tells the planner.
  if (keysAscend && key.every((column) => isOrderedAlike(findColumn(step.table, column))))
    await tx.query(sql`create index on ${id(...path)} (${join(key.map((column) => id(column)))})`)
  await tx.query(sql`set local default_statistics_target = 10`)
  await tx.query(sql`analyze ${id(...path)} (${join([rowColumn, shapeColumn, ...key].map((column) => id(column)))})`)
}

// Rows that are few are remembered, so that later ones can refer to them before they are written.
async function settleBatch(staging: Staging, { rows, pending }: Batch): Promise<void> {
  const { world, step } = staging
  const register = () => {
    if (world.planned === null || step.source.bulk) return
    for (const { row, shape, values } of rows) {
      world.planned.add(tableKey(step.table), { step: step.number, row }, knownValues(shape, values))
    }
  }
  await resolveReferences(world, step, pending, { late: staging.late, waiting: staging.waiting, register })
  if (step.source.bulk) return
  reportCycle(world, step, rows)
  if (world.planned !== null) reportSameKeys(world, step, rows)
}

// Of keys that refer to rows which are not there yet: the database compares all others.
function reportSameKeys({ problems }: StageWorld, { key, source }: ResolvedStep, rows: readonly BatchRow[]): void {
  const seen = new Map<string, number>()
  for (const { row, shape, values } of rows) {
    const known = knownValues(shape, values)
    const parts = key.map((column) => known.get(column))
    if (parts.includes(undefined) || !parts.some((part) => typeof part === 'object' && part !== null)) continue
    const name = JSON.stringify(parts)
    const first = seen.get(name)
    if (first === undefined) seen.set(name, row)
    else problems.add(source.place(row, key[0]), ...sameKey(key, source.place(first)))
  }
}

function knownValues({ columns }: Shape, values: readonly Prepared[]): Map<string, KnownValue> {
  const known = new Map<string, KnownValue>()
  for (const [index, column] of columns.entries()) {
    const value = values[index] ?? null
    if (value === null || typeof value === 'string') known.set(column, value)
    else if ('late' in value && value.late === 'ref' && value.planned !== undefined) {
      known.set(column, { planned: value.planned })
    }
  }
  return known
}

async function createStage(
  { tx, cells: { dialect, scene } }: StageWorld,
  { number, table }: ResolvedStep,
  columns: readonly string[],
): Promise<readonly string[]> {
  const name = `metastore_seed_${number}`
  const path = dialect === 'postgres' ? ['pg_temp', name] : ['temp', name]
  // A row of another shape has null there, and so has a value that is not known yet.
  const typed = (name: string) => {
    const column = findColumn(table, name)
    return column !== undefined && scene.strict.has(column)
      ? sql`cast(${id(name)} as ${raw(column.type)}) as ${id(name)}`
      : id(name)
  }
  const list = join([sql`0 as ${id(rowColumn)}`, sql`0 as ${id(shapeColumn)}`, ...columns.map(typed)])
  await tx.query(sql`drop table if exists ${id(...path)}`)
  await tx.query(
    sql`create temporary table ${id(name)}${raw(dialect === 'postgres' ? ' on commit drop' : '')} as select ${list} from ${tableSql(table)} where false`,
  )
  return path
}
