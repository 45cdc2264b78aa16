-- metastore: priority=P0 description="roles, and the functions that every module stands on"

-- Roles belong to the server, not to the database: another database may use them already, and another may make them at this
-- moment. Rolling back leaves them.
do $$
declare
  wanted text;
begin
  foreach wanted in array array['metastore_app', 'metastore_admin'] loop
    begin
      if not exists (select from pg_roles where rolname = wanted) then
        execute format('create role %I nologin', wanted);
      end if;
    exception when duplicate_object or unique_violation then
      null;
    end;
  end loop;
end
$$;

-- Ids of version 7: they grow with time, so that an index grows at its end. From 18 on the server has its own.
create function new_id() returns uuid
language sql volatile parallel safe
return encode(
  set_bit(set_bit(
    overlay(
      uuid_send(gen_random_uuid())
      placing substring(int8send((extract(epoch from clock_timestamp()) * 1000)::bigint) from 3)
      from 1 for 6
    ), 52, 1), 53, 1), 'hex')::uuid;

-- The tenant whose rows everybody may read.
create function shared_tenant() returns uuid
language sql immutable parallel safe
return '00000000-0000-0000-0000-000000000000'::uuid;

-- The tenant of this transaction; nobody's, when none is set. Nobody acts as the shared one.
create function current_tenant() returns uuid
language sql stable parallel safe
return nullif(nullif(current_setting('metastore.tenant', true), '')::uuid, '00000000-0000-0000-0000-000000000000'::uuid);

-- The user of this transaction, where it may see no other's threads; null where it may.
create function current_owner() returns uuid
language sql stable parallel safe
return nullif(current_setting('metastore.owner', true), '')::uuid;

create function touch_updated_at() returns trigger
language plpgsql
as $$
begin
  -- Whoever says when, is taken at their word.
  if new.updated_at is not distinct from old.updated_at then
    new.updated_at := now();
  end if;
  return new;
end
$$;

-- Row-level security of a table whose rows belong to tenants. `shared_rows` is the condition under which the application
-- also reads rows of the shared tenant. The owner has a policy of its own: without one, a forced table silently updates
-- nothing when a migration or a seed comes.
create function isolate_tenant(protected regclass, shared_rows text default null) returns void
language plpgsql
set search_path = public, pg_temp
as $$
declare
  owner constant text := (select quote_ident(pg_get_userbyid(relowner)) from pg_class where oid = protected);
begin
  execute format('alter table %s enable row level security', protected);
  execute format('alter table %s force row level security', protected);
  execute format(
    'create policy tenant_isolation on %s to metastore_app
       using (tenant_id = current_tenant()) with check (tenant_id = current_tenant())',
    protected);
  execute format('create policy admin_access on %s to metastore_admin using (true) with check (true)', protected);
  execute format('create policy owner_access on %s to %s using (true) with check (true)', protected, owner);
  execute format('comment on policy admin_access on %s is ''Works across tenants.''', protected);
  execute format('comment on policy owner_access on %s is ''Migrates and seeds.''', protected);
  if shared_rows is not null then
    execute format(
      'create policy shared_rows on %s for select to metastore_app using (tenant_id = shared_tenant() and (%s))',
      protected, shared_rows);
  end if;
  execute format('grant select, insert, update, delete on %s to metastore_app, metastore_admin', protected);
end
$$;

-- Takes back what isolate_tenant did.
create function release_tenant(protected regclass) returns void
language plpgsql
set search_path = public, pg_temp
as $$
declare
  made text;
begin
  execute format('revoke all on %s from metastore_app, metastore_admin', protected);
  for made in
    select polname from pg_policy
    where polrelid = protected and polname in ('tenant_isolation', 'own_threads', 'shared_rows', 'admin_access', 'owner_access')
  loop
    execute format('drop policy %I on %s', made, protected);
  end loop;
  execute format('alter table %s no force row level security', protected);
  execute format('alter table %s disable row level security', protected);
end
$$;

-- A reference to a row that is the tenant's own or the shared tenant's. A foreign key cannot say that; two triggers do. The row
-- referred to is locked as by a foreign key, so that nobody deletes it meanwhile; that needs the owner's rights, as it may be a
-- shared one. Each reference has functions of its own: with the names in their text, the server keeps the plans of their queries.
create function reference_shared(source text, source_column text, target text, target_column text) returns void
language plpgsql
set search_path = public, pg_temp
as $reference$
declare
  exists_name constant text := source || '_' || source_column || '_exists';
  kept_name constant text := source || '_' || source_column || '_kept';
