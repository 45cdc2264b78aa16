import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { freshPostgresUrl } from '../../test/harness/engines.ts'
import { type Database, openDatabase, type Queryable, type Session, sql } from '../database/database.ts'
import {
  type Catalog,
  diffCatalogs,
  introspect,
  type RenderedDifferences,
  renderCatalog,
  renderDifferences,
} from './catalog.ts'

const schema = `
  create schema app; comment on schema app is 'Ours';
  create type app.mood as enum ('sad', 'ok', 'happy');
  create domain app.email as text constraint has_at check (value like '%@%');
  create type app.point as (x integer, y integer);
  create sequence app.ticket increment 5;
  create function app.size(value text) returns integer language sql immutable as 'select length(value)';
  create function app.touch() returns trigger language plpgsql as $$ begin return new; end $$;
  create table app.tenants (id integer primary key, name text not null unique);
  create table app.runs (
    id bigint generated always as identity primary key,
    tenant integer references app.tenants on delete cascade,
    title text not null default 'none',
    mood app.mood,
    code varchar(20),
    size integer generated always as (app.size(title)) stored,
    constraint short check (app.size(title) < 100)
  );
  create index runs_title_idx on app.runs (lower(title));
  create trigger touched before update on app.runs for each row execute function app.touch();
  alter table app.runs enable row level security;
  create policy own on app.runs using (tenant = 1);
  create statistics app.runs_statistics on tenant, mood from app.runs;
  create view app.titles as select id, title from app.runs;
  create view app.long_titles as select title from app.titles where length(title) > 10;
  create materialized view app.counts as select tenant, count(*) as n from app.runs group by tenant;
  create unique index counts_key on app.counts (tenant);
  create table app.events (kind text not null, at date) partition by list (kind);
  create table app.events_one partition of app.events for values in ('one');
  create index events_at_idx on app.events (at);
  create table app.base (one integer); create table app.heir () inherits (app.base);
  create table app.odd (id serial, note text);
  insert into app.tenants values (1, 'First');
  insert into app.runs (tenant, title, code) values (1, 'A run', '7');
  insert into app.odd (note) values ('kept')`

let database: Database
let session: Session
let catalog: Catalog

beforeAll(async () => {
  database = await openDatabase(await freshPostgresUrl(18))
  session = await database.session()
  await session.script(schema)
  catalog = await introspect(session, 'postgres')
})
afterAll(async () => {
  await session.close()
  await database.close()
})

/** Within a transaction that is not kept: changes the schema, and brings it back by what is rendered. */
async function brokenAndMended(
  change: string,
  look: (rendered: RenderedDifferences, tx: Queryable) => Promise<void> | void,
) {
  const rollBack = new Error('not to be kept')
  const done = session.transaction(async (tx) => {
    await tx.script(change)
    const actual = await introspect(tx, 'postgres')
    const rendered = renderDifferences(diffCatalogs(catalog, actual), catalog, actual)
    for (const { sql } of rendered.statements) await tx.query(sql)
    await look(rendered, tx)
    throw rollBack
  })
  await expect(done).rejects.toBe(rollBack)
}

