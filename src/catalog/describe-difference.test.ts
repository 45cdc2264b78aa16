import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Database, openDatabase, type Session } from '../database/database.ts'
import { type Catalog, describeDifference, diffCatalogs, introspect } from './catalog.ts'

const before = `
  create table runs (id integer primary key, cost integer default 1, title text not null, note text, tenant integer);
  alter table runs enable row level security;
  create policy own on runs using (true);
  create function total(a integer, b text) returns integer language sql as 'select 1';
  create function touch() returns trigger language plpgsql as $$ begin return new; end $$;
  create trigger touched before update on runs for each row execute function touch();
  create view open as select id from runs;
  create materialized view counts as select id from runs;
  create table tenants (id integer primary key);
  alter table runs add constraint runs_tenant foreign key (tenant) references tenants;
  create index runs_title on runs (title);
  create table gone (id integer);
  create table turned (a integer, b integer)`

let database: Database
let session: Session
let expected: Catalog

beforeAll(async () => {
  database = await openDatabase('pglite:memory')
  session = await database.session()
  await session.script(before)
  expected = await introspect(session, 'postgres')
})
afterAll(async () => {
  await session.close()
  await database.close()
})

async function sentences(change: string): Promise<string[]> {
  const rollBack = new Error('not to be kept')
  let result: string[] = []
  const done = session.transaction(async (tx) => {
    await tx.script(change)
    result = diffCatalogs(expected, await introspect(tx, 'postgres')).map(describeDifference)
    throw rollBack
  })
  await expect(done).rejects.toBe(rollBack)
  return result
}

describe('A difference is told in a sentence:', () => {
  test.each([
    [
      'alter table runs alter cost drop default, alter cost type bigint',
      'Column public.runs.cost is bigint, but should be integer; has no default, but should have 1.',
    ],
    [
      'alter table runs alter note set not null, alter note set default 1',
      'Column public.runs.note cannot be null, but should be nullable; has default 1, but should have none.',
    ],
    [
      'alter table runs disable row level security',
      'Table public.runs has row-level security off, but should have it on.',
    ],
    ['drop table gone', 'Table public.gone is missing.'],
    ['create table more (id integer primary key)', 'Table public.more is there, but is not expected.'],
    ['drop function total(integer, text)', 'Function public.total(integer, text) is missing.'],
    [
      "create or replace function total(a integer, b text) returns integer language sql as 'select 2'",
      'Function public.total(integer, text) is defined otherwise than it should be.',
    ],
    ['drop materialized view counts', 'Materialized view public.counts is missing.'],
    [
      'create or replace view open as select id from runs where true',
      'View public.open is defined otherwise than it should be.',
    ],
    ['alter table runs disable trigger touched', 'Trigger public.runs.touched is disabled, but should be enabled.'],
    ["comment on table runs is 'All'", 'Table public.runs has comment All, but should have none.'],
    [
      'grant select, insert on runs to public',
      'Table public.runs has grants insert and select to public, but should have none.',
    ],
    [
      'alter table runs drop constraint runs_tenant, add constraint runs_tenant foreign key (tenant) references tenants on delete cascade',
      'Constraint public.runs.runs_tenant has on delete cascade, but should have no_action.',
    ],
    [
      'drop index runs_title; create index runs_title on runs (note)',
      'Index public.runs.runs_title is on note, but should be on title.',
    ],
    [
      'alter table turned drop a; alter table turned add a integer',
      'Table public.turned has its columns in the order b, a, but should have a, b.',
    ],
  ])('%s', async (change, sentence) => {
    expect(await sentences(change)).toEqual([sentence])
  })
})
