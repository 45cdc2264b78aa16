import {
  type Index,
  inParentheses,
  type ObjectName,
  type ReferentialAction,
  settingList,
  type Settings,
} from '../../catalog/catalog.ts'
import { id, join, raw, sql, type Sql } from '../../database/database.ts'
import type { ForeignKeyDeclaration, IndexDeclaration, ReferentialActionName, SqlText } from '../actions/action.ts'
import type { Parser } from '../sql/parser.ts'
import { parseExpression, renderExpression } from './expression.ts'
import { printedExpression, type RenamedColumns } from './carry-over/printed-sql.ts'
import type { RowScope } from './row-scope.ts'

export { columnDefinition, type ColumnParts } from '../../catalog/catalog.ts'
export { type GeneratedClause, parseGenerated } from './generated-clause.ts'
export { isConstantDefault, isConstrainedDomain } from './constant-default.ts'

/**
 * What follows `create index … on <table>` for an index that a file declares. Names of columns and those in expressions are
 * looked up in the scope; a name that it does not have is left for the server to refuse.
 */
export function indexDefinition(declaration: IndexDeclaration, scope: RowScope, parser: Parser): Sql {
  const column = (name: string): Sql => id(scope.columns.find((column) => column.name === name)?.physical ?? name)
  const expression = (text: SqlText): Sql => renderExpression(parseExpression(text, parser), scope, id)
  const keys = declaration.columns.map((key) => {
    const target = key.expression === undefined ? column(key.column ?? '') : expression(key.expression)
    const order = [key.direction?.toLowerCase(), key.nulls && `nulls ${key.nulls.toLowerCase()}`]
    return join([target, ...order.flatMap((word) => (word ? [raw(word)] : []))], ' ')
  })
  const where = declaration.where === undefined ? raw('') : sql` where ${expression(declaration.where)}`
  return sql`using ${id(declaration.type ?? 'btree')} (${join(keys)})${where}`
}

/** What a foreign key is made of; all names are those of the database. */
export interface ForeignKeyParts {
  readonly columns: readonly string[]
  readonly references: ObjectName & { readonly columns: readonly string[] }
  readonly match?: 'simple' | 'full' | 'partial' | undefined
  readonly onUpdate?: ReferentialAction | undefined
  readonly onDelete?: ReferentialAction | undefined
  readonly onDeleteColumns?: readonly string[] | undefined
  readonly deferrable?: 'no' | 'immediate' | 'deferred' | undefined
  readonly period?: boolean | undefined
}

/** What follows the name in ADD CONSTRAINT for a foreign key, without NOT VALID. */
export function foreignKeyDefinition(key: ForeignKeyParts): Sql {
  const parts = [
    sql`foreign key (${keyColumns(key.columns, key.period)})`,
    sql`references ${id(key.references.schema, key.references.name)} (${keyColumns(key.references.columns, key.period)})`,
  ]
  if (key.match === 'full') parts.push(raw('match full'))
  if (key.onUpdate && key.onUpdate !== 'no_action') parts.push(raw(`on update ${key.onUpdate.replace('_', ' ')}`))
  if (key.onDelete && key.onDelete !== 'no_action') {
    parts.push(raw(`on delete ${key.onDelete.replace('_', ' ')}`))
    if (key.onDeleteColumns?.length) parts.push(sql`(${join(key.onDeleteColumns.map((name) => id(name)))})`)
  }
  parts.push(...deferrability(key.deferrable))
  return join(parts, ' ')
}

/** The parts of a foreign key that a file declares. */
export function declaredForeignKey(
  declaration: ForeignKeyDeclaration,
  from: (column: string) => string,
  to: ObjectName & { readonly column: (name: string) => string },
): ForeignKeyParts {
  return {
    columns: declaration.columns.map(from),
    references: { schema: to.schema, name: to.name, columns: declaration.referenced_columns.map(to.column) },
    onDelete: declaration.on_delete && referentialAction(declaration.on_delete),
    onUpdate: declaration.on_update && referentialAction(declaration.on_update),
  }
}

// As catalogs call it.
function referentialAction(name: ReferentialActionName): ReferentialAction {
  const actions = {
    'NO ACTION': 'no_action',
    RESTRICT: 'restrict',
    CASCADE: 'cascade',
    'SET NULL': 'set_null',
    'SET DEFAULT': 'set_default',
  } as const
  return actions[name]
}

/** `deferrable` and `initially deferred`, for a constraint that is. */
export function deferrability(deferrable: 'no' | 'immediate' | 'deferred' = 'no'): readonly Sql[] {
  if (deferrable === 'no') return []
  return [raw(deferrable === 'deferred' ? 'deferrable initially deferred' : 'deferrable')]
}

/** What follows `create index … on <table>` for an index that is there already, with some columns taken for others. */
export function rebuildIndex(index: Index, renamed: RenamedColumns, parser: Parser): Sql {
  const column = (name: string): Sql => id(renamed.columns.get(name) ?? name)
  const classes = operatorClasses(index, parser)
  const keys = index.keys.map((key, place) => {
    const parts = [key.kind === 'column' ? column(key.column) : expressionKey(key.expression, renamed, parser)]
    if (key.collation !== null) parts.push(raw(`collate ${key.collation}`))
    const operatorClass = key.operatorClass ?? classes[place]
    if (operatorClass) parts.push(sql`${raw(operatorClass)}${settings(key.operatorClassOptions)}`)
    if (key.order === 'desc') parts.push(raw('desc'))
    if (key.nulls !== (key.order === 'desc' ? 'first' : 'last')) parts.push(raw(`nulls ${key.nulls}`))
    return join(parts, ' ')
  })
  const parts = [sql`using ${id(index.method)} (${join(keys)})`]
  if (index.include.length > 0) parts.push(sql`include (${join(index.include.map(column))})`)
  if (index.nullsNotDistinct) parts.push(raw('nulls not distinct'))
  if (Object.keys(index.options).length > 0) parts.push(sql`with${settings(index.options)}`)
  if (index.tablespace !== null) parts.push(sql`tablespace ${id(index.tablespace)}`)
  if (index.predicate !== null) parts.push(sql`where ${expressionKey(index.predicate, renamed, parser)}`)
  return join(parts, ' ')
}

// The name of a type's default operator class is not in the catalog, and yet it must be written before its options.
function operatorClasses({ keys, definition }: Index, parser: Parser): readonly (string | undefined)[] {
  const needed = keys.some((key) => key.operatorClass === null && Object.keys(key.operatorClassOptions).length > 0)
  const parsed = needed && definition !== null ? parser.parse(definition) : []
  const node = 'message' in parsed ? undefined : parsed[0]?.node
  const params = node !== undefined && 'IndexStmt' in node ? (node.IndexStmt.indexParams ?? []) : []
  return params.map((param) => {
    const path = 'IndexElem' in param ? (param.IndexElem.opclass ?? []) : []
    const names = path.flatMap((name) => ('String' in name ? [name.String.sval ?? ''] : []))
    return names.length === 0 ? undefined : id(...names).inline('postgres')
  })
}

function expressionKey(text: string, renamed: RenamedColumns, parser: Parser): Sql {
  return inParentheses(printedExpression(text, renamed, parser))
}

function settings(options: Settings): Sql {
  return Object.keys(options).length === 0 ? raw('') : sql` (${settingList(options)})`
}

function keyColumns(columns: readonly string[], period = false): Sql {
  const last = columns.length - 1
  return join(columns.map((name, place) => (period && place === last ? sql`period ${id(name)}` : id(name))))
}
