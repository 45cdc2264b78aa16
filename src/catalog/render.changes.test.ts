import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { freshPostgresUrl } from '../../test/harness/engines.ts'
import { type Database, openDatabase, type Session } from '../database/database.ts'
import { type Catalog, describeDifference, diffCatalogs, introspect, renderDifferences } from './catalog.ts'
import { createEverything } from '../../test/harness/everything.ts'

// One for each property of each kind of object that can be put back.
const changes: readonly string[] = [
  'alter schema app owner to postgres',
  "comment on schema app is 'Other'",
  'revoke usage on schema app from catalog_reader; grant create on schema app to public',
  'drop schema hidden cascade',
  'create schema unexpected',
  'drop extension hstore',
  'create extension citext; alter table app.tenants alter note type citext',
  'create extension intarray; create table app.sets (ids int[]); create index on app.sets using gin (ids gin__int_ops)',
  "comment on extension hstore is 'Other'",
  'drop collation app.any_case',
  "drop collation app.any_case; create collation app.any_case (provider = icu, locale = 'de')",
  "comment on collation app.any_case is 'Any'",
  "comment on type app.mood is 'Other'",
  'revoke usage on type app.mood from catalog_reader; grant usage on type app.mood to public',
  'alter type app.mood owner to catalog_owner',
  'alter domain app.email drop default; alter domain app.email drop not null',
  "alter domain app.email drop constraint short; comment on constraint has_at on domain app.email is 'Other'",
  'alter domain app.email validate constraint lower_case',
  'alter type app.point3 drop attribute label',
  'alter type app.point3 alter attribute y type numeric(9,3)',
  'alter type app.point3 add attribute more text',
  'drop type app.float_range',
  'drop type app.float_range; create type app.float_range as range (subtype = integer)',
  'alter sequence app.ticket as integer increment 1 minvalue 1 maxvalue 5000 start 15 cache 1 no cycle',
  'alter sequence app.ticket owned by app.points.event_id',
  'alter sequence app.runs_legacy_seq owned by none',
  'alter sequence app.runs_id_seq increment 9',
  'alter sequence app.runs_id_seq rename to renamed_seq',
  'alter table app.runs alter id drop identity',
  'alter table app.runs alter legacy drop default, alter legacy add generated always as identity',
  'alter table app.tenants owner to postgres',
  "comment on table app.tenants is null; comment on column app.tenants.name is 'Other'",
  'alter table app.tenants reset (fillfactor), set (autovacuum_enabled = false, toast.autovacuum_enabled = true)',
  'alter table app.tenants alter note set storage main, alter note set statistics -1, alter note reset (n_distinct)',
  'alter table app.tenants alter note type text collate "POSIX"',
  'revoke select on app.tenants from catalog_reader; grant truncate on app.tenants to catalog_owner',
  'revoke update (name) on app.tenants from catalog_reader',
  'alter table app.scratch set logged, replica identity nothing',
  'alter table app.runs replica identity default; alter table app.runs set without cluster',
  'alter table app.runs disable row level security, no force row level security',
  'alter table app.runs drop constraint runs_title_check, add constraint runs_title_check check (true)',
  'alter table app.runs drop constraint runs_no_overlap',
  'alter table app.runs alter constraint runs_parent_fkey not deferrable',
  'alter table app.runs drop constraint runs_tenant_fkey',
  'alter table app.runs validate constraint runs_late_check',
  "comment on constraint runs_title_check on app.runs is 'Other'",
  'alter table app.tenants drop constraint tenants_name_key',
  'alter table app.tenants drop constraint tenants_pkey cascade',
  "comment on index app.runs_tags_idx is 'Other'; alter index app.runs_tags_idx set (fastupdate = on)",
  'drop index app.runs_order_idx; create index runs_order_idx on app.runs (title)',
  'drop index app.runs_title_key',
  'alter table app.runs enable trigger runs_touch; alter table app.runs disable trigger runs_truncate',
  'alter table app.runs disable trigger all',
  "drop trigger runs_late on app.runs; comment on trigger runs_touch on app.runs is 'Other'",
  'drop trigger runs_touch on app.runs; create trigger runs_touch after delete on app.runs for each row execute function app.touch()',
  'drop rule runs_keep on app.tenants',
  'alter table app.tenants disable rule runs_keep',
  'drop policy tenant on app.runs; create policy tenant on app.runs for select using (true)',
  "comment on policy tenant on app.runs is 'Other'; alter policy reading on app.runs to public",
  'drop statistics app.runs_statistics; create statistics app.runs_statistics on tenant_id, title from app.runs',
  "alter statistics app.runs_statistics set statistics 50; comment on statistics app.runs_statistics is 'Other'",
  'drop view app.open_runs; create view app.open_runs as select id from app.runs',
  'alter view app.open_runs reset (security_barrier); alter view app.open_runs alter column title drop default',
  "comment on view app.open_runs is 'Other'; comment on column app.open_runs.title is 'Other'; revoke select on app.open_runs from public",
  'drop trigger open_runs_insert on app.open_runs',
  'refresh materialized view app.counts',
  'drop index app.counts_key',
  'drop materialized view app.counts; create materialized view app.counts as select 1 as one',
  'drop materialized view app.counts; create view app.counts as select 1 as one',
  'drop view app.open_runs; create table app.open_runs (id integer)',
  'drop function app.total(int[]); create function app.total(numbers int[]) returns bigint language sql as $$ select 1 $$',
  "alter function app.total(int[]) volatile security invoker reset all; comment on function app.total(int[]) is 'Other'",
  'alter function app.total(int[]) owner to catalog_owner; grant execute on function app.total(int[]) to public',
  'drop procedure app.tidy(int); drop aggregate app.longest(text)',
  'drop aggregate app.longest(text); create aggregate app.longest (text) (sfunc = textcat, stype = text)',
  'drop event trigger audit_ddl',
  'alter event trigger audit_ddl enable always',
  'drop event trigger audit_ddl; create event trigger audit_ddl on ddl_command_start execute function app.audit()',
  'drop publication changes',
  "alter publication changes drop table app.base; alter publication changes set (publish = 'delete')",
  'alter publication later_rows set table later.groups; alter publication later_schema drop tables in schema hidden',
  'alter default privileges for role catalog_owner in schema app revoke select on tables from catalog_reader',
  'alter default privileges for role catalog_owner grant execute on functions to public',
  'alter default privileges for role catalog_owner grant usage on types to catalog_reader',
  'alter table app.events detach partition app.events_rest',
  'drop table app.events_2024_one cascade',
  'drop table app.events cascade',
  'drop trigger events_touch on app.events; drop index app.events_run_idx',
  'drop table app.base cascade',
  "alter foreign table app.remote options (set table_name 'other', add schema_name 'more')",
  'drop foreign table app.remote',
  'alter table later.groups drop constraint groups_a_b_key cascade',
  'alter table later.members drop constraint members_a_b_fkey; alter table later.members add constraint members_a_b_fkey foreign key (a, b) references later.groups (a, b)',
  'alter table later.newest rename constraint id_is_there to other',
  'alter table later.newest validate constraint loose_is_there',
  'alter table later.newest drop constraint newest_unenforced',
  'alter table later.compressed alter title set compression default',
  'alter table later.periods drop constraint periods_pkey cascade',
  'drop schema later cascade',
]

