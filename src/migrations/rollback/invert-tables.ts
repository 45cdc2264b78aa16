import type { Action, CreateTable, RemoveTable, RenameTable } from '../actions/action.ts'
import { addCheck, addForeignKey } from './invert-constraints.ts'
import { knownTable } from './invert-columns.ts'
import type { Inverting } from './inversion.ts'
import type { ModelTable } from './model.ts'
import { renameConstraint, restoreConstraint, restoreIndex } from './restore.ts'
import { restoreAttached } from './table-attached.ts'

/** A table that was made goes, with its rows. */
export function invertCreateTable(action: CreateTable, it: Inverting): Action[] {
  const columns = action.columns.map((column) => ({
    declaration: action.primary_key.includes(column.name) ? { ...column, nullable: false } : column,
    catalog: null,
    removed: false,
  }))
  const table: ModelTable = {
    name: action.name,
    catalog: null,
    columns,
    primaryKey: columns.filter(({ declaration }) => action.primary_key.includes(declaration.name)),
    primaryKeyName: `${action.name}_pkey`,
    constraints: [],
    indexes: [],
    comment: action.comment ?? null,
    removed: false,
    renames: 0,
    changes: 0,
  }
  it.model.tables.push(table)
  for (const key of action.foreign_keys ?? []) addForeignKey(table, key, it)
  for (const { name, expression } of action.checks ?? []) {
    if (name !== undefined) addCheck(table, { name, expression })
  }
  it.losses.push({ kind: 'rows', table })
  return [{ type: 'remove_table', table: action.name }]
}

/** A table that was renamed gets its name back. */
export function invertRenameTable({ table: name, new_name }: RenameTable, it: Inverting): Action[] {
  const table = knownTable(name, it)
  if (table === undefined) return []
  table.name = new_name
  table.renames += 1
  table.changes += 1
  return [{ type: 'rename_table', table: new_name, new_name: name }]
}

/** A table that was removed comes back without its rows, which are gone. */
export function invertRemoveTable({ table: name }: RemoveTable, it: Inverting): Action[] {
  const table = knownTable(name, it)
  if (table === undefined) return []
  const obstacle = obstacleOf(table)
  table.removed = true
  if (obstacle !== undefined) {
    it.obstacles.push(`Table ${name} ${obstacle}.`)
    return []
  }
  it.losses.push({ kind: 'gone', what: `the rows of ${name}, which went with it` })
  const keyColumns = table.primaryKey.map(({ declaration }) => declaration.name)
  return [
    {
      type: 'create_table',
      name,
      columns: table.columns.flatMap(({ declaration, removed }) => (removed ? [] : [declaration])),
      primary_key: keyColumns,
      ...(table.comment !== null && { comment: table.comment }),
    },
    ...(table.primaryKeyName === madeUpKey(name)
      ? []
      : [renameConstraint(table, madeUpKey(name), table.primaryKeyName)]),
    ...table.indexes.flatMap((index) => restoreIndex(table, index, it)),
    ...table.constraints.flatMap((constraint) => restoreConstraint(table, constraint, it)),
    ...(table.catalog === null ? [] : restoreAttached(table, table.catalog)),
  ]
}

// As PostgreSQL cuts the names that it makes up, at 63 bytes.
function madeUpKey(table: string): string {
  const characters = [...table]
  while (Buffer.byteLength(characters.join('')) > 63 - '_pkey'.length) characters.pop()
  return `${characters.join('')}_pkey`
}

// What no action can say of a table.
function obstacleOf({ catalog, columns, primaryKey }: ModelTable): string | undefined {
  if (primaryKey.length === 0) return 'had no primary key, and a table that an action makes has one'
  if (catalog === null) return undefined
  if (catalog.kind !== 'table') return `was ${catalog.kind === 'partitioned' ? 'partitioned' : 'no plain table'}`
  if (catalog.inherits.length > 0) return 'inherited from another one'
  if (catalog.persistence === 'unlogged') return 'was unlogged'
  if (catalog.rules.length > 0) return 'had rewrite rules'
  for (const { declaration, catalog: column } of columns) {
    if (column === null) continue
    const what = `had a column ${declaration.name}`
    if (declaration.default?.includes('nextval(') === true) return `${what} whose numbers came from a sequence`
    if (column.collation !== null) return `${what} with a collation of its own`
  }
  return undefined
}
