import { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { engines, postgresVersions } from '../../../test/harness/engines.ts'
import { introspect, type Catalog } from '../../catalog/catalog.ts'
import { id, openDatabase, sql, type Database, type Session, type Transaction } from '../../database/database.ts'
import { aroundFile } from './around-file.ts'
import { refreshViews, type StandingVersion } from './refresh.ts'
import { createVersionSchema, describeVersionSchema, dropVersionViews } from './version-schema.ts'

const servers = [
  ...postgresVersions.map(({ version, freshUrl }) => ({ name: `PostgreSQL ${version}`, freshUrl })),
  ...engines.filter(({ name }) => name === 'pglite'),
]

describe.each(servers)('On $name, the views of a version schema', ({ freshUrl }) => {
  let database: Database
  let version: StandingVersion

  beforeAll(async () => {
    database = await openDatabase(await freshUrl())
    version = { versionSchema: 'migration_v1', base: 'app', serverMajor: database.server.major }
  })
  afterAll(() => database.close())

  /** A session on a database with tables as `setup` makes them, and a version schema that shows them. */
  async function started(setup: string, versionSchema = 'migration_v1'): Promise<Session> {
    const session = await database.session()
    await session.script(`set search_path to public; drop schema if exists ${versionSchema} cascade;
      drop schema if exists app cascade; create schema app; set search_path to app; ${setup};
      create schema ${versionSchema}`)
    await session.transaction((tx) => refreshViews(tx, { ...version, versionSchema }))
    return session
  }

  /** Runs a file as the runner does. */
  async function runFile(session: Session, file: string): Promise<number> {
    let attempts = 0
    await session.transaction((tx) =>
      aroundFile(tx, version, () => {
        attempts++
        return tx.script(file)
      }),
    )
    return attempts
  }

  /** The views, each with its columns, and what each column shows where that has another name. */
  async function shown(session: Session): Promise<Record<string, string[]>> {
    const catalog = await introspect(session, 'postgres')
    const { views = [] } = describeVersionSchema(catalog, 'migration_v1', 'app') ?? {}
    return Object.fromEntries(
      views.map(({ name, table, columns }) => [
        name === table ? name : `${name} of ${table}`,
        columns.map(({ name, physical }) => (name === physical ? name : `${physical} as ${name}`)),
      ]),
    )
  }

  async function viewIds(session: Session): Promise<Record<string, number>> {
    const rows = await session.query<{ name: string; id: number }>(sql`
      select relname::text as name, oid::int8 as id from pg_class where relnamespace = 'migration_v1'::regnamespace and relkind = 'v'`)
    return Object.fromEntries(rows.map(({ name, id }) => [name, id]))
  }

  const tables =
    'create table runs (id int primary key, agent text, cost numeric); create table notes (id int, body text)'

  test('get new tables and new columns, and keep what they are', async () => {
    await using session = await started(tables)
    const before = await viewIds(session)
    expect(
      await runFile(
        session,
        `alter table runs add column state text default 'new'; create table tags (name text);
         create table parts (id int, day date) partition by range (day);
         create table parts_2026 partition of parts for values from ('2026-01-01') to ('2027-01-01');
         create temporary table scratch (id int); create unlogged table fast (id int)`,
      ),
    ).toBe(1)
    expect(await shown(session)).toEqual({
      fast: ['id'],
      notes: ['id', 'body'],
      parts: ['id', 'day'],
      runs: ['id', 'agent', 'cost', 'state'],
      tags: ['name'],
    })
    expect(await viewIds(session)).toMatchObject(before)
    await session.script(`set search_path to migration_v1; insert into runs (id) values (1)`)
    expect(await session.query(sql`select state from runs`)).toEqual([{ state: 'new' }])
  })

  test('lose columns and tables that a file drops, which the views would stand in the way of', async () => {
    await using session = await started(tables)
    const before = await viewIds(session)
    expect(
      await runFile(session, `alter table runs drop column agent; create table tags (name text); drop table notes`),
    ).toBe(3)
    expect(await shown(session)).toEqual({ runs: ['id', 'cost'], tags: ['name'] })
    expect((await viewIds(session))['runs']).not.toBe(before['runs'])
    // A file whose change only the view of one table stands in the way of leaves the others alone.
    const { tags } = await viewIds(session)
    expect(await runFile(session, 'alter table runs drop column cost')).toBe(2)
    expect(await viewIds(session)).toMatchObject({ tags })
    expect(await shown(session)).toEqual({ runs: ['id'], tags: ['name'] })
  })

  test('survive a CASCADE that was meant for something else, in their own order of columns', async () => {
    await using session = await started(`${tables}; create view dear as select id from runs where cost > 9`)
    // What an altered column leaves behind: it is the last of its table, and second in the view.
    await session.script(`alter table runs add column "__metastore_1_agent" text; drop view migration_v1.runs cascade;
      create view migration_v1.runs as select id, "__metastore_1_agent" as agent, cost from runs`)
    await runFile(session, 'select 1')
    await session.script(
      `alter table runs drop column agent; alter table runs rename column "__metastore_1_agent" to agent`,
    )
    expect(
      await runFile(session, `alter table runs drop column cost cascade; alter table runs add column price int`),
    ).toBe(1)
    expect(await shown(session)).toEqual({ notes: ['id', 'body'], runs: ['id', 'agent', 'price'] })
  })

  test('follow a change of type, and statements that were prepared go on', async () => {
    await using session = await started(`${tables}; insert into runs values (1, 'a', 2)`)
    await session.script(`set search_path to migration_v1;
      prepare agents as select id, agent from runs where id = $1;
      prepare rename (text) as update runs set agent = $1 where id = 1 returning agent`)
    expect(
      await runFile(
        session,
        `alter table app.runs alter column cost type text; alter table app.runs add column more int`,
      ),
    ).toBe(2)
    expect(await session.query(sql`execute agents(1)`)).toEqual([{ id: 1, agent: 'a' }])
    expect(await session.query(sql`execute rename('b')`)).toEqual([{ agent: 'b' }])
    expect(await session.query(sql`select cost, more from runs`)).toEqual([{ cost: '2', more: null }])
  })

  test('take new names of tables and columns, also when two change places', async () => {
    await using session = await started(`${tables}; create table b (y int)`)
    await runFile(
      session,
      `alter table runs rename column cost to price; alter table notes rename to aside; alter table b rename to notes;
       alter table aside rename to b; alter table b rename column id to "from"`,
    )
    expect(await shown(session)).toEqual({ b: ['from', 'body'], notes: ['y'], runs: ['id', 'agent', 'price'] })
  })

  test('are not touched when nothing of them changes', async () => {
    await using session = await started(tables)
    const before = await viewIds(session)
    const touched = await session.transaction(async (tx) => {
      await aroundFile(tx, version, () =>
        tx.script(`insert into runs values (1); create index on runs (agent); analyze runs`),
      )
      return tx.query(sql`
        select relname from pg_class where relnamespace = 'migration_v1'::regnamespace and xmin::text = (txid_current() % (2^32)::bigint)::text`)
    })
    expect(touched).toEqual([])
    expect(await viewIds(session)).toEqual(before)
  })

  test('never show what is only there for a batch under way, and keep the names that its columns stand for', async () => {
    await using session = await started(tables)
    await session.script(`alter table runs add column "__metastore_1_cents" int; alter table runs add column "__metastore_2_pending" boolean;
      drop view migration_v1.runs; create view migration_v1.runs as
        select id, "__metastore_1_cents" as cents, agent from runs;
      comment on column migration_v1.runs.cents is 'in cents'; create table "__metastore_3_side" (id int)`)
    await runFile(session, 'alter table runs add column late int')
    expect(await shown(session)).toEqual({
      notes: ['id', 'body'],
      runs: ['id', '__metastore_1_cents as cents', 'agent', 'cost', 'late'],
    })
    const { views } = await introspect(session, 'postgres')
    expect(views.find(({ name }) => name === 'runs')?.columns[1]).toMatchObject({ name: 'cents', comment: 'in cents' })
    // The swap gives the column its name, and the view goes on as it is.
    await session.script(`set search_path to migration_v1; prepare cents as select id, cents from runs;
      begin; alter table app.runs rename column "__metastore_1_cents" to cents; alter table app.runs drop column "__metastore_2_pending"; commit`)
    expect(await session.query(sql`execute cents`)).toEqual([])
    const before = await viewIds(session)
    await runFile(session, 'select 1')
    expect(await viewIds(session)).toEqual(before)
  })

  test('lose the defaults that were theirs alone, unless the column is still on its way', async () => {
    await using session = await started(`${tables}; alter table runs add column "__metastore_1_cents" int default 1`)
    await session.script(`drop view migration_v1.runs;
      create view migration_v1.runs as select id, agent, "__metastore_1_cents" as cents from runs;
      alter view migration_v1.runs alter column agent set default 'x';
      alter view migration_v1.runs alter column cents set default 2`)
    await runFile(session, `alter table runs alter column agent set default 'y'`)
    await session.script('insert into migration_v1.runs (id) values (1)')
    expect(await session.query(sql`select agent, cents from migration_v1.runs`)).toEqual([{ agent: 'y', cents: 2 }])
  })

  test('follow comments, grants and revokes', async () => {
    await using session = await started(
      `${tables}; comment on table notes is 'old'; comment on column notes.body is 'old'`,
    )
    const role = `${version.serverMajor} follower ${process.pid}`
    await session.query(sql`create role ${id(role)}`)
    await session.query(sql`grant select, delete, references on notes to ${id(role)} with grant option`)
    await session.transaction((tx) => refreshViews(tx, version))
    expect(grantsOn(await introspect(session, 'postgres'), 'notes', role)).toEqual([
      { grantee: role, privileges: ['delete', 'references', 'select'], grantOption: true },
    ])
    const quoted = id(role).inline('postgres')
    await runFile(
      session,
      `grant select on runs to public; grant insert on notes to ${quoted}; revoke delete on notes from ${quoted};
       revoke grant option for select on notes from ${quoted}; grant update (body) on notes to ${quoted};
       comment on table notes is null; comment on column notes.body is 'it''s new'; comment on table runs is 'runs'`,
    )
    const catalog = await introspect(session, 'postgres')
    expect(grantsOn(catalog, 'runs', 'public')).toEqual([
      { grantee: 'public', privileges: ['select'], grantOption: false },
    ])
    expect(grantsOn(catalog, 'notes', role)).toEqual(
      catalog.tables.find(({ name }) => name === 'notes')?.grants.filter(({ grantee }) => grantee === role),
    )
    const notes = catalog.views.find(({ name }) => name === 'notes')
    expect([notes?.comment, notes?.columns[1]?.comment]).toEqual([null, "it's new"])
    expect(notes?.columns[1]?.grants).toEqual([{ grantee: role, privileges: ['update'], grantOption: false }])
    expect(catalog.schemas.find(({ name }) => name === 'migration_v1')?.grants.map(({ grantee }) => grantee)).toEqual(
      expect.arrayContaining([role, 'public']),
    )
    await session.query(sql`drop owned by ${id(role)} cascade`)
    await session.query(sql`drop role ${id(role)}`)
  })

  test('belong to the migrating role, whichever role and search path a file takes', async () => {
    await using session = await started(tables)
    const role = `${version.serverMajor} author ${process.pid}`
    await session.query(sql`create role ${id(role)}`)
    await session.query(sql`grant usage, create on schema app to ${id(role)}`)
    await runFile(
      session,
      `set role ${id(role).inline('postgres')}; set search_path to ''; create table app.theirs (id int)`,
    )
    await session.script('reset role')
    expect(await shown(session)).toMatchObject({ theirs: ['id'] })
    const { views } = await introspect(session, 'postgres')
    expect(views.find(({ name }) => name === 'theirs')?.owner).toBe(views.find(({ name }) => name === 'runs')?.owner)
    await session.transaction(async (tx) => {
      await tx.query(sql`set local role ${id(role)}`)
      await tx.query(sql`insert into migration_v1.theirs values (1)`)
    })
    await session.script('drop table migration_v1.theirs cascade').catch(() => undefined)
    await session.query(sql`drop owned by ${id(role)} cascade`)
    await session.query(sql`drop role ${id(role)}`)
  })

  test('do not hide why a file fails, and stay as they were', async () => {
    await using session = await started(`${tables}; create view dear as select id from runs where cost > 9`)
    const before = await viewIds(session)
    await expect(
      runFile(session, 'create table tags (name text); insert into nowhere values (1)'),
    ).rejects.toMatchObject({
      message: 'relation "nowhere" does not exist.',
      position: 43,
    })
    // A view of the project's own is in the way, of which the author has to decide.
    await expect(runFile(session, 'alter table runs drop column cost')).rejects.toMatchObject({
      message: 'cannot drop column cost of table runs because other objects depend on it.',
    })
    expect(await viewIds(session)).toEqual(before)
    expect((await introspect(session, 'postgres')).tables.map(({ name }) => name)).toEqual(['notes', 'runs'])
  })

  test('leave alone what others put beside them, and a database without a version schema', async () => {
    await using session = await started(tables)
    await session.script(`create table migration_v1.cache (k text);
      create view migration_v1.dear as select id from app.notes where id > 9;
      create view migration_v1.both as select a.id from migration_v1.runs a, migration_v1.cache b`)
    // Without the view in the way, the one that depends on it would have to go too.
    await expect(runFile(session, 'alter table runs drop column agent')).rejects.toMatchObject({
      message:
        'The views of migration_v1 stand in the way of this change, and cannot be dropped for it, because other objects depend on them.',
      where: 'migration_v1',
      remedy: 'Drop what the details name, run the same command again, and create it anew.',
      details: expect.arrayContaining([
        'DETAIL: view migration_v1."both" depends on view migration_v1.runs',
        'The change was refused first: cannot drop column agent of table runs because other objects depend on it.',
      ]) as string[],
    })
    await session.script('drop view migration_v1.both')
    await runFile(session, 'alter table runs drop column agent')
    expect(await shown(session)).toEqual({ notes: ['id', 'body'], runs: ['id', 'cost'] })
    const { tables: left, views } = await introspect(session, 'postgres')
    expect([left, views].map((list) => list.map(({ name }) => name))).toEqual([
      ['notes', 'runs', 'cache'],
      ['dear', 'notes', 'runs'],
    ])
    await session.script('drop schema migration_v1 cascade')
    expect(await runFile(session, 'create table later (id int)')).toBe(1)
    expect((await introspect(session, 'postgres')).schemas.map(({ name }) => name)).not.toContain('migration_v1')
  })

  test('come back whole after they were dropped by hand', async () => {
    await using session = await started(`${tables}; comment on table runs is 'what agents did'`)
    await session.transaction((tx) => tx.query(dropVersionViews('migration_v1')))
    expect(await shown(session)).toEqual({})
    await session.transaction((tx) => refreshViews(tx, version))
    expect(await shown(session)).toEqual({ notes: ['id', 'body'], runs: ['id', 'agent', 'cost'] })
  })

  test('are those that a version schema would be made with', async () => {
    await using session = await started(tables)
    const schema = describeVersionSchema(await introspect(session, 'postgres'), 'migration_v1', 'app')
    if (schema === undefined) throw new Error('There is no version schema.')
    await session.transaction(async (tx: Transaction) => {
      const statements = createVersionSchema({ ...schema, name: 'migration_v2' }, { serverMajor: version.serverMajor })
      for (const statement of statements) await tx.query(statement)
    })
    const catalog = await introspect(session, 'postgres')
    const [first, second] = ['migration_v1', 'migration_v2'].map((name) =>
      catalog.views.filter(({ schema }) => schema === name).map((view) => ({ ...view, schema: '', grants: [] })),
    )
    expect(second).toEqual(first)
    await session.script('drop schema migration_v2 cascade')
  })
})

test('Statements that applications have prepared go on while files change tables and views are made again', async () => {
  const url = (await postgresVersions.find(({ version }) => version === 18)?.freshUrl()) ?? ''
  await using database = await openDatabase(url)
  await using session = await database.session()
  await session.script(`create table runs (id int primary key, agent text, cost numeric);
    insert into runs select i, 'a' from generate_series(1, 20) i;
    create view agents as select id, agent from runs; create schema migration_v1`)
  const version = { versionSchema: 'migration_v1', base: 'public', serverMajor: 18 }
  await session.transaction((tx) => refreshViews(tx, version))

  const ended = new AbortController()
  const work = async (number: number): Promise<number> => {
    const client = new Client({ connectionString: url, options: '-c search_path=migration_v1' })
    await client.connect()
    let statements = 0
    try {
      while (!ended.signal.aborted) {
        const { rowCount } = await client.query({
          name: 'write',
          text: 'update runs set agent = $2 where id = $1 returning id, agent',
          values: [number, `${statements}`],
        })
        const { rows } = await client.query<object>({
          name: 'read',
          text: 'select id, agent from runs where id = $1',
          values: [number],
        })
        expect([rowCount, rows]).toEqual([1, [{ id: number, agent: `${statements}` }]])
        const carried = await client.query<object>({
          name: 'carried',
          text: 'select agent from agents where id = $1',
          values: [number],
        })
        expect(carried.rows).toEqual([{ agent: `${statements}` }])
        statements++
      }
    } finally {
      await client.end()
    }
    return statements
  }
  const applications = Promise.allSettled([1, 2, 3, 4].map(work))
  const files = [
    'alter table runs alter column cost type text',
    'alter table runs add column state text',
    'alter table runs alter column cost type numeric using cost::numeric; alter table runs drop column state',
  ]
  for (let round = 0; round < 12; round++) {
    const file = `${files[round % files.length]};
      create or replace view agents as select id, agent from runs where id > ${-round}`
    await session.transaction((tx) => aroundFile(tx, version, () => tx.script(file)))
  }
  ended.abort()
  for (const outcome of await applications)
    expect(outcome).toEqual({ status: 'fulfilled', value: expect.any(Number) as number })
})

function grantsOn(catalog: Catalog, view: string, role: string) {
  return catalog.views.find(({ name }) => name === view)?.grants.filter(({ grantee }) => grantee === role)
}
