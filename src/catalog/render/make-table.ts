import { id, join, literal, raw, type Sql, sql } from '../../database/sql.ts'
import { objectKey } from '../object.ts'
import type { CatalogObject } from '../objects.ts'
import type { Column, Table } from '../relation.ts'
import type { Constraint } from '../constraint.ts'
import { furnishColumn, tableColumn } from './make-column.ts'
import { settingList } from './settings.ts'
import { furnish, type Making } from './making.ts'
import { type RenderedStatement, statement } from './statement.ts'

type TableObject = CatalogObject & { readonly kind: 'table' }

/** What is made together with a table, by keys. */
export interface Inside {
  has(key: string): boolean
}

/** A table with its columns, and with those of its defaults and constraints that are within it. */
export function makeTable(making: Making, object: TableObject, inside: Inside): RenderedStatement[] {
  const { value: table } = object
  const columns = ownColumns(table).map((column) => {
    const key = objectKey('column', [...object.path, column.name]).replace(/^column /, 'default ')
    return tableColumn(making.expected, table, column, inside.has(key))
  })
  const constraints = table.constraints.filter(({ name }) =>
    inside.has(objectKey('constraint', [...object.path, name])),
  )
  const items = [...columns, ...constraints.filter(({ kind }) => kind !== 'not_null').map(constraintItem)]
  const persistence = raw(table.persistence === 'unlogged' ? 'unlogged ' : '')
  const kind = table.kind === 'foreign' ? raw('foreign table') : sql`${persistence}table`
  const create = sql`create ${kind} ${id(...object.path)} ${itemList(items)}${tableClauses(table)}`
  return [statement(object, 'create', create), ...furnish(making, object), ...tableExtras(object)]
}

function itemList(items: readonly Sql[]): Sql {
  return items.length === 0 ? raw('()') : sql`(${raw('\n  ')}${join(items, ',\n  ')}${raw('\n)')}`
}

/** A constraint as CREATE TABLE and ADD take it. */
export function constraintItem({ name, definition }: Constraint): Sql {
  return sql`constraint ${id(name)} ${raw(definition)}`
}

// The columns that a table declares itself; a partition gets its parent only later, and declares all of them.
function ownColumns(table: Table): readonly Column[] {
  return comesWithParents(table) ? table.columns.filter(({ inherited }) => !inherited) : table.columns
}

// Whether a table is created as an heir, with the columns of its parents.
function comesWithParents({ inherits }: Table): boolean {
  return inherits.length > 0
}

function tableClauses(table: Table): Sql {
  const { inherits, partitionKey, accessMethod, options, tablespace, foreign } = table
  const parts: Sql[] = []
  if (comesWithParents(table)) parts.push(sql`inherits (${join(inherits.map(({ schema, name }) => id(schema, name)))})`)
  if (partitionKey !== null) parts.push(raw(`partition by ${partitionKey}`))
  if (accessMethod !== null && accessMethod !== 'heap') parts.push(sql`using ${id(accessMethod)}`)
  if (Object.keys(options).length > 0) parts.push(sql`with (${settingList(options)})`)
  if (tablespace !== null) parts.push(sql`tablespace ${id(tablespace)}`)
  if (foreign !== null) {
    parts.push(sql`server ${id(foreign.server)}`)
    const list = Object.entries(foreign.options).map(([name, value]) => sql`${id(name)} ${literal(value)}`)
    if (list.length > 0) parts.push(sql`options (${join(list)})`)
  }
  return parts.length === 0 ? sql`` : sql` ${join(parts, ' ')}`
}

function tableExtras(object: TableObject): RenderedStatement[] {
  const { value: table } = object
  const alter = (change: string) => statement(object, 'alter', sql`alter table ${id(...object.path)} ${raw(change)}`)
  const { rowSecurity, replicaIdentity } = table
  return [
    ...(rowSecurity.enabled ? [alter('enable row level security')] : []),
    ...(rowSecurity.forced ? [alter('force row level security')] : []),
    // A foreign table has nothing to replicate by.
    ...(table.kind !== 'foreign' && (replicaIdentity === 'full' || replicaIdentity === 'nothing')
      ? [alter(`replica identity ${replicaIdentity}`)]
      : []),
    ...table.columns.flatMap((column) => {
      const part = columnObject(object, column)
      const parent = column.inherited && comesWithParents(table) ? { ...column, comment: null } : undefined
      // An heir has the rest from its parents.
      return furnishColumn(part, table, parent && { ...parent, grants: [] })
    }),
  ]
}

function columnObject(table: TableObject, value: Column): CatalogObject & { readonly kind: 'column' } {
  const path = [...table.path, value.name]
  return { kind: 'column', path, key: objectKey('column', path), partOf: table.key, value }
}

/** Makes a table a partition. */
export function attachPartition(object: TableObject): RenderedStatement[] {
  const { partitionOf } = object.value
  if (partitionOf === null) return []
  const { parent, bound } = partitionOf
  const change = sql`alter table only ${id(parent.schema, parent.name)} attach partition ${id(...object.path)} ${raw(bound)}`
  return [statement(object, 'attach partition', change)]
}
