import { describe, expect, test } from 'vitest'
import { engines, postgresVersions } from '../../test/harness/engines.ts'
import { openDatabase, type Queryable, type Session, type Sql, sql } from '../database/database.ts'
import { introspect, objects } from './catalog.ts'

describe.each(engines)('On $name, introspect', (engine) => {
  test('finds nothing in an empty database', async () => {
    await using database = await openDatabase(await engine.freshUrl())
    await using session = await database.session()
    const { schemas, extensions, dialect, ...rest } = await introspect(session, database.dialect)
    expect(dialect).toBe(database.dialect)
    expect(schemas.map(({ name }) => name)).toEqual(dialect === 'postgres' ? ['public'] : ['main'])
    expect(extensions.map(({ name }) => name)).toEqual(dialect === 'postgres' ? ['plpgsql'] : [])
    expect(Object.values(rest).flat()).toEqual([])
  })

  test('sees what the transaction that it is called in has done so far', async () => {
    await using database = await openDatabase(await engine.freshUrl())
    await using session = await database.session()
    const within = await session.transaction(async (tx) => {
      await tx.query(sql`create table runs (id integer primary key)`)
      const catalog = await introspect(tx, database.dialect)
      await tx.query(sql`drop table runs`)
      return catalog
    })
    expect(within.tables.map(({ name }) => name)).toEqual(['runs'])
    expect((await introspect(session, database.dialect)).tables).toEqual([])
  })

  test('takes as many queries for 1,000 tables with 10,000 columns as for none', async () => {
    await using database = await openDatabase(await engine.freshUrl())
    await using session = await database.session()
    const none = counting(session)
    await introspect(none.session, database.dialect)
    expect(none.count()).toBe(database.dialect === 'postgres' ? 12 : 1)
    const within = await session.transaction(async (tx) => {
      const counter = countingQueryable(tx)
      await introspect(counter.queryable, database.dialect)
      return counter.count()
    })
    expect(within).toBe(none.count())

    const columns = Array.from({ length: 8 }, (_, index) => `c${index} text default 'x'`)
    const tables = Array.from({ length: 1000 }, (_, index) => {
      const parent = `t${Math.max(index - 1, 0)}`
      return `create table t${index} (id integer primary key, p integer references ${parent}, ${columns.join(', ')});
        create index i${index} on t${index} (c0);`
    })
    await session.transaction((tx) => tx.script(tables.join('\n')))
    const many = counting(session)
    const catalog = await introspect(many.session, database.dialect)
    expect(many.count()).toBe(none.count())
    expect(catalog.tables).toHaveLength(1000)
    expect(catalog.tables.flatMap((table) => table.columns)).toHaveLength(10_000)
    expect(catalog.tables.flatMap((table) => table.constraints).filter(({ kind }) => kind !== 'not_null')).toHaveLength(
      2000,
    )
    expect(
      catalog.tables.flatMap((table) => table.indexes).filter(({ constraint }) => constraint === null),
    ).toHaveLength(1000)
  })
})

describe.each(engines.filter(({ name }) => name !== 'sqlite'))('On $name, introspect', (engine) => {
  test('looks at the schemas it is told, or at all but some', async () => {
    await using database = await openDatabase(await engine.freshUrl())
    await using session = await database.session()
    await session.script(`
      create schema one; create table one.a (id int); create type one.mood as enum ('ok');
      create schema two; create table two.a (id int, ref int); create sequence two.s; create function two.f() returns int
        language sql as 'select 1'; create view two.v as select id from one.a; create statistics two.st on id, ref from two.a;
      alter default privileges in schema two grant select on tables to public`)
    const found = async (options: Parameters<typeof introspect>[2]) => {
      const { schemas, tables, types, sequences, routines, views, statistics, defaultPrivileges } = await introspect(
        session,
        'postgres',
        options,
      )
      return {
        schemas: schemas.map(({ name }) => name),
        rest: [tables, types, sequences, routines, views, statistics]
          .flat()
          .map(({ schema, name }) => `${schema}.${name}`),
        privileges: defaultPrivileges.length,
      }
    }
    const one = ['one.a', 'one.mood']
    const two = ['two.a', 'two.s', 'two.f', 'two.v', 'two.st']
    expect(await found({ schemas: ['one'] })).toEqual({ schemas: ['one'], rest: one, privileges: 0 })
    expect(await found({ excludeSchemas: ['one', 'public'] })).toEqual({ schemas: ['two'], rest: two, privileges: 1 })
    expect(await found({ schemas: ['one', 'two'], excludeSchemas: ['one'] })).toEqual({
      schemas: ['two'],
      rest: two,
      privileges: 1,
    })
    expect(await found({ schemas: ['nothing', "x'; drop schema one --"] })).toEqual({
      schemas: [],
      rest: [],
      privileges: 0,
    })
  })

  test('finds the same whatever the settings of the session are, and leaves them as they were', async () => {
    await using database = await openDatabase(await engine.freshUrl())
    await using session = await database.session()
    await session.script(`
      create table public.runs (
        id int primary key,
        at timestamptz default '2024-05-06 07:08:09+02',
        took interval default '1 day 02:03:04',
        hash bytea default '\\x00ff',
        score float8 default 0.1,
        parent int references public.runs
      );
      create view public.open as select id, at from public.runs`)
    const before = await introspect(session, 'postgres')
    const [column] = before.tables[0]!.columns.slice(1)
    expect(column?.default).toBe("'2024-05-06 05:08:09+00'::timestamp with time zone")
    await session.script(`
      set search_path = public, pg_temp, pg_catalog; set quote_all_identifiers = on; set datestyle = 'German, DMY';
      set timezone = 'Asia/Tokyo'; set intervalstyle = 'iso_8601'; set bytea_output = 'escape';
      set extra_float_digits = -5; set standard_conforming_strings = off;
      create temporary table runs (other int); create temporary table pg_class (oid oid)`)
    expect(await introspect(session, 'postgres')).toEqual(before)
    const shown = () =>
      session.query(sql`select current_setting('search_path') as path, current_setting('timezone') as zone,
        current_setting('intervalstyle') as style`)
    const settings = [{ path: 'public, pg_temp, pg_catalog', zone: 'Asia/Tokyo', style: 'iso_8601' }]
    expect(await shown()).toEqual(settings)
    await session.transaction(async (tx) => {
      expect(await introspect(tx, 'postgres')).toEqual(before)
      const [row] = await tx.query(sql`select current_setting('search_path') as path`)
      expect(row).toEqual({ path: 'public, pg_temp, pg_catalog' })
    })
    expect(await shown()).toEqual(settings)
  })

  test('refuses what is neither a session nor a transaction', async () => {
    await using database = await openDatabase(await engine.freshUrl())
    await using session = await database.session()
    const { queryable } = countingQueryable(session)
    await expect(introspect(queryable, 'postgres')).rejects.toThrow(
      'A catalog is read by a session, or within a transaction: settings did not last to the next query.',
    )
  })
})

