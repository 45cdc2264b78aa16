import { sql } from '../../database/database.ts'

// Tables that a view reads, through whatever views there are between.
const tablesRead = sql`
  with recursive read (oid) as (
    select made
    union
    select d.refobjid
    from read
      join pg_rewrite w on w.ev_class = read.oid
      join pg_depend d on d.classid = 'pg_rewrite'::regclass and d.objid = w.oid and d.refclassid = 'pg_class'::regclass)
  select t.oid, t.relrowsecurity from read join pg_class t on t.oid = read.oid and t.relkind in ('r', 'p')`

// Somebody who may read the view may not read a table, or sees other rows of it than the owner of the view.
const isOwnerNeeded = sql`
  exists (
    select from (${tablesRead}) tables
    where tables.relrowsecurity or exists (
      select from pg_class source cross join lateral aclexplode(coalesce(source.relacl, acldefault('r', source.relowner))) held
      where source.oid = (candidate ->> 'object')::oid and held.privilege_type = 'SELECT'
        and not case held.grantee when 0 then has_table_privilege('public', tables.oid, 'select')
          else has_table_privilege(held.grantee, tables.oid, 'select') end))`

// A column of the version is not the column of that name of the base schema.
const isChanged = sql`
  exists (
    select from pg_rewrite w
      join pg_depend d on d.classid = 'pg_rewrite'::regclass and d.objid = w.oid and d.refclassid = 'pg_class'::regclass
      join pg_class shown on shown.oid = d.refobjid and shown.relnamespace = version and shown.oid <> made
      join pg_attribute a on a.attrelid = shown.oid and a.attnum = d.refobjsubid
    where w.ev_class = made and a.attnum > 0 and not exists (
      select from pg_rewrite below
        join pg_depend e on e.classid = 'pg_rewrite'::regclass and e.objid = below.oid and e.refclassid = 'pg_class'::regclass
        join pg_class source on source.oid = e.refobjid and source.relnamespace = base
        join pg_attribute b on b.attrelid = source.oid and b.attnum = e.refobjsubid
      where below.ev_class = shown.oid and b.attname = a.attname))`

/**
 * The statements of a block that give a view which reads with the rights of its owner back what it loses as a copy: from 15 on
 * the version's views look at who asks, also through such a view (PostgreSQL manual, CREATE VIEW). Where that makes a
 * difference, the original is shown in place of a copy, or nothing if the version has other columns than the original reads.
 */
export const keepRights = sql`
  if definer and candidate ->> 'kind' = 'view' and current_setting('server_version_num')::int >= 150000 then
    if ${isOwnerNeeded} then
      if ${isChanged} then
        raise 'it reads with the rights of its owner, which the views of a version do not pass on';
      end if;
      execute format('drop view %s', made::regclass);
      execute format('create view %s.%I with (security_invoker = true) as select %s from %s.%I', version::regnamespace,
        candidate ->> 'name', (select string_agg(quote_ident(attname), ', ' order by attnum) from pg_attribute
          where attrelid = (candidate ->> 'object')::oid and attnum > 0), base::regnamespace, candidate ->> 'name');
      select r.oid into strict made from pg_class r where r.relnamespace = version and r.relname = candidate ->> 'name';
      definer := false;
    end if;
  end if;`