begin
  execute format(
    $make$
    create function %1$I() returns trigger
    language plpgsql
    security definer
    set search_path = public, pg_temp
    as $$
    begin
      if new.%2$I is null then return null; end if;
      perform from %3$I where tenant_id in (new.tenant_id, shared_tenant()) and %4$I = new.%2$I limit 1 for key share;
      if not found then
        raise foreign_key_violation using
          message = %5$L, schema = tg_table_schema, table = tg_table_name, constraint = tg_name;
      end if;
      return null;
    end
    $$
    $make$,
    exists_name, source_column, target, target_column,
    format('%s.%s refers to no row of %s that is of the tenant or shared.', source, source_column, target));
  execute format(
    $make$
    create function %1$I() returns trigger
    language plpgsql
    security definer
    set search_path = public, pg_temp
    as $$
    begin
      -- What goes with its whole tenant is not asked for what else goes with it.
      if exists (
          select from %2$I
          where %3$I = old.%4$I and (old.tenant_id = shared_tenant() or tenant_id = old.tenant_id))
        and exists (select from tenants where id = old.tenant_id)
      then
        raise foreign_key_violation using
          message = %5$L, schema = tg_table_schema, table = tg_table_name, constraint = tg_name;
      end if;
      return null;
    end
    $$
    $make$,
    kept_name, source, source_column, target_column,
    format('A row of %s is still used by %s.%s.', target, source, source_column));
  execute format('revoke execute on function %I() from public', exists_name);
  execute format('revoke execute on function %I() from public', kept_name);
  execute format(
    'create constraint trigger %1$I after insert or update of tenant_id, %2$I on %3$I deferrable
       for each row execute function %1$I()',
    exists_name, source_column, source);
  execute format(
    'create constraint trigger %1$I after delete on %2$I deferrable for each row execute function %1$I()',
    kept_name, target);
end
$reference$;

-- Takes back what reference_shared did.
create function unreference_shared(source text, source_column text, target text) returns void
language plpgsql
set search_path = public, pg_temp
as $$
declare
  exists_name constant text := source || '_' || source_column || '_exists';
  kept_name constant text := source || '_' || source_column || '_kept';
begin
  execute format('drop trigger %I on %I', exists_name, source);
  execute format('drop trigger %I on %I', kept_name, target);
  execute format('drop function %I()', exists_name);
  execute format('drop function %I()', kept_name);
end
$$;

-- What status may follow which. The arguments of the trigger are pairs, 'pending>running'; a status may always stay.
create function check_transition() returns trigger
language plpgsql
as $$
begin
  if new.status is distinct from old.status and not (old.status || '>' || new.status) = any (tg_argv) then
    raise check_violation using
      message = format('%s cannot go from status %s to %s.', tg_table_name, old.status, new.status),
      schema = tg_table_schema, table = tg_table_name, column = 'status', constraint = tg_name;
  end if;
  return new;
end
$$;

-- Makes the partitions of this day or month (`period`) and of the next `ahead` ones, where they are not there yet, and returns
-- their names. Rows that went to the default partition meanwhile move to where they belong.
create function make_partitions(parent regclass, period text, ahead integer default 1) returns setof text
language plpgsql
security definer
set search_path = public, pg_temp
set timezone = 'UTC'
as $$
declare
  parent_name constant text := (select relname from pg_class where oid = parent);
  key constant text := (
    select quote_ident(attname) from pg_partitioned_table
      join pg_attribute on attrelid = partrelid and attnum = partattrs[0]
    where partrelid = parent);
  default_partition constant regclass := (select nullif(partdefid, 0) from pg_partitioned_table where partrelid = parent);
  made text;
  lower_bound timestamptz;
  upper_bound timestamptz;
begin
  if period not in ('day', 'month') then
    raise invalid_parameter_value using message = format('A partition holds a day or a month, not a %s.', period);
  end if;
  for i in 0 .. ahead loop
    lower_bound := date_trunc(period, now()) + i * ('1 ' || period)::interval;
    upper_bound := lower_bound + ('1 ' || period)::interval;
    made := parent_name || to_char(lower_bound, case period when 'day' then '_YYYYMMDD' else '_YYYYMM' end);
    continue when exists (
      select from pg_inherits join pg_class on oid = inhrelid where inhparent = parent and relname = made);
    -- Nobody may write a row into the default partition between the move and the attachment.
    execute format('lock table %s in access exclusive mode', default_partition);
    execute format('create table %I (like %s including all)', made, parent);
    execute format(
      'with moved as (delete from %s where %s >= $1 and %s < $2 returning *) insert into %I select * from moved',
      default_partition, key, key, made) using lower_bound, upper_bound;
    execute format('alter table %I enable row level security', made);
    execute format('alter table %s attach partition %I for values from (%L) to (%L)', parent, made, lower_bound, upper_bound);
    return next made;
  end loop;
end
$$;
revoke execute on function make_partitions(regclass, text, integer) from public;
grant execute on function make_partitions(regclass, text, integer) to metastore_admin;

-- Drops the partitions of which every row is older than `age`, and returns their names.
create function drop_partitions(parent regclass, age interval) returns setof text
language plpgsql
security definer
set search_path = public, pg_temp
set timezone = 'UTC'
as $$
declare
  old record;
begin
  for old in
    -- As text now: afterwards the table has no name.
    select inhrelid::regclass::text as name
    from pg_inherits join pg_class on oid = inhrelid
    where inhparent = parent
      and substring(pg_get_expr(relpartbound, oid) from $bound$TO \('([^']*)'\)$bound$)::timestamptz <= now() - age
    order by relname
  loop
    execute format('drop table %s', old.name);
    return next old.name;
  end loop;
end
$$;
revoke execute on function drop_partitions(regclass, interval) from public;
grant execute on function drop_partitions(regclass, interval) to metastore_admin;

-- metastore:down
drop function drop_partitions(regclass, interval);
drop function make_partitions(regclass, text, integer);
drop function check_transition();
drop function unreference_shared(text, text, text);
drop function reference_shared(text, text, text, text);
drop function release_tenant(regclass);
drop function isolate_tenant(regclass, text);
drop function touch_updated_at();
drop function current_owner();
drop function current_tenant();
drop function shared_tenant();
drop function new_id();
