import { findTable, roleName as role, type Catalog, type Grant } from '../../catalog/catalog.ts'
import { id, join, literal, raw, sql, type Sql } from '../../database/database.ts'
import type { VersionSchema, VersionView, VersionViewColumn } from '../batch/version-view.ts'
import { block } from './block.ts'
import { dropExposed, exposeObjects } from './exposed-objects.ts'
import { shownColumns } from './shown-columns.ts'
import { exposesNothing, versionNotes } from './version-notes.ts'

export { versionProblems, versionWarnings } from './version-problems.ts'

/** What decides how a version schema is made. */
export interface VersionSchemaOptions {
  /** The server's major version. */
  readonly serverMajor: number
  /** Whether views and functions of the base schema are carried into the version's. Default true. */
  readonly exposeViews?: boolean | undefined
}

/** The statements that make a version schema, for one transaction. */
export function createVersionSchema(schema: VersionSchema, options: VersionSchemaOptions): Sql[] {
  return [
    sql`create schema ${id(schema.name)}`,
    ...schema.views.flatMap((view) => createView(schema, view, options)),
    ...usageGrants(schema),
    ownerGrants(schema.name),
    options.exposeViews === false
      ? sql`comment on schema ${id(schema.name)} is ${literal(exposesNothing)}`
      : exposeObjects(schema.name, schema.base),
  ]
}

/** The statements that make one view of a version schema, with what belongs to it. */
export function createView(
  schema: Pick<VersionSchema, 'name' | 'base'>,
  view: VersionView,
  { serverMajor }: VersionSchemaOptions,
): Sql[] {
  const name = id(schema.name, view.name)
  return [
    sql`create view ${name}${viewBody(schema.base, view, serverMajor)}`,
    // Default privileges may have given it to others than the table; from 15 on the table's own decide in any case.
    ...(serverMajor < 15 ? [withdrawGrants(schema.name, view.name)] : []),
    ...grantStatements(name, view.grants),
    ...view.columns.flatMap((column) => columnGrants(schema, view, column)),
    ...view.columns.flatMap((column) => columnDefault(schema.name, view.name, column)),
    ...(view.comment === null ? [] : [sql`comment on view ${name} is ${literal(view.comment)}`]),
    ...view.columns.flatMap(({ name: column, comment }) =>
      comment === null ? [] : [sql`comment on column ${id(schema.name, view.name, column)} is ${literal(comment)}`],
    ),
  ]
}

/** What follows the name in CREATE VIEW. */
export function viewBody(base: string, view: VersionView, serverMajor: number): Sql {
  const columns = view.columns.map(({ name, physical }) =>
    physical === name ? id('source', physical) : sql`${id('source', physical)} as ${id(name)}`,
  )
  // Without it, whoever reads the view has the rights of its owner: row-level security would not hold.
  const options = serverMajor >= 15 ? sql` with (security_invoker = true)` : sql``
  return sql`${options} as select ${join(columns)} from ${id(base, view.table)} as source`
}

/**
 * The statements that drop a version schema with all that metastore has put into it. What somebody else has put there, or
 * what depends on it elsewhere, makes them fail with an error that names it. Harmless when there is no such schema.
 */
export function dropVersionSchema(name: string): Sql[] {
  return [
    block(sql`
      declare
        version constant oid := to_regnamespace(${literal(quoted(name))});
        path constant text := current_setting('search_path');
        own text[];
        foreign_objects text;
      begin
        if version is null then return; end if;
        perform set_config('search_path', 'pg_catalog', true);
        ${dropExposed()}
        ${selectOwnViews()} into own;
        select string_agg(pg_describe_object(classid, objid, 0), ', ' order by objid) into foreign_objects
        from pg_depend
        where refclassid = 'pg_namespace'::regclass and refobjid = version and deptype = 'n'
          and not (classid = 'pg_class'::regclass and objid::regclass::text = any (coalesce(own, '{}')));
        if foreign_objects is not null then
          raise dependent_objects_still_exist using
            message = ${literal(`Schema ${name} holds what metastore did not make: `)} || foreign_objects || '.',
            hint = 'Move it to another schema, or drop it, and run the same command again.';
        end if;
        if own is not null then execute 'drop view ' || array_to_string(own, ', '); end if;
        execute ${literal(`drop schema ${quoted(name)}`)};
        perform set_config('search_path', path, true);
      end`),
  ]
}