describe('On PostgreSQL 18, what has been changed is put back:', () => {
  let database: Database
  let session: Session
  let catalog: Catalog

  beforeAll(async () => {
    database = await openDatabase(await freshPostgresUrl(18))
    session = await database.session()
    await createEverything(session, database.server.major)
    catalog = await introspect(session, 'postgres')
  })
  afterAll(async () => {
    await session.close()
    await database.close()
  })

  test.each(changes)('%s', async (change) => {
    const rollBack = new Error('not to be kept')
    const done = session.transaction(async (tx) => {
      await tx.script(change)
      const actual = await introspect(tx, 'postgres')
      const differences = diffCatalogs(catalog, actual)
      expect(differences).not.toEqual([])
      const { statements, unrendered } = renderDifferences(differences, catalog, actual)
      expect(unrendered.map(({ reason }) => reason)).toEqual([])
      for (const { sql, label } of statements) {
        await tx.query(sql).catch((error: unknown) => {
          throw new Error(`${label}: ${sql.inline('postgres')}`, { cause: error })
        })
      }
      expect(diffCatalogs(catalog, await introspect(tx, 'postgres')).map(describeDifference)).toEqual([])
      throw rollBack
    })
    await done.catch((error: unknown) => {
      if (error !== rollBack) throw error
    })
    expect(await introspect(session, 'postgres')).toEqual(catalog)
  })
})
