import type { Catalog, Column, Table } from '../../../catalog/catalog.ts'
import { id, join, literal, raw, sql, type Sql } from '../../../database/database.ts'
import type { SqlText } from '../../actions/action.ts'
import type { Parser } from '../../sql/parser.ts'
import { underlyingType } from '../type-name.ts'
import { alter, type Carrying, commentOn, replacedColumns, type Replacement, role } from './carrying.ts'

/**
 * Storage, statistics, privileges and comments of the new columns, which they keep when they get their final names. The
 * privileges are needed from the start: a view reads its columns as the one who reads the view.
 */
export function setUpColumns(carrying: Carrying): readonly Sql[] {
  return carrying.tables.flatMap((table) =>
    replacedColumns(carrying, table).flatMap(({ column, replacement }) => setUp(carrying, table, column, replacement)),
  )
}

/** The collation that a column keeps when its type changes, as SQL; null for the new type's own. */
export function carriedCollation(
  column: Pick<Column, 'collation'>,
  type: SqlText,
  parser: Parser,
  catalog: Pick<Catalog, 'types'>,
): SqlText | null {
  const name = underlyingType(type, parser, catalog)?.name ?? ''
  return column.collation !== null && collatable.has(name) ? column.collation : null
}

const collatable = new Set(['text', 'varchar', 'bpchar', 'name', 'citext'])

// Types whose values can be long, so that how they are stored can be chosen.
const stored = new Set([
  ...['text', 'varchar', 'bpchar', 'citext', 'bytea', 'json', 'jsonb', 'xml', 'numeric', 'tsvector', 'tsquery'],
  ...['bit', 'varbit', 'inet', 'cidr', 'path', 'polygon', 'hstore', 'ltree', 'vector', 'halfvec', 'sparsevec'],
])

function setUp(
  { catalog, parser }: Carrying,
  table: Table,
  column: Column,
  { physical, type }: Replacement,
): readonly Sql[] {
  const changes: Sql[] = []
  const before = underlyingType(column.type, parser, catalog)
  const after = underlyingType(type, parser, catalog)
  const same = before?.name === after?.name && before?.array === after?.array
  if (same || after?.array === true || stored.has(after?.name ?? '')) {
    if (column.storage !== null) changes.push(sql`set storage ${raw(column.storage)}`)
    if (column.compression !== null) changes.push(sql`set compression ${id(column.compression)}`)
  }
  if (column.statistics !== null) changes.push(sql`set statistics ${literal(column.statistics)}`)
  const options = table.kind === 'foreign' ? [] : Object.entries(column.options)
  if (options.length > 0) {
    changes.push(sql`set (${join(options.map(([name, value]) => sql`${id(name)} = ${literal(value)}`))})`)
  }
  return [
    ...changes.map((change) => alter(table, sql`alter column ${id(physical)} ${change}`)),
    ...column.grants.map(({ grantee, privileges, grantOption }) => {
      const list = join(privileges.map((privilege) => sql`${raw(privilege)} (${id(physical)})`))
      const option = grantOption ? sql` with grant option` : sql``
      return sql`grant ${list} on ${id(table.schema, table.name)} to ${role(grantee)}${option}`
    }),
    ...commentOn(sql`column ${id(table.schema, table.name, physical)}`, column.comment),
  ]
}
