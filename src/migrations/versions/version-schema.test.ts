import { describe, expect, test } from 'vitest'
import { engines, postgresVersions } from '../../../test/harness/engines.ts'
import { introspect } from '../../catalog/catalog.ts'
import {
  id,
  openDatabase,
  sql,
  type Database,
  type Queryable,
  type Session,
  type Sql,
} from '../../database/database.ts'
import type { VersionSchema, VersionView } from '../batch/version-view.ts'
import {
  createVersionSchema,
  describeVersionSchema,
  dropVersionSchema,
  versionProblems,
  versionWarnings,
} from './version-schema.ts'

const servers = [
  ...postgresVersions.map(({ version, freshUrl }) => ({ name: `PostgreSQL ${version}`, freshUrl })),
  ...engines.filter(({ name }) => name === 'pglite'),
]

/** What a version schema of the tables as they stand would be. */
async function tablesOf(session: Session, name: string, base = 'public'): Promise<VersionSchema> {
  const { tables, schemas } = await introspect(session, 'postgres')
  const views = tables
    .filter(({ schema, partitionOf }) => schema === base && partitionOf === null)
    .map((table): VersionView => {
      const columns = table.columns.map(({ name, comment, grants }) => ({ name, physical: name, comment, grants }))
      const { name, comment, grants } = table
      return { name, table: name, columns, comment, grants }
    })
  return { name, base, views, grants: schemas.find((each) => each.name === base)?.grants ?? [] }
}

function changed(schema: VersionSchema, view: string, change: (view: VersionView) => VersionView): VersionSchema {
  return { ...schema, views: schema.views.map((each) => (each.name === view ? change(each) : each)) }
}

async function runAll(session: Session, statements: readonly Sql[]): Promise<void> {
  await session.transaction(async (tx) => {
    for (const statement of statements) await tx.query(statement)
  })
}

async function create(database: Database, session: Session, schema: VersionSchema): Promise<void> {
  await runAll(session, createVersionSchema(schema, { serverMajor: database.server.major }))
}

const runs = `
  create table runs (
    id bigint generated always as identity primary key, agent text unique, cost numeric(8,2) not null default 0.5, state text
  );
  comment on table runs is 'what agents did';
  comment on column runs.cost is 'in dollars, "net"';`

