import type { Queryable, Session } from '../../database/driver.ts'
import { DatabaseError, failedBecause } from '../../database/failure.ts'
import { join, sql } from '../../database/sql.ts'
import type { Catalog } from '../database-catalog.ts'
import type { IntrospectOptions } from './options.ts'
import type { Schema } from '../schema-object.ts'
import { sortByName } from '../sort.ts'
import { assembleCatalog } from './postgres-assemble.ts'
import { readAttached } from './postgres-attached.ts'
import { readConstraints } from './postgres-constraints.ts'
import { readDatabase } from './postgres-database.ts'
import { type Acl, aclEntries, type PrivilegeDefaults, readGrants } from './postgres-grants.ts'
import { readIndexes } from './postgres-indexes.ts'
import { readColumns, readRelations } from './postgres-relations.ts'
import { readRoutines } from './postgres-routines.ts'
import { independent, type Scope } from './postgres-scope.ts'
import { readSequences } from './postgres-sequences.ts'
import { readTypes } from './postgres-types.ts'

// Whatever the session says, definitions are printed the same: every name outside pg_catalog with its schema, literals
// in one spelling. Temporary objects come last, so that none of them stands in for a system catalog.
const settings = {
  search_path: 'pg_catalog, pg_temp',
  quote_all_identifiers: 'off',
  DateStyle: 'ISO, YMD',
  IntervalStyle: 'postgres',
  TimeZone: 'UTC',
  bytea_output: 'hex',
  extra_float_digits: '1',
  standard_conforming_strings: 'on',
  // Its compilation costs more than all of these queries.
  jit: 'off',
}

const attempts = 10

/** A PostgreSQL database's catalog, in twelve queries; 13 to 18. */
export async function introspectPostgres(db: Queryable, options: IntrospectOptions): Promise<Catalog> {
  if (!isSession(db)) return within(db, options)
  for (let attempt = 1; ;) {
    try {
      return await db.transaction((tx) => readSnapshot(tx, options), { lockTimeout })
    } catch (error) {
      if (failedBecause(error, 'lock_timeout')) continue
      if (attempt === attempts || !droppedMeanwhile(error)) throw error
      attempt++
    }
  }
}

// Some definitions are printed under a lock that any statement but DROP and ALTER lets through, and it is kept until the
// end. Giving way before the server looks for deadlocks (after 1 s) means that a migration is never the victim of one.
const lockTimeout = 500

async function readSnapshot(tx: Queryable, options: IntrospectOptions): Promise<Catalog> {
  await tx.query(sql`set transaction isolation level repeatable read, read only`)
  await enter(tx)
  return read(tx, options)
}

async function within(db: Queryable, options: IntrospectOptions): Promise<Catalog> {
  const before = await enter(db)
  const catalog = await read(db, options)
  const restored = before.map(({ name, value }) => sql`set_config(${name}, ${value}, true)`)
  await db.query(sql`select ${join(restored)}`)
  return catalog
}

async function enter(db: Queryable): Promise<{ name: string; value: string }[]> {
  const wanted = Object.entries(settings).map(([name, value]) => sql`(${name}::text, ${value}::text)`)
  return db.query(sql`
    select s.name, pg_catalog.current_setting(s.name) as value, pg_catalog.set_config(s.name, s.value, true) as set
    from (values ${join(wanted)}) as s (name, value)`)
}

async function read(db: Queryable, options: IntrospectOptions): Promise<Catalog> {
  const { scope, schemas } = await readScope(db, options)
  const database = await readDatabase(scope)
  const relations = await readRelations(scope)
  const columns = await readColumns(scope)
  const constraints = await readConstraints(scope)
  const indexes = await readIndexes(scope)
  const sequences = await readSequences(scope)
  const attached = await readAttached(scope)
  const types = await readTypes(scope)
  const routines = await readRoutines(scope)
  const rows = { database, relations, columns, constraints, indexes, sequences, attached, types, routines }
  return assembleCatalog(scope, schemas, rows)
}

interface SchemaRow {
  readonly id: number
  readonly name: string
  readonly owner: string
  readonly comment: string | null
  readonly independent: boolean
  readonly acl: Acl
  readonly version: number
  readonly path: string
  readonly privileges: PrivilegeDefaults
}

async function readScope(db: Queryable, options: IntrospectOptions): Promise<{ scope: Scope; schemas: Schema[] }> {
  const rows = await db.query<SchemaRow>(sql`
    select n.oid::int8 as id, n.nspname::text as name, pg_get_userbyid(n.nspowner)::text as owner,
      obj_description(n.oid, 'pg_namespace') as comment,
      ${independent('pg_namespace', sql`n.oid`)} as independent,
      ${aclEntries(sql`n.nspacl`)} as acl,
      current_setting('server_version_num')::int as version, current_setting('search_path') as path,
      (select json_object_agg(k.kind, (select json_agg(lower(x.privilege_type)) from aclexplode(acldefault(k.kind, 10)) x
          where x.grantee = 10))
        from (values ('r'::"char"), ('s'), ('f'), ('n'), ('T')) as k (kind)) as privileges
    from pg_namespace n
    where n.nspname !~ '^pg_' and n.nspname <> 'information_schema' or n.nspname = 'pg_catalog'`)
  const [system] = rows.filter(({ name }) => name === 'pg_catalog')
  if (system?.path !== settings.search_path) {
    throw new Error('A catalog is read by a session, or within a transaction: settings did not last to the next query.')
  }
  const { version, privileges } = system
  const found = rows.filter(({ name }) => name !== 'pg_catalog' && isWanted(name, options))
  const scope = { db, version, privileges, schemas: new Map(found.map(({ id, name }) => [id, name])) }
  const schemas = found
    .filter(({ independent }) => independent)
    .map(({ name, owner, comment, acl }) => ({ name, owner, comment, grants: readGrants(acl, 'n', owner, privileges) }))
  return { scope, schemas: sortByName(schemas) }
}

function isWanted(name: string, { schemas, excludeSchemas }: IntrospectOptions): boolean {
  return (schemas?.includes(name) ?? true) && !excludeSchemas?.includes(name)
}

function isSession(db: Queryable): db is Session {
  return 'transaction' in db
}

// The server prints definitions from its newest state: an object of our snapshot may just have been dropped.
function droppedMeanwhile(error: unknown): boolean {
  if (failedBecause(error, 'missing_object', 'deadlock')) return true
  return error instanceof DatabaseError && error.engineCode === 'XX000'
}
