import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { engines, postgresVersions } from '../../../test/harness/engines.ts'
import { id, openDatabase, sql, type Database, type Session } from '../../database/database.ts'
import type { MetastoreError } from '../../errors.ts'
import { duplicatesCheck, nullsCheck, orphansCheck, tooLargeToRewriteCheck, violationsCheck } from './data-checks.ts'
import type { DataCheck } from './preflight-plan.ts'
import { checkProblems } from './run-checks.ts'

const servers = [
  ...postgresVersions.map(({ version, freshUrl }) => ({ name: `PostgreSQL ${version}`, freshUrl })),
  ...engines.filter(({ name }) => name === 'pglite'),
]

const source = '[[actions]]\ntype = "add_index"\n'
const place = { path: 'migrations/2_notes.toml', source, offset: source.indexOf('"add_index"') }
const excerpt = ['type = "add_index"', '       ^']
const where = 'migrations/2_notes.toml:2:8'
const notes = { schema: 'public', table: 'notes', key: ['id'] }
const column = (name: string) => ({ name, value: id(name) })

async function problemsOf(session: Session, check: DataCheck): Promise<ReturnType<MetastoreError['toJSON']>[]> {
  return (await checkProblems(session, check, true)).map((problem) => problem.toJSON())
}

describe.each(servers)('data checks on $name', ({ freshUrl }) => {
  let database: Database
  let session: Session
  beforeAll(async () => {
    database = await openDatabase(await freshUrl())
    session = await database.session()
  })
  afterAll(async () => {
    await session.close()
    await database.close()
  })

  async function withNotes(script: string, work: () => Promise<void>): Promise<void> {
    await session.script(`
      drop schema public cascade; create schema public;
      create table runs (id bigint primary key, agent text);
      create table notes (id bigint primary key, run_id bigint, body text, unique_key text);
      ${script}`)
    await work()
  }

  test('duplicates are counted by rows and groups, and no value is told', () =>
    withNotes(
      `insert into notes (id, run_id, body) values (1, 1, 'secret'), (2, 1, 'secret'), (3, 2, 'x'), (4, 2, 'x'), (5, 2, 'x'),
        (6, 3, null), (7, 3, null)`,
      async () => {
        const check = { ...notes, label: 'unique index notes_run_body', place }
        expect(
          await problemsOf(session, duplicatesCheck({ ...check, keys: [column('run_id'), column('body')] })),
        ).toEqual([
          {
            code: 'data_conflict',
            message:
              'The unique index notes_run_body cannot be made: 5 rows of table notes have the same (run_id, body) as another one, in 2 groups.',
            where,
            remedy: 'Change or delete rows until each value is there once, then run the same command again.',
            details: [
              ...excerpt,
              'Found by:',
              'select "key_1", "key_2", count(*) as rows',
              'from (select ("run_id") as "key_1", ("body") as "key_2" from "public"."notes" as "notes") as keys where "key_1" is not null and "key_2" is not null',
              'group by "key_1", "key_2"',
              'having count(*) > 1',
            ],
          },
        ])
        expect(await problemsOf(session, duplicatesCheck({ ...check, keys: [column('id')] }))).toEqual([])
      },
    ))

  test('duplicates are judged by condition, expression, nulls and alias as the index would', () =>
    withNotes(
      `insert into notes (id, run_id, body) values (1, 1, 'A'), (2, 1, 'a'), (3, 2, null), (4, 2, null)`,
      async () => {
        const check = { ...notes, name: 'memories', label: 'unique index memories_body', place }
        const lower = { name: 'lower(body)', value: sql`lower(memories.body)` }
        const messages = async (built: DataCheck) => (await problemsOf(session, built)).map(({ message }) => message)
        expect(await messages(duplicatesCheck({ ...check, keys: [lower] }))).toEqual([
          'The unique index memories_body cannot be made: 2 rows of table memories have the same lower(body) as another one.',
        ])
        expect(await messages(duplicatesCheck({ ...check, keys: [column('body')] }))).toEqual([])
        expect(await messages(duplicatesCheck({ ...check, keys: [lower], where: sql`"run_id" = 2` }))).toEqual([])
        expect(await messages(duplicatesCheck({ ...check, keys: [column('body')], nullsNotDistinct: true }))).toEqual([
          'The unique index memories_body cannot be made: 2 rows of table memories have the same body as another one.',
        ])
      },
    ))

  test('orphans are named by their key, and rows without a reference are none', () =>
    withNotes(
      `insert into runs values (1, 'a'); insert into notes (id, run_id) values (1, 1), (2, 7), (3, 8), (4, null)`,
      async () => {
        const check = orphansCheck({
          ...notes,
          columns: [column('run_id')],
          referenced: { schema: 'public', table: 'runs', columns: [column('id')] },
          label: 'foreign key from notes to runs',
          place,
        })
        expect(await problemsOf(session, check)).toEqual([
          {
            code: 'data_conflict',
            message:
              'The foreign key from notes to runs cannot be added: 2 rows of table notes have a run_id that is no id of table runs.',
            where,
            remedy: 'Correct or delete these rows, or add those that they refer to, then run the same command again.',
            details: [
              ...excerpt,
              'id = 2',
              'id = 3',
              'Found by:',
              'select "child"."id"::text as "id"',
              'from (select "notes"."id", ("run_id") as "__metastore_1" from "public"."notes" as "notes") as child',
              'where child."__metastore_1" is not null',
              '  and not exists (',
              '    select from (select ("id") as "__metastore_1" from "public"."runs" as "runs") as parent',
              '    where parent."__metastore_1" = child."__metastore_1")',
            ],
          },
        ])
      },
    ))

  test('orphans of a table that refers to itself by several columns are found', () =>
    withNotes(
      `create table tree (tenant text, node text, parent text, primary key (tenant, node));
      insert into tree values ('t 1', 'a', null), ('t 1', 'b', 'a'), ('t 2', 'a', 'b')`,
      async () => {
        const tree = { schema: 'public', table: 'tree' }
        const [problem] = await problemsOf(
          session,
          orphansCheck({
            ...tree,
            key: ['tenant', 'node'],
            columns: [column('tenant'), column('parent')],
            referenced: { ...tree, columns: [column('tenant'), column('node')] },
            label: 'foreign key from tree to tree',
            place,
          }),
        )
        expect(problem?.message).toBe(
          'The foreign key from tree to tree cannot be added: 1 row of table tree has a (tenant, parent) that is no (tenant, node) of table tree.',
        )
        expect(problem?.details).toContain('tenant = "t 2", node = a')
      },
    ))

  test('nulls are named by their key, five of them and whether there are more', () =>
    withNotes(`insert into notes (id) select generate_series(1, 7)`, async () => {
      const check = nullsCheck({ ...notes, column: column('body'), label: 'NOT NULL of notes.body', place })
      expect(await problemsOf(session, check)).toEqual([
        {
          code: 'data_conflict',
          message: 'Column body cannot be NOT NULL: more than 5 rows of table notes have no value in it.',
          where,
          remedy: 'Give these rows a value, or delete them, then run the same command again.',
          details: [
            ...excerpt,
            ...['1', '2', '3', '4', '5'].map((key) => `id = ${key}`),
            'and more',
            'Found by:',
            'select "notes"."id"::text as "id"',
            'from "public"."notes" as "notes"',
            'where ("body") is null',
          ],
        },
      ])
      await session.script(`update notes set body = ''`)
      expect(await problemsOf(session, check)).toEqual([])
    }))

  test('violations of a check are named by their key, and null is none', () =>
    withNotes(`insert into notes (id, run_id) values (1, 1), (2, -1), (3, null)`, async () => {
      const check = violationsCheck({ ...notes, expression: sql`notes.run_id > 0`, label: 'check notes_run', place })
      expect(await problemsOf(session, check)).toEqual([
        {
          code: 'data_conflict',
          message: 'The check notes_run cannot be added: 1 row of table notes violates it.',
          where,
          remedy: 'Correct or delete these rows, then run the same command again.',
          details: [
            ...excerpt,
            'id = 2',
            'Found by:',
            'select "notes"."id"::text as "id"',
            'from "public"."notes" as "notes"',
            'where not (notes.run_id > 0)',
          ],
        },
      ])
    }))

  test('a table without a key gives the query alone', () =>
    withNotes(`create table log (line text); insert into log values (null)`, async () => {
      const check = nullsCheck({
        schema: 'public',
        table: 'log',
        key: [],
        column: column('line'),
        label: 'NOT NULL of log.line',
        place,
      })
      const [problem] = await problemsOf(session, check)
      expect(problem?.message).toBe('Column line cannot be NOT NULL: 1 row of table log has no value in it.')
      expect(problem?.details).toEqual([
        ...excerpt,
        'Found by:',
        'select 1 as found',
        'from "public"."log" as "log"',
        'where ("line") is null',
      ])
    }))

  test('a table that is too large to be rewritten is told at one row more than the limit', () =>
    withNotes(`insert into notes (id) select generate_series(1, 10000)`, async () => {
      const check = tooLargeToRewriteCheck({ ...notes, label: 'stored generated column', place })
      expect(await problemsOf(session, check)).toEqual([])
      await session.script('insert into notes (id) values (10001)')
      expect(await problemsOf(session, check)).toEqual([
        {
          code: 'data_conflict',
          message:
            'Table notes has more than 10,000 rows, and the stored generated column rewrites all of them while nobody can use the table.',
          where,
          remedy: 'Run the same command with --allow-rewrite at a quiet time, or add a plain column with up instead.',
          details: excerpt,
        },
      ])
      expect(await problemsOf(session, tooLargeToRewriteCheck({ ...notes, limit: 20_000, label: '', place }))).toEqual(
        [],
      )
    }))

  test('a value that cannot be computed for a row is told as such', () =>
    withNotes(`insert into notes (id, body) values (1, 'secret')`, async () => {
      const check = duplicatesCheck({
        ...notes,
        keys: [{ name: 'body', value: sql`body::int` }],
        label: 'unique index notes_body',
        place,
      })
      expect(await problemsOf(session, check)).toEqual([
        {
          code: 'data_conflict',
          message:
            'It cannot be told whether the rows fit the unique index notes_body: for one of them a value cannot be computed (SQLSTATE 22P02).',
          where: null,
          remedy:
            'Correct the expression or the row, then run the same command again. The query below shows the failure.',
          details: check.query.inline('postgres').split('\n'),
        },
      ])
      expect(await checkProblems(session, check, false)).toEqual([])
    }))

  test('a check that would write is refused, and names of any kind are quoted', () =>
    withNotes(
      `create sequence numbers;
      create table "Order ""1""" ("from" text, "a b" int primary key); insert into "Order ""1""" values (null, 1)`,
      async () => {
        const writing = violationsCheck({ ...notes, expression: sql`nextval('numbers') > 0`, label: 'check x', place })
        await session.script('insert into notes (id) values (1)')
        expect((await problemsOf(session, writing)).map(({ message }) => message)).toEqual([
          'It cannot be told whether the rows fit the check x: cannot execute nextval() in a read-only transaction.',
        ])
        const [problem] = await problemsOf(
          session,
          nullsCheck({
            schema: 'public',
            table: 'Order "1"',
            key: ['a b'],
            column: column('from'),
            label: 'NOT NULL of from',
            place,
          }),
        )
        expect(problem?.details).toContain('a b = 1')
      },
    ))
})

test('keys are shown without what steers a terminal, and short', () => {
  const check = nullsCheck({
    schema: 'public',
    table: 'notes',
    key: ['id'],
    column: column('body'),
    label: 'NOT NULL of notes.body',
    place,
  })
  const { details } = check.problem([{ id: '\u001b[31m\u202ered' }, { id: 'x'.repeat(100) }, { id: 'tom@example.org' }])
  expect(details.slice(2, 5)).toEqual([
    'id = "\\u001b[31m\ufffdred"',
    `id = ${'x'.repeat(79)}…`,
    'id = tom@example.org',
  ])
})
