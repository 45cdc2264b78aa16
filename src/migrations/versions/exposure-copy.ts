import { sql, type Sql } from '../../database/database.ts'
import { keepRights } from './exposure-rights.ts'

// A body is only text to the server, so what it names is looked for as words; one too many is left out rather than one too few.
const bodyProblem = sql`
  select min(finding) from (
    select format('it names %s.%I with its schema', base::regnamespace, r.relname) as finding
    from pg_class r
    where r.relnamespace = base and r.relkind in ('r', 'p', 'v', 'm', 'f')
      and body ~* format('\\m%s"?\\s*\\.\\s*"?%s\\M', regexp_replace(nspname, special, '\\\\\\&', 'g'),
        regexp_replace(r.relname, special, '\\\\\\&', 'g'))
    union all
    select format('it names %I, which the version does not have', r.relname)
    from pg_class r
    where r.relnamespace = base and r.relkind in ('r', 'p', 'v', 'm', 'f') and not starts_with(r.relname::text, '__metastore_')
      and not r.relispartition
      and not exists (select from pg_class shown where shown.relnamespace = version and shown.relname = r.relname)
      and body ~* format('\\m%s\\M', regexp_replace(r.relname, special, '\\\\\\&', 'g'))
    union all
    select format('it names %I of %I, which the version does not have', a.attname, r.relname)
    from pg_class r
      join pg_class shown on shown.relnamespace = version and shown.relname = r.relname
      join pg_attribute a on a.attrelid = r.oid and a.attnum > 0 and not a.attisdropped
    where r.relnamespace = base and r.relkind in ('r', 'p') and not starts_with(a.attname::text, '__metastore_')
      and not exists (select from pg_attribute b where b.attrelid = shown.oid and b.attname = a.attname)
      and body ~* format('\\m%s\\M', regexp_replace(r.relname, special, '\\\\\\&', 'g'))
      and body ~* format('\\m%s\\M', regexp_replace(a.attname, special, '\\\\\\&', 'g'))
  ) findings`

// What the server has bound is known: a table that the version does not show must not be found in the base schema instead.
const boundProblem = sql`
  select format('it reads %s, which the version does not have', string_agg(distinct r.oid::regclass::text, ', '))
  from pg_depend d
    left join pg_type t on d.refclassid = 'pg_type'::regclass and t.oid = d.refobjid
    left join pg_type element on element.oid = t.typelem
    join pg_class r on r.oid = case d.refclassid
      when 'pg_class'::regclass then d.refobjid
      else coalesce(nullif(t.typrelid, 0), element.typrelid) end
  where r.relnamespace = base and r.relkind in ('r', 'p', 'v')
    and (d.classid = 'pg_proc'::regclass and d.objid = made and candidate ->> 'kind' <> 'view'
      or d.classid = 'pg_rewrite'::regclass and candidate ->> 'kind' = 'view'
        and d.objid in (select w.oid from pg_rewrite w where w.ev_class = made))
  having count(*) > 0`

const createView = sql`
  execute format('create view %s.%I %s as %s', version::regnamespace, candidate ->> 'name',
    case
      when candidate ->> 'options' <> '' then format('with (%s)', candidate ->> 'options')
      when candidate ->> 'form' <> 'v' and current_setting('server_version_num')::int >= 150000
        then 'with (security_invoker = true)'
      else ''
    end, candidate ->> 'definition');
  select r.oid into strict made from pg_class r where r.relnamespace = version and r.relname = candidate ->> 'name';`

// The definition begins with the name. A path of its own gets the version's schema in front.
const createRoutine = sql`
  select (${bodyProblem}) into problem
  from (select candidate ->> 'body' as body, nspname, '[][(){}.*+?^$|#\\\\-]' as special
    from pg_namespace where oid = base) as source;
  if problem is not null then raise '%', problem; end if;
  header := format('CREATE OR REPLACE %s %s.%I(', upper(candidate ->> 'kind'), base::regnamespace, candidate ->> 'name');
  definition := candidate ->> 'definition';
  if not starts_with(definition, header) then raise 'its definition is not understood'; end if;
  definition := format('create %s %s.%I(', candidate ->> 'kind', version::regnamespace, candidate ->> 'name')
    || substr(definition, length(header) + 1);
  if (candidate ->> 'has_path')::boolean then
    place := position(E'\\n SET search_path TO ' in definition) + length(E'\\n SET search_path TO ') - 1;
    definition := left(definition, place) || format('%L, ', (select nspname from pg_namespace where oid = version))
      || substr(definition, place + 1);
  end if;
  known := array(select oid from pg_proc where pronamespace = version and proname = candidate ->> 'name');
  execute definition;
  select oid into strict made from pg_proc
  where pronamespace = version and proname = candidate ->> 'name' and oid <> all (known);`

// Whoever may use the original may use the copy, and nobody else; what acts with its owner's rights keeps its owner.
const handOver = sql`
  what := case candidate ->> 'kind' when 'view' then format('view %s', made::regclass)
    else format('routine %s', made::regprocedure) end;
  if definer and candidate ->> 'owner' <> current_user then
    execute format('alter %s owner to %I', what, candidate ->> 'owner');
    owner := (select oid from pg_roles where rolname = candidate ->> 'owner');
  end if;
  if candidate ->> 'comment' is not null then
    execute format('comment on %s is %L', what, candidate ->> 'comment');
  end if;
  what := case candidate ->> 'kind' when 'view' then made::regclass::text else what end;
  for entry in ${grantees(sql`made`)} loop
    execute format('revoke all on %s from %s', what, entry.grantee);
  end loop;
  for entry in ${grantees(sql`(candidate ->> 'object')::oid`)} loop
    execute format('grant %s on %s to %s%s', entry.privilege_type, what, entry.grantee,
      case when entry.is_grantable then ' with grant option' else '' end);
    if candidate ->> 'kind' = 'view' then
      execute format('grant usage on schema %s to %s', version::regnamespace, entry.grantee);
    end if;
  end loop;`

function grantees(object: Sql): Sql {
  return sql`
    select privilege_type, is_grantable,
      case grantee when 0 then 'public' else quote_ident(pg_get_userbyid(grantee)) end as grantee
    from (
      select coalesce(relacl, acldefault('r', relowner)) as acl from pg_class
      where oid = ${object} and candidate ->> 'kind' = 'view'
      union all
      select coalesce(proacl, acldefault('f', proowner)) from pg_proc
      where oid = ${object} and candidate ->> 'kind' <> 'view') holders
      cross join lateral aclexplode(acl)
    where grantee <> owner`
}

/**
 * The statements of a block that make the copy of one `candidate` in the version schema and give its identifier to `made`.
 * The path is the version's schema and then the base schema. They fail where the copy would not read the version's tables.
 */
export const createCandidate = sql`
  declare
    problem text;
    header text;
    definition text;
    place int;
    known oid[];
    what text;
    definer boolean := candidate -> 'definer';
    owner oid := (select oid from pg_roles where rolname = current_user);
    entry record;
  begin
    if candidate ->> 'reads_elsewhere' is not null then
      raise '%', format('it reads %s too, which is in another schema', candidate ->> 'reads_elsewhere');
    end if;
    if candidate ->> 'kind' = 'view' then
      ${createView}
    else
      ${createRoutine}
    end if;
    select (${boundProblem}) into problem;
    if problem is not null then raise '%', problem; end if;
    ${keepRights}
    ${handOver}
  end;`
