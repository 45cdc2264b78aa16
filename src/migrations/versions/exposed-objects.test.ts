import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { engines, postgresVersions } from '../../../test/harness/engines.ts'
import { introspect } from '../../catalog/catalog.ts'
import { id, openDatabase, sql, type Database, type Session } from '../../database/database.ts'
import { exposeObjects, readLeftOut } from './exposed-objects.ts'
import { aroundFile } from './around-file.ts'
import { refreshViews } from './refresh.ts'
import { dropVersionSchema } from './version-schema.ts'

const servers = [
  ...postgresVersions.map(({ version, freshUrl }) => ({ name: `PostgreSQL ${version}`, freshUrl })),
  ...engines.filter(({ name }) => name === 'pglite'),
]

describe.each(servers)('On $name, views and functions of the base schema', ({ freshUrl }) => {
  let database: Database

  beforeAll(async () => {
    database = await openDatabase(await freshUrl())
  })
  afterAll(() => database.close())

  /** A session whose path is the version's schema alone, which shows what `setup` makes; as `views` says, where that is given. */
  async function started(setup: string, views?: string): Promise<Session> {
    const session = await database.session()
    await session.script(`set search_path to public; drop schema if exists migration_v1 cascade;
      drop schema if exists "App" cascade; drop schema if exists other cascade;
      create schema "App"; create schema other; set search_path to "App"; ${setup}; create schema migration_v1; ${views ?? ''}`)
    if (views === undefined) await refresh(session)
    else await session.query(exposeObjects('migration_v1', 'App'))
    await session.script('set search_path to migration_v1')
    return session
  }

  function versionOf(exposeViews?: boolean) {
    return { versionSchema: 'migration_v1', base: 'App', serverMajor: database.server.major, exposeViews }
  }

  async function refresh(session: Session, exposeViews?: boolean): Promise<void> {
    await session.transaction((tx) => refreshViews(tx, versionOf(exposeViews)))
  }

  async function copies(session: Session): Promise<string[]> {
    const { views, routines } = await introspect(session, 'postgres', { schemas: ['migration_v1'] })
    const names = [...views, ...routines].map(({ name }) => name)
    return names.filter((name) => name !== 'runs' && name !== 'notes').toSorted()
  }

  async function leftOut(session: Session): Promise<string[]> {
    // Servers of different ages name the column differently.
    return (await readLeftOut(session, 'migration_v1')).map(({ message }) => message.replace('runs.state', '"state"'))
  }

  const tables = `create table runs (id int primary key, agent text, state text); create table notes (run_id int, body text);
    insert into runs values (1, 'a', 'new'), (2, 'b', 'done'); insert into notes values (1, 'x')`
  /** The version of the tables in which the state is called something else. */
  const renamed = 'create view migration_v1.runs as select id, agent, state as status from runs'

  test('are found on the version alone, and read what it shows', async () => {
    await using session = await started(`${tables};
      create type mood as enum ('good', 'bad');
      create view "Done ""runs""" as select *, 'good'::mood as mood from runs where state = 'done';
      comment on view "Done ""runs""" is 'that''s all';
      create view twice as select a.id from "Done ""runs""" a join "Done ""runs""" b using (id);
      create function agent_of(run int) returns text language sql stable as 'select agent from runs where id = run';
      create function agents() returns setof runs language plpgsql as $$ begin return query select * from runs; end $$;
      create function mood_of(mood default 'good') returns mood language sql as $$ select $1 $$;
      create procedure finish(run int) language sql as 'update runs set state = ''done'' where id = run';
      create view named as select agent_of(id) as agent from runs`)
    // One side sees other rows than the other, so that it shows which is read.
    await session.script(
      `create or replace view migration_v1.runs as select id, agent, state from "App".runs where id = 2`,
    )
    expect(await session.query(sql`select id, mood::text from "Done ""runs"""`)).toEqual([{ id: 2, mood: 'good' }])
    expect(await session.query(sql`select id from twice`)).toEqual([{ id: 2 }])
    expect(await session.query(sql`select agent from named`)).toEqual([{ agent: 'b' }])
    expect(await session.query(sql`select agent_of(1) as one, agent_of(2) as two`)).toEqual([{ one: null, two: 'b' }])
    expect(await session.query(sql`select id from agents()`)).toEqual([{ id: 2 }])
    expect(await session.query(sql`select mood_of()::text as mood`)).toEqual([{ mood: 'good' }])
    await session.script('call finish(1)')
    expect(await session.query(sql`select state from "App".runs where id = 1`)).toEqual([{ state: 'new' }])
    const { views } = await introspect(session, 'postgres', { schemas: ['migration_v1'] })
    expect(views.find(({ name }) => name === 'Done "runs"')?.comment).toBe("that's all")
    expect(await leftOut(session)).toEqual([])
  })

  test('are left out where the version has not what they read, and the reason is told', async () => {
    await using session = await started(
      `${tables}; create table "__metastore_1_gone" (id int); create table other.things (id int);
      create view alive as select id from runs;
      create view states as select state from runs;
      create view on_states as select * from states;
      create view joined as select r.id from runs r, other.things t;
      create view unrelated as select id from other.things;
      create function states_of(a text) returns setof text language sql as 'select state from runs where agent = a';
      create function count_runs() returns bigint language plpgsql as $$ begin return (select count(*) from "App".runs); end $$;
      create function "set State"(s text) returns void language plpgsql as $$ begin update Runs set State = s; end $$;
      create function word(s text) returns text language plpgsql as $$ begin return s || 'state'; end $$;
      create function touch() returns trigger language plpgsql as $$ begin return new; end $$;
      create aggregate all_of (text) (sfunc = textcat, stype = text)`,
      renamed,
    )
    expect(await copies(session)).toEqual(['alive', 'word'])
    const notThere = 'it names state of runs, which the version does not have'
    expect(await leftOut(session)).toEqual([
      'The view "App".states is not in the version schema migration_v1: column "state" does not exist.',
      'The view "App".on_states is not in the version schema migration_v1: it reads states, which the version does not have.',
      'The view "App".joined is not in the version schema migration_v1: it reads other.things too, which is in another schema.',
      `The function "App".states_of(a text) is not in the version schema migration_v1: ${notThere}.`,
      'The function "App".count_runs() is not in the version schema migration_v1: it names "App".runs with its schema.',
      `The function "App"."set State"(s text) is not in the version schema migration_v1: ${notThere}.`,
    ])
    const [warning] = await readLeftOut(session, 'migration_v1')
    expect(warning?.toJSON()).toEqual({
      code: 'object_not_exposed',
      message: expect.stringMatching(
        /^The view "App"\.states is not in the version schema migration_v1: column .*state.* does not exist\.$/,
      ) as string,
      where: 'view "App".states',
      remedy: 'Change it so that it works on what the version shows, or have the application call it with its schema.',
      details: [],
    })
    expect(await readLeftOut(session, 'migration_nowhere')).toEqual([])
  })

  test('that read a table which the version does not have are left out, although the base schema has it', async () => {
    await using session = await started(
      `${tables}; create view bodies as select body from notes;
      create function body_of(run int) returns text language sql as 'select body from notes where run_id = run';
      create function like_notes() returns setof notes language plpgsql as $$ begin end $$`,
      'create view migration_v1.runs as select id, agent, state from runs',
    )
    expect(await copies(session)).toEqual([])
    expect(await leftOut(session)).toEqual([
      'The view "App".bodies is not in the version schema migration_v1: it reads notes, which the version does not have.',
      'The function "App".body_of(run integer) is not in the version schema migration_v1: it names notes, which the version does not have.',
      'The function "App".like_notes() is not in the version schema migration_v1: it reads notes, which the version does not have.',
    ])
  })

  test('keep who may use them, and in whose name they act', async () => {
    await using session = await started(tables)
    const [reader, owner] = ['reader', 'owner'].map((name) => `${database.server.major} ${name} ${process.pid}`) as [
      string,
      string,
    ]
    for (const role of [reader, owner]) await session.query(sql`create role ${id(role)}`)
    await session.script(`set search_path to "App"; create view ids as select id from runs;
      create function secret() returns bigint language sql security definer set search_path to "App", pg_temp as 'select count(*) from runs';
      create function open() returns int language sql as 'select 1';
      revoke all on function secret() from public; alter default privileges in schema migration_v1 grant all on tables to public`)
    await session.query(sql`grant usage on schema "App" to ${id(owner)}`)
    await session.query(sql`grant select on runs to ${id(owner)}`)
    for (const what of ['view ids', 'function secret()'])
      await session.script(`alter ${what} owner to ${id(owner).inline('postgres')}`)
    await session.query(sql`grant select on ids to ${id(reader)}`)
    await session.query(sql`grant execute on function secret() to ${id(reader)}`)
    await refresh(session)
    expect(await leftOut(session)).toEqual([])
    const { views, routines } = await introspect(session, 'postgres', { schemas: ['migration_v1'] })
    const granted = views.find(({ name }) => name === 'ids')?.grants.filter(({ grantee }) => grantee !== owner)
    expect(granted).toEqual([{ grantee: reader, privileges: ['select'], grantOption: false }])
    expect(routines.map(({ name, owner, grants, settings }) => ({ name, owner, grants, settings }))).toMatchObject([
      { name: 'open', grants: [{ grantee: 'public', privileges: ['execute'] }], settings: {} },
      {
        name: 'secret',
        owner,
        grants: [{ grantee: reader, privileges: ['execute'], grantOption: false }],
        settings: { search_path: 'migration_v1, "App", pg_temp' },
      },
    ])
    await session.transaction(async (tx) => {
      await tx.query(sql`set local role ${id(reader)}`)
      await tx.query(sql`set local search_path to migration_v1`)
      expect(await tx.query(sql`select count(*) from ids`)).toEqual([{ count: 2 }])
      expect(await tx.query(sql`select secret()`)).toEqual([{ secret: 2 }])
    })
    // With the view of the version in between, its reader would have to be one of the table.
    const readAs = (role: string) =>
      session.transaction(async (tx) => {
        await tx.query(sql`set local role ${id(role)}`)
        return tx.query(sql`select state from migration_v1.states`)
      })
    await session.script(`${dropText()}; create view states as select state from runs; create schema migration_v1;
      create view migration_v1.runs as select id, agent, agent as state from runs`)
    await session.query(sql`grant select on states to ${id(reader)}`)
    await session.query(exposeObjects('migration_v1', 'App'))
    if (database.server.major < 15) {
      await session.script('grant select on migration_v1.runs to public')
      expect(await readAs(reader)).toEqual([{ state: 'a' }, { state: 'b' }])
    } else {
      expect(await leftOut(session)).toEqual([
        'The view "App".states is not in the version schema migration_v1: it reads with the rights of its owner, which the views of a version do not pass on.',
      ])
      await session.query(sql`grant select on runs to ${id(reader)}`)
      await session.script(`${dropText()}; create schema migration_v1; grant usage on schema migration_v1 to public;
        create view migration_v1.runs with (security_invoker = true) as select id, agent, agent as state from runs;
        grant select on migration_v1.runs to public`)
      await session.query(exposeObjects('migration_v1', 'App'))
      expect(await readAs(reader)).toEqual([{ state: 'a' }, { state: 'b' }])
    }
    await session.script('drop schema migration_v1 cascade; drop schema "App" cascade')
    for (const role of [reader, owner]) {
      await session.query(sql`drop owned by ${id(role)} cascade`)
      await session.query(sql`drop role ${id(role)}`)
    }
  })

  test('that keep rows of their own are shown as they are', async () => {
    await using session = await started(
      `${tables}; create materialized view totals as select state, count(*) as n from runs group by 1`,
    )
    expect(await session.query(sql`select state, n from totals order by 1`)).toEqual([
      { state: 'done', n: 1 },
      { state: 'new', n: 1 },
    ])
    await session.transaction((tx) =>
      aroundFile(tx, versionOf(), () => tx.script('drop materialized view "App".totals')),
    )
    expect(await copies(session)).toEqual([])
  })

  test('are made again when something about them changes, and are not touched otherwise', async () => {
    await using session =
      await started(`${tables}; create view ids as select id from runs; create view states as select state from runs;
      create function agent_of(run int) returns text language sql as 'select agent from runs where id = run'`)
    const file = (text: string) =>
      session.transaction((tx) =>
        aroundFile(tx, versionOf(), () => tx.script(`set local search_path to "App"; ${text}`)),
      )
    const objects = () =>
      session.query(sql`
        select relname::text as name, oid::int8 as id from pg_class where relnamespace = 'migration_v1'::regnamespace
        union all select proname::text, oid::int8 from pg_proc where pronamespace = 'migration_v1'::regnamespace order by 1`)
    const before = await objects()
    await file('insert into runs values (3)')
    expect(await objects()).toEqual(before)

    await file(`create or replace view ids as select id, agent from runs;
      create or replace function agent_of(run int) returns text language sql as 'select ''!'' || agent from runs where id = run';
      create view late as select * from ids; alter table runs drop column state cascade`)
    expect(await copies(session)).toEqual(['agent_of', 'ids', 'late'])
    expect(await session.query(sql`select agent_of(id) as agent from late where id = 1`)).toEqual([{ agent: '!a' }])

    await file('alter table runs alter column agent type varchar(9) using agent').catch((error: unknown) => {
      // The project's own view is in the way as well, and its author has to decide.
      expect(error).toMatchObject({ engineCode: '0A000' })
    })
    await file(
      'drop function agent_of; drop view late; drop view ids; alter table runs alter column agent type varchar(9)',
    )
    expect(await copies(session)).toEqual([])
  })

  test('come back when a CASCADE takes them along', async () => {
    await using session = await started(`${tables}; create view ids as select id from runs`)
    await session.script('drop view migration_v1.ids')
    await refresh(session)
    expect(await copies(session)).toEqual(['ids'])
  })

  test('go with the version schema, and stay out of it where the project says so', async () => {
    await using session =
      await started(`${tables}; create view a as select id from runs; create view b as select * from a;
      create function f() returns setof b language sql as 'select * from b';
      create view c as select * from f()`)
    expect(await leftOut(session)).toEqual([])
    expect(await copies(session)).toEqual(['a', 'b', 'c', 'f'])
    await refresh(session, false)
    expect(await copies(session)).toEqual([])
    await refresh(session)
    await session.script('create view migration_v1.theirs as select 1')
    await expect(session.transaction((tx) => tx.query(drop()))).rejects.toMatchObject({
      message: 'Schema migration_v1 holds what metastore did not make: view migration_v1.theirs.',
    })
    await session.script('drop view migration_v1.theirs')
    await session.query(drop())
    const { schemas, views } = await introspect(session, 'postgres', { schemas: ['migration_v1', 'App'] })
    expect([schemas.map(({ name }) => name), views.map(({ name }) => name)]).toEqual([['App'], ['a', 'b', 'c']])
  })

  test('may be called anything', async () => {
    const names = ['order', 'a"b', "x'; drop table runs --", '$do$', 'select', 'a.b', '%s %I', '\\m.*']
    await using session = await started(
      `${tables}; ${names
        .map((name) => {
          const quoted = id(name).inline('postgres')
          return `create view ${quoted} as select id as ${quoted} from runs;
          create function ${quoted}() returns bigint language sql set search_path to "App" as 'select count(*) from runs';
          create table ${id(`${name}_`).inline('postgres')} (${quoted} int);
          comment on function ${quoted}() is $c$it's "$do$" \\$c$`
        })
        .join(';')}`,
    )
    expect(await leftOut(session)).toEqual([])
    for (const name of names) {
      expect(await session.query(sql`select ${id(name)}() as n, (select count(*) from ${id(name)}) as m`)).toEqual([
        { n: 2, m: 2 },
      ])
    }
    await session.query(drop())
  })
})

test('A function whose body the server has bound follows the version too', async () => {
  await using database = await openDatabase(
    (await postgresVersions.find(({ version }) => version === 18)?.freshUrl()) ?? '',
  )
  await using session = await database.session()
  await session.script(`create table runs (id int, state text); create table notes (id int);
    create function runs_of(s text) returns bigint begin atomic select count(*) from runs where state = s; end;
    create function notes_of() returns bigint begin atomic select count(*) from notes; end;
    create schema migration_v1; create view migration_v1.runs as select id, 'x' as state from runs`)
  await session.transaction((tx) =>
    refreshViews(tx, { versionSchema: 'migration_v1', base: 'public', serverMajor: 18 }),
  )
  await session.script('insert into runs values (1, null)')
  expect(await session.query(sql`select migration_v1.notes_of() as notes, public.notes_of() as base`)).toEqual([
    { notes: 0, base: 0 },
  ])
})

function dropText(): string {
  return drop().inline('postgres')
}

function drop() {
  const [statement] = dropVersionSchema('migration_v1')
  if (statement === undefined) throw new Error('There is a statement.')
  return statement
}
