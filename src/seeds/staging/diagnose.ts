import { DatabaseError, id, join, raw, sql, type Queryable } from '../../database/database.ts'
import type { Problems } from '../problem.ts'
import { inSavepoint } from './references.ts'
import type { ResolvedStep } from './staged.ts'
import { valueText } from '../format/value-text.ts'
import { columnForm, isMiss, tableSql, writableColumn } from '../target.ts'

/** What staging is diagnosed with. */
export interface DiagnosisWorld {
  readonly tx: Queryable
  readonly problems: Problems
  readonly dialect: 'postgres' | 'sqlite'
}

/** Values that were found to be none of their column's type. */
interface Value {
  readonly row: number
  readonly column: string
  readonly text: string
}

const most = 50

/**
 * Finds out which values keep rows from being staged, by trying them one by one against their column's type, and reports each
 * with its place. Only texts that stand in the files are tried: a secret is never among them.
 */
export async function diagnose(world: DiagnosisWorld, step: ResolvedStep, reason: string): Promise<void> {
  const { tx, problems } = world
  const probe = await createProbe(world, step)
  const good = new Set<string>()
  let found = 0
  for await (const value of plainValues(step)) {
    const name = `${value.column}\0${value.text}`
    if (good.has(name)) continue
    const failure = await tryValue(tx, probe, value)
    if (failure === undefined) {
      if (good.size < 100_000) good.add(name)
      continue
    }
    problems.add(
      step.source.place(value.row, value.column),
      `${value.column} cannot be this value: ${failure}`,
      'Correct the value.',
    )
    found += 1
    if (found === most) return
  }
  if (found > 0) return
  if (step.inputs.variables.size > 0) {
    const remedy = 'Look at the values of the environment variables that it reads, which are not shown here.'
    problems.add(step.where, `The rows do not fit the table ${step.table.name}.`, remedy)
    return
  }
  problems.add(step.where, `The rows do not fit the table ${step.table.name}: ${reason}`, 'Correct the rows.')
}

async function createProbe(
  { tx, dialect }: DiagnosisWorld,
  { number, table }: ResolvedStep,
): Promise<readonly string[]> {
  const name = `metastore_probe_${number}`
  const columns = table.columns.filter(({ generated }) => generated === null).map((column) => id(column.name))
  const path = dialect === 'postgres' ? ['pg_temp', name] : ['temp', name]
  await tx.query(sql`drop table if exists ${id(...path)}`)
  await tx.query(sql`
    create temporary table ${id(name)}${raw(dialect === 'postgres' ? ' on commit drop' : '')} as
    select ${join(columns)} from ${tableSql(table)} where false`)
  return path
}

async function tryValue(tx: Queryable, probe: readonly string[], { column, text }: Value): Promise<string | undefined> {
  try {
    await inSavepoint(tx, () => tx.load({ table: probe, columns: [column] }, [[text]]))
    return undefined
  } catch (error) {
    if (!(error instanceof DatabaseError) || error.reason === 'connection_lost' || error.reason === 'canceled')
      throw error
    return error.message
  }
}

async function* plainValues({ source, table }: ResolvedStep): AsyncGenerator<Value> {
  const form = (name: string) => {
    const column = writableColumn(table, name)
    return isMiss(column) ? 'plain' : columnForm(column)
  }
  for await (const { columns, rows, at } of source.read(form)) {
    for (const [index, cells] of rows.entries()) {
      for (const [position, column] of columns.entries()) {
        const cell = cells[position] ?? null
        const text =
          cell === null || typeof cell === 'string'
            ? cell
            : cell.kind === 'value'
              ? valueText(cell.node, form(column), 'postgres')
              : null
        if (text !== null) yield { row: at[index] ?? 0, column, text }
      }
    }
  }
}
