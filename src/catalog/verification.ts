import { type Dialect, id, literal, type Sql, sql } from '../database/sql.ts'
import type { CatalogObject } from './objects.ts'

/**
 * Plain SQL to paste into psql that returns one row when an object is there, by its name, in the kind that it should be, and
 * usable: an index valid, a constraint validated, a trigger enabled, row-level security on where it should be.
 */
export function verificationQuery(object: CatalogObject, dialect: Dialect = 'postgres'): Sql {
  if (dialect === 'sqlite') return sqliteQuery(object)
  const [schema = '', relation = '', part = ''] = object.path
  const [first, second, third] = [literal(schema), literal(relation), literal(part)]
  switch (object.kind) {
    case 'schema':
      return sql`select nspname from pg_catalog.pg_namespace where nspname = ${first}`
    case 'extension':
      return sql`select extname, extversion from pg_catalog.pg_extension where extname = ${first}`
    case 'collation':
      return inSchema('collname', 'pg_collation', 'collnamespace', first, second)
    case 'type': {
      const kinds = { enum: 'e', domain: 'd', composite: 'c', range: 'r' }
      return sql`${inSchema('typname', 'pg_type', 'typnamespace', first, second)} and typtype = ${literal(kinds[object.value.kind])}`
    }
    case 'sequence':
      return sql`${inSchema('relname', 'pg_class', 'relnamespace', first, second)} and relkind = 'S'`
    case 'table': {
      const kinds = { table: 'r', partitioned: 'p', foreign: 'f', virtual: 'r' }
      const { enabled } = object.value.rowSecurity
      const secured = enabled ? sql` and relrowsecurity` : sql``
      return sql`${inSchema('relname', 'pg_class', 'relnamespace', first, second)} and relkind = ${literal(kinds[object.value.kind])}${secured}`
    }
    case 'view': {
      const kind = object.value.kind === 'view' ? 'v' : 'm'
      return sql`${inSchema('relname', 'pg_class', 'relnamespace', first, second)} and relkind = ${literal(kind)}`
    }
    case 'routine':
      return routineQuery(first, second, third)
    case 'statistics':
      return inSchema('stxname', 'pg_statistic_ext', 'stxnamespace', first, second)
    case 'event_trigger':
      return sql`select evtname from pg_catalog.pg_event_trigger where evtname = ${first} and evtenabled = ${enabledLetter(object.value.enabled)}`
    case 'publication':
      return sql`select pubname from pg_catalog.pg_publication where pubname = ${first}`
    case 'default_privileges':
      return defaultPrivilegesQuery(object.value)
    default:
      return partQuery(object)
  }
}

function partQuery(object: CatalogObject & { readonly partOf: string | null }): Sql {
  const [schema = '', relation = '', part = ''] = object.path
  const [whole, third] = [literal(id(schema, relation).inline('postgres')), literal(part)]
  switch (object.kind) {
    case 'column':
      return sql`
        select attname, pg_catalog.format_type(atttypid, atttypmod) as type
        from pg_catalog.pg_attribute
        where attrelid = pg_catalog.to_regclass(${whole}) and attname = ${third} and not attisdropped`
    case 'constraint':
      return sql`
        select conname, pg_catalog.pg_get_constraintdef(oid) as definition
        from pg_catalog.pg_constraint
        where conrelid = pg_catalog.to_regclass(${whole}) and conname = ${third}${object.value.validated ? sql` and convalidated` : sql``}`
    case 'index':
      return sql`
        select indexrelid::pg_catalog.regclass as index, pg_catalog.pg_get_indexdef(indexrelid) as definition
        from pg_catalog.pg_index
        where indrelid = pg_catalog.to_regclass(${whole})
          and indexrelid = pg_catalog.to_regclass(${literal(id(schema, part).inline('postgres'))})${object.value.valid ? sql` and indisvalid` : sql``}`
    case 'trigger':
      return sql`
        select tgname, pg_catalog.pg_get_triggerdef(oid) as definition
        from pg_catalog.pg_trigger
        where tgrelid = pg_catalog.to_regclass(${whole}) and tgname = ${third} and tgenabled = ${enabledLetter(object.value.enabled)}`
    case 'rule':
      return sql`
        select rulename, pg_catalog.pg_get_ruledef(oid) as definition
        from pg_catalog.pg_rewrite
        where ev_class = pg_catalog.to_regclass(${whole}) and rulename = ${third} and ev_enabled = ${enabledLetter(object.value.enabled)}`
    case 'policy':
      return sql`
        select polname, pg_catalog.pg_get_expr(polqual, polrelid) as using
        from pg_catalog.pg_policy
        where polrelid = pg_catalog.to_regclass(${whole}) and polname = ${third}`
    default:
      return sql`select null where false`
  }
}

