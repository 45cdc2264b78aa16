import { scopeOf, type DraftTable } from '../batch/draft.ts'
import type { CreateTable, DerivedRows } from './action.ts'
import { expressionOf, originOf, problem, requireTable, warning, type ActionContext } from './context.ts'
import { numberedColumns } from './derived-numbers.ts'
import { hasValues } from './derived-values.ts'

/** Fills a new table from another one, and keeps it in step with what old sessions write there. */
export function deriveRows(up: DerivedRows, action: CreateTable, table: DraftTable, context: ActionContext): void {
  const { draft } = context
  const source = requireTable(context, up.table, ['up', 'table'])
  if (source === undefined) return
  const scope = scopeOf(source)
  const values = Object.entries(up.values).flatMap(([name, text]) => {
    const column = table.columns.find((candidate) => candidate.name === name)
    if (column === undefined) {
      problem(
        context,
        ['up', 'values', name],
        `Table ${table.name} has no column ${name}.`,
        `Use columns of the new table: ${table.columns.map((one) => one.name).join(', ')}.`,
      )
      return []
    }
    const expression = expressionOf(context, ['up', 'values', name], text, {
      kind: 'value',
      rows: [scope],
      type: column.type,
      side: 'old',
    })
    return expression === undefined ? [] : [{ column: column.physical, expression }]
  })
  const conflict = conflictColumns(up, action, context)
  if (conflict === undefined) return
  if (!hasValues(up, conflict, action, context)) return
  if ((up.on_source_delete ?? 'keep') === 'keep') {
    warning(
      context,
      ['up'],
      `Rows of ${table.name} stay when their rows of ${source.name} are deleted.`,
      'Write on_source_delete = "delete" in up if they should go too.',
    )
  }
  const numbered = numberedColumns(up, action, { table, source, values }, context)
  draft.rules.push({
    kind: 'derive',
    direction: 'up',
    table: table.physical,
    source: { table: source.physical, scope },
    values,
    conflict,
    numbered,
    onSourceDelete: up.on_source_delete ?? 'keep',
    origin: originOf(context, table.name),
  })
}

// Its own unique constraints are made by later actions as indexes; the constraint is named before it exists.
function conflictColumns(up: DerivedRows, action: CreateTable, context: ActionContext): readonly string[] | undefined {
  const { upsert_constraint: name } = up
  if (name === undefined || name === `${action.name}_pkey`) return action.primary_key
  const index = context.part.actions.find(
    (other) => other.type === 'add_index' && other.table === action.name && other.index.name === name,
  )
  const columns = index?.type === 'add_index' && index.index.unique === true ? index.index.columns : []
  const names = columns.flatMap(({ column }) => (column === undefined ? [] : [column]))
  if (names.length > 0 && names.length === columns.length) return names
  problem(
    context,
    ['up', 'upsert_constraint'],
    `There is no unique constraint or index ${name} on ${action.name}.`,
    `Add a unique index of that name to ${action.name} by add_index in the same file, or leave upsert_constraint out to use the primary key.`,
  )
  return undefined
}
