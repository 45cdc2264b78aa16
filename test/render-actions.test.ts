import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { introspect, withoutNotNullConstraints, type Catalog } from '../src/catalog/catalog.ts'
import type { Session } from '../src/database/database.ts'
import { openTestDatabase } from '../src/testing.ts'
import { renderActions } from '../src/models/render-actions.ts'
import { restStatements } from '../src/models/rest-statements.ts'

const table = 'create table t (id bigint primary key, a text, n integer not null);'

let database: Awaited<ReturnType<typeof openTestDatabase>>
let session: Session

beforeAll(async () => {
  database = await openTestDatabase()
  session = await database.session()
})
afterAll(async () => {
  await session.close()
  await database.close()
})

async function catalogOf(script: string): Promise<Catalog> {
  await session.script(`drop schema public cascade; drop schema if exists s cascade; create schema public; ${script}`)
  return withoutNotNullConstraints(await introspect(session, 'postgres'))
}

async function actionsBetween(before: string, after: string) {
  const [current, wanted] = [await catalogOf(before), await catalogOf(after)]
  return renderActions({ wanted, current, renames: [], base: 'public' }).map(({ action, advice }) =>
    advice === undefined ? action : { ...action, advice },
  )
}

describe('a difference becomes an action', () => {
  test.each([
    [
      'add_column, nullable',
      table,
      `${table} alter table t add b jsonb default '{}'`,
      [{ type: 'add_column', table: 't', column: { name: 'b', type: 'jsonb', default: `'{}'::jsonb` } }],
    ],
    [
      'add_column with a value to check',
      table,
      `${table} alter table t add b timestamptz not null`,
      [
        {
          type: 'add_column',
          table: 't',
          up: 'now()',
          column: { name: 'b', type: 'timestamp with time zone', nullable: false },
          advice: 'Check up: the value of b in the rows there are, and in those that old sessions write.',
        },
      ],
    ],
    [
      'remove_column with a value to check',
      table,
      'create table t (id bigint primary key, a text)',
      [
        {
          type: 'remove_column',
          table: 't',
          column: 'n',
          down: '0',
          advice: 'Check down: the value of n that old sessions read in rows that new ones write.',
        },
      ],
    ],
    [
      'alter_column of a type',
      table,
      'create table t (id bigint primary key, a uuid, n integer not null)',
      [
        {
          type: 'alter_column',
          table: 't',
          column: 'a',
          up: 'CAST("a" AS uuid)',
          down: 'CAST("a" AS text)',
          changes: { type: 'uuid' },
          advice: 'Check up and down: how values of one type become values of the other.',
        },
      ],
    ],
    [
      'alter_column to take no NULL',
      table,
      `${table} alter table t alter a set not null`,
      [
        {
          type: 'alter_column',
          table: 't',
          column: 'a',
          up: `COALESCE("a", '')`,
          changes: { nullable: false },
          advice: 'Check up and down: what stands in place of NULL.',
        },
      ],
    ],
    [
      'alter_column of a default and a comment',
      `${table} alter table t alter a set default 'x'`,
      `${table} comment on column t.a is 'it''s'`,
      [{ type: 'alter_column', table: 't', column: 'a', changes: { default: 'NULL', comment: "it's" } }],
    ],
    [
      'add_index',
      table,
      `${table} create unique index i on t (lower(a), n desc nulls last) where n > 0`,
      [
        {
          type: 'add_index',
          table: 't',
          index: {
            name: 'i',
            columns: [{ expression: 'lower(a)' }, { column: 'n', direction: 'DESC', nulls: 'LAST' }],
            unique: true,
            where: '(n > 0)',
          },
        },
      ],
    ],
    ['remove_index', `${table} create index i on t (a)`, table, [{ type: 'remove_index', index: 'i' }]],
    [
      'add_check and remove_check',
      `${table} alter table t add constraint c check (n > 0)`,
      `${table} alter table t add constraint d check (n > 1)`,
      [
        { type: 'remove_check', table: 't', check: 'c' },
        { type: 'add_check', table: 't', check: { name: 'd', expression: '(n > 1)' } },
      ],
    ],
    [
      'add_foreign_key',
      table,
      `${table} alter table t add constraint self foreign key (n) references t (id) on delete set null`,
      [
        {
          type: 'add_foreign_key',
          table: 't',
          foreign_key: { columns: ['n'], referenced_table: 't', referenced_columns: ['id'], on_delete: 'SET NULL' },
        },
      ],
    ],
    [
      'remove_foreign_key',
      `${table} alter table t add constraint self foreign key (n) references t (id)`,
      table,
      [{ type: 'remove_foreign_key', table: 't', foreign_key: 'self' }],
    ],
    [
      'create_enum with the table that is of it',
      '',
      `create type "Mood" as enum ('a'); create table t (id uuid primary key, m "Mood" default 'a')`,
      [
        { type: 'create_enum', name: 'Mood', values: ['a'] },
        {
          type: 'create_table',
          name: 't',
          primary_key: ['id'],
          columns: [
            { name: 'id', type: 'uuid' },
            { name: 'm', type: '"Mood"', default: `'a'::"Mood"` },
          ],
        },
      ],
    ],
    [
      'remove_enum and remove_table',
      `create type mood as enum ('a'); ${table}`,
      '',
      [
        { type: 'remove_table', table: 't' },
        { type: 'remove_enum', enum: 'mood' },
      ],
    ],
    [
      'alter_enum',
      `create type mood as enum ('it''s')`,
      `create type mood as enum ('it''s', 'b')`,
      [
        {
          type: 'alter_enum',
          name: 'mood',
          add: [{ value: 'b', down: `'it''s'` }],
          advice: 'Check down: what sessions of the old version read where a row has a new label.',
        },
      ],
    ],
    [
      'create_table with identity, checks and a comment',
      '',
      `create table "O'k" (id int generated by default as identity (start 5), x int check (x > 0), primary key (id)); comment on table "O'k" is 'fine'`,
      [
        {
          type: 'create_table',
          name: "O'k",
          primary_key: ['id'],
          columns: [
            { name: 'id', type: 'integer', generated: 'BY DEFAULT AS IDENTITY (START WITH 5)' },
            { name: 'x', type: 'integer' },
          ],
          checks: [{ name: "O'k_x_check", expression: '(x > 0)' }],
          comment: 'fine',
        },
      ],
    ],
  ])('%s', async (_, before, after, expected) => {
    expect(await actionsBetween(before, after)).toEqual(expected)
  })
})

