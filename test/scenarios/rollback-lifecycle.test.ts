import { describe, expect, test } from 'vitest'
import { migrate, openEngine, rollback, stamp, type RollbackOptions } from '../../src/migrations/migrations.ts'
import { postgresVersions } from '../harness/engines.ts'
import { phasedEngines, rolledBack } from './rolled-back.ts'
import { actions, refusal, world, type World } from './world.ts'

const create = (name: string, ...columns: readonly object[]) => ({
  type: 'create_table',
  name,
  primary_key: ['id'],
  columns: [{ name: 'id', type: 'INT' }, ...columns],
})
const addColumn = (table: string, name: string, rest: object = {}) => ({
  type: 'add_column',
  table,
  column: { name, type: 'TEXT', ...rest },
})

/** Goes back until the step of that label has run, and is cut off there. */
async function cutOffAfter(it: World, label: string, options: RollbackOptions = {}): Promise<void> {
  const controller = new AbortController()
  await using engine = await openEngine(it.database, { lockDeadline: 20_000, signal: controller.signal })
  const onStep = (step: { readonly label: string }) => {
    if (step.label === label) controller.abort()
  }
  await expect(rollback(engine, await it.files.read(), { ...options, onStep })).rejects.toMatchObject({
    code: 'canceled',
  })
}

const history = `
  select name, rolled_back_at is not null as back from metastore.migrations where name not like '1%' order by position`
const snapshots = 'select count(*)::int as count from metastore.snapshots'