describe.each(servers)('On $name, a version schema', ({ freshUrl }) => {
  test('scenario 79: lets an application do all that a view can with a table', async () => {
    await using database = await openDatabase(await freshUrl())
    await using session = await database.session()
    await session.script(runs)
    await create(database, session, await tablesOf(session, 'migration_v1'))
    await session.script('set search_path to migration_v1')

    const [first] = await session.query(sql`insert into runs (agent) values ('a') returning id, cost, state`)
    expect(first).toEqual({ id: 1, cost: '0.50', state: null })
    const upsert = sql`
      insert into runs (agent, cost) values ('a', 2) on conflict (agent) do update set cost = excluded.cost returning cost`
    expect(await session.query(upsert)).toEqual([{ cost: '2.00' }])
    expect(
      await session.query(sql`insert into runs (agent) values ('a') on conflict (agent) do nothing returning id`),
    ).toEqual([])
    expect(await session.query(sql`insert into runs values (default, 'b', default, 'new') returning cost`)).toEqual([
      { cost: '0.50' },
    ])
    await session.transaction(async (tx) => {
      expect(await tx.query(sql`select agent from runs where agent = 'a' for update`)).toEqual([{ agent: 'a' }])
      expect(await tx.query(sql`select agent from runs order by id for no key update skip locked`)).toHaveLength(2)
    })
    expect(await session.query(sql`update runs set state = 'done' where agent = 'a' returning state`)).toEqual([
      { state: 'done' },
    ])
    expect(await session.query(sql`delete from runs where agent = 'b' returning id`)).toEqual([{ id: 4 }])
    expect(await session.query(sql`select agent, cost, state from public.runs`)).toEqual([
      { agent: 'a', cost: '2.00', state: 'done' },
    ])
  })

  test('shows columns under other names, in its own order, with its own defaults', async () => {
    await using database = await openDatabase(await freshUrl())
    await using session = await database.session()
    await session.script(`${runs}
      alter table runs add column "__metastore_1_cents" integer default 7;
      insert into runs (agent) values ('old')`)
    const schema = changed(await tablesOf(session, 'migration_v2'), 'runs', (view) => ({
      ...view,
      name: 'jobs',
      columns: [
        { name: 'id', physical: 'id', comment: null, grants: [] },
        { name: 'cents', physical: '__metastore_1_cents', comment: 'in cents', grants: [] },
        { name: 'status', physical: 'state', comment: null, grants: [], default: `'queued'` },
        { name: 'agent', physical: 'agent', comment: null, grants: [], default: ' NULL ' },
        { name: 'price', physical: 'cost', comment: null, grants: [], default: 'null' },
      ],
    }))
    await create(database, session, schema)
    expect(await session.query(sql`select * from migration_v2.jobs`)).toEqual([
      { id: 1, cents: 7, status: null, agent: 'old', price: '0.50' },
    ])
    await session.query(sql`insert into migration_v2.jobs (price) values (1)`)
    expect(await session.query(sql`select cents, status, agent from migration_v2.jobs where id = 2`)).toEqual([
      { cents: 7, status: 'queued', agent: null },
    ])
    // The version has no default for the price, although the table has one.
    await expect(session.query(sql`insert into migration_v2.jobs (agent) values ('x')`)).rejects.toMatchObject({
      engineCode: '23502',
    })
  })

  test('has the comments of the tables, and is described as it was made', async () => {
    await using database = await openDatabase(await freshUrl())
    await using session = await database.session()
    await session.script(`${runs} create table nothing (); create table "a""b.c" (" x,y; FROM" int, "as" int)`)
    const schema = changed(await tablesOf(session, 'migration_v2'), 'runs', (view) => ({
      ...view,
      columns: view.columns.map((column) => (column.name === 'state' ? { ...column, name: 'Status "now"' } : column)),
    }))
    await create(database, session, schema)
    const catalog = await introspect(session, 'postgres')
    const described = describeVersionSchema(catalog, 'migration_v2', 'public')
    expect(simplified(described)).toEqual(simplified(schema))
    expect(described?.views.find(({ name }) => name === 'runs')).toMatchObject({
      comment: 'what agents did',
      columns: [{}, {}, { comment: 'in dollars, "net"' }, { name: 'Status "now"', physical: 'state' }],
    })
    expect(describeVersionSchema(catalog, 'migration_v3', 'public')).toBeUndefined()
  })

  test('is dropped with its views, once and again', async () => {
    await using database = await openDatabase(await freshUrl())
    await using session = await database.session()
    await session.script(`${runs} create table notes (id int); create view mine as select id from runs`)
    await create(database, session, await tablesOf(session, 'migration_v1'))
    await session.script('set search_path to migration_v1')
    await runAll(session, dropVersionSchema('migration_v1'))
    await runAll(session, dropVersionSchema('migration_v1'))
    const { schemas, tables, views } = await introspect(session, 'postgres')
    expect([schemas, tables, views].map((list) => list.map(({ name }) => name))).toEqual([
      ['public'],
      ['notes', 'runs'],
      ['mine'],
    ])
    expect(await session.query(sql`show search_path`)).toEqual([{ search_path: 'migration_v1' }])
  })

  test('is not dropped with what somebody else has put there', async () => {
    await using database = await openDatabase(await freshUrl())
    await using session = await database.session()
    await session.script(runs)
    await create(database, session, await tablesOf(session, 'migration_v1'))
    await session.script(`create table migration_v1.cache (k text); create view migration_v1.both as
      select a.id from migration_v1.runs a, migration_v1.cache b`)
    await expect(runAll(session, dropVersionSchema('migration_v1'))).rejects.toMatchObject({
      message:
        'Schema migration_v1 holds what metastore did not make: table migration_v1.cache, view migration_v1."both".',
      remedy: 'Change or drop what depends on it first.',
      details: expect.arrayContaining([
        'HINT: Move it to another schema, or drop it, and run the same command again.',
      ]) as string[],
    })
    await session.script(`drop view migration_v1.both; drop table migration_v1.cache;
      create view public.outside as select id from migration_v1.runs`)
    await expect(runAll(session, dropVersionSchema('migration_v1'))).rejects.toMatchObject({
      message: 'cannot drop view migration_v1.runs because other objects depend on it.',
      details: expect.arrayContaining(['DETAIL: view public.outside depends on view migration_v1.runs']) as string[],
    })
    expect(await session.query(sql`select count(*) from migration_v1.runs`)).toEqual([{ count: 0 }])
  })

  test('has names as hostile as its tables', async () => {
    await using database = await openDatabase(await freshUrl())
    await using session = await database.session()
    const names = ['order', 'a"b', "x'; drop table runs --", '$do$', 'Ünïcode ☃', ' . ', 'é'.repeat(26)]
    for (const name of names) {
      const table = id(name)
      await session.query(
        sql`create table ${table} (id int primary key, ${table} text default ${table.inline('postgres').length > 0 ? sql`'x'` : sql``})`,
      )
      await session.script(sql`comment on table ${table} is 'a "quoted" ''comment'' $do$ \\ --'`.inline('postgres'))
    }
    for (const name of names) {
      const schema = await tablesOf(session, `migration_${name}`)
      await create(
        database,
        session,
        changed(schema, name, (view) => ({
          ...view,
          columns: view.columns.map((column) => ({ ...column, default: column.name === 'id' ? 'NULL' : `'y'` })),
        })),
      )
      await session.query(sql`insert into ${id(`migration_${name}`, name)} (id) values (1)`)
      expect(await session.query(sql`select ${id(name)} as value from ${id(`migration_${name}`, name)}`)).toEqual([
        { value: 'y' },
      ])
      const described = describeVersionSchema(await introspect(session, 'postgres'), `migration_${name}`, 'public')
      expect(simplified(described)).toEqual(simplified(schema))
      await runAll(session, dropVersionSchema(`migration_${name}`))
    }
    expect((await introspect(session, 'postgres')).schemas.map(({ name }) => name)).toEqual(['public'])
  })
})

