import type { Queryable } from '../../database/driver.ts'
import { type Sql, raw, sql } from '../../database/sql.ts'
import type { ObjectName, Settings } from '../object.ts'
import { compareCodePoints } from '../sort.ts'
import type { Acl, PrivilegeDefaults } from './postgres-grants.ts'

/** What all queries of one introspection go by. */
export interface Scope {
  readonly db: Queryable
  /** `server_version_num`, as 180004. */
  readonly version: number
  /** The schemas that are looked at, by their identifier. */
  readonly schemas: ReadonlyMap<number, string>
  readonly privileges: PrivilegeDefaults
}

/** A list as JSON, in which PostgreSQL has null for an empty one. */
export type JsonList<Item> = readonly Item[] | null

/** What most kinds of objects have; the schema as an identifier to look up. */
export interface ObjectRow {
  readonly namespace: number
  readonly name: string
  readonly owner: string
  readonly comment: string | null
  readonly acl: Acl
}

/** A condition: the schema is one that is looked at. */
export function inScope(scope: Scope, namespace: Sql): Sql {
  return sql`${namespace} = any (${`{${[...scope.schemas.keys()].join(',')}}`}::oid[])`
}

// The tables inside of these have long aliases, so that none hides one that an argument refers to.

/** A condition: the object was not made by CREATE EXTENSION, nor by the server as the inside of another one. */
export function independent(catalog: IndependentCatalog, oid: Sql): Sql {
  const types = catalog === 'pg_proc' ? sql`('e', 'i')` : sql`('e')`
  return sql`not exists (select from pg_depend dependency
    where dependency.classid = ${classId(catalog)} and dependency.objid = ${oid} and dependency.deptype in ${types})`
}

/** The system catalogs whose objects can belong to an extension. */
export type IndependentCatalog =
  'pg_class' | 'pg_collation' | 'pg_event_trigger' | 'pg_namespace' | 'pg_proc' | 'pg_statistic_ext' | 'pg_type'

/** The comment on an object, as an expression; `part` is the number of a column. */
export function comment(catalog: string, oid: Sql, part: Sql = sql`0`): Sql {
  return sql`(select description.description from pg_description description
    where description.classoid = ${classId(catalog)} and description.objoid = ${oid} and description.objsubid = ${part})`
}

/** The names of some columns of a relation, in the order of their numbers in a list, as JSON. */
export function columnNames(relation: Sql, numbers: Sql): Sql {
  return sql`(select json_agg(attribute.attname order by entry.place)
    from unnest(${numbers}::int2[]) with ordinality as entry (number, place)
      join pg_attribute attribute on attribute.attrelid = ${relation} and attribute.attnum = entry.number)`
}

/** The schema and the name of a relation, as JSON. */
export function relationName(oid: Sql): Sql {
  return sql`(select json_build_object('schema', namespace.nspname, 'name', relation.relname)
    from pg_class relation join pg_namespace namespace on namespace.oid = relation.relnamespace
    where relation.oid = ${oid})`
}

/** The schema and the name of a function, as JSON. */
export function functionName(oid: Sql): Sql {
  return sql`(select json_build_object('schema', namespace.nspname, 'name', routine.proname)
    from pg_proc routine join pg_namespace namespace on namespace.oid = routine.pronamespace
    where routine.oid = ${oid})`
}

/** The name of the schema of a row. */
export function schemaOf(scope: Scope, row: { readonly namespace: number }): string {
  return scope.schemas.get(row.namespace) ?? ''
}

/** The name of a row's object in its schema. */
export function nameOf(scope: Scope, row: { readonly namespace: number; readonly name: string }): ObjectName {
  return { schema: schemaOf(scope, row), name: row.name }
}

/** Options as PostgreSQL stores them, `name=value` each. */
export function readSettings(options: JsonList<string>): Settings {
  const entries = (options ?? []).map((option): [string, string] => {
    const at = option.indexOf('=')
    return at < 0 ? [option, ''] : [option.slice(0, at), option.slice(at + 1)]
  })
  return Object.fromEntries(entries.sort(([left], [right]) => compareCodePoints(left, right)))
}

function classId(catalog: string): Sql {
  return raw(`'pg_catalog.${catalog}'::regclass`)
}
