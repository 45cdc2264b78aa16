import type { ColumnDeclaration, CreateTable, DerivedRows } from './action.ts'
import { lint, problem, type ActionContext } from './context.ts'

/** Whether a column takes its numbers from a sequence of its own. */
export function isNumbered({ type, generated }: ColumnDeclaration): boolean {
  return /\bas\s+identity\b/i.test(generated ?? '') || /^\s*(?:(?:big|small)?serial|serial[248])\s*$/i.test(type)
}

/** Says so when derived rows could not be made, or not be recognised again; returns whether they can be recognised. */
export function hasValues(
  up: DerivedRows,
  conflict: readonly string[],
  action: CreateTable,
  context: ActionContext,
): boolean {
  for (const column of action.columns) {
    const mandatory = !(column.nullable ?? true)
    const filled = column.default !== undefined || column.generated !== undefined || isNumbered(column)
    if (!mandatory || filled || up.values[column.name] !== undefined || conflict.includes(column.name)) continue
    lint(
      context,
      ['up', 'values'],
      `Column ${action.name}.${column.name} must not be null, and neither up nor a default gives it a value.`,
      'Add it to values, give it a default, or make it nullable.',
    )
  }
  const missing = conflict.filter((name) => up.values[name] === undefined)
  if (missing.length === 0) return true
  problem(
    context,
    ['up', 'values'],
    `Rows of ${action.name} are recognised by ${missing.join(', ')}, which up gives no value: each change of ${up.table} would make another row.`,
    `Give ${missing.join(', ')} a value in values, or name in upsert_constraint a unique index of ${action.name} whose columns have values.`,
  )
  return false
}
