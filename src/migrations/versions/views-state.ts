import type { Grant } from '../../catalog/catalog.ts'
import { exposesNothing } from './version-notes.ts'
import { literal, sql, type Queryable, type Sql } from '../../database/database.ts'

/** The tables of a base schema and the views of a version schema, as they stand at one moment of a transaction. */
export interface ViewsState {
  /** Whether there is such a version schema. */
  readonly exists: boolean
  /** The role that statements run as, and the setting that made it so. */
  readonly user: string
  readonly roleSetting: string
  /** How long they wait for a lock. */
  readonly lockTimeout: string
  readonly tables: readonly RelationState[]
  /** Those that show one table of the base schema. */
  readonly views: readonly ViewState[]
  /** Whether there are views or functions that may be carried into the version schema, or have been. */
  readonly exposes: boolean
  /** Who may use the base schema, and who the version schema. */
  readonly baseGrants: readonly Grant[]
  readonly grants: readonly Grant[]
}

/** A table, or what a view shares with one. */
export interface RelationState {
  /** The identifier of the table; a view has that of the table it shows. */
  readonly table: number
  readonly name: string
  readonly owner: string
  readonly comment: string | null
  /** Those of the owner too. */
  readonly grants: readonly Grant[]
  readonly columns: readonly ColumnState[]
}

/** A view of a version schema. */
export interface ViewState extends RelationState {
  /** As the server prints it. */
  readonly definition: string
}

/** A column of either. */
export interface ColumnState {
  readonly number: number
  readonly name: string
  readonly default: string | null
  readonly comment: string | null
  readonly grants: readonly Grant[]
}

/** Reads the state in one query, which depends on no setting of the session. */
export async function readViewsState(db: Queryable, versionSchema: string, base: string): Promise<ViewsState> {
  const [row] = await db.query<{ state: ViewsState }>(sql`
    select json_build_object(
      'exists', exists (select from pg_catalog.pg_namespace n where n.nspname = ${versionSchema}),
      'user', current_user, 'roleSetting', pg_catalog.current_setting('role'),
      'lockTimeout', pg_catalog.current_setting('lock_timeout'),
      'tables', ${tables(base)}, 'views', ${views(versionSchema)},
      'exposes', ${exposes(versionSchema, base)},
      'baseGrants', ${schemaGrants(base)}, 'grants', ${schemaGrants(versionSchema)}) as state`)
  if (row === undefined) throw new RangeError('The query gives one row.')
  return row.state
}

function exposes(versionSchema: string, base: string): Sql {
  const notes = sql`pg_catalog.obj_description(${schemaId(versionSchema)}, 'pg_namespace')`
  return sql`(${notes} is distinct from ${exposesNothing} and (
    exists (select from pg_catalog.pg_class r where r.relnamespace = ${schemaId(base)} and r.relkind in ('v', 'm', 'f'))
    or exists (select from pg_catalog.pg_proc p where p.pronamespace = ${schemaId(base)})
    or ${notes} is not null))`
}

function tables(base: string): Sql {
  return sql`(
    select coalesce(pg_catalog.json_agg(${relation(sql`r.oid::int8`)} order by r.oid), '[]')
    from pg_catalog.pg_class r
    where r.relnamespace = ${schemaId(base)} and r.relkind in ('r', 'p') and not r.relispartition
      and r.relpersistence <> 't' and not pg_catalog.starts_with(r.relname::text, '__metastore_')
      and not exists (select from pg_catalog.pg_depend d
        where d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass and d.objid = r.oid and d.deptype = 'e'))`
}

// A view that shows something else than one table is not one of those that stand for tables.
function views(versionSchema: string): Sql {
  return sql`(
    select coalesce(pg_catalog.json_agg(${relation(sql`shown.id`, sql`, 'definition', pg_catalog.pg_get_viewdef(r.oid)`)}
      order by r.oid), '[]')
    from pg_catalog.pg_class r
      cross join lateral (
        select min(t.oid::int8) as id
        from pg_catalog.pg_rewrite w
          join pg_catalog.pg_depend d on d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass and d.objid = w.oid
          join pg_catalog.pg_class t on d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass and t.oid = d.refobjid
        where w.ev_class = r.oid and t.oid <> r.oid
        having count(distinct t.oid) = 1 and bool_and(t.relkind in ('r', 'p'))) shown
    where r.relnamespace = ${schemaId(versionSchema)} and r.relkind = 'v')`
}

function relation(table: Sql, more: Sql = sql``): Sql {
  return sql`pg_catalog.json_build_object(
      'table', ${table}, 'name', r.relname, 'owner', pg_catalog.pg_get_userbyid(r.relowner),
      'comment', pg_catalog.obj_description(r.oid, 'pg_class'),
      'grants', ${grants(sql`coalesce(r.relacl, pg_catalog.acldefault('r', r.relowner))`)}, 'columns', (
        select coalesce(pg_catalog.json_agg(pg_catalog.json_build_object(
          'number', a.attnum, 'name', a.attname, 'default', pg_catalog.pg_get_expr(f.adbin, f.adrelid),
          'comment', pg_catalog.col_description(r.oid, a.attnum), 'grants', ${grants(sql`a.attacl`)}) order by a.attnum), '[]')
        from pg_catalog.pg_attribute a left join pg_catalog.pg_attrdef f on f.adrelid = r.oid and f.adnum = a.attnum
        where a.attrelid = r.oid and a.attnum > 0 and not a.attisdropped)${more})`
}

function schemaGrants(schema: string): Sql {
  return sql`(
    select ${grants(sql`coalesce(n.nspacl, pg_catalog.acldefault('n', n.nspowner))`)}
    from pg_catalog.pg_namespace n where n.nspname = ${schema})`
}

function grants(acl: Sql): Sql {
  return sql`(
    select coalesce(pg_catalog.json_agg(g), '[]') from (
      select case entry.grantee when 0 then 'public' else pg_catalog.pg_get_userbyid(entry.grantee) end as grantee,
        pg_catalog.json_agg(distinct lower(entry.privilege_type)) as privileges, entry.is_grantable as "grantOption"
      from pg_catalog.aclexplode(${acl}) entry group by 1, 3) g)`
}

function schemaId(name: string): Sql {
  return sql`(select n.oid from pg_catalog.pg_namespace n where n.nspname = ${literal(name)})`
}
