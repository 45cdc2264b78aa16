import { id, join, raw, type Sql, sql } from '../../database/sql.ts'
import type { Catalog } from '../database-catalog.ts'
import type { CatalogObject } from '../objects.ts'
import { objects } from '../objects.ts'
import type { Constraint } from '../constraint.ts'
import type { Column, Index, Table } from '../relation.ts'
import { type RenderedStatement, statement } from './statement.ts'

const order = ['table', 'index', 'view', 'trigger'] as const

/** SQL that creates the objects of a SQLite catalog that are wanted: tables first, which may refer to each other at will. */
export function renderSqlite(catalog: Catalog, wanted: (object: CatalogObject) => boolean): RenderedStatement[] {
  const all = [...objects(catalog)].filter(wanted)
  return order.flatMap((kind) =>
    // A view may be read by a later one; SQLite looks only when it is used.
    all.filter((object) => object.kind === kind).flatMap((object) => create(object)),
  )
}

function create(object: CatalogObject): RenderedStatement[] {
  switch (object.kind) {
    case 'table':
      return [statement(object, 'create', createTable(object.value))]
    case 'index':
      return object.value.definition === null ? [] : [statement(object, 'create', raw(object.value.definition))]
    case 'view':
    case 'trigger':
      return [statement(object, 'create', raw(object.value.definition))]
    default:
      return []
  }
}

function createTable(table: Table): Sql {
  const { name, kind, columns, constraints, options } = table
  if (kind === 'virtual') {
    return sql`create virtual table ${id(name)} using ${id(options['module'] ?? '')} (${join(columns.map((column) => id(column.name)))})`
  }
  const counted = columns.find(({ identity }) => identity?.kind === 'autoincrement')
  const items = [
    ...columns.map((column) => columnOf(table, column, column === counted)),
    ...constraints
      .filter((constraint) => !(counted && constraint.kind === 'primary_key'))
      .map((constraint) => constraintOf(table, constraint)),
  ]
  const words = [...(options['strict'] ? ['strict'] : []), ...(options['without_rowid'] ? ['without rowid'] : [])]
  return sql`create table ${id(name)} (${raw('\n  ')}${join(items, ',\n  ')}${raw('\n)')}${raw(words.length > 0 ? ` ${words.join(', ')}` : '')}`
}

function columnOf({ constraints }: Table, column: Column, counted: boolean): Sql {
  const { name, type, collation, generated, nullable } = column
  const parts = [id(name)]
  if (type !== '') parts.push(raw(type))
  if (counted) {
    const key = constraints.find(({ kind }) => kind === 'primary_key')
    parts.push(sql`constraint ${id(key?.name ?? name)} primary key autoincrement`)
  }
  // A key says by itself that it is not null, where it is.
  const isKey = constraints.some((each) => each.kind === 'primary_key' && each.columns.includes(name))
  if (!nullable && !isKey) parts.push(raw('not null'))
  if (collation !== null) parts.push(sql`collate ${id(collation)}`)
  if (column.default !== null) parts.push(raw(`default (${column.default})`))
  if (generated !== null) parts.push(raw(`generated always as (${generated.expression}) ${generated.storage}`))
  return join(parts, ' ')
}

function constraintOf({ indexes }: Table, constraint: Constraint): Sql {
  const { name, definition } = constraint
  const index = indexes.find((each) => each.constraint === name)
  const turned = index?.keys.some(({ order, collation }) => order === 'desc' || collation !== null) === true
  if (!turned || index === undefined) return sql`constraint ${id(name)} ${raw(definition)}`
  // Its definition says nothing of how its columns are ordered.
  const conflict = / ON CONFLICT \w+$/.exec(definition)?.[0] ?? ''
  const word = raw(constraint.kind === 'primary_key' ? 'primary key' : 'unique')
  return sql`constraint ${id(name)} ${word} (${join(index.keys.map((key) => keyOf(key)))})${raw(conflict)}`
}

function keyOf(key: Index['keys'][number]): Sql {
  const target = key.kind === 'column' ? id(key.column) : raw(key.expression)
  const collation = key.collation === null ? sql`` : sql` collate ${id(key.collation)}`
  return sql`${target}${collation}${raw(key.order === 'desc' ? ' desc' : '')}`
}