/**
 * The statement that drops views of a version schema, all or those of these names, and what was carried into it, which may read
 * them; the schema stays, with what others put there.
 */
export function dropVersionViews(name: string, views?: readonly string[]): Sql {
  const chosen = views === undefined ? sql`` : sql`and view.relname = any (${nameList(views)})`
  return block(sql`
    declare
      version constant oid := to_regnamespace(${literal(quoted(name))});
      path constant text := current_setting('search_path');
      own text[];
    begin
      if version is null then return; end if;
      perform set_config('search_path', 'pg_catalog', true);
      ${dropExposed()}
      ${selectOwnViews(chosen)} into own;
      if own is not null then execute 'drop view ' || array_to_string(own, ', '); end if;
      perform set_config('search_path', path, true);
    end`)
}

/**
 * The statement that locks views of a version schema, and what was carried into it, before the tables below them are: in the
 * order in which every statement of an application does.
 */
export function lockVersionViews(name: string, views: readonly string[]): Sql {
  return block(sql`
    declare
      version constant oid := ${literal(quoted(name))}::regnamespace;
      path constant text := current_setting('search_path');
      locked text;
    begin
      perform set_config('search_path', 'pg_catalog', true);
      select string_agg(view.oid::regclass::text, ', ' order by view.oid desc) into locked
      from pg_class view
      where view.relnamespace = version and view.relkind = 'v' and (
        view.relname = any (${nameList(views)})
        or exists (select from jsonb_array_elements(${versionNotes} -> 'exposed') as copies (value)
          where value ->> 'name' = view.oid::regclass::text));
      if locked is not null then execute format('lock table %s in access exclusive mode', locked); end if;
      perform set_config('search_path', path, true);
    end`)
}

// A view of ours shows columns of one table that lives elsewhere, and nothing more. Its name comes with its schema, since that
// is not on the path; names that need quotes are taken out of the definition before it is looked at.
function selectOwnViews(condition: Sql = sql``): Sql {
  return sql`select array_agg(view.oid::regclass::text)
    from pg_class view
    where view.relnamespace = version and view.relkind = 'v' ${condition}
      and regexp_replace(pg_get_viewdef(view.oid), '"([^"]|"")*"', 'q', 'g')
        ~ '^\\s*SELECT(\\s+(AS|[a-z0-9_.]+,?))*\\s+FROM\\s+[a-z0-9_.]+(\\s+[a-z0-9_]+)?;$'
      and (select count(distinct shown.oid) = 1 and bool_and(shown.relnamespace <> version)
        from pg_rewrite rule
          join pg_depend d on d.classid = 'pg_rewrite'::regclass and d.objid = rule.oid
          join pg_class shown on d.refclassid = 'pg_class'::regclass and shown.oid = d.refobjid and shown.oid <> view.oid
        where rule.ev_class = view.oid)`
}

/** A version schema as it stands; undefined when there is none of that name. `base` is where its tables live. */
export function describeVersionSchema(catalog: Catalog, name: string, base: string): VersionSchema | undefined {
  const schema = catalog.schemas.find((each) => each.name === name)
  if (schema === undefined) return undefined
  const views = catalog.views.flatMap((view): VersionView[] => {
    const shown = view.schema === name && view.kind === 'view' ? shownColumns(view.definition) : undefined
    const table = shown && findTable(catalog, { schema: shown.table.at(-2) ?? base, name: shown.table.at(-1) ?? '' })
    if (shown === undefined || table?.schema !== base) return []
    const columns = view.columns.map((column, index) => ({
      name: column.name,
      physical: shown.columns[index] ?? column.name,
      default: column.default ?? undefined,
      comment: column.comment,
      grants: column.grants,
    }))
    return [{ name: view.name, table: table.name, columns, comment: view.comment, grants: view.grants }]
  })
  const grants = catalog.schemas.find((each) => each.name === base)?.grants ?? []
  return { name, base, views, grants }
}

