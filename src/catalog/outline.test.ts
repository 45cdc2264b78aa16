import { describe, expect, test } from 'vitest'
import { engines } from '../../test/harness/engines.ts'
import { openDatabase, sql } from '../database/database.ts'
import { introspect, summarize } from './catalog.ts'
import { createEverything } from '../../test/harness/everything.ts'

describe('The outline', () => {
  test('is a tree of everything, in which what is out of order says so', async () => {
    await using database = await openDatabase(await postgres.freshUrl())
    await using session = await database.session()
    await createEverything(session, database.server.major)
    const lines = summarize(await introspect(session, 'postgres', { schemas: ['app', 'later'] }))
    expect(lines.slice(3, 25)).toEqual([
      'event trigger audit_ddl on ddl_command_end, DISABLED',
      'publication changes, app.base, app.derived, app.tenants',
      'publication later_rows, later.groups',
      'publication later_schema, schema hidden',
      'schema app',
      '  collation any_case, und',
      "  domain email as text, not null, default 'nobody'::text",
      "    constraint has_at CHECK ((VALUE ~~ '%@%'::text))",
      '    constraint lower_case CHECK ((VALUE = lower(VALUE))) NOT VALID',
      '    constraint short CHECK ((length(VALUE) < 100))',
      '  range float_range of double precision',
      "  enum mood: 'sad', 'ok', 'fine', 'happy'",
      '  composite type point3',
      '    x double precision',
      '    y numeric(8,2)',
      '    label text',
      '  sequence runs_legacy_seq integer, owned by runs.legacy',
      '  sequence ticket bigint',
      '  table base',
      '    a integer',
      '    b text',
      '  table derived, inherits app.base',
    ])
    const from = lines.indexOf('  table runs, row-level security, forced')
    expect(lines.slice(from, from + 29)).toEqual([
      '  table runs, row-level security, forced',
      '    id bigint, not null, identity',
      "    legacy integer, not null, default nextval('app.runs_legacy_seq'::regclass)",
      '    tenant_id uuid, not null',
      '    parent_id bigint',
      '    title text',
      "    mood app.mood, default 'ok'::app.mood",
      '    contact app.email',
      '    during tstzrange',
      "    tags text[], not null, default '{}'::text[]",
      '    words integer, generated as (length(title) + 1)',
      '    constraint runs_late_check CHECK ((words > 0)) NOT VALID',
      '    constraint runs_no_overlap EXCLUDE USING gist (during WITH &&) WHERE ((parent_id IS NULL))',
      '    constraint runs_parent_fkey FOREIGN KEY (tenant_id, parent_id) REFERENCES app.runs(tenant_id, id) ' +
        'MATCH FULL ON DELETE CASCADE DEFERRABLE',
      '    constraint runs_pkey PRIMARY KEY (tenant_id, id) INCLUDE (title)',
      '    constraint runs_tenant_fkey FOREIGN KEY (tenant_id) REFERENCES app.tenants(id) ' +
        'ON UPDATE RESTRICT ON DELETE SET DEFAULT',
      "    constraint runs_title_check CHECK (((title <> ''::text) AND (tags IS NOT NULL))) NO INHERIT",
      '    index runs_order_idx btree (title desc, mood)',
      '    unique index runs_replica_key btree (legacy)',
      '    index runs_tags_idx gin (tags)',
      '    unique index runs_title_key btree (lower(title) desc, tenant_id) include (mood) ' +
        'where (parent_id IS NOT NULL)',
      '    index runs_title_trgm_idx gin (title)',
      '    policy reading for select to catalog_owner, catalog_reader, restrictive',
      '    policy tenant for all to public',
      '    policy writing for insert to public',
      '    trigger runs_late after update',
      '    trigger runs_touch before insert or update, DISABLED',
      '    trigger runs_truncate after truncate, on replicas too',
      '  table scratch, unlogged',
    ])
    expect(lines).toContain(
      "  table events_2024, partitioned by LIST (id), partition of app.events FOR VALUES FROM ('2024-01-01') TO ('2025-01-01')",
    )
    expect(lines).toContain('    constraint loose_is_there NOT NULL loose NOT VALID')
    expect(lines).toContain('  view open_runs, check_option=local, security_barrier=true')
    expect(lines).toContain('  materialized view counts, not populated')
    expect(lines).toContain('  function total(integer[]) returns integer, security definer')
    expect(lines).toContain('    rule runs_keep on delete')
  })

  test('says of an index that it is invalid, and of a constraint that its triggers are disabled', async () => {
    await using database = await openDatabase(await postgres.freshUrl())
    await using session = await database.session()
    await session.script(`
      create table runs (id int primary key, parent int references runs);
      insert into runs values (1, 1), (2, 1);
      alter table runs disable trigger all`)
    await expect(
      session.query(sql`create unique index concurrently runs_parent on runs (parent)`),
    ).rejects.toMatchObject({
      engineCode: '23505',
    })
    expect(summarize(await introspect(session, 'postgres'))).toEqual([
      'extension plpgsql 1.0 in pg_catalog',
      'schema public',
      '  table runs',
      '    id integer, not null',
      '    parent integer',
      '    constraint runs_parent_fkey FOREIGN KEY (parent) REFERENCES public.runs(id), TRIGGERS DISABLED',
      '    constraint runs_pkey PRIMARY KEY (id)',
      '    unique index runs_parent btree (parent), INVALID',
    ])
  })

  test('has one line for each thing, whatever it is called', async () => {
    await using database = await openDatabase(await sqlite.freshUrl())
    await using session = await database.session()
    await session.script(`
      create table "a
        b" (id integer primary key autoincrement, "x""y" text default 'a
          b', twice as (id * 2));
      create view open as select id from "a
        b"`)
    expect(summarize(await introspect(session, 'sqlite'))).toEqual([
      'schema main',
      '  table "a b"',
      '    id INTEGER, not null, autoincrement',
      '    "x""y" TEXT, default \'a b\'',
      '    twice, generated as id * 2 (virtual)',
      '    constraint "a b_pkey" PRIMARY KEY ("id")',
      '  view open',
      '    id INTEGER',
    ])
  })
})

const [postgres, sqlite] = (['postgres', 'sqlite'] as const).map((wanted) =>
  engines.find(({ name }) => name === wanted)!,
) as [(typeof engines)[number], (typeof engines)[number]]
