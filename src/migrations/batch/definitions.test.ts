import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { engines, postgresVersions } from '../../../test/harness/engines.ts'
import { emptyCatalog, findTable, introspect, type Table } from '../../catalog/catalog.ts'
import { type Database, id, openDatabase, type Session, type Sql, sql } from '../../database/database.ts'
import { loadParser, type Parser } from '../sql/parser.ts'
import {
  columnDefinition,
  type ColumnParts,
  declaredForeignKey,
  foreignKeyDefinition,
  indexDefinition,
  isConstantDefault,
  isConstrainedDomain,
  parseGenerated,
} from './definitions.ts'
import type { RowScope } from './row-scope.ts'

let parser: Parser
beforeAll(async () => {
  parser = await loadParser()
})

describe('The clause after GENERATED', () => {
  test.each([
    ['ALWAYS AS IDENTITY', { kind: 'identity', mode: 'always', options: null }],
    [
      ' by default as identity ( start 10 -- ten\n increment 2 ) ',
      { kind: 'identity', mode: 'by default', options: 'start 10 -- ten\n increment 2' },
    ],
    ['ALWAYS AS (a + (b)) STORED', { kind: 'stored', expression: 'a + (b)' }],
    ["ALWAYS AS ('(' || a) VIRTUAL -- (not this)", { kind: 'virtual', expression: "'(' || a" }],
    ['ALWAYS AS (a)', { kind: 'virtual', expression: 'a' }],
  ])('%s is understood', (clause, expected) => {
    expect(parseGenerated(clause, parser)).toEqual(expected)
  })

  test.each([
    ['ALWAYS', 'syntax error at or near ")"'],
    ['BY DEFAULT AS (a) STORED', 'for a generated column, GENERATED ALWAYS must be specified'],
    ['ALWAYS AS IDENTITY NOT NULL', 'it says more than how the column is generated'],
    ['ALWAYS AS IDENTITY, d int', 'it says more than how the column is generated'],
    ['ALWAYS AS IDENTITY); drop table t; select (1', 'it says more than how the column is generated'],
  ])('%s is refused', (clause, reason) => {
    expect(parseGenerated(clause, parser)).toEqual({
      kind: 'problem',
      message: `The clause GENERATED ${clause} cannot be understood: ${reason}.`,
      remedy:
        'Write what follows GENERATED, as ALWAYS AS IDENTITY, BY DEFAULT AS IDENTITY or ALWAYS AS (a + b) STORED.',
    })
  })
})

const targets = [
  ...postgresVersions.map(({ version, freshUrl }) => ({ name: `PostgreSQL ${version}`, freshUrl })),
  ...engines.filter(({ name }) => name === 'pglite'),
]