// Grants of a view that nobody granted anything on, and defaults, are told by their own tests.
function simplified(schema: VersionSchema | undefined) {
  return schema?.views
    .map(({ name, table, columns }) => ({
      name,
      table,
      columns: columns.map(({ name, physical }) => ({ name, physical })),
    }))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
}

describe.each(servers)('On $name, roles', ({ freshUrl, name }) => {
  /** Runs as another role, whose search path is the version's. */
  async function as<T>(session: Session, role: string, work: (tx: Queryable) => Promise<T>): Promise<T> {
    return session.transaction(async (tx) => {
      await tx.query(sql`set local role ${id(role)}`)
      await tx.query(sql`set local search_path to migration_v1`)
      return work(tx)
    })
  }

  /** Names of roles are the server's, and tests share it. */
  async function roles(session: Session): Promise<Record<'app' | 'reader' | 'clerk' | 'owner' | 'nobody', string>> {
    const names = { app: '', reader: '', clerk: '', owner: '', nobody: '' }
    const [database] = await session.query<{ name: string }>(sql`select current_database() as name`)
    for (const key of Object.keys(names) as (keyof typeof names)[]) {
      names[key] = `${database?.name} ${key}`
      await session.query(sql`create role ${id(names[key])}`)
    }
    return names
  }

  async function dropRoles(session: Session, names: Record<string, string>): Promise<void> {
    for (const role of Object.values(names)) {
      await session.query(sql`drop owned by ${id(role)} cascade`)
      await session.query(sql`drop role ${id(role)}`)
    }
  }

  test('scenario 77: that have rights on tables only can use the version as they use the tables', async () => {
    await using database = await openDatabase(await freshUrl())
    await using session = await database.session()
    const { app, reader, clerk, owner, nobody } = await roles(session)
    await session.script(`create schema base; set search_path to base; ${runs}
      alter table runs add column "__metastore_1_agent" text;
      revoke all on schema base from public;
      create table notes (id int, body text)`)
    await session.query(sql`alter table notes owner to ${id(owner)}`)
    await session.query(sql`grant usage on schema base to ${id(app)}`)
    await session.query(sql`grant select, insert, update on runs to ${id(app)} with grant option`)
    await session.query(sql`grant select on runs to ${id(reader)}`)
    await session.query(sql`grant select (id, agent), update (agent) on runs to ${id(clerk)}`)
    const schema = changed(await tablesOf(session, 'migration_v1', 'base'), 'runs', (view) => ({
      ...view,
      columns: view.columns
        .filter((column) => column.name !== '__metastore_1_agent')
        .map((column) => (column.name === 'agent' ? { ...column, physical: '__metastore_1_agent' } : column)),
    }))
    await create(database, session, schema)

    await as(session, app, (tx) => tx.query(sql`insert into runs (agent) values ('a')`))
    expect(await as(session, app, (tx) => tx.query(sql`update runs set agent = 'b' returning agent`))).toEqual([
      { agent: 'b' },
    ])
    const denied = { reason: 'permission' }
    await expect(as(session, app, (tx) => tx.query(sql`delete from runs`))).rejects.toMatchObject(denied)
    expect(await as(session, reader, (tx) => tx.query(sql`select agent from runs`))).toEqual([{ agent: 'b' }])
    await expect(as(session, reader, (tx) => tx.query(sql`update runs set agent = 'c'`))).rejects.toMatchObject(denied)
    await as(session, clerk, (tx) => tx.query(sql`update runs set agent = 'c'`))
    const warnings = versionWarnings(await introspect(session, 'postgres'), 'base', database.server.major)
    const reading = as(session, clerk, (tx) => tx.query(sql`select agent from runs`))
    if (database.server.major < 15) {
      expect(warnings).toEqual([])
      expect(await reading).toEqual([{ agent: 'c' }])
    } else {
      expect(warnings.map((warning) => warning.toJSON())).toEqual([
        {
          code: 'not_supported',
          message: `Role "${clerk}" may read some columns of table base.runs, and none through the view of a version schema.`,
          where: 'table base.runs',
          remedy: 'Grant it SELECT on the whole table, or let it read base.runs under its full name.',
          details: [],
        },
      ])
      await expect(reading).rejects.toMatchObject(denied)
    }
    await expect(as(session, clerk, (tx) => tx.query(sql`select cost from runs`))).rejects.toMatchObject(denied)
    await as(session, owner, (tx) => tx.query(sql`insert into notes values (1, 'x')`))
    await expect(as(session, nobody, (tx) => tx.query(sql`select 1 from migration_v1.runs`))).rejects.toMatchObject(
      denied,
    )
    await dropRoles(session, { app, reader, clerk, owner, nobody })
  })

  test('that may do something by default may not do it where the table says otherwise', async () => {
    await using database = await openDatabase(await freshUrl())
    await using session = await database.session()
    const names = await roles(session)
    await session.script(runs)
    await session.query(sql`alter default privileges grant select on tables to ${id(names.nobody)}`)
    await create(database, session, await tablesOf(session, 'migration_v1'))
    await expect(as(session, names.nobody, (tx) => tx.query(sql`select 1 from runs`))).rejects.toMatchObject({
      reason: 'permission',
    })
    await dropRoles(session, names)
  })

  test('scenario 78: see the rows that policies let them see, or the version is refused', async () => {
    await using database = await openDatabase(await freshUrl())
    await using session = await database.session()
    const names = await roles(session)
    await session.script(`create table runs (id int, tenant text);
      insert into runs values (1, 'a'), (2, 'b');
      alter table runs enable row level security;
      create policy tenants on runs using (tenant = current_setting('app.tenant'))`)
    await session.query(sql`grant select, insert on runs to ${id(names.app)}`)
    const problems = versionProblems(await introspect(session, 'postgres'), 'public', database.server.major)
    if (database.server.major < 15) {
      expect(problems.map((problem) => problem.toJSON())).toEqual([
        {
          code: 'not_supported',
          message: `Table public.runs has row-level security, which would not hold through the views of a version schema on ${name}.`,
          where: 'table public.runs',
          remedy: 'Use PostgreSQL 15 or newer, or migrate with SQL files only, which need no version schema.',
          details: [],
        },
      ])
    } else {
      expect(problems).toEqual([])
      await create(database, session, await tablesOf(session, 'migration_v1'))
      const seen = await as(session, names.app, async (tx) => {
        await tx.query(sql`set local app.tenant = 'b'`)
        return [await tx.query(sql`select id from runs`), await tx.query(sql`select id from public.runs`)]
      })
      expect(seen).toEqual([[{ id: 2 }], [{ id: 2 }]])
      const foreign = as(session, names.app, async (tx) => {
        await tx.query(sql`set local app.tenant = 'b'`)
        await tx.query(sql`insert into runs values (3, 'a')`)
      })
      await expect(foreign).rejects.toMatchObject({ engineCode: '42501' })
    }
    await dropRoles(session, names)
  })
})
