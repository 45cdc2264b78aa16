import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { freshPostgresUrl } from '../../test/harness/engines.ts'
import { migrationDirectory } from '../../test/harness/migration-files.ts'
import { temporaryDirectory } from '../../test/harness/temporary-directory.ts'
import { missingFrom } from './failure-causes.ts'
import { replay, replayFindings } from './shadow.ts'

// By the kind of object: a file that needs it, and a later one that makes it.
const kinds: Readonly<Record<string, readonly [needs: string, makes: string]>> = {
  table: ['create index on runs (id)', 'create table runs (id int, label text)'],
  column: ['create index on base (extra)', 'alter table base add column extra int'],
  column_of_key: ['alter table base add unique (serial)', 'alter table base add column serial int'],
  column_by_alias: ['create view aliased as select b.alias from base b', 'alter table base add column alias int'],
  function: ["create view told as select tell('x')", 'create function tell(text) returns int language sql return 1'],
  dropped_function: ['drop function forget(int)', 'create function forget(int) returns int language sql return 1'],
  procedure: ['call tidy()', 'create procedure tidy() language sql as $$ select 1 $$'],
  aggregate: [
    'create view summed as select total(id) from base',
    'create aggregate total(int) (sfunc = int4pl, stype = int)',
  ],
  type: ['create table typed (mood mood)', "create type mood as enum ('good')"],
  array_type: ['create table listed (all_of kind[])', "create type kind as enum ('a')"],
  enum_value: ["alter table base alter state set default 'paused'", "alter type base_state add value 'paused'"],
  domain: ['create table addressed (mail mail)', "create domain mail as text check (value like '%@%')"],
  schema: ['create table app.x (id int)', 'create schema app'],
  schema_of_function: [
    'create view asked as select app2.ask()',
    'create schema app2 create view app2.v as select 1; create function app2.ask() returns int language sql return 1',
  ],
  operator_class: [
    'create index on base (id extra_ops)',
    'create operator class extra_ops for type int using btree as operator 1 <, operator 2 <=, operator 3 =, operator 4 >=, operator 5 >, function 1 btint4cmp(int, int)',
  ],
  role: ['grant select on base to reader', 'create role reader'],
  role_in_block: [
    'create policy own on base to "The Writer" using (true)',
    'do $$ begin create role "The Writer"; end $$',
  ],
  trigger_function: [
    'create trigger stamped before insert on base for each row execute function stamp()',
    'create function stamp() returns trigger language plpgsql as $$ begin return new; end $$',
  ],
  trigger: [
    'alter table base disable trigger second',
    'create function second() returns trigger language plpgsql as $$ begin return new; end $$; create trigger second before insert on base for each row execute function second()',
  ],
  index: ['alter index base_name rename to base_by_name', 'create index base_name on base (name)'],
  clustered_index: ['cluster base using base_order', 'create index base_order on base (id)'],
  sequence: ["alter table base alter id set default nextval('numbers')", 'create sequence numbers'],
  view: ['create view above as select id from below', 'create view below as select id from base'],
  materialized_view: ['refresh materialized view kept', 'create materialized view kept as select id from base'],
  primary_key_for_foreign_key: [
    'create table child (parent int references parent (number))',
    'alter table parent add primary key (number)',
  ],
  unique_key_for_foreign_key: [
    'create table pupil (school text references school (name))',
    'create unique index on school (name)',
  ],
  key_for_upsert: [
    'insert into upserted values (1) on conflict (id) do nothing',
    'alter table upserted add unique (id)',
  ],
  constraint: [
    'alter table base validate constraint sane',
    'alter table base add constraint sane check (id > 0) not valid',
  ],
  policy: ['alter policy readers on base using (false)', 'create policy readers on base using (true)'],
  operator: [
    'create view compared as select 1 === 1',
    'create function same(int, int) returns boolean language sql return true; create operator === (leftarg = int, rightarg = int, function = same)',
  ],
  collation: [
    'create table sorted (name text collate special)',
    `create collation special (provider = libc, locale = 'C')`,
  ],
  publication: ['alter publication news set table base', 'create publication news'],
  text_search: [
    "create view searched as select to_tsvector('plain'::regconfig, 'x')",
    'create text search configuration plain (copy = simple)',
  ],
}

const base = `create type base_state as enum ('new'); create table base (id int, name text, state base_state);
  create table parent (number int); create table school (name text not null); create table upserted (id int);`

// Quicker than the embedded one, which only makes the roles that files name.
const onServer = { directory: path.join(temporaryDirectory(), 'shadow'), server: await freshPostgresUrl(18) }

