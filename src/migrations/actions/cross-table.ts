import type { DraftColumn, DraftTable } from '../batch/draft.ts'
import { scopeOf } from '../batch/draft.ts'
import type { RowScope } from '../batch/row-scope.ts'
import type { LookupRule, SyncDirection } from '../sync/rule.ts'
import type { CrossTable, KeyPath } from './action.ts'
import { expressionOf, originOf, problem, requireTable, type ActionContext } from './context.ts'

/** The rule for a column that comes from another table; undefined, with the problem told, when it cannot be. */
export function crossRule(
  context: ActionContext,
  table: DraftTable,
  column: Pick<DraftColumn, 'name' | 'physical' | 'type'>,
  direction: SyncDirection,
  cross: CrossTable,
): LookupRule | undefined {
  const path: KeyPath = [direction]
  const source = requireTable(context, cross.table, [...path, 'table'])
  if (source === undefined) return undefined
  if (source === table) {
    problem(
      context,
      [...path, 'table'],
      `The value of ${table.name}.${column.name} would come from its own table.`,
      `Write ${path.join('.')} = "<SQL>" with a sub-query instead.`,
    )
    return undefined
  }
  const target = scopeOf(table)
  const from = scopeOf(source)
  const rows: readonly RowScope[] = [from, target]
  const side = direction === 'up' ? 'old' : 'new'
  const value = expressionOf(context, [...path, 'value'], cross.value, { kind: 'value', rows, type: column.type, side })
  const where = expressionOf(context, [...path, 'where'], cross.where, { kind: 'condition', rows, type: null, side })
  if (value === undefined || where === undefined) return undefined
  return {
    kind: 'lookup',
    direction,
    table: table.physical,
    column: column.physical,
    type: column.type,
    target,
    source: { table: source.physical, scope: from, key: keyOf(source) },
    value,
    where,
    origin: originOf(context, column.name),
  }
}

/** The columns of a table's primary key in the database; of all of its columns where it has none. */
export function keyOf(table: DraftTable): readonly string[] {
  const key = table.constraints.find(({ kind, removed }) => kind === 'primary_key' && !removed)
  const names = key?.columns ?? []
  const columns = table.columns.filter(({ name }) => names.includes(name))
  return columns.length === 0 ? [] : columns.map(({ physical }) => physical)
}
