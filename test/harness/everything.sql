-- One object of every kind that a catalog holds. A block that begins with "-- from N" is for PostgreSQL N and later.
-- The roles catalog_owner and catalog_reader are there already; `later` holds what not every version has.
create schema app authorization catalog_owner;
comment on schema app is 'The application''s';
grant usage on schema app to catalog_reader;
create schema hidden;
create table hidden.secret (id int);
create extension pg_trgm with schema app;
create extension hstore with schema public;

create collation app.any_case (provider = icu, locale = 'und', deterministic = false);
create type app.mood as enum ('sad', 'ok', 'happy');
alter type app.mood add value 'fine' before 'happy';
comment on type app.mood is 'How it went';
create domain app.email as text collate "C" default 'nobody' not null
  constraint has_at check (value like '%@%') constraint short check (length(value) < 100);
alter domain app.email add constraint lower_case check (value = lower(value)) not valid;
comment on constraint has_at on domain app.email is 'Not a full check';
create type app.point3 as (x double precision, y numeric(8, 2), label text collate "C");
create type app.float_range as range (subtype = double precision, subtype_diff = float8mi);
revoke usage on type app.mood from public;
grant usage on type app.mood to catalog_reader with grant option;

create sequence app.ticket as bigint start 1000 increment 5 minvalue 10 maxvalue 9223372036854775807 cache 20 cycle;
comment on sequence app.ticket is 'Tickets';
grant usage on sequence app.ticket to catalog_reader;

create function app.touch() returns trigger language plpgsql as $$ begin return new; end $$;
create function app.total(int, text = 'x', out a int, out b text) language sql stable strict parallel safe
  as $$ select 1, 'a' $$;
create function app.total(variadic numbers int[]) returns int language sql immutable security definer leakproof
  set search_path = app, pg_temp set work_mem = '8MB' as $$ select 1 $$;
comment on function app.total(int[]) is 'Adds up';
revoke execute on function app.total(int[]) from public;
grant execute on function app.total(int[]) to catalog_reader;
create procedure app.tidy(days int) language sql as $$ select 1 $$;
create aggregate app.longest (text) (sfunc = textcat, stype = text, initcond = 'it''s', parallel = safe);

create table app.tenants (
  id uuid primary key,
  name varchar(40) not null,
  note text collate "C" default 'a' || 'b',
  since timestamptz not null default '2024-01-02 03:04:05+00'::timestamptz,
  constraint tenants_name_key unique (name) deferrable initially deferred
) with (fillfactor = 70, toast.autovacuum_enabled = false);
alter table app.tenants owner to catalog_owner;
comment on table app.tenants is 'Who rows belong to';
comment on column app.tenants.name is 'Shown to people';
alter table app.tenants alter column note set storage external, alter column note set statistics 500,
  alter column note set (n_distinct = -0.5);
grant select, insert on app.tenants to catalog_reader;
grant update (name, note) on app.tenants to catalog_reader;
revoke truncate on app.tenants from catalog_owner;

create table app.runs (
  id bigint generated always as identity (start 7 increment 2),
  legacy serial,
  tenant_id uuid not null,
  parent_id bigint,
  title text,
  mood app.mood default 'ok',
  contact app.email,
  during tstzrange,
  tags text[] not null default '{}',
  words int generated always as (length(title) + 1) stored,
  primary key (tenant_id, id) include (title),
  constraint runs_parent_fkey foreign key (tenant_id, parent_id) references app.runs match full
    on delete cascade deferrable initially immediate,
  constraint runs_tenant_fkey foreign key (tenant_id) references app.tenants on update restrict on delete set default,
  constraint runs_title_check check (title <> '' and tags is not null) no inherit,
  constraint runs_no_overlap exclude using gist (during with &&) where (parent_id is null)
);
alter table app.runs add constraint runs_late_check check (words > 0) not valid;
comment on constraint runs_title_check on app.runs is 'Titles are not empty';
create unique index runs_title_key on app.runs (lower(title) desc nulls last, tenant_id) include (mood)
  where parent_id is not null;
create index runs_tags_idx on app.runs using gin (tags) with (fastupdate = off);
create index runs_title_trgm_idx on app.runs using gin (title app.gin_trgm_ops);
create index runs_order_idx on app.runs (title collate "C" text_pattern_ops desc, mood nulls first);
comment on index app.runs_tags_idx is 'For search';
create unique index runs_replica_key on app.runs (legacy);
alter table app.runs alter column legacy set not null, replica identity using index runs_replica_key;
alter table app.runs cluster on runs_replica_key;
create statistics app.runs_statistics (dependencies, ndistinct) on tenant_id, mood from app.runs;
comment on statistics app.runs_statistics is 'They go together';
alter statistics app.runs_statistics set statistics 300;