function inSchema(name: string, catalog: string, namespace: string, schema: Sql, value: Sql): Sql {
  const [column, table, space] = [id(name), id('pg_catalog', catalog), id(namespace)]
  return sql`
    select ${column}
    from ${table}
    where ${space} = (select oid from pg_catalog.pg_namespace where nspname = ${schema}) and ${column} = ${value}`
}

// Types are spelled as the catalog has them, whatever the search path: with their schema unless it is PostgreSQL's own.
function routineQuery(schema: Sql, name: Sql, types: Sql): Sql {
  return sql`
    select oid::pg_catalog.regprocedure as routine
    from pg_catalog.pg_proc
    where pronamespace = (select oid from pg_catalog.pg_namespace where nspname = ${schema}) and proname = ${name}
      and (
        select coalesce(string_agg(
          case when space.nspname = 'pg_catalog' then pg_catalog.format_type(whole.oid, null)
            else pg_catalog.format('%I.%I%s', space.nspname, single.typname, case when single.oid <> whole.oid then '[]' end)
          end, ', ' order by argument.place), '')
        from unnest(proargtypes::oid[]) with ordinality as argument (type, place)
        join pg_catalog.pg_type whole on whole.oid = argument.type
        join pg_catalog.pg_type single
          on single.oid = case when whole.typcategory = 'A' and whole.typelem <> 0 then whole.typelem else whole.oid end
        join pg_catalog.pg_namespace space on space.oid = single.typnamespace
      ) = ${types}`
}

function defaultPrivilegesQuery(value: (CatalogObject & { kind: 'default_privileges' })['value']): Sql {
  const kinds = { tables: 'r', sequences: 'S', functions: 'f', types: 'T', schemas: 'n', large_objects: 'L' }
  const schema =
    value.schema === null
      ? sql`0`
      : sql`(select oid from pg_catalog.pg_namespace where nspname = ${literal(value.schema)})`
  return sql`
    select defaclacl
    from pg_catalog.pg_default_acl
    where defaclrole = (select oid from pg_catalog.pg_roles where rolname = ${literal(value.role)})
      and defaclnamespace = ${schema} and defaclobjtype = ${literal(kinds[value.objects])}`
}

function enabledLetter(enabled: 'origin' | 'disabled' | 'replica' | 'always'): Sql {
  return literal({ origin: 'O', disabled: 'D', replica: 'R', always: 'A' }[enabled])
}

// A constraint has nothing of its own there but its place in the statement of its table.
function sqliteQuery({ kind, path }: CatalogObject): Sql {
  const [, relation = '', part = ''] = path
  const [table, name] = [literal(relation), literal(part)]
  switch (kind) {
    case 'column':
      return sql`select name, type from pragma_table_xinfo(${table}) where name = ${name}`
    case 'index':
    case 'trigger':
      return sql`select name, sql from sqlite_master where type = ${literal(kind)} and tbl_name = ${table} and name = ${name}`
    case 'view':
      return sql`select name, sql from sqlite_master where type = 'view' and name = ${table}`
    case 'schema':
      return sql`select name from pragma_database_list where name = ${literal(path[0] ?? '')}`
    default:
      return sql`select name, sql from sqlite_master where type = 'table' and name = ${table}`
  }
}