describe('While others change the schema, introspect', () => {
  test.each(postgresVersions)('of PostgreSQL $version sees one instant of it', async ({ freshUrl }) => {
    await using database = await openDatabase(await freshUrl())
    await using session = await database.session()
    await using other = await database.session()
    // Both tables or none, with a view and an index whose definitions the server prints from its newest state.
    const create = `begin; create table a (id int primary key); create table b (id int primary key, a int default 1);
      create view v as select id from a; create index b_a on b (a) where a > 0;
      create function f() returns int language sql as 'select 1'; commit`
    const drop = 'begin; drop function f(); drop view v; drop table a; drop table b; commit'
    const seen = new Set<string>()
    for (let look = 0; look < 20; look++) {
      const [catalog] = await Promise.all([
        introspect(session, 'postgres'),
        other.script(look % 2 === 0 ? create : drop),
      ])
      seen.add([...objects(catalog)].map(({ key }) => key).join('; '))
      const { tables } = await introspect(session, 'postgres')
      expect(tables.map(({ name }) => name)).toEqual(look % 2 === 0 ? ['a', 'b'] : [])
    }
    // At most these two pictures, and never one of another instant in between.
    const whole = [...objects(await afterwards(session, () => other.script(create)))].map(({ key }) => key).join('; ')
    const empty = [...objects(await afterwards(session, () => other.script(drop)))].map(({ key }) => key).join('; ')
    expect([...seen].filter((picture) => picture !== whole && picture !== empty)).toEqual([])
    expect(whole).not.toBe(empty)
  })

  test('gives way to whoever has locked a table, again and again, and ends when they have', async () => {
    const { freshUrl } = engines.find(({ name }) => name === 'postgres')!
    await using database = await openDatabase(await freshUrl())
    await using session = await database.session()
    await using other = await database.session()
    await using watcher = await database.session()
    await session.script('create table a (id int); create view v as select id from a')
    const waiting = async (is: boolean) => {
      for (;;) {
        const rows = await watcher.query(
          sql`select from pg_locks where not granted and database = (select oid from pg_database where datname = current_database())`,
        )
        if (rows.length > 0 === is) return
      }
    }
    const { pending } = await other.transaction(async (tx) => {
      await tx.query(sql`alter table a add column b int`)
      const pending = introspect(session, 'postgres')
      await waiting(true)
      await waiting(false)
      await waiting(true)
      // Needs locks on all that a reader may hold.
      await tx.script('drop view v; drop table a')
      return { pending }
    })
    // Its last try may have begun before the end of the change or after it.
    const { tables, views } = await pending
    expect([[], ['a', 'v']]).toContainEqual([...tables, ...views].map(({ name }) => name))
    expect((await introspect(session, 'postgres')).tables).toEqual([])
  })
})

async function afterwards(session: Session, change: () => Promise<void>) {
  await change()
  return introspect(session, 'postgres')
}

/** A session that counts the queries made through it and its transactions. */
function counting(session: Session) {
  let total = () => 0
  const counted: Session = {
    ...session,
    query: (statement) => {
      const counter = countingQueryable(session, total())
      total = counter.count
      return counter.queryable.query(statement)
    },
    transaction: (work, options) =>
      session.transaction((tx) => {
        const counter = countingQueryable(tx, total())
        total = counter.count
        return work({ ...tx, query: counter.queryable.query })
      }, options),
  }
  return { session: counted, count: () => total() }
}

function countingQueryable(db: Queryable, from = 0) {
  let count = from
  const queryable: Queryable = {
    query: <Row extends object>(statement: Sql) => {
      count++
      return db.query<Row>(statement)
    },
    execute: (statement) => db.execute(statement),
    script: (text) => db.script(text),
    together: <Each extends readonly object[]>(statements: readonly Sql[]) => db.together<Each>(statements),
    stream: (statement, options) => db.stream(statement, options),
    load: (target, rows) => db.load(target, rows),
  }
  return { queryable, count: () => count }
}
