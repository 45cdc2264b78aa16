import { id, sql } from '../../database/database.ts'
import { scopeOf, type DraftTable } from '../batch/draft.ts'
import type { PhaseStep } from '../batch/phase-step.ts'
import { goOnAfter } from '../sync/derive.ts'
import type { ColumnDeclaration, CreateTable, DerivedRows } from './action.ts'
import {
  expressionOf,
  originOf,
  problem,
  requireTable,
  stepOf,
  transaction,
  warning,
  type ActionContext,
} from './context.ts'
import { hasValues, isNumbered } from './derived-values.ts'

/** Fills a new table from another one, and keeps it in step with what old sessions write there. */
export function deriveRows(up: DerivedRows, action: CreateTable, table: DraftTable, context: ActionContext): void {
  const { draft } = context
  const source = requireTable(context, up.table, ['up', 'table'])
  if (source === undefined) return
  if (up.where !== undefined) {
    warning(
      context,
      ['up', 'where'],
      'where of up is ignored: every row of the source is copied.',
      'Remove it, or make the table without up and fill it by a custom action.',
    )
  }
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
  const numbered = action.columns.filter((column) => up.values[column.name] !== undefined && isNumbered(column))
  if (numbered.length > 0) draft.indexes.push(() => goOnNumbering(numbered, table, context))
  draft.rules.push({
    kind: 'derive',
    direction: 'up',
    table: table.physical,
    source: { table: source.physical, scope },
    values,
    conflict,
    numbered: numbered.map(({ name }) => name),
    onSourceDelete: up.on_source_delete ?? 'keep',
    origin: originOf(context, table.name),
  })
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
