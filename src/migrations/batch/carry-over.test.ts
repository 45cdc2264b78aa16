import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { engines, postgresVersions } from '../../../test/harness/engines.ts'
import { type Catalog, findColumn, introspect } from '../../catalog/catalog.ts'
import { type Database, id, openDatabase, type Session, sql } from '../../database/database.ts'
import { numberedDefault, relationKey } from './carry-over.ts'
import {
  expand,
  plan,
  type Rehearsal,
  rehearse,
  type Rehearsed,
  runSteps,
  swap,
  undoSteps,
  withoutOrder,
} from '../../../test/harness/rehearsal.ts'

const targets = [
  ...postgresVersions.map(({ version, freshUrl }) => ({ name: `PostgreSQL ${version}`, freshUrl })),
  ...engines.filter(({ name }) => name === 'pglite'),
]

const roles = ['carry_owner', 'carry_reader', 'carry_writer']

describe.each(targets)('On $name, columns that replace others keep', (target) => {
  let database: Database
  let session: Session
  let major: number

  beforeAll(async () => {
    database = await openDatabase(await target.freshUrl())
    session = await database.session()
    major = database.server.major
    // Roles belong to the whole server, and another test may just be creating them.
    for (const role of roles) {
      await session.script(
        `do $$ begin create role ${role}; exception when duplicate_object or unique_violation then null; end $$`,
      )
    }
  })
  beforeEach(async () => {
    await session.script('drop schema if exists app cascade; create schema app;')
  })
  afterAll(async () => {
    await session.close()
    await database.close()
  })

  const catalog = async (): Promise<Catalog> =>
    withoutOrder(await introspect(session, 'postgres', { schemas: ['app'] }))

  /** The catalog after the statements that change the columns in place, and that after the rehearsal; and after its undo. */
  const expectCarried = async (definition: string, rehearsal: Rehearsal, direct: string) => {
    await session.script(definition)
    await session.script(direct)
    const expected = await catalog()
    await session.script('drop schema app cascade; create schema app;')
    await session.script(definition)
    const untouched = await catalog()
    const rehearsed = await plan(session, major, rehearsal)
    expect(rehearsed.carried.problems).toEqual([])
    await expand(session, rehearsal, rehearsed)
    const expanded = await catalog()
    const steps = [...rehearsed.carried.build, ...rehearsed.carried.keys]
    await runSteps(session, steps)
    if (steps.some(({ undo }) => undo.length > 0)) expect(await catalog()).not.toEqual(expanded)
    await undoSteps(session, steps)
    expect(await catalog()).toEqual(expanded)
    for (const { physical } of rehearsed.replaced.values()) {
      await session.query(sql`alter table ${id('app', rehearsal.table.name)} drop column ${id(physical)}`)
    }
    expect(await catalog()).toEqual(untouched)
    const { carried } = await rehearse(session, major, rehearsal)
    expect(await catalog()).toEqual(expected)
    return carried
  }

  const runs = { schema: 'app', name: 'runs' }

  test('their indexes of every kind', async () => {
    await expectCarried(
      `create table app.runs (id int, tag varchar(20), note text, at timestamptz);
       insert into app.runs select n, 'tag ' || n, 'note', now() from generate_series(1, 50) n;
       create index "two, of them" on app.runs (id, tag desc nulls last);
       create unique index runs_key on app.runs (tag nulls first) include (note) where tag is not null and id > 0;
       create index runs_hash on app.runs using hash (tag);
       create index runs_lower on app.runs ((lower(tag)) text_pattern_ops, note) with (fillfactor = 70);
       create index runs_collated on app.runs (tag collate "C" varchar_pattern_ops);
       create index runs_note on app.runs (note) where tag <> 'it''s';
       create index runs_brin on app.runs using brin (tag) with (pages_per_range = 8);
       create index runs_untouched on app.runs (at);
       comment on index app.runs_hash is 'It''s a hash';
       alter table app.runs cluster on "two, of them";`,
      { table: runs, columns: { tag: { type: 'varchar(40)' } } },
      'alter table app.runs alter column tag type varchar(40)',
    )
  })

  test('their unique constraints, with what each says', async () => {
    await expectCarried(
      `create table app.runs (id int, tag varchar(20), note text, place int,
         constraint runs_tag_key unique (tag),
         constraint "runs Key" unique (note, tag) include (id) with (fillfactor = 80),
         constraint runs_place_key unique (place, tag) deferrable initially deferred,
         constraint runs_later_key unique (tag, place) deferrable);
       insert into app.runs select n, 'tag ' || n, 'note', n from generate_series(1, 50) n;
       ${major >= 15 ? 'alter table app.runs add constraint runs_null_key unique nulls not distinct (tag, id);' : ''}
       comment on constraint "runs Key" on app.runs is 'Both';
       comment on index app."runs Key" is 'Of both';`,
      { table: runs, columns: { tag: { type: 'text' } } },
      'alter table app.runs alter column tag type text',
    )
  })

  test('the primary key, with foreign keys to it, the sequence and its position', async () => {
    const carried = await expectCarried(
      `create table app.runs (id serial, tag text, parent int, constraint "the key" primary key (id),
         constraint runs_parent_fkey foreign key (parent) references app.runs on delete set null);
       insert into app.runs (tag) select 'tag ' || n from generate_series(1, 50) n;
       comment on constraint "the key" on app.runs is 'Numbers';
       create table app.notes (id int primary key, run_id int references app.runs on update cascade on delete cascade
         deferrable initially deferred, body text);
       insert into app.notes select n, n from generate_series(1, 50) n;
       create table app.tags (run_id int not null, constraint tags_run foreign key (run_id) references app.runs not valid);
       alter table app.tags add constraint tags_run_2 foreign key (run_id) references app.runs not valid;
       comment on constraint tags_run_2 on app.tags is 'Again';`,
      { table: runs, columns: { id: { type: 'bigint' } } },
      // What the other side needs too: an integer's sequence ends at two thousand million.
      'alter table app.runs alter column id type bigint; alter sequence app.runs_id_seq as bigint;',
    )
    expect(carried.swap.locks).toEqual([
      { schema: 'app', name: 'notes', mode: 'access exclusive' },
      { schema: 'app', name: 'tags', mode: 'access exclusive' },
    ])
    await session.script(`insert into app.runs (tag) values ('next')`)
    expect(await session.query(sql`select id::text from app.runs where tag = 'next'`)).toEqual([{ id: '51' }])
  })

  test('foreign keys over several columns, matched in full, and with a list of columns to set null', async () => {
    const list = major >= 15 ? ' (agent)' : ''
    await expectCarried(
      `create table app.agents (tenant int, name varchar(20), primary key (tenant, name), unique (name, tenant));
       insert into app.agents values (1, 'one'), (2, 'two');
       create table app.runs (id int primary key, tenant int, agent varchar(20), second varchar(20),
         constraint runs_agent_fkey foreign key (tenant, agent) references app.agents match full,
         constraint runs_second_fkey foreign key (agent, tenant) references app.agents (name, tenant)
           on update restrict on delete set null${list} deferrable,
         constraint runs_untouched_fkey foreign key (tenant, second) references app.agents on delete set default);
       insert into app.runs values (1, 1, 'one', 'one'), (2, null, null, 'two');`,
      { table: runs, columns: { agent: { type: 'text' } } },
      'alter table app.runs alter column agent type text',
    )
  })

  test('their identity, with its options, position, privileges and comment', async () => {
    await expectCarried(
      `create table app.runs (id int generated always as identity
           (start 7 increment 3 minvalue 4 cache 5 sequence name app.counter), tag text, primary key (id),
         other smallint generated by default as identity (increment -1 cycle) not null);
       insert into app.runs (tag) values ('a'), ('b');
       grant usage, select on sequence app.counter to carry_reader;
       grant insert on app.runs to carry_writer, carry_reader;
       revoke update on sequence app.counter from current_user;
       comment on sequence app.counter is 'Counts';`,
      { table: runs, columns: { id: { type: 'bigint' }, other: { type: 'integer' } } },
      'alter table app.runs alter column id type bigint, alter column other type integer',
    )
    const [before] = await session.query<{ last: string }>(sql`select last_value::text as last from app.counter`)
    await session.script(`insert into app.runs (tag) values ('c')`)
    const [row] = await session.query<{ id: string }>(sql`select id::text from app.runs where tag = 'c'`)
    expect(Number(row?.id) - Number(before?.last)).toBe(3)
  })

  test('their checks, with what each says', async () => {
    await expectCarried(
      `create table app.runs (id int, cost numeric(8,2) check (cost > 0), "up to" numeric,
         constraint "both of" check (cost < "up to" or cost is null) no inherit);
       insert into app.runs values (1, 2, 3);
       alter table app.runs add constraint runs_late check (cost <> 7) not valid;
       ${major >= 18 ? 'alter table app.runs add constraint runs_loose check (cost > 100) not enforced;' : ''}
       comment on constraint "both of" on app.runs is 'It''s both';`,
      { table: runs, columns: { cost: { type: 'numeric(12,4)' } } },
      'alter table app.runs alter column cost type numeric(12,4)',
    )
  })

  test('their default, collation, storage, statistics, options, privileges and comment', async () => {
    const compression = major >= 14 ? 'alter table app.runs alter column note set compression pglz;' : ''
    const storage = `alter table app.runs alter column note set storage external; ${compression}`
    await expectCarried(
      `create table app.runs (id int, note varchar(40) collate "C" default 'none' not null);
       ${storage}
       alter table app.runs alter column note set statistics 321, alter column note set (n_distinct = -0.5);
       grant select (note), update (note) on app.runs to carry_reader with grant option;
       grant insert (note) on app.runs to public;
       comment on column app.runs.note is 'It''s a note';`,
      { table: runs, columns: { note: { type: 'text' } } },
      `alter table app.runs alter column note type text collate "C"; ${storage}`,
    )
  })

  test('statistics objects, with their kinds, expressions, target, owner and comment', async () => {
    const expressions = major >= 14 ? 'create statistics app."of it" on id, tag, (lower(tag)) from app.runs;' : ''
    await expectCarried(
      `create table app.runs (id int, note text, tag varchar(20));
       create statistics app.runs_all on tag, id from app.runs;
       create statistics app.runs_some (dependencies, mcv) on note, tag from app.runs;
       alter statistics app.runs_some set statistics 44;
       alter statistics app.runs_some owner to carry_owner;
       comment on statistics app.runs_some is 'Some';
       ${expressions}`,
      { table: runs, columns: { tag: { type: 'text' } } },
      // PostgreSQL itself forgets these two when it changes the column in place.
      `alter table app.runs alter column tag type text;
       alter statistics app.runs_some set statistics 44; alter statistics app.runs_some owner to carry_owner;`,
    )
  })

  test('policies that look at them, also those of other tables', async () => {
    const policies = `
       create policy own on app.runs using (owner = current_user) with check (owner is not null and id > 0);
       create policy few on app.runs as restrictive for update to carry_reader, carry_writer
         using (exists (select from app.grants g where g.owner = runs.owner));
       create policy others on app.runs for select using (id > 0);
       create policy granted on app.grants for insert
         with check (owner in (select r.owner from app.runs r where r.id = run_id));
       comment on policy own on app.runs is 'One''s own';`
    await expectCarried(
      `create table app.runs (id int, owner varchar(40));
       create table app.grants (owner text, run_id int);
       alter table app.runs enable row level security;
       ${policies}`,
      { table: runs, columns: { owner: { type: 'text' } } },
      `drop policy own on app.runs; drop policy few on app.runs; drop policy others on app.runs;
       drop policy granted on app.grants;
       alter table app.runs alter column owner type text;
       ${policies}`,
    )
  })

  test('views over them, and views over those, with their options, owner, privileges and comments', async () => {
    const views = `
       create view app.costly (id, price) with (security_barrier = true) as
         select id, cost from app.runs where cost > 1 with local check option;
       alter view app.costly alter column price set default 5;
       alter view app.costly owner to carry_owner;
       comment on view app.costly is 'It''s costly';
       comment on column app.costly.price is 'In cents';
       grant select on app.costly to carry_reader, public;
       grant update (price) on app.costly to carry_writer with grant option;
       revoke delete on app.costly from carry_owner;
       create view app.most as select c.price, r.tag, (select max(cost) from app.runs) as top
         from app.costly c join app.runs r on r.id = c.id order by r.cost;
       create view app.nothing as select tag from app.runs;`
    await expectCarried(
      `create table app.runs (id int, tag text, cost int);
       ${views}`,
      { table: runs, columns: { cost: { type: 'bigint' } } },
      `drop view app.most, app.costly; alter table app.runs alter column cost type bigint; drop view app.nothing; ${views}`,
    )
  })

  test('everything under their new names when they are renamed too, beside columns that are only renamed', async () => {
    const after = `
       create view app.costly as select cents as cost, owner_name as owner from app.runs where cents > 1;
       create policy own on app.runs using (owner_name = current_user and cents > 0);
       create policy granted on app.grants
         using (exists (select from app.runs r where r.cents > 1 and r.owner_name = grants.owner));`
    await expectCarried(
      `create table app.runs (id int primary key, owner text, cost int constraint runs_cost_check check (cost > 0));
       insert into app.runs values (1, 'me', 2);
       create index runs_cost_idx on app.runs (owner, cost) where cost > 5 and owner <> '';
       create table app.grants (owner text);
       create view app.costly as select cost, owner from app.runs where cost > 1;
       create policy own on app.runs using (owner = current_user and cost > 0);
       create policy granted on app.grants
         using (exists (select from app.runs r where r.cost > 1 and r.owner = grants.owner));`,
      {
        table: runs,
        columns: { cost: { type: 'bigint', to: 'cents' } },
        columnRenames: new Map([['owner', 'owner_name']]),
      },
      `drop view app.costly; drop policy own on app.runs; drop policy granted on app.grants;
       alter table app.runs alter column cost type bigint;
       alter table app.runs rename cost to cents; alter table app.runs rename owner to owner_name;
       ${after}`,
    )
  })

  test('the names of their NOT NULL constraints where the server has such', async () => {
    await expectCarried(
      `create table app.runs (id int constraint "it is there" not null, tag text not null, primary key (id));
       insert into app.runs values (1, 'a');`,
      { table: runs, columns: { id: { type: 'bigint' }, tag: { type: 'varchar(20)' } } },
      'alter table app.runs alter column id type bigint, alter column tag type varchar(20)',
    )
  })

  test('everything when names are hostile', async () => {
    await expectCarried(
      `create table app."from ""it"" $$" ("select" int primary key, "a\\b""c" int, "Ünï 😀" text,
         constraint "order; drop" check ("a\\b""c" > 0 and "Ünï 😀" <> 'é "a\\b""c"'),
         constraint "self'" foreign key ("a\\b""c") references app."from ""it"" $$");
       create index "by 😀 it" on app."from ""it"" $$" (("Ünï 😀" || "a\\b""c"::text));
       create view app."view ""it""" as select "Ünï 😀" as "é", "a\\b""c" from app."from ""it"" $$" "t 1";
       create policy "policy it" on app."from ""it"" $$" using ("Ünï 😀" = 'x' and "a\\b""c" = 1);`,
      {
        table: { schema: 'app', name: 'from "it" $$' },
        columns: { 'a\\b"c': { type: 'int' }, select: { type: 'bigint' } },
      },
      `alter table app."from ""it"" $$" alter column "select" type bigint`,
    )
  })

  test('of a partitioned table its indexes and checks, also those that one partition has for itself', async () => {
    await expectCarried(
      `create table app.runs (id int, tag varchar(20), at date) partition by range (at);
       create table app.runs_old partition of app.runs for values from ('2020-01-01') to ('2021-01-01');
       create table app.runs_new partition of app.runs default;
       insert into app.runs values (1, 'a', '2020-02-02'), (2, 'b', '2022-02-02');
       alter table app.runs add constraint runs_tag_check check (tag <> '');
       alter table app.runs_old add constraint old_check check (tag <> 'old');
       create unique index old_key on app.runs_old (tag);
       create index "runs's" on app.runs (tag, id);
       create index on app.runs (at, tag);
       comment on index app.runs_old_tag_id_idx is 'Part';
       alter index app.runs_new_tag_id_idx rename to "new's";
       alter table app.runs_old alter column tag set statistics 17;
       comment on column app.runs_old.tag is 'Old';`,
      { table: runs, columns: { tag: { type: 'text' } } },
      // PostgreSQL itself forgets the names and comments of the parts.
      `alter table app.runs alter column tag type text;
       comment on index app.runs_old_tag_id_idx is 'Part';
       alter index app.runs_new_tag_id_idx rename to "new's";`,
    )
  })

  test('of a table with children what those have', async () => {
    await expectCarried(
      `create table app.runs (id int, tag varchar(20), constraint runs_tag_check check (tag <> ''));
       create table app.fast (speed int) inherits (app.runs);
       create index fast_tag on app.fast (tag);
       create index runs_tag on app.runs (tag);`,
      { table: runs, columns: { tag: { type: 'text' } } },
      'alter table app.runs alter column tag type text',
    )
  })

  test('nothing of what the batch removes, and are rid of what refers to them', async () => {
    const definition = `
      create table app.runs (id int primary key, tag text constraint runs_tag_key unique, cost int);
      create index runs_tag_idx on app.runs (tag);
      alter table app.runs add constraint runs_tag_check check (tag <> '');
      create table app.notes (tag text constraint notes_fkey references app.runs (tag));
      create table app.gone (tag text constraint gone_fkey references app.runs (tag));`
    await session.script(definition)
    const { carried } = await rehearse(session, major, {
      table: runs,
      columns: { tag: { type: 'varchar(20)' } },
      removedConstraints: new Set(['runs_tag_key', 'runs_tag_check']),
      removedIndexes: new Set(['runs_tag_idx']),
      otherTable: ({ name }) => ({
        replaced: new Map(),
        removedConstraints: new Set(name === 'notes' ? ['notes_fkey'] : []),
        removed: name === 'gone',
      }),
    })
    expect([...carried.build, ...carried.keys, ...carried.prepare]).toEqual([])
    const found = await session.query<{ name: string }>(sql`
      select conname::text as name from pg_constraint where connamespace = 'app'::regnamespace and contype <> 'n'`)
    expect(found).toEqual([{ name: 'runs_pkey' }])
  })

  test('a foreign key between two of them, each once', async () => {
    const definition = `
      create table app.runs (id int primary key);
      create table app.notes (id int primary key, run_id int constraint notes_fkey references app.runs on delete cascade);
      insert into app.runs values (1); insert into app.notes values (1, 1);`
    await session.script(`${definition} alter table app.runs alter column id type bigint;
      alter table app.notes alter column run_id type bigint`)
    const expected = await catalog()
    await session.script(`drop schema app cascade; create schema app; ${definition}`)
    const removedConstraints = new Set<string>()
    const replacedOf = new Map<string, Rehearsed>()
    const otherTable = ({ name }: { name: string }) => {
      const replaced = replacedOf.get(name)?.replaced
      return replaced && { replaced, removedConstraints, removed: false }
    }
    const first: Rehearsal = { table: runs, columns: { id: { type: 'bigint' } }, otherTable }
    const second: Rehearsal = { ...first, table: { ...runs, name: 'notes' }, columns: { run_id: { type: 'bigint' } } }
    // Each has to know the other's columns, so the second is planned first, for its names only.
    replacedOf.set('notes', await plan(session, major, second))
    replacedOf.set('runs', await plan(session, major, first))
    const notes = await plan(session, major, second)
    const both = [replacedOf.get('runs') as Rehearsed, notes]
    await expand(session, first, both[0] as Rehearsed)
    await expand(session, second, notes)
    await runSteps(
      session,
      both.flatMap(({ carried }) => carried.build),
    )
    await runSteps(
      session,
      both.flatMap(({ carried }) => carried.keys),
    )
    expect(both.map(({ carried }) => carried.keys.map(({ label }) => label))).toEqual([
      [],
      [
        'add foreign key notes_fkey of notes for the new column',
        'validate foreign key notes_fkey of notes for the new column',
      ],
    ])
    await swap(session, both, major)
    expect(await catalog()).toEqual(expected)
  })

  test('what names the type, when that is swapped with them', async () => {
    const definition = `
      create type app.mode as enum ('fast', 'slow');
      create table app.runs (id int, mode app.mode default 'fast', modes app.mode[] not null default '{fast}',
        constraint runs_check check (mode <> 'slow' or modes = array['fast']::app.mode[]));
      create index runs_idx on app.runs (id) where mode in ('fast', 'slow');
      create view app.quick as select id, mode from app.runs where mode = 'fast';
      create policy quick on app.runs using (mode = any ('{fast}'));`
    await session.script(definition)
    const untouched = await catalog()
    const type = { schema: 'app', name: '__metastore_mode' }
    const rehearsal: Rehearsal = {
      table: runs,
      columns: {
        mode: { type: 'app.__metastore_mode', up: 'mode::text::app.__metastore_mode', default: null },
        modes: { type: 'app.__metastore_mode[]', up: 'modes::text[]::app.__metastore_mode[]', default: null },
      },
      typeSwaps: new Map([[relationKey({ schema: 'app', name: 'mode' }), type]]),
    }
    await session.script(`create type app.__metastore_mode as enum ('fast', 'slow')`)
    await rehearse(session, major, rehearsal)
    await session.script(`drop type app.mode; alter type app.__metastore_mode rename to mode;
      alter table app.runs alter mode set default 'fast', alter modes set default '{fast}'`)
    expect(await catalog()).toEqual(untouched)
  })

  test('their unique constraints while the batch is under way, each as it is checked', async () => {
    await session.script(`create table app.runs (a int unique, b int unique deferrable initially deferred);
      insert into app.runs values (1, 1), (2, 2);`)
    const rehearsal: Rehearsal = { table: runs, columns: { a: { type: 'bigint' }, b: { type: 'bigint' } } }
    const rehearsed = await plan(session, major, rehearsal)
    await expand(session, rehearsal, rehearsed)
    await runSteps(session, rehearsed.carried.build)
    await expect(session.script('update app.runs set __metastore_new_a = 7')).rejects.toThrow('duplicate key value')
    await session.script(`begin; update app.runs set __metastore_new_b = 7;
      update app.runs set __metastore_new_b = b; commit;`)
    await expect(session.script('update app.runs set __metastore_new_b = 7')).rejects.toThrow('duplicate key value')
  })

  test('their identity for new sessions, which may draw numbers only until an abort', async () => {
    await session.script(`create table app.runs (id int generated always as identity primary key, tag text);
      grant usage on schema app to carry_writer; grant insert on app.runs to carry_writer;`)
    const before = await catalog()
    const rehearsal: Rehearsal = { table: runs, columns: { id: { type: 'bigint' } } }
    const rehearsed = await plan(session, major, rehearsal)
    const numbers = numberedDefault(findColumn(rehearsed.table, 'id')!)
    expect(numbers).toBe(`nextval('"app"."runs_id_seq"'::text)`)
    const draw = `set role carry_writer; select ${numbers}; reset role;`
    await expect(session.script(draw)).rejects.toThrow('permission denied for sequence')
    await session.script('reset role')
    await runSteps(
      session,
      rehearsed.carried.build.filter(({ key }) => key.includes('sequence')),
    )
    await session.script(draw)
    await undoSteps(
      session,
      rehearsed.carried.build.filter(({ key }) => key.includes('sequence')),
    )
    expect(await catalog()).toEqual(before)
  })
})
