import { sql } from '../../database/database.ts'
import { versionNotes } from './version-notes.ts'

// A materialized view and a foreign table are shown as they are. What reads nothing of the base schema has no versions.
const views = sql`
  select r.oid::int8 as object, 'view' as kind, r.relname::text as name, format('%s.%I', base::regnamespace, r.relname) as shown,
    r.relkind::text as form, pg_get_userbyid(r.relowner)::text as owner, r.relacl::text as acl,
    obj_description(r.oid, 'pg_class') as comment, null::text as body, array_to_string(r.reloptions, ', ') as options,
    r.relkind = 'v' and not coalesce(array_to_string(r.reloptions, ',') ~ 'security_invoker=(true|on|1|yes)', false) as definer,
    case when r.relkind = 'v' then pg_get_viewdef(r.oid) else (
      select format('select %s from %s.%I', string_agg(quote_ident(a.attname), ', ' order by a.attnum), base::regnamespace, r.relname)
      from pg_attribute a where a.attrelid = r.oid and a.attnum > 0 and not a.attisdropped) end as definition,
    (select string_agg(distinct read.oid::regclass::text, ', ')
      from pg_rewrite w
        join pg_depend d on d.classid = 'pg_rewrite'::regclass and d.objid = w.oid and d.refclassid = 'pg_class'::regclass
        join pg_class read on read.oid = d.refobjid
      where w.ev_class = r.oid and r.relkind = 'v'
        and read.relnamespace not in (base, 'pg_catalog'::regnamespace, 'information_schema'::regnamespace)) as reads_elsewhere,
    false as has_path
  from pg_class r
  where r.relnamespace = base and r.relkind in ('v', 'm', 'f') and r.relpersistence <> 't' and not r.relispartition
    and not starts_with(r.relname::text, '__metastore_')
    and not exists (select from pg_depend d
      where d.classid = 'pg_class'::regclass and d.objid = r.oid and d.deptype = 'e')
    and (r.relkind <> 'v' or exists (
      select from pg_rewrite w
        join pg_depend d on d.classid = 'pg_rewrite'::regclass and d.objid = w.oid
      where w.ev_class = r.oid and (
        d.refclassid = 'pg_class'::regclass and d.refobjid <> r.oid
          and exists (select from pg_class read where read.oid = d.refobjid and read.relnamespace = base)
        or d.refclassid = 'pg_proc'::regclass
          and exists (select from pg_proc called where called.oid = d.refobjid and called.pronamespace = base))))`

// Functions of triggers are not called by applications.
const routines = sql`
  select p.oid::int8, case p.prokind when 'p' then 'procedure' else 'function' end, p.proname::text,
    format('%s.%I(%s)', base::regnamespace, p.proname, pg_get_function_identity_arguments(p.oid)),
    null, pg_get_userbyid(p.proowner)::text, p.proacl::text, obj_description(p.oid, 'pg_proc'), p.prosrc, null, p.prosecdef,
    pg_get_functiondef(p.oid), null, exists (select from unnest(p.proconfig) as settings (setting)
      where starts_with(setting, 'search_path=')
        and base::regnamespace::text = any (string_to_array(substr(setting, 13), ', ')))
  from pg_proc p join pg_language l on l.oid = p.prolang
  where p.pronamespace = base and p.prokind in ('f', 'p') and l.lanname in ('sql', 'plpgsql')
    and p.prorettype not in ('trigger'::regtype, 'event_trigger'::regtype)
    and not starts_with(p.proname::text, '__metastore_')
    and not exists (select from pg_depend d
      where d.classid = 'pg_proc'::regclass and d.objid = p.oid and d.deptype in ('e', 'i'))`

/**
 * The statements of a block that gather the views and functions of the base schema, as JSON in `remaining`, and make a
 * `fingerprint` of them and another, `shape`, of what they can read. With the base schema as the path, definitions name its
 * objects without a schema, so that they can be read again on another path.
 */
export const collectCandidates = sql`
  perform set_config('search_path', base::regnamespace::text, true);
  select coalesce(jsonb_agg(to_jsonb(c) order by c.object), '[]') into remaining
  from (${views} union all ${routines}) c;
  if remaining <> '[]' or ${versionNotes} is not null then
    fingerprint := md5(remaining::text);
  end if;
  select md5(string_agg(format('%I.%I', r.relname, a.attname), ',' order by r.relname, a.attnum)) into shape
  from pg_class r join pg_attribute a on a.attrelid = r.oid and a.attnum > 0
  where r.relnamespace = version and r.relkind = 'v' and not exists (
    select from jsonb_array_elements(${versionNotes} -> 'exposed') as copies (value)
    where value ->> 'name' = format('%s.%I', version::regnamespace, r.relname));`