const repairs: readonly (readonly [string, readonly string[]])[] = [
  ['drop index app.runs_title_idx', ['create index app.runs.runs_title_idx']],
  ['alter index app.runs_title_idx set (fillfactor = 50)', ['alter index app.runs.runs_title_idx']],
  ['alter index app.tenants_name_key set (fillfactor = 50)', ['alter index app.tenants.tenants_name_key']],
  ['drop trigger touched on app.runs', ['create trigger app.runs.touched']],
  ['alter table app.runs disable trigger touched', ['alter trigger app.runs.touched']],
  ['drop policy own on app.runs', ['create policy app.runs.own']],
  ['alter table app.runs disable row level security', ['alter table app.runs']],
  ['alter table app.runs alter title drop default', ['set default of column app.runs.title']],
  ['alter table app.runs alter title drop not null', ['alter column app.runs.title']],
  ['alter table app.runs drop constraint short', ['add constraint app.runs.short']],
  ['alter table app.runs drop constraint runs_tenant_fkey', ['add constraint app.runs.runs_tenant_fkey']],
  ['alter table app.odd drop column note', ['add column app.odd.note']],
  ['drop view app.long_titles', ['create view app.long_titles']],
  ['drop view app.titles cascade', ['create view app.titles', 'create view app.long_titles']],
  ['create or replace view app.long_titles as select title from app.titles', ['replace view app.long_titles']],
  ['drop materialized view app.counts', ['create materialized view app.counts', 'create index app.counts.counts_key']],
  ['drop statistics app.runs_statistics', ['create statistics app.runs_statistics']],
  [
    'drop index app.events_at_idx',
    [
      'create index app.events.events_at_idx',
      'create index app.events_one.events_one_at_idx',
      'attach index app.events_one.events_one_at_idx',
    ],
  ],
  [
    'drop table app.events_one',
    [
      'create table app.events_one',
      'create index app.events_one.events_one_at_idx',
      'attach partition table app.events_one',
      'attach index app.events_one.events_one_at_idx',
    ],
  ],
  ["comment on schema app is 'Theirs'", ['comment on schema app']],
  ['drop sequence app.ticket', ['create sequence app.ticket']],
  ['alter table app.runs alter id set generated by default', ['alter column app.runs.id']],
  [
    "create or replace function app.size(value text) returns integer language sql immutable as 'select 1'",
    ['leave bodies of routines unchecked', 'replace function app.size(text)', 'check bodies of routines again'],
  ],
  ['alter domain app.email drop constraint has_at', ['alter type app.email']],
  [
    'alter table app.runs drop constraint short, add constraint short check (app.size(title) < 100) not valid',
    ['validate constraint app.runs.short'],
  ],
  [
    'alter table app.runs disable trigger all',
    ['alter trigger app.runs.touched', 'enable triggers of constraint app.runs.runs_tenant_fkey'],
  ],
  ['drop table app.odd', ['create sequence app.odd_id_seq', 'create table app.odd', 'alter sequence app.odd_id_seq']],
]

const others: readonly (readonly [string, readonly string[]])[] = [
  ['create table app.more (id integer)', ['DROP drop table app.more']],
  ['alter table app.runs add column more integer', ['DROP drop column app.runs.more']],
  ['create view app.more as select 1 as one', ['drop view app.more']],
  ['create index more on app.runs (code)', ['drop index app.runs.more']],
  ['alter table app.runs alter code type text', ['LOSES alter column app.runs.code']],
  [
    'alter table app.tenants add more integer, add constraint more unique (more); create table app.other (id integer references app.tenants (more))',
    ['DROP drop table app.other', 'drop constraint app.tenants.more', 'DROP drop column app.tenants.more'],
  ],
  [
    'create table app.one (id integer primary key); create table app.two (id integer primary key references app.one); alter table app.one add foreign key (id) references app.two',
    [
      'drop constraint app.one.one_id_fkey',
      'drop constraint app.two.two_id_fkey',
      'DROP drop table app.one',
      'DROP drop table app.two',
    ],
  ],
]

