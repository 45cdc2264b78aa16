import path from 'node:path'
import type { Table } from '../catalog/catalog.ts'
import type { LoadedSeed, LoadedStep } from './load-seed.ts'
import { placeOf } from './problem.ts'
import { hiddenRows } from './row-security.ts'
import type { RowSource } from './rows/row-source.ts'
import type { ResolvedStep } from './staging/staged.ts'
import {
  anyKey,
  columnForm,
  isIndexed,
  isMiss,
  isUnique,
  naturalKey,
  tableNamed,
  writableColumn,
  type Scene,
} from './target.ts'

/** Finds the table, the columns and the key of a step; undefined, with the problems reported, when one is missing. */
export async function resolveStep(
  scene: Scene,
  seed: LoadedSeed,
  { step, source }: LoadedStep,
  number: number,
): Promise<ResolvedStep | undefined> {
  const { problems } = seed.reading
  const place = (offset: number) => placeOf(seed.reading.source, offset)
  const where = place(step.at)
  const table = tableNamed(scene, step.table)
  if (isMiss(table)) {
    problems.add(where, table.message, table.remedy)
    return undefined
  }
  if (table.schema === scene.stateSchema) {
    problems.add(where, `The table ${step.table} is metastore's own.`, 'Seed tables of the application only.')
    return undefined
  }
  const hidden = hiddenRows(scene.bound, table)
  if (hidden !== undefined) {
    problems.add(where, hidden.message, hidden.remedy)
    return undefined
  }
  const wrong = wrongKey(step, table)
  wrong.forEach(({ at, message, remedy }) => problems.add(place(at), message, remedy))
  if (wrong.length > 0) return undefined
  const before = problems.found.length
  const given = step.key === null ? await columnsGiven(source, table) : []
  const key = step.key?.map(({ name }) => name) ?? (given === undefined ? anyKey(table) : naturalKey(table, given))
  if (isMiss(key)) {
    // Rows that could not be read say nothing of their columns.
    if (problems.found.length === before) problems.add(where, key.message, key.remedy)
    return undefined
  }
  if (step.mode === 'sync' && !isUnique(table, key)) {
    const message = 'A sync needs a key of which no two rows agree, and these columns are not unique.'
    problems.add(where, message, 'Name columns that have a unique index together.')
    return undefined
  }
  return {
    number,
    mode: step.mode,
    table,
    key,
    keyIsIndexed: isIndexed(scene.catalog, table, key),
    source,
    where,
    directory: path.dirname(seed.file.absolutePath),
    inputs: seed.inputs,
  }
}

/** The columns that every row gives; undefined where there is no row. */
async function columnsGiven(rows: RowSource, table: Table): Promise<readonly string[] | undefined> {
  if (rows.bulk && rows.columns !== null) return rows.columns
  const forms = new Map(table.columns.map((column) => [column.name, columnForm(column)]))
  let common: readonly string[] | undefined
  for await (const { columns } of rows.read((name) => forms.get(name) ?? 'plain')) {
    common = common === undefined ? columns : common.filter((name) => columns.includes(name))
    // Of many rows the first stand for all.
    if (rows.bulk) break
  }
  return common
}

function wrongKey({ key }: LoadedStep['step'], table: Table) {
  return (key ?? []).flatMap(({ name, at }) => {
    const column = writableColumn(table, name)
    return isMiss(column) ? [{ ...column, at }] : []
  })
}
