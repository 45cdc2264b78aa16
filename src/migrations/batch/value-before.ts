import { id, sql, type Sql } from '../../database/database.ts'
import type { Draft, DraftTable } from './draft.ts'
import { renderExpression, type Expression } from './expression.ts'
import type { RowScope } from './row-scope.ts'

/**
 * What a column of the new version would hold in the rows as they are before the batch, over a row of the table; undefined
 * when that cannot be said in one expression, as for what is looked up in another table or made up anew each time.
 */
export function valueBefore(draft: Draft, table: DraftTable, name: string): Sql | undefined {
  const column = table.columns.find((candidate) => candidate.name === name)
  return column === undefined || table.created ? undefined : physicalValue(draft, table, column.physical, 0)
}

/** The columns of the primary key that the rows had before the batch, to name rows by; empty where there is none. */
export function keyBefore({ original }: Pick<DraftTable, 'original'>): readonly string[] {
  const key = original?.constraints.find(({ kind }) => kind === 'primary_key')
  return key?.kind === 'primary_key' ? key.columns : []
}

/**
 * What an expression over a row of the new version would give in the rows as they are before the batch; undefined as for
 * `valueBefore`.
 */
export function expressionBefore(
  draft: Draft,
  table: DraftTable,
  expression: Expression,
  scope: RowScope,
): Sql | undefined {
  if (table.created) return undefined
  let known = true
  const value = renderExpression(expression, scope, (physical) => {
    const before = physicalValue(draft, table, physical, 0)
    if (before === undefined) known = false
    return before ?? id(physical)
  })
  return known ? value : undefined
}

function physicalValue(draft: Draft, table: DraftTable, physical: string, depth: number): Sql | undefined {
  if (table.original?.columns.some((column) => column.name === physical)) return id(physical)
  const rule = draft.rules.find(
    (candidate) =>
      candidate.direction === 'up' &&
      candidate.kind !== 'derive' &&
      candidate.table === table.physical &&
      candidate.column === physical,
  )
  if (rule === undefined) {
    const added = table.columns.find((column) => column.physical === physical)
    return added?.default == null ? sql`null` : undefined
  }
  if (rule.kind !== 'compute' || rule.volatile || rule.expression.opaque || depth > 8) return undefined
  let known = true
  const value = renderExpression(rule.expression, rule.scope, (used) => {
    const inner = physicalValue(draft, table, used, depth + 1)
    if (inner === undefined) known = false
    return inner ?? sql`null`
  })
  return known ? value : undefined
}
