import { id, sql } from '../../database/database.ts'
import { numberedDefault } from '../batch/carry-over.ts'
import { tableId, type DraftTable } from '../batch/draft.ts'
import type { Expression } from '../batch/expression.ts'
import type { PhaseStep } from '../batch/phase-step.ts'
import { goOnAfter } from '../sync/derive.ts'
import type { ColumnDeclaration, CreateTable, DerivedRows } from './action.ts'
import { stepOf, transaction, type ActionContext } from './context.ts'
import { isNumbered } from './derived-values.ts'

/** A new table, and what its rows are made from. */
interface Derived {
  readonly table: DraftTable
  readonly source: DraftTable
  readonly values: readonly { readonly column: string; readonly expression: Expression }[]
}

/** The columns with a value whose own sequence old sessions' rows have to move on; sees to the others, and to the copy. */
export function numberedColumns(
  up: DerivedRows,
  action: CreateTable,
  derived: Derived,
  context: ActionContext,
): readonly string[] {
  const numbered = action.columns.filter(
    (column) => up.values[column.name] !== undefined && isNumbered(column) && !sharesNumbers(column, derived, context),
  )
  if (numbered.length > 0) context.draft.indexes.push(() => goOnNumbering(numbered, derived.table, context))
  return numbered.map(({ name }) => name)
}

// Rows that new sessions number would have the numbers that old sessions' next rows have, so both draw from the source's
// sequence, until nobody gives numbers of the source any more.
function sharesNumbers(
  { name, generated = '' }: ColumnDeclaration,
  { table, source, values }: Derived,
  { draft }: ActionContext,
): boolean {
  const expression = values.find(({ column }) => column === name)?.expression
  const [use] = expression?.uses ?? []
  const isColumn = use?.start === 0 && use.end === expression?.text.length
  const given = isColumn ? source.columns.find((one) => one.name === use.name) : undefined
  const column = table.columns.find(({ physical }) => physical === name)
  const numbers = given?.original == null ? null : numberedDefault(given.original)
  // A view's default would be a value that somebody gives, which such a column refuses.
  if (column === undefined || numbers === null || /^\s*always\b/i.test(generated)) return false
  column.viewDefault = numbers
  table.atSwap.push(() => {
    const now = table.columns.find(({ physical }) => physical === name)
    if (now?.viewDefault !== numbers) return []
    const largest = sql`(select max(${id(now.name)}) from ${tableId(draft, table)})::bigint`
    return [
      sql`alter view ${id(draft.newSchema, table.name)} alter column ${id(now.name)} drop default`,
      sql`select ${goOnAfter(draft.base, table.physical, now.name, largest)}`,
    ]
  })
  return true
}

// After the copy; from then on each row that an old session adds moves the sequence.
function goOnNumbering(
  columns: readonly ColumnDeclaration[],
  table: DraftTable,
  context: ActionContext,
): readonly PhaseStep[] {
  const { base, removed } = context.draft
  if (removed.includes(table)) return []
  const statements = columns.map(({ name }) => {
    const largest = sql`(select max(${id(name)}) from ${id(base, table.physical)})::bigint`
    return sql`select ${goOnAfter(base, table.physical, name, largest)}`
  })
  return [stepOf(context, 'numbers', `go on numbering ${table.name}`, transaction([], ...statements))]
}
