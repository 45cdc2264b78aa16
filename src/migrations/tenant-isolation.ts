import {
  findColumn,
  findTable,
  foreignKeys,
  primaryKey,
  type Catalog,
  type ForeignKeyConstraint,
  type Table,
} from '../catalog/catalog.ts'
import { id, join, raw, sql, type Sql } from '../database/database.ts'
import { MetastoreError } from '../errors.ts'
import { nearest } from '../nearest.ts'
import { closeTenants, openTenants, refuseMightyRoles, tenantPolicy } from './tenant-policy.ts'

/** A table whose rows belong to tenants. */
export interface TenantTable {
  readonly schema: string
  readonly table: string
  /** The column that says whose a row is. */
  readonly column: string
  /** The session's setting that says who is asking, such as `app.tenant_id`. */
  readonly setting: string
  /** Roles of the application, which get to read and write rows, and nothing else. */
  readonly roles: readonly string[]
}

/** The statements that isolate the tenants of a table, and the way back. */
export interface TenantMigration {
  readonly up: readonly Sql[]
  readonly down: readonly Sql[]
  /** What stays to be decided by somebody, a sentence each. */
  readonly remarks: readonly string[]
}

interface Piece {
  readonly up: readonly Sql[]
  readonly down: readonly Sql[]
}

/**
 * Row-level security that shows a session the rows of its tenant only, and lets it write no others; forced, so that it binds
 * the owner too. An index begins with the tenant, and a foreign key to another tenant table takes the tenant along, so that
 * no row refers to another tenant's, and none finds out by trying whether another tenant has a key.
 * Throws `schema_conflict`.
 */
export function isolateTenants(catalog: Catalog, input: TenantTable): TenantMigration {
  const table = tableOf(catalog, input)
  const type = findColumn(table, input.column)?.type
  if (type === undefined) throw columnMissing(table, input.column)
  if (table.policies.some(({ name }) => name === tenantPolicy)) throw isolatedAlready(table)
  const pieces = [
    notNull(table, input.column),
    tenantKey(table, input.column),
    ...foreignKeys(table).map((key) => foreignKeyWithTenant(catalog, table, key, input.column)),
    policy(table, input, type),
    ...input.roles.map((role) => grants(catalog, table, role)),
  ]
  return {
    up: pieces.flatMap(({ up }) => up),
    down: pieces.toReversed().flatMap(({ down }) => down),
    remarks: remarksOn(catalog, table, input.column),
  }
}

function policy(table: Table, { column, setting, roles }: TenantTable, type: string): Piece {
  const { enabled, forced } = table.rowSecurity
  return {
    up: [
      ...(roles.length === 0 ? [] : [refuseMightyRoles(roles)]),
      ...closeTenants(table.schema, table.name, { column, type, setting }),
    ],
    down: openTenants(table.schema, table.name, { enabled, forced }),
  }
}

function notNull(table: Table, column: string): Piece {
  if (findColumn(table, column)?.nullable === false) return nothing
  return {
    up: [sql`alter table ${idOf(table)} alter column ${id(column)} set not null`],
    down: [sql`alter table ${idOf(table)} alter column ${id(column)} drop not null`],
  }
}

// The tenant and the primary key: what foreign keys refer to, and what every query of a tenant can use.
function tenantKey(table: Table, column: string): Piece {
  const key = primaryKey(table)?.columns ?? []
  const wanted = [column, ...key.filter((name) => name !== column)]
  if (hasKey(table, wanted)) return nothing
  if (key.length === 0) {
    const name = nameFor(table.name, column, 'idx')
    return {
      up: [sql`create index ${id(name)} on ${idOf(table)} (${id(column)})`],
      down: [sql`drop index if exists ${id(table.schema, name)}`],
    }
  }
  const name = nameFor(table.name, ...wanted, 'key')
  return {
    up: [sql`alter table ${idOf(table)} add constraint ${id(name)} unique (${names(wanted)})`],
    down: [sql`alter table ${idOf(table)} drop constraint if exists ${id(name)}`],
  }
}

function foreignKeyWithTenant(catalog: Catalog, table: Table, key: ForeignKeyConstraint, column: string): Piece {
  const referenced = findTable(catalog, key.references)
  if (referenced === undefined || key.columns.includes(column) || findColumn(referenced, column) === undefined) {
    return nothing
  }
  const there = [column, ...key.references.columns]
  const itself = referenced.name === table.name && referenced.schema === table.schema
  const target = itself || hasKey(referenced, there) ? nothing : uniqueKey(referenced, there)
  const name = nameFor(table.name, column, ...key.columns, 'fkey')
  const here = idOf(table)
  return {
    up: [
      ...target.up,
      sql`
        alter table ${here} add constraint ${id(name)}
          foreign key (${names([column, ...key.columns])})
          references ${idOf(referenced)} (${names(there)})${raw(actionsOf(key))}`,
      sql`alter table ${here} drop constraint ${id(key.name)}`,
    ],
    down: [
      sql`alter table ${here} add constraint ${id(key.name)} ${raw(key.definition)}`,
      sql`alter table ${here} drop constraint ${id(name)}`,
      ...target.down,
    ],
  }
}

