import { id, join, sql, type Sql } from '../../database/database.ts'
import { renderExpression, usesOf, type Expression } from '../batch/expression.ts'
import type { RowScope, ScopeColumn } from '../batch/row-scope.ts'
import { differs } from './differs.ts'
import type { SyncInput } from './sync-input.ts'

/** How a column of a row is spelled. */
export type ColumnOf = (physical: string) => Sql

/** The columns of a row that has this name: NEW or OLD of a trigger, or a table in a query. */
export function columnsOf(input: SyncInput, table: string, row: string): ColumnOf {
  return (physical) => {
    const generated = input.generated?.(table, physical)
    if (generated === undefined) return sql`${rowName(row)}.${id(physical)}`
    return renderExpression(generated.expression, generated.scope, columnsOf(input, table, row))
  }
}

/** The columns of a row that an expression depends on, with what generated ones are made of in their place. */
export function usedColumns(input: SyncInput, table: string, scope: RowScope, uses: readonly string[]): ScopeColumn[] {
  const columns = uses.flatMap((physical) => {
    const generated = input.generated?.(table, physical)
    if (generated !== undefined) {
      return usedColumns(input, table, generated.scope, usesOf(generated.expression, generated.scope))
    }
    return scope.columns.filter((column) => column.physical === physical)
  })
  return distinct(columns)
}

/** Each column once. */
export function distinct(columns: readonly ScopeColumn[]): ScopeColumn[] {
  return [...new Map(columns.map((column) => [column.physical, column])).values()]
}

/** Whether a write changes one of these columns; undefined when there is none that it could change. */
export function anyChanged(columns: readonly Pick<ScopeColumn, 'physical' | 'type'>[]): Sql | undefined {
  if (columns.length === 0) return undefined
  return join(
    columns.map(({ physical, type }) => differs(sql`new.${id(physical)}`, sql`old.${id(physical)}`, type)),
    ' or ',
  )
}

/** The value of an expression over the row of a trigger. */
export function valueOver(
  input: SyncInput,
  expression: Expression,
  scope: RowScope,
  table: string,
  row: 'new' | 'old',
): Sql {
  return renderExpression(expression, scope, columnsOf(input, table, row))
}

// NEW and OLD are variables of the function, which quotes would not change; names of ours are plain as well.
function rowName(row: string): Sql {
  return row === 'new' || row === 'old' ? (row === 'new' ? sql`new` : sql`old`) : id(row)
}