describe('what no action says exactly is left to SQL', () => {
  test.each([
    ['a table without a key', '', 'create table t (a text)'],
    ['a table with a serial column', '', 'create table t (id serial primary key)'],
    ['a table of another schema', '', 'create schema s; create table s.t (id int primary key)'],
    ['an index with an operator class', table, `${table} create index i on t (a text_pattern_ops)`],
    ['an index that carries columns along', table, `${table} create index i on t (a) include (n)`],
    [
      'labels of an enum in another order',
      `create type mood as enum ('a', 'b')`,
      `create type mood as enum ('b', 'a')`,
    ],
    ['a column with a collation', table, `${table} alter table t add b text collate "C"`],
    ['a foreign key that is deferred', table, `${table} alter table t add foreign key (n) references t deferrable`],
    ['row-level security', table, `${table} alter table t enable row level security`],
  ])('%s', async (_, before, after) => {
    expect(await actionsBetween(before, after)).toEqual([])
  })
})

test('the rest renames, promotes and builds without holding anybody up', async () => {
  const current = await catalogOf(`${table} create unique index u on t (a); create index old on t (n);`)
  const wanted = await catalogOf(
    `${table} alter table t rename constraint t_pkey to "key"; alter table t add constraint u unique (a);
     create index new on t (n); create index ops on t (a text_pattern_ops);`,
  )
  expect(restStatements(wanted, current)).toEqual({
    statements: {
      up: [
        'alter table "public"."t" add constraint "u" unique using index "u"',
        'alter table "public"."t" rename constraint "t_pkey" to "key"',
        'alter index "public"."old" rename to "new"',
      ],
      down: [
        'alter index "public"."new" rename to "old"',
        'alter table "public"."t" rename constraint "key" to "t_pkey"',
        'alter table "public"."t" drop constraint "u"',
        'create unique index "u" on "public"."t" ("a")',
      ],
    },
    concurrently: {
      up: ['CREATE INDEX concurrently ops ON public.t USING btree (a text_pattern_ops)'],
      down: ['drop index concurrently "public"."ops"'],
    },
  })
})
