import { id, literal, raw, sql, type Sql } from '../../database/database.ts'
import { alterTable, lockOf, scopeOf, tableId, type DraftColumn, type DraftTable } from '../batch/draft.ts'
import type { Expression } from '../batch/expression.ts'
import { renderExpression } from '../batch/render-expression.ts'
import type { Alteration } from './alteration.ts'
import { renameColumn } from './column-parts.ts'
import { expressionOf, problem, scopeWith, stepOf, transaction, type ActionContext } from './context.ts'

/**
 * Alters a column of a table that the batch itself makes. No old session knows the table, so the column is altered as it is,
 * and its keys and indexes stay with it.
 */
export function alterCreated(
  context: ActionContext,
  table: DraftTable,
  column: DraftColumn,
  alteration: Alteration,
): void {
  const { draft } = context
  if (draft.rules.some((rule) => rule.kind === 'derive' && rule.table === table.physical)) {
    problem(
      context,
      ['column'],
      `Table ${table.name} is made and filled by this batch, so its column ${column.name} cannot be altered in it.`,
      'Write the column in create_table as it is to be in the end.',
    )
    return
  }
  const changed: DraftColumn = {
    ...column,
    type: alteration.type,
    nullable: alteration.nullable,
    default: alteration.default,
    comment: alteration.comment,
  }
  const up = bind(context, table, column, alteration)
  const statements = statementsOf(context, table, column, changed, up)
  if (statements.length > 0) {
    draft.expand.push(
      stepOf(
        context,
        'alter',
        `alter column ${table.name}.${column.name}`,
        transaction([lockOf(draft, table.physical)], ...statements),
      ),
    )
  }
  table.columns[table.columns.indexOf(column)] = changed
  renameColumn(table, changed, alteration.name)
}

// What is written has to be right even where no row needs it.
function bind(
  context: ActionContext,
  table: DraftTable,
  column: DraftColumn,
  { up, down, type }: Alteration,
): Expression | undefined {
  const scope = scopeOf(table)
  if (down !== undefined) {
    const rows = [scopeWith(scope, column.name, column.physical, type)]
    expressionOf(context, ['down'], down, { kind: 'value', rows, type: column.type, side: 'new' })
  }
  return up === undefined
    ? undefined
    : expressionOf(context, ['up'], up, { kind: 'value', rows: [scope], type, side: 'old' })
}

function statementsOf(
  context: ActionContext,
  table: DraftTable,
  before: DraftColumn,
  after: DraftColumn,
  up: Expression | undefined,
): Sql[] {
  const { draft } = context
  const name = id(before.physical)
  const alter = (change: Sql) => alterTable(draft, table, sql`alter column ${name} ${change}`)
  const retyped = before.type !== after.type
  const redefined = retyped ? after.default !== null : before.default !== after.default
  const statements: Sql[] = []
  // Only a script of the author's can have put rows into it by now.
  const filled = draft.expand.some(({ body }) => body.kind === 'script')
  const value = up === undefined ? name : renderExpression(up, scopeOf(table), (physical) => id(physical))
  if (filled && up !== undefined && (up.readsTables || !retyped)) {
    if (retyped) {
      problem(
        context,
        ['up'],
        `up reads a table, which the change of a column's type in a table that is just being made cannot.`,
        'Change the type in a migration of its own.',
      )
      return []
    }
    statements.push(sql`update ${tableId(draft, table)} as ${id(table.name)} set ${name} = ${value}`)
  }
  if (retyped) {
    const type = raw(after.type)
    if (before.default !== null) statements.push(alter(sql`drop default`))
    statements.push(alter(sql`type ${type} using ${filled ? sql`(${value})::${type}` : sql`null::${type}`}`))
  }
  if (redefined && after.default !== null) statements.push(alter(sql`set default ${raw(after.default)}`))
  if (before.nullable !== after.nullable) {
    statements.push(alter(after.nullable ? sql`drop not null` : sql`set not null`))
  }
  if (after.comment !== before.comment && after.comment !== null) {
    const column = id(draft.base, table.physical, before.physical)
    statements.push(sql`comment on column ${column} is ${literal(after.comment)}`)
  }
  return statements
}