function uniqueKey(table: Table, columns: readonly string[]): Piece {
  const name = nameFor(table.name, ...columns, 'key')
  return {
    up: [sql`alter table ${idOf(table)} add constraint ${id(name)} unique (${names(columns)})`],
    down: [sql`alter table ${idOf(table)} drop constraint if exists ${id(name)}`],
  }
}

// SET NULL must not take the tenant away: PostgreSQL 15 can be told which columns it is for.
function actionsOf({ onDelete, onUpdate, columns, onDeleteColumns, deferrable }: ForeignKeyConstraint): string {
  const words = (action: string) => action.replace('_', ' ')
  const sets = onDelete === 'set_null' || onDelete === 'set_default'
  const only = onDeleteColumns.length > 0 ? onDeleteColumns : columns
  const list = sets ? ` (${names(only).inline('postgres')})` : ''
  return [
    onDelete === 'no_action' ? '' : ` on delete ${words(onDelete)}${list}`,
    onUpdate === 'no_action' ? '' : ` on update ${words(onUpdate)}`,
    deferrable === 'no' ? '' : deferrable === 'immediate' ? ' deferrable' : ' deferrable initially deferred',
  ].join('')
}

function grants(catalog: Catalog, table: Table, role: string): Piece {
  const sequences = catalog.sequences.filter(
    ({ ownedBy }) => ownedBy?.table.schema === table.schema && ownedBy.table.name === table.name,
  )
  return {
    up: [
      sql`grant usage on schema ${id(table.schema)} to ${id(role)}`,
      // No TRUNCATE: policies do not bind it.
      sql`grant select, insert, update, delete on ${idOf(table)} to ${id(role)}`,
      ...sequences.map((sequence) => sql`grant usage on sequence ${id(sequence.schema, sequence.name)} to ${id(role)}`),
    ],
    down: [sql`revoke select, insert, update, delete on ${idOf(table)} from ${id(role)}`],
  }
}

function remarksOn(catalog: Catalog, table: Table, column: string): string[] {
  const unique = table.constraints.flatMap((one) =>
    one.kind === 'unique' && !one.columns.includes(column) ? [one] : [],
  )
  return [
    ...unique.map(
      ({ name, columns }) =>
        `Constraint ${name} is unique over (${columns.join(', ')}) across tenants: a tenant can find out that another one has a value.`,
    ),
    ...foreignKeys(table).flatMap(({ name, references, columns }) => {
      const referenced = findTable(catalog, references)
      const shared = referenced === undefined || findColumn(referenced, column) === undefined
      return shared && !columns.includes(column)
        ? [
            `Foreign key ${name} refers to ${references.name}, which has no column ${column}: its rows belong to everybody.`,
          ]
        : []
    }),
  ]
}

function tableOf(catalog: Catalog, { schema, table }: TenantTable): Table {
  const found = findTable(catalog, { schema, name: table })
  if (found !== undefined && (found.kind === 'table' || found.kind === 'partitioned')) return found
  const others = catalog.tables.filter((one) => one.schema === schema).map(({ name }) => name)
  const meant = nearest(table, others)
  throw conflict(
    found === undefined
      ? `The migrations make no table ${table} in schema ${schema}.`
      : `${table} is no ordinary table.`,
    meant === undefined ? 'Name a table that they make.' : `Did you mean ${meant}?`,
  )
}

function columnMissing(table: Table, column: string): MetastoreError {
  const meant = nearest(
    column,
    table.columns.map(({ name }) => name),
  )
  const hint = meant === undefined ? '' : `Did you mean ${meant}? `
  return conflict(`Table ${table.name} has no column ${column}.`, `${hint}Name the column that says whose a row is.`)
}

function isolatedAlready({ name }: Table): MetastoreError {
  return conflict(`Table ${name} has a policy ${tenantPolicy} already.`, 'Look at it with metastore show catalog.')
}

function conflict(message: string, remedy: string): MetastoreError {
  return new MetastoreError({ code: 'schema_conflict', message, remedy })
}

// In this order: only then does the index that serves it begin with the tenant.
function hasKey(table: Table, columns: readonly string[]): boolean {
  return table.constraints.some(
    (one) =>
      (one.kind === 'unique' || one.kind === 'primary_key') &&
      one.columns.length === columns.length &&
      one.columns.every((name, place) => name === columns[place]),
  )
}

// As PostgreSQL makes names up, and never longer than it keeps.
function nameFor(...parts: readonly string[]): string {
  const end = `_${parts.at(-1) ?? ''}`
  const start = Buffer.from(parts.slice(0, -1).join('_')).subarray(0, 63 - end.length)
  return `${start.toString().replace(/\uFFFD+$/, '')}${end}`
}

function names(columns: readonly string[]): Sql {
  return join(columns.map((name) => id(name)))
}

function idOf({ schema, name }: Table): Sql {
  return id(schema, name)
}

const nothing: Piece = { up: [], down: [] }