describe.each(targets)('On $name, a definition makes', (target) => {
  let database: Database
  let session: Session
  const base = 'app'

  beforeAll(async () => {
    database = await openDatabase(await target.freshUrl())
    session = await database.session()
  })
  beforeEach(async () => {
    await session.script(
      'drop schema if exists app cascade; create schema app; create table app.runs (id int, "a b" text);',
    )
  })
  afterAll(async () => {
    await session.close()
    await database.close()
  })

  const table = async (name: string): Promise<Table> => {
    const found = findTable(await introspect(session, 'postgres', { schemas: [base] }), { schema: base, name })
    if (found === undefined) throw new Error(`There is no table ${name}.`)
    return found
  }
  const add = (what: Sql) => session.query(sql`alter table app.runs add ${what}`)

  test('a column with everything it can have, and an expression that ends in a comment', async () => {
    await add(
      sql`column ${columnDefinition({ name: 'N"o', type: 'varchar(20) -- short', collation: '"C"', default: "'x' -- why", nullable: false })}`,
    )
    await add(sql`column ${columnDefinition({ name: 'plain', type: 'int' })}`)
    const identity = { kind: 'identity', mode: 'by default', options: 'start 10 -- ten' } as const
    await add(sql`column ${columnDefinition({ name: 'number', type: 'int', generated: identity })}`)
    const stored = { kind: 'stored', expression: 'id + 1 -- more' } as const
    await add(sql`column ${columnDefinition({ name: 'more', type: 'int', generated: stored })}`)
    const { columns } = await table('runs')
    expect(columns.slice(2)).toMatchObject([
      {
        name: 'N"o',
        type: 'character varying(20)',
        collation: '"C"',
        default: "'x'::character varying",
        nullable: false,
      },
      { name: 'plain', type: 'integer', collation: null, default: null, nullable: true, identity: null },
      { name: 'number', identity: { kind: 'by_default' }, nullable: false },
      { name: 'more', generated: { storage: 'stored', expression: '(id + 1)' } },
    ])
  })

  test('an index as a file declares it, over the columns that hold the values', async () => {
    const scope: RowScope = {
      alias: 'trips',
      columns: [
        { name: 'number', physical: 'id', type: 'int' },
        { name: 'title', physical: 'a b', type: 'text' },
      ],
    }
    const definition = indexDefinition(
      {
        name: 'trips_idx',
        columns: [
          { column: 'title', direction: 'DESC' },
          { expression: 'lower(trips.title) -- small', nulls: 'FIRST' },
          { column: 'number', direction: 'ASC', nulls: 'LAST' },
        ],
        where: 'number > 0',
      },
      scope,
      parser,
    )
    await session.query(sql`create index trips_idx on app.runs ${definition}`)
    const hash = indexDefinition({ name: 'h', columns: [{ column: 'number' }], type: 'hash' }, scope, parser)
    await session.query(sql`create index runs_hash on app.runs ${hash}`)
    const { indexes } = await table('runs')
    expect(indexes.map(({ definition }) => definition)).toEqual([
      'CREATE INDEX runs_hash ON app.runs USING hash (id)',
      'CREATE INDEX trips_idx ON app.runs USING btree ("a b" DESC, lower("a b") NULLS FIRST, id) WHERE (id > 0)',
    ])
  })

  test('an index over an unknown column is left for the server to refuse', async () => {
    const definition = indexDefinition(
      { name: 'i', columns: [{ column: 'nme' }] },
      { alias: 'runs', columns: [] },
      parser,
    )
    await expect(session.query(sql`create index i on app.runs ${definition}`)).rejects.toThrow(
      'column "nme" does not exist',
    )
  })

  test('a foreign key as a file declares it, under the names of the database', async () => {
    await session.script('create table app.agents (x int, "y z" text, primary key (x, "y z"))')
    const parts = declaredForeignKey(
      {
        columns: ['title', 'number'],
        referenced_table: 'people',
        referenced_columns: ['name', 'id'],
        on_delete: 'SET NULL',
        on_update: 'CASCADE',
      },
      (name) => (name === 'title' ? 'a b' : 'id'),
      { schema: base, name: 'agents', column: (name) => (name === 'name' ? 'y z' : 'x') },
    )
    await add(sql`constraint ${id('fk')} ${foreignKeyDefinition(parts)} not valid`)
    const { constraints } = await table('runs')
    expect(constraints.map(({ definition }) => definition)).toEqual([
      'FOREIGN KEY ("a b", id) REFERENCES app.agents("y z", x) ON UPDATE CASCADE ON DELETE SET NULL NOT VALID',
    ])
  })

  test('a column whose default is constant without writing the rows anew, and it is told which are', async () => {
    await session.script(`insert into app.runs values (1, 'x');
      create function app.same() returns int immutable language sql as 'select 1';
      create function app.other() returns int volatile language plpgsql as 'begin return 1; end';
      create domain app.plain as int;
      create domain app.small as app.plain check (value < 10);
      create domain app.smaller as app.small;
      create domain app.present as int not null default 1;`)
    const catalog = await introspect(session, 'postgres')
    const file = async () =>
      (await session.query<{ node: bigint }>(sql`select pg_relation_filenode('app.runs')::int as node`))[0]?.node
    const rewrites = async (parts: ColumnParts) => {
      const before = await file()
      await add(sql`column ${columnDefinition(parts)}`)
      const after = await file()
      await session.query(sql`alter table app.runs drop column ${id(parts.name)}`)
      return before !== after
    }
    const defaults = [
      '1',
      'now()',
      "'a' || 'b'",
      'app.same()',
      'random()',
      'clock_timestamp()',
      'app.other()',
      'gen_random_uuid()',
    ]
    for (const text of defaults) {
      const told = isConstantDefault(text, parser, catalog)
      expect([text, told]).toEqual([
        text,
        (await rewrites({ name: 'c', type: 'text', default: `(${text})::text` })) ? 'volatile' : 'constant',
      ])
    }
    for (const type of ['app.plain', 'app.small', 'app.smaller', 'app.small[]', 'int', 'varchar(3)']) {
      expect([type, isConstrainedDomain(type, parser, catalog)]).toEqual([type, await rewrites({ name: 'c', type })])
    }
    expect(isConstrainedDomain('app.present', parser, catalog)).toBe(true)
    expect(isConstrainedDomain('no such type', parser, emptyCatalog('postgres'))).toBe(false)
  })
})
