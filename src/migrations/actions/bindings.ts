import { indexDefinition } from '../batch/definitions.ts'
import type { RowScope } from '../batch/row-scope.ts'
import type { Binding } from '../preflight/preflight-plan.ts'
import type { ForeignKeyDeclaration, IndexDeclaration, KeyPath } from './action.ts'
import { expressionOf, keyText, placeOf, type ActionContext } from './context.ts'

/** Notes a default for the server to understand; it sees no row. */
export function bindDefault(context: ActionContext, path: KeyPath, text: string, type: string): void {
  expressionOf(context, path, text, { kind: 'default', rows: [], type, side: 'new' })
}

/** Notes a type for the server to understand. */
export function bindType(context: ActionContext, path: KeyPath, type: string): void {
  bind(context, path, { kind: 'type', text: type, rows: [] })
}

/** Notes an index for the server to understand: whether its type can hold its columns. */
export function bindIndex(context: ActionContext, path: KeyPath, index: IndexDeclaration, row: RowScope): void {
  const logical: RowScope = { ...row, columns: row.columns.map((column) => ({ ...column, physical: column.name })) }
  bind(context, path, {
    kind: 'index',
    text: indexDefinition(index, logical, context.draft.input.parser).inline('postgres'),
    rows: [logical],
  })
}

/** Notes a foreign key for the server to understand: whether the types of its columns fit. */
export function bindForeignKey(
  context: ActionContext,
  path: KeyPath,
  key: ForeignKeyDeclaration,
  [own, theirs]: readonly [RowScope, RowScope],
): void {
  const only = ({ alias, columns }: RowScope, names: readonly string[]): RowScope => ({
    alias,
    columns: names.flatMap((name) => columns.filter((column) => column.name === name)),
  })
  const rows = [only(own, key.columns), only(theirs, key.referenced_columns)]
  bind(context, path, { kind: 'foreign_key', text: '', rows })
}

function bind(context: ActionContext, path: KeyPath, binding: Pick<Binding, 'kind' | 'text' | 'rows'>): void {
  context.draft.bindings.push({
    ...binding,
    type: null,
    side: 'new',
    perRow: false,
    key: keyText(['actions', context.index, ...path]),
    place: placeOf(context, path),
  })
}