for (const engine of phasedEngines) {
  describe(`${engine.name}: several migrations`, () => {
    test('one of a batch goes back alone, and the next from what it found', async () => {
      const it = await world(engine, {
        schema: 'create table a (id int primary key, x varchar(9) default null)',
        rows: `insert into a values (1, 'one')`,
        files: {
          '2_b.json': actions(create('b', { name: 'note', type: 'TEXT', default: "'none'" })),
          '3_names.json': actions(
            { type: 'rename_table', table: 'b', new_name: 'c' },
            { type: 'alter_column', table: 'a', column: 'x', changes: { name: 'y', default: "'z'" } },
          ),
          '4_more.json': actions(
            { type: 'remove_column', table: 'c', column: 'note', down: "'back'" },
            { ...addColumn('a', 'z', { nullable: false }), up: 'upper(a.y)' },
          ),
        },
      })
      const before = await it.catalog()
      await it.start({ complete: true })
      await it.base(`insert into c values (7)`)
      expect(await rolledBack(it)).toMatchObject({ rolledBack: [{ name: '4_more' }], current: '3_names' })
      expect(await it.status()).toMatchObject({ newSchema: 'migration_3_names', pending: ['4_more'] })
      expect(await it.base('select * from c')).toEqual([{ id: 7, note: 'back' }])
      expect(await it.base('select id, y from migration_3_names.a')).toEqual([{ id: 1, y: 'one' }])
      const { message } = await refusal(rolledBack(it, { to: { kind: 'name', name: '1_base' } }))
      expect(message).toBe('Rolling back 3_names and 2_b would lose data: c (1 row). Nothing was changed.')
      expect(await it.base(history)).toEqual([
        { name: '2_b', back: false },
        { name: '3_names', back: false },
        { name: '4_more', back: true },
      ])
      await it.base('delete from c')
      expect(await it.base(snapshots)).toEqual([{ count: 2 }])
      expect(await rolledBack(it, { to: { kind: 'steps', count: -2 } })).toMatchObject({
        rolledBack: [{ name: '3_names' }, { name: '2_b' }],
        current: '1_base',
      })
      expect(await it.catalog()).toEqual(before)
      expect(await it.base('select * from a')).toEqual([{ id: 1, x: 'one' }])
      expect(await it.base(snapshots)).toEqual([{ count: 1 }])
      await it.expectClean()
      await it.start({ complete: true })
      expect(await it.status()).toMatchObject({ current: '4_more', newSchema: 'migration_4_more' })
    })

    test('files of SQL and of actions go back to nothing, and there is no version schema then', async () => {
      const it = await world(engine, {
        files: {
          '1_sql.sql': 'create table a (id int primary key);\n-- metastore:down\ndrop table a;\n',
          '2_actions.json': actions(addColumn('a', 'x'), create('b')),
          '3_sql.sql': 'alter table b add y int;\n-- metastore:down\nalter table b drop y;\n',
          '4_actions.toml': `[[actions]]\ntype = "rename_table"\ntable = "b"\nnew_name = "c"\n`,
        },
      })
      const before = await it.catalog()
      await it.start({ complete: true })
      const schemas = `select nspname as name from pg_namespace where nspname like 'migration%' order by 1`
      expect(await it.base(schemas)).toEqual([{ name: 'migration_4_actions' }])
      expect(await rolledBack(it, { to: { kind: 'steps', count: -2 } })).toMatchObject({ current: '2_actions' })
      expect(await it.base(schemas)).toEqual([{ name: 'migration_2_actions' }])
      expect(await it.base('select * from migration_2_actions.b')).toEqual([])
      expect(await rolledBack(it, { to: { kind: 'base' } })).toMatchObject({
        rolledBack: [{ name: '2_actions' }, { name: '1_sql' }],
        current: null,
      })
      expect(await it.base(schemas)).toEqual([])
      expect(await it.catalog()).toEqual(before)
      await it.expectClean()
      await it.start({ complete: true })
      expect(await it.status()).toMatchObject({ atHead: true, newSchema: 'migration_4_actions' })
    })

    test('what an older one loses is told before a newer file of SQL is taken back', async () => {
      const it = await world(engine, {
        files: {
          '1_a.json': actions(create('a')),
          '2_sql.sql': 'create table s (id int);\n-- metastore:down\ndrop table s;\n',
        },
      })
      await it.start({ complete: true })
      await it.base('insert into a values (1), (2)')
      expect(await refusal(rolledBack(it, { to: { kind: 'base' } }))).toMatchObject({
        message: 'Rolling back 1_a would lose data: a (2 rows). Nothing was changed.',
      })
      expect(await it.base('select * from s')).toEqual([])
      expect(await rolledBack(it, { to: { kind: 'base' }, allowDataLoss: true })).toMatchObject({ current: null })
    })

    test('a foreign key to a table that comes back empty is not checked for the rows there are', async () => {
      const it = await world(engine, {
        schema: `
          create table a (id int primary key);
          create table b (id int primary key, a int constraint to_a references a on delete cascade);
          insert into a values (1); insert into b values (1, 1)`,
        files: {
          '2_gone.json': actions(
            { type: 'remove_table', table: 'a' },
            { type: 'remove_foreign_key', table: 'b', foreign_key: 'to_a' },
          ),
        },
      })
      await it.start({ complete: true })
      const warnings: string[] = []
      await rolledBack(it, { allowDataLoss: true, onWarning: (message) => warnings.push(message) })
      expect(warnings).toEqual(['Foreign key to_a of b comes back unchecked (NOT VALID), since a is empty.'])
      expect(
        await it.base(`select pg_get_constraintdef(oid) as text from pg_constraint where conname = 'to_a'`),
      ).toEqual([{ text: 'FOREIGN KEY (a) REFERENCES a(id) ON DELETE CASCADE NOT VALID' }])
    })
  })

  describe(`${engine.name}: what cannot go back`, () => {
    const remedy = 'Undo it by a new migration.'
    const irreversible: Readonly<Record<string, { readonly list: readonly object[]; readonly reason: string }>> = {
      'custom without abort': {
        list: [{ type: 'custom', start: 'create table made (id int)' }],
        reason: 'It runs SQL of its own (custom), and has no abort that says how to undo it.',
      },
      'a table without a primary key': {
        list: [{ type: 'remove_table', table: 'keyless' }],
        reason: 'Table keyless had no primary key, and a table that an action makes has one.',
      },
      'a partitioned table': {
        list: [{ type: 'remove_table', table: 'parts' }],
        reason: 'Table parts was partitioned.',
      },
      'a table with a serial column': {
        list: [{ type: 'remove_table', table: 'numbered' }],
        reason: 'Table numbered had a column id whose numbers came from a sequence.',
      },
      'a serial column, and one with a collation': {
        list: [
          { type: 'remove_column', table: 'a', column: 'counted' },
          { type: 'remove_column', table: 'a', column: 'sorted' },
        ],
        reason:
          'Column a.counted took its numbers from a sequence that went with it. Column a.sorted had a collation of its own, which no action can say.',
      },
      'a column that a script has given to a table': {
        list: [
          { type: 'custom', start: 'alter table a add made text', abort: 'alter table a drop made' },
          { type: 'remove_column', table: 'a', column: 'made' },
        ],
        reason: 'How column a.made was before it is not known.',
      },
    }
    test.each(Object.entries(irreversible))('%s', async (_name, { list, reason }) => {
      const it = await world(engine, {
        schema: `
          create table a (id int primary key, must text not null, counted serial, sorted text collate "C");
          create table keyless (id int);
          create table parts (id int primary key) partition by range (id);
          create table numbered (id serial primary key)`,
        files: { '2_change.json': actions(...list) },
      })
      await it.start({ complete: true })
      const message = `Migration 2_change cannot be rolled back. ${reason} Nothing was changed.`
      const where = 'migrations/2_change.json'
      for (const allowDataLoss of [false, true]) {
        expect(await refusal(rolledBack(it, { allowDataLoss }))).toEqual({
          code: 'migration_irreversible',
          kind: 'state',
          message,
          where,
          remedy,
          text: message,
        })
      }
      expect(await it.status()).toMatchObject({ state: 'idle', current: '2_change' })
    })

    test('every one is named, and what was recorded without being run is unknown', async () => {
      const it = await world(engine, { files: { '1_a.sql': 'create table a (id int primary key);\n' } })
      await it.start({ complete: true })
      it.files.write('2_x.json', actions(addColumn('a', 'x')))
      await it.base('alter table a add x text')
      {
        await using one = await openEngine(it.database)
        await stamp(one, await it.files.read(), { kind: 'head' })
      }
      expect(await refusal(rolledBack(it, { to: { kind: 'base' } }))).toMatchObject({
        code: 'migration_irreversible',
        message:
          'Migration 2_x cannot be rolled back. What the schema was before it is not known: it was recorded without being run, or its batch was completed by an earlier version of metastore. Nothing was changed.',
        remedy,
        text: expect.stringContaining('\nAlso without a down part: migrations/1_a.sql') as string,
      })
    })
  })

  describe(`${engine.name}: a rollback that is cut off`, () => {
    const cut = async () => {
      const it = await world(engine, {
        schema: 'create table a (id int primary key, cost numeric(8,2) not null)',
        rows: 'insert into a select n, n from generate_series(1, 5) n',
        files: {
          '2_cents.json': actions({
            type: 'alter_column',
            table: 'a',
            column: 'cost',
            up: '(cost * 100)::int',
            down: 'cost / 100.0',
            changes: { name: 'cents', type: 'INT' },
          }),
        },
      })
      const before = await it.catalog()
      await it.start({ complete: true })
      return { it, before, after: await it.catalog() }
    }
    const interrupted = 'The rollback of 2_cents was interrupted and is not finished.'
    const either = 'Go on with metastore rollback, or take it back with metastore abort; then run this again.'
    const points: readonly (readonly [label: string, state: string, remedy: string])[] = [
      ['keep both versions of a in step', 'applying', either],
      ['create schema migration_1_base', 'in_progress', either],
      ['check that a has no nulls in its new column', 'in_progress', either],
      ['put the new columns of a in place', 'completing', 'Finish it with metastore rollback; then run this again.'],
    ]

    test.each(points)('after "%s" it goes on, and nobody goes forward meanwhile', async (label, state, remedy) => {
      const { it, before } = await cut()
      await cutOffAfter(it, label)
      expect(await it.status()).toMatchObject({ state, inProgress: ['2_cents'], rollingBack: true })
      const refused = { code: `batch_${state}`, kind: 'state', message: interrupted, remedy }
      expect(await refusal(it.start())).toMatchObject(refused)
      {
        await using one = await openEngine(it.database)
        expect(await refusal(migrate(one, await it.files.read()))).toMatchObject(refused)
      }
      expect(await rolledBack(it)).toMatchObject({ rolledBack: [{ name: '2_cents' }], current: '1_base' })
      expect(await it.catalog()).toEqual(before)
      expect(await it.base('select sum(cost)::int as sum from a')).toEqual([{ sum: 15 }])
      await it.expectClean()
      expect(await it.status()).toMatchObject({ state: 'idle', rollingBack: false, newSchema: 'migration_1_base' })
    })

    test.each(points.slice(0, 3))('after "%s" it can be aborted', async (label) => {
      const { it, after } = await cut()
      await cutOffAfter(it, label)
      expect(await it.abort()).toMatchObject({ outcome: 'aborted', migrations: ['2_cents'] })
      expect(await it.catalog()).toEqual(after)
      expect(await it.status()).toMatchObject({ state: 'idle', current: '2_cents', newSchema: 'migration_2_cents' })
      await it.expectClean()
    })

    test('both versions go on meanwhile, and complete ends it too', async () => {
      const { it, before } = await cut()
      await cutOffAfter(it, 'create schema migration_1_base')
      const as = (version: string, text: string) =>
        it.database.session().then(async (session) => {
          await using one = { [Symbol.asyncDispose]: () => session.close(), session }
          await one.session.script(`begin; set local search_path to migration_${version}; ${text}; commit`)
        })
      await as('2_cents', 'insert into a values (6, 650)')
      await as('1_base', 'insert into a values (7, 7.25)')
      expect(await it.base('select cost::text from migration_1_base.a where id = 6')).toEqual([{ cost: '6.50' }])
      expect(await it.base('select cents from migration_2_cents.a where id = 7')).toEqual([{ cents: 725 }])
      expect(await it.complete()).toMatchObject({
        outcome: 'completed',
        applied: [],
        rolledBack: [{ name: '2_cents' }],
        schema: 'migration_1_base',
      })
      expect(await it.catalog()).toEqual(before)
      expect(await it.base('select cost::text from a where id > 5 order by id')).toEqual([
        { cost: '6.50' },
        { cost: '7.25' },
      ])
    })

    test('a start that waits is no rollback to go on with', async () => {
      const { it } = await cut()
      it.files.write('3_x.json', actions(addColumn('a', 'x')))
      await it.start()
      expect(await refusal(rolledBack(it))).toMatchObject({
        code: 'batch_in_progress',
        message: '3_x is in progress: started, and neither completed nor aborted.',
      })
    })
  })
}