/** Grants as statements; `what` stands after ON. */
export function grantStatements(what: Sql, grants: readonly Grant[], columns: Sql = sql``): Sql[] {
  return grants
    .filter(({ privileges }) => privileges.length > 0)
    .map(({ grantee, privileges, grantOption }) => {
      const list = join(privileges.map((privilege) => sql`${raw(privilege)}${columns}`))
      return sql`grant ${list} on ${what} to ${role(grantee)}${grantOption ? sql` with grant option` : sql``}`
    })
}

// A table may belong to another role than the one that migrates, and so have no grant that says what its owner may do.
function ownerGrants(schema: string): Sql {
  return block(sql`
    declare
      held record;
    begin
      for held in
        select distinct view.oid::regclass as name, view.relnamespace::regnamespace as schema, owned.privilege_type as privilege,
          quote_ident(pg_get_userbyid(shown.relowner)) as owner
        from pg_class view
          join pg_rewrite rule on rule.ev_class = view.oid
          join pg_depend d on d.classid = 'pg_rewrite'::regclass and d.objid = rule.oid and d.refclassid = 'pg_class'::regclass
          join pg_class shown on shown.oid = d.refobjid and shown.relkind in ('r', 'p') and shown.relowner <> view.relowner
          cross join lateral aclexplode(coalesce(shown.relacl, acldefault('r', shown.relowner))) owned
        where view.relnamespace = ${literal(quoted(schema))}::regnamespace and owned.grantee = shown.relowner
      loop
        execute format('grant usage on schema %s to %s', held.schema, held.owner);
        execute format('grant %s on %s to %s', held.privilege, held.name, held.owner);
      end loop;
    end`)
}

function columnGrants(
  schema: Pick<VersionSchema, 'name' | 'base'>,
  view: VersionView,
  column: VersionViewColumn,
): Sql[] {
  const onView = grantStatements(id(schema.name, view.name), column.grants, sql` (${id(column.name)})`)
  if (column.physical === column.name) return onView
  // A column that will take the place of this one: whoever uses the view needs the right to that one too.
  const onTable = grantStatements(id(schema.base, view.table), column.grants, sql` (${id(column.physical)})`)
  return [...onView, ...onTable]
}

function columnDefault(schema: string, view: string, column: VersionViewColumn): Sql[] {
  if (column.default === undefined) return []
  const path = id(schema, view)
  if (!/^\s*null\s*$/i.test(column.default)) {
    return [sql`alter view ${path} alter column ${id(column.name)} set default ${raw(column.default)}`]
  }
  // The server takes a plain NULL for "no default", and the table's would be used.
  return [
    block(sql`
      begin
        execute (
          select format('alter view %s alter column %I set default case when true then null::%s end',
            attrelid::regclass, attname, format_type(atttypid, atttypmod))
          from pg_attribute
          where attrelid = ${literal(path.inline('postgres'))}::regclass and attname = ${literal(column.name)});
      end`),
  ]
}

function withdrawGrants(schema: string, view: string): Sql {
  return block(sql`
    declare
      holder record;
    begin
      for holder in
        select distinct case entry.grantee when 0 then 'public' else quote_ident(pg_get_userbyid(entry.grantee)) end as name
        from pg_class c, aclexplode(c.relacl) entry
        where c.oid = ${literal(id(schema, view).inline('postgres'))}::regclass and entry.grantee <> c.relowner
      loop
        execute format('revoke all on %s from %s', ${literal(id(schema, view).inline('postgres'))}, holder.name);
      end loop;
    end`)
}

/** Lets those use the schema who may use the base schema or anything of its tables, unless they have the right already. */
export function usageGrants(schema: VersionSchema, existing: readonly Grant[] = []): Sql[] {
  const holders = new Set<string>()
  for (const { grantee, privileges } of schema.grants) if (privileges.includes('usage')) holders.add(grantee)
  for (const view of schema.views) {
    for (const { grantee, privileges } of [...view.grants, ...view.columns.flatMap(({ grants }) => grants)]) {
      if (privileges.length > 0) holders.add(grantee)
    }
  }
  for (const { grantee, privileges } of existing) if (privileges.includes('usage')) holders.delete(grantee)
  return [...holders].map((holder) => sql`grant usage on schema ${id(schema.name)} to ${role(holder)}`)
}

function nameList(names: readonly string[]): Sql {
  return sql`array[${join(names.map((name) => literal(name)))}]::text[]`
}

function quoted(name: string): string {
  return id(name).inline('postgres')
}