describe('a file that sorts before what it needs', () => {
  test.each([['every kind of object', kinds]])('is told with the file that provides it, for %s', async (_, each) => {
    const entries = Object.entries(each)
    const files = {
      '000_base.sql': base,
      ...Object.fromEntries(entries.map(([kind, [needs]], index) => [`${100 + index}_${kind}.sql`, `${needs};\n`])),
      ...Object.fromEntries(entries.map(([kind, [, makes]], index) => [`${500 + index}_${kind}.sql`, `${makes};\n`])),
    }
    const read = await migrationDirectory(files).read()
    const shadow = await replay(read, { directory: path.join(temporaryDirectory(), 'shadow') })
    const told = shadow.files.filter(({ outcome }) => outcome !== 'applied')
    expect(
      told.map(({ name, outcome, after, problem }) => ({ name, outcome, after, message: problem?.message })),
    ).toEqual(
      entries.map(([kind], index) => ({
        name: `${100 + index}_${kind}`,
        outcome: 'late',
        after: `${500 + index}_${kind}`,
        message: expect.any(String) as string,
      })),
    )
    // Nothing was applied twice.
    const steps = (await shadow.steps()).map(({ name }) => name)
    expect(new Set(steps).size).toBe(steps.length)
  })

  test('is to be renamed behind the one that it waited for itself, and not only behind the last of a chain', async () => {
    const files = await migrationDirectory({
      '1_view.sql': 'create view v as select id from w;',
      '2_below.sql': 'create view w as select id from runs;',
      '3_runs.sql': 'create table runs (id int);',
    }).read()
    const shadow = await replay(files, onServer)
    const findings = replayFindings(shadow.files, new Set(['1_view', '2_below', '3_runs']))
    expect(findings.map(({ message, remedy }) => [message, remedy])).toEqual([
      [
        '1_view fails in its place, and runs after 2_below: relation "w" does not exist.',
        'Rename it so that it sorts after 2_below; a new database cannot be made otherwise.',
      ],
      [
        '2_below fails in its place, and runs after 3_runs: relation "runs" does not exist.',
        'Rename it so that it sorts after 3_runs; a new database cannot be made otherwise.',
      ],
    ])
  })

  test('needs an extension, whatever of it', async () => {
    const files = await migrationDirectory({
      '1_base.sql': 'create table base (name text);',
      '2_index.sql': 'create index on base using gin (name gin_trgm_ops);',
      '3_extension.sql': 'create extension pg_trgm;',
    }).read()
    const { files: told } = await replay(files, onServer)
    expect(told.map(({ outcome, after }) => [outcome, after])).toEqual([
      ['applied', null],
      ['late', '3_extension'],
      ['applied', null],
    ])
  })

  test('names the one that would provide it, where that fails as well', async () => {
    const files = await migrationDirectory({
      '1_index.sql': 'create index on runs (id);',
      '2_runs.sql': 'create table if not exists "runs" (id int,);',
      '3_later.sql': 'create view later as select id from runs;',
      '4_lost.sql': 'create index on nowhere (id);',
    }).read()
    const shadow = await replay(files, onServer)
    const findings = replayFindings(shadow.files, new Set(['1_index']))
    expect(findings.map(({ object, severity, message, remedy }) => [object, severity, message, remedy])).toEqual([
      [
        '1_index',
        'P0',
        'relation "runs" does not exist. 2_runs seems to make it, and has not run either.',
        'Put 2_runs right first, and rename this one so that it sorts after it.',
      ],
      ['2_runs', 'P1', 'syntax error at or near ")".', expect.any(String)],
      [
        '3_later',
        'P1',
        'relation "runs" does not exist. 2_runs seems to make it, and has not run either.',
        'Put 2_runs right first.',
      ],
      ['4_lost', 'P1', 'relation "nowhere" does not exist.', expect.any(String)],
    ])
  })
})

test.each<[string, string | null | undefined]>([
  ['relation "public.runs" does not exist', 'runs'],
  ['type public.mood[] does not exist', 'mood'],
  ['column r.cost does not exist', 'cost'],
  ['function app.f(integer, "State") does not exist', 'f'],
  ['trigger "t" for table "runs" does not exist', 't'],
  ['column "a" of relation "b" does not exist', 'a'],
  ['operator does not exist: vector <-> unknown', null],
  ['database "x" does not exist', undefined],
  ['duplicate key value violates unique constraint "a"', undefined],
  ['syntax error at or near "tabel"', undefined],
])('the server says %j, and %j is missing', (message, name) => {
  expect(missingFrom(message)?.name).toBe(name)
})