test.each(postgresVersions)('a rollback works on PostgreSQL $version', async ({ freshUrl }) => {
  const it = await world(
    { name: 'postgres', freshUrl },
    {
      schema: `
        create type mode as enum ('slow', 'fast');
        create table a (id int primary key, mode mode not null default 'slow', cost numeric(8,2) check (cost > 0), x text);
        create index by_cost on a (cost) where cost > 1`,
      rows: `insert into a select n, 'fast', n, 'x' from generate_series(1, 5) n`,
      files: {
        '2_change.json': actions(
          { type: 'alter_enum', name: 'mode', add: [{ value: 'turbo', down: "'fast'" }] },
          {
            type: 'alter_column',
            table: 'a',
            column: 'cost',
            up: '(cost * 100)::int',
            down: 'cost / 100.0',
            changes: { name: 'cents', type: 'INT' },
          },
          { type: 'remove_column', table: 'a', column: 'x', down: "'x'" },
          { type: 'rename_table', table: 'a', new_name: 'b' },
        ),
      },
    },
  )
  const rows = 'select id, mode, cost, x from a order by id'
  const [before, data] = [await it.base('select * from migration_1_base.a order by id'), await it.base(rows)]
  await it.start({ complete: true })
  expect(await rolledBack(it)).toMatchObject({ rolledBack: [{ name: '2_change' }], current: '1_base' })
  expect(await it.base(rows)).toEqual(data)
  expect(await it.base('select * from migration_1_base.a order by id')).toEqual(before)
  await it.expectClean()
})
