import { findTable, primaryKey, type Table } from '../catalog/catalog.ts'
import type { Action } from '../migrations/migrations.ts'
import { columnDeclaration } from './render-actions-columns.ts'
import type { ActionInput } from './rendered-action.ts'

/**
 * The action that makes a table with its columns, primary key and checks; undefined where it is more than an action can say.
 * Its foreign keys are actions of their own, behind all tables.
 */
export function tableAction(
  input: ActionInput,
  name: string,
): Extract<Action, { readonly type: 'create_table' }> | undefined {
  const table = findTable(input.wanted, { schema: input.base, name })
  const key = table && primaryKey(table)
  if (table === undefined || key === undefined || !isPlain(table)) return undefined
  // The key gets its name from the server; one of the author's own is given to it afterwards.
  if (key.deferrable !== 'no' || key.include.length > 0 || key.withoutOverlaps) return undefined
  const declared = table.columns.map((column) => columnDeclaration(column, name, input))
  const columns = declared.filter((column) => column !== undefined)
  if (columns.length < declared.length) return undefined
  const checks = table.constraints.filter((one) => one.kind === 'check')
  return {
    type: 'create_table',
    name,
    primary_key: key.columns,
    columns: columns.map(({ nullable, ...column }) =>
      key.columns.includes(column.name) ? column : { ...column, ...(nullable === false && { nullable }) },
    ),
    ...(checks.length > 0 && { checks: checks.map((check) => ({ name: check.name, expression: check.expression })) }),
    ...(table.comment !== null && { comment: table.comment }),
  }
}

function isPlain(table: Table): boolean {
  return (
    table.kind === 'table' &&
    table.persistence === 'permanent' &&
    table.inherits.length === 0 &&
    table.partitionOf === null &&
    table.tablespace === null &&
    Object.keys(table.options).length === 0
  )
}