describe('What is rendered', () => {
  test.each(repairs)('repairs: %s', async (change, labels) => {
    await brokenAndMended(change, async ({ statements, unrendered }, tx) => {
      expect(unrendered).toEqual([])
      expect(statements.map(({ label }) => label)).toEqual(labels)
      expect(statements.filter(({ repair, losesData }) => !repair || losesData)).toEqual([])
      expect(diffCatalogs(catalog, await introspect(tx, 'postgres'))).toEqual([])
    })
  })

  test.each(others)('says that it is more than a repair: %s', async (change, labels) => {
    await brokenAndMended(change, async ({ statements, unrendered }, tx) => {
      expect(unrendered).toEqual([])
      const told = labels.map((label) => label.replace(/^(DROP|LOSES) /, ''))
      expect(statements.map(({ label }) => label)).toEqual(told)
      expect(statements.filter(({ repair }) => repair)).toEqual([])
      expect(statements.map(({ losesData }) => losesData)).toEqual(
        labels.map((label) => label !== label.replace(/^(DROP|LOSES) /, '')),
      )
      expect(diffCatalogs(catalog, await introspect(tx, 'postgres'))).toEqual([])
    })
  })

  test('makes the views of a column anew when that gets another type, and keeps its rows', async () => {
    const change = `drop view app.long_titles, app.titles; alter table app.runs drop column size, drop constraint short;
      alter table app.runs alter title type varchar(40);
      create view app.titles as select id, title from app.runs;
      create view app.long_titles as select title from app.titles where length(title) > 10;
      grant select on app.titles to public`
    await brokenAndMended(change, async ({ statements }, tx) => {
      const labels = statements.map(({ label }) => label)
      const place = labels.indexOf('alter column app.runs.title')
      expect(labels.slice(0, place)).toEqual(
        expect.arrayContaining(['drop view app.long_titles', 'drop view app.titles']),
      )
      expect(labels.slice(place)).toEqual(
        expect.arrayContaining(['create view app.titles', 'create view app.long_titles']),
      )
      expect(statements.filter(({ label, repair }) => label.endsWith('view app.titles') && repair)).toEqual([])
      expect(diffCatalogs(catalog, await introspect(tx, 'postgres'))).toEqual([])
      expect(await tx.query(sql`select title, size from app.runs`)).toEqual([{ title: 'A run', size: 5 }])
    })
  })

  test('lets columns swap types that are both made anew, also those of heirs, and keeps their rows', async () => {
    const swapping = (labels: string, note: string, [a, c]: readonly [string, string]) => `
      create schema swap; create type swap.mood as enum (${labels}); create domain swap.note as ${note};
      create table swap.feelings (a swap.${a}, c swap.${c} default 'sad'); create table swap.heirs () inherits (swap.feelings);
      create index feelings_c_idx on swap.feelings (c); create view swap.shown as select a, c from swap.feelings`
    const rollBack = new Error('not to be kept')
    const done = session.transaction(async (tx) => {
      await tx.script(swapping(`'sad', 'fine'`, 'text', ['mood', 'note']))
      const expected = await introspect(tx, 'postgres')
      await tx.script('drop schema swap cascade')
      await tx.script(swapping(`'sad', 'happy'`, 'varchar(40)', ['note', 'mood']))
      await tx.script(
        `insert into swap.feelings values ('fine', 'happy'); insert into swap.heirs values ('sad', 'sad')`,
      )
      const actual = await introspect(tx, 'postgres')
      const { statements, unrendered } = renderDifferences(diffCatalogs(expected, actual), expected, actual)
      for (const each of statements) await tx.query(each.sql)
      expect(unrendered).toEqual([])
      expect(diffCatalogs(expected, await introspect(tx, 'postgres'))).toEqual([])
      expect(await tx.query(sql`select a::text, c::text from swap.shown order by a`)).toEqual([
        { a: 'fine', c: 'happy' },
        { a: 'sad', c: 'sad' },
      ])
      throw rollBack
    })
    await expect(done).rejects.toBe(rollBack)
  })

  test('names what cannot be changed, and leaves it', async () => {
    const reasons = async (change: string) => {
      let told: string[] = []
      await brokenAndMended(change, ({ unrendered }) => {
        told = unrendered.map(({ difference, reason }) => `${difference.object.key}: ${reason}`)
      })
      return told
    }
    expect(await reasons("alter type app.mood add value 'fine'")).toEqual([
      'type app.mood: Type app.mood would have to be made anew, and column app.runs.mood needs it.',
    ])
    expect(await reasons('alter table app.runs drop column mood')).toEqual([
      'column app.runs.mood: A new column comes last, where others are expected after it.',
    ])
    expect(await reasons('alter table app.heir no inherit app.base')).toEqual([
      'column app.heir.one: Whether a column is only inherited cannot be changed.',
    ])
    expect(await reasons('drop table app.odd; create table app.odd (note text, id serial)')).toEqual([
      'table app.odd: The order of columns cannot be changed; only a new table has another.',
    ])
    expect(await reasons('drop table app.events; create table app.events (kind text not null, at date)')).toEqual([
      'table app.events: A table cannot be made a partitioned one, or get another partition key; its rows must be moved to a new table.',
      'index app.events.events_at_idx: It belongs to table app.events, which has to be another kind of table.',
      'table app.events_one: It belongs to table app.events, which has to be another kind of table.',
    ])
  })

  test('gives an object to its owner only if that is a role of the server', async () => {
    const catalogOf = (owner: string): Catalog => ({
      ...catalog,
      views: catalog.views.map((view) => (view.name === 'long_titles' ? { ...view, owner } : view)),
    })
    const [statement] = renderDifferences(
      diffCatalogs(catalogOf('nobody_here'), catalog),
      catalogOf('nobody_here'),
      catalog,
    ).statements
    expect(statement?.label).toBe('set owner of view app.long_titles')
    await session.query(statement!.sql)
    expect(diffCatalogs(catalog, await introspect(session, 'postgres'))).toEqual([])
  })

  test('of a catalog is SQL that a person can read', () => {
    const text = renderCatalog(catalog).map(({ sql }) => sql.inline('postgres'))
    expect(text).toContain(`create table "app"."tenants" (
  "id" integer not null,
  "name" text not null,
  constraint "tenants_name_key" UNIQUE (name),
  constraint "tenants_pkey" PRIMARY KEY (id)
)`)
    expect(text).toContain(
      'alter table "app"."runs" add constraint "runs_tenant_fkey" FOREIGN KEY (tenant) REFERENCES app.tenants(id) ON DELETE CASCADE',
    )
  })
})
