import path from 'node:path'
import type { LoadedSeed, LoadedStep } from './load-seed.ts'
import { placeOf } from './problem.ts'
import type { ResolvedStep } from './stage.ts'
import { columnForm, isMiss, isUnique, naturalKey, tableNamed, writableColumn, type Scene } from './target.ts'

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
  if (isMiss(table)) return void problems.add(where, table.message, table.remedy)
  if (table.schema === scene.stateSchema) {
    return void problems.add(
      where,
      `The table ${step.table} is metastore's own.`,
      'Seed tables of the application only.',
    )
  }
  const wrong = (step.key ?? []).flatMap(({ name, at }) => {
    const column = writableColumn(table, name)
    return isMiss(column) ? [{ ...column, at }] : []
  })
  wrong.forEach(({ at, message, remedy }) => problems.add(place(at), message, remedy))
  if (wrong.length > 0) return undefined
  const key = step.key?.map(({ name }) => name) ?? naturalKey(table, await columnsGiven(source))
  if (isMiss(key)) return void problems.add(where, key.message, key.remedy)
  if (
    step.mode === 'sync' &&
    step.key !== null &&
    !isUnique(
      table,
      step.key.map(({ name }) => name),
    )
  ) {
    const remedy = 'Name columns that have a unique index together.'
    return void problems.add(
      where,
      'A sync needs a key of which no two rows agree, and these columns are not unique.',
      remedy,
    )
  }
  return {
    number,
    mode: step.mode,
    table,
    key,
    source,
    where,
    directory: path.dirname(seed.file.absolutePath),
    inputs: seed.inputs,
  }

  async function columnsGiven(rows: LoadedStep['source']): Promise<readonly string[]> {
    let common: readonly string[] | undefined
    if (rows.bulk && rows.columns !== null) return rows.columns
    for await (const { columns } of rows.read((name) => formOf(name))) {
      common = common === undefined ? columns : common.filter((name) => columns.includes(name))
      if (rows.bulk) break
    }
    return common ?? []
  }

  function formOf(name: string) {
    const column = isMiss(table) ? undefined : table.columns.find((one) => one.name === name)
    return column === undefined ? 'plain' : columnForm(column)
  }
}