alter table app.runs enable row level security;
alter table app.runs force row level security;
create policy tenant on app.runs using (tenant_id = current_setting('app.tenant')::uuid);
create policy reading on app.runs as restrictive for select to catalog_reader, catalog_owner
  using (exists (select 1 from app.tenants t where t.id = tenant_id));
create policy writing on app.runs for insert with check (title is not null);
comment on policy tenant on app.runs is 'Only one''s own';
create trigger runs_touch before insert or update of title, mood on app.runs
  for each row when (new.title is not null) execute function app.touch('a', 'b');
create trigger runs_truncate after truncate on app.runs for each statement execute function app.touch();
create constraint trigger runs_late after update on app.runs deferrable initially deferred
  for each row execute function app.touch();
alter table app.runs disable trigger runs_touch;
alter table app.runs enable always trigger runs_truncate;
comment on trigger runs_touch on app.runs is 'Off for now';
create rule runs_keep as on delete to app.tenants do instead nothing;
comment on rule runs_keep on app.tenants is 'Tenants stay';

create table app.events (id int not null, at date not null, run_id bigint, primary key (id, at)) partition by range (at);
create index events_run_idx on app.events (run_id);
create trigger events_touch before insert on app.events for each row execute function app.touch();
create table app.events_2024 partition of app.events for values from ('2024-01-01') to ('2025-01-01')
  partition by list (id);
create table app.events_2024_one partition of app.events_2024 for values in (1);
create table app.events_rest partition of app.events default;
create table app.points (event_id int, event_at date, foreign key (event_id, event_at) references app.events);
create table app.base (a int, b text);
create table app.derived (c int) inherits (app.base);
create unlogged table app.scratch (a int);
alter table app.scratch replica identity full;

create foreign data wrapper nothing;
create server elsewhere foreign data wrapper nothing;
create foreign table app.remote (a int options (column_name 'x')) server elsewhere options (table_name 'y');

create view app.open_runs with (security_barrier = true) as select id, title from app.runs where title is not null
  with local check option;
comment on view app.open_runs is 'Not done';
comment on column app.open_runs.title is 'As shown';
alter view app.open_runs alter column title set default 'none';
grant select on app.open_runs to public;
create trigger open_runs_insert instead of insert on app.open_runs for each row execute function app.touch();
create materialized view app.counts as select tenant_id, count(*) as n from app.runs group by tenant_id with no data;
create unique index counts_key on app.counts (tenant_id);

create function app.audit() returns event_trigger language plpgsql as $$ begin end $$;
create event trigger audit_ddl on ddl_command_end when tag in ('DROP TABLE', 'CREATE TABLE') execute function app.audit();
alter event trigger audit_ddl disable;
create publication changes for table app.tenants, app.base with (publish = 'insert, update');
alter default privileges for role catalog_owner in schema app grant select on tables to catalog_reader;
alter default privileges for role catalog_owner revoke execute on functions from public;
create temporary table session_only (id int);

create schema "a""b";
create table "a""b"."x'; drop table y --" ("order" int primary key, "Ünïcode 😀" text, "back\slash" int unique);
create index "i.d" on "a""b"."x'; drop table y --" ("Ünïcode 😀");
create function "a""b"."f(x)"("A" "a""b"."x'; drop table y --") returns int language sql as 'select 1';
create schema later;
---
-- from 14
create table later.compressed (title text compression pglz);
---
-- from 15
create table later.groups (a int, b int, unique nulls not distinct (a, b));
create table later.members (a int, b int, c int,
  foreign key (a, b) references later.groups (a, b) on delete set null (b));
create view later.invoked with (security_invoker = true) as select a from later.groups;
create publication later_rows for table later.groups (a) where (a > 1);
create publication later_schema for tables in schema hidden;
---
-- from 17
create table later.numbers (id int generated always as identity, at date) partition by range (at);
create table later.numbers_rest partition of later.numbers default;
---
-- from 18
create table later.newest (
  id int constraint id_is_there not null,
  doubled int generated always as (id * 2),
  loose int,
  constraint newest_pkey primary key (id),
  constraint newest_unenforced check (id > 0) not enforced
);
alter table later.newest add constraint loose_is_there not null loose not valid;
create table later.periods (id int4range, span int4range, primary key (id, span without overlaps));
create table later.period_parts (id int4range, span int4range,
  foreign key (id, period span) references later.periods (id, period span));
