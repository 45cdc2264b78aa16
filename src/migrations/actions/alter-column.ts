import { id, literal, raw, sql } from '../../database/database.ts'
import { numberedDefault } from '../batch/carry-over.ts'
import { alterTable, type DraftColumn, type DraftTable } from '../batch/draft.ts'
import type { AlterColumn } from './action.ts'
import { alterCreated } from './alter-created.ts'
import { bindDefault, bindType } from './bindings.ts'
import { renameColumn, resolveType } from './column-parts.ts'
import { keyText, lint, placeOf, problem, requireColumn, requireTable, type ActionContext } from './context.ts'
import { replaceColumn } from './replace-column.ts'

/** A name or a default alone changes at the swap; anything else is a second column that both versions keep in step. */
export function compileAlterColumn(action: AlterColumn, context: ActionContext): void {
  const table = requireTable(context, action.table, ['table'])
  if (table === undefined) return
  const column = requireColumn(context, table, action.column, ['column'])
  if (column === undefined) return
  const changes = action.changes ?? {}
  const name = changes.name ?? column.name
  if (name !== column.name && table.columns.some((other) => other.name === name)) {
    problem(context, ['changes', 'name'], `Table ${table.name} has a column ${name} already.`, 'Choose another name.')
    return
  }
  if (changes.default !== undefined) {
    bindDefault(context, ['changes', 'default'], changes.default, resolveType(context, changes.type ?? column.type))
  }
  if (changes.type !== undefined) {
    bindType(context, ['changes', 'type'], resolveType(context, changes.type))
    if (changes.default === undefined) bindKeptDefault(context, column, resolveType(context, changes.type))
  }
  const second =
    action.up !== undefined ||
    action.down !== undefined ||
    changes.type !== undefined ||
    (changes.nullable !== undefined && changes.nullable !== column.nullable)
  if (second) {
    if (column.original?.generated != null) {
      problem(
        context,
        ['column'],
        `Column ${table.name}.${column.name} is generated, so it cannot be altered in step with another.`,
        'Add another column and remove this one.',
      )
      return
    }
    checkNulls(action, table, column, context)
    const alter = table.created ? alterCreated : replaceColumn
    alter(context, table, column, {
      up: action.up,
      down: action.down,
      name,
      type: changes.type === undefined ? column.type : resolveType(context, changes.type),
      nullable: changes.nullable ?? column.nullable,
      default: changes.default ?? column.default,
      comment: changes.comment ?? column.comment,
      onInsert: action.on_insert,
      errors: action.up_errors,
      backfill: action.backfill,
      fromFile: true,
    })
    return
  }
  changeInPlace(action, table, column, name, context)
}

// A default of the old type may not fit the new one, as PostgreSQL has it for ALTER COLUMN … TYPE, too.
function bindKeptDefault(context: ActionContext, column: DraftColumn, type: string): void {
  if (column.default === null || (column.original !== null && numberedDefault(column.original) !== null)) return
  const key = keyText(['actions', context.index, 'changes', 'default'])
  context.draft.bindings.push({
    kind: 'default',
    text: column.default,
    type,
    rows: [],
    side: 'new',
    perRow: false,
    key: `the default ${column.default} that ${column.name} keeps without ${key}`,
    place: placeOf(context, ['changes', 'type']),
  })
}

function changeInPlace(
  action: AlterColumn,
  table: DraftTable,
  column: DraftColumn,
  name: string,
  context: ActionContext,
): void {
  const { draft } = context
  const { default: value, comment } = action.changes ?? {}
  if (value !== undefined) {
    column.default = value
    column.viewDefault = value
    table.atSwap.push(() => [alterTable(draft, table, sql`alter column ${id(column.name)} set default ${raw(value)}`)])
  }
  if (comment !== undefined) {
    column.comment = comment
    table.atSwap.push(() => [
      sql`comment on column ${id(draft.base, table.physical, column.name)} is ${literal(comment)}`,
    ])
  }
  renameColumn(table, column, name)
}

// Without an expression one of the two versions could not write any more.
function checkNulls(action: AlterColumn, table: DraftTable, column: DraftColumn, context: ActionContext): void {
  const nullable = action.changes?.nullable
  if (nullable === undefined || nullable === column.nullable) return
  if (nullable && mustNotBeNull(table, column)) {
    problem(
      context,
      ['changes', 'nullable'],
      `${table.name}.${column.name} belongs to the primary key or is an identity, so it cannot be null.`,
      'Remove nullable from the changes.',
    )
    return
  }
  if (table.created) return
  if (nullable && action.down === undefined) {
    lint(
      context,
      ['changes', 'nullable'],
      `New sessions may leave ${table.name}.${column.name} null, and nothing says what old sessions read then.`,
      `Add down = "coalesce(${column.name}, <value>)".`,
    )
  }
  if (!nullable && action.up === undefined) {
    lint(
      context,
      ['changes', 'nullable'],
      `${table.name}.${column.name} must not be null any more, and nothing says what stands for the nulls of old sessions.`,
      `Add up = "coalesce(${column.name}, <value>)".`,
    )
  }
}

function mustNotBeNull(table: DraftTable, column: DraftColumn): boolean {
  return (
    column.original?.identity != null ||
    table.constraints.some(
      ({ kind, removed, columns }) => kind === 'primary_key' && !removed && columns.includes(column.name),
    )
  )
}
