import { readFileSync } from 'node:fs'
import { beforeAll, describe, expect, test } from 'vitest'
import { engines } from '../../../test/harness/engines.ts'
import { openDatabase } from '../../database/database.ts'
import { type Catalog, findTable, findView, introspect, type Table } from '../catalog.ts'
import { column as postgresColumn, indexKey } from '../../../test/harness/everything.ts'

const sqlite = engines.find(({ name }) => name === 'sqlite')!
const column = postgresColumn
/** Nulls are small to SQLite. */
const key = { ...indexKey(), nulls: 'first', kind: 'column' }
const base = {
  deferrable: 'no',
  validated: true,
  enforced: true,
  triggersEnabled: true,
  inherited: false,
  comment: null,
}

describe('The catalog of everything-sqlite.sql has', () => {
  let catalog: Catalog
  const table = (name: string): Table => findTable(catalog, { schema: 'main', name })!

  beforeAll(async () => {
    await using database = await openDatabase(await sqlite.freshUrl())
    await using session = await database.session()
    await session.script(readFileSync(new URL('../../../test/harness/everything-sqlite.sql', import.meta.url), 'utf8'))
    catalog = await introspect(session, 'sqlite', { excludeSchemas: ['metastore'] })
  })

  test('the tables of the main schema, without temporary ones, the inside of virtual ones, and excluded ones', () => {
    expect(catalog.schemas).toEqual([{ name: 'main', owner: null, comment: null, grants: [] }])
    expect(catalog.tables.map(({ schema, name, kind, options }) => [schema, name, kind, options])).toEqual([
      ['main', 'pairs', 'table', { strict: 'true', without_rowid: 'true' }],
      ['main', 'runs', 'table', {}],
      ['main', 'search', 'virtual', { module: 'fts5' }],
      ['main', 'tenants', 'table', {}],
      ['main', "x'; drop table y --", 'table', {}],
    ])
  })

  test('columns, also generated ones', () => {
    expect(table('runs').columns).toEqual([
      column('id', 'INTEGER', { nullable: false, identity: { kind: 'autoincrement' } }),
      column('Tenant', 'TEXT'),
      column('parent', 'INTEGER'),
      column('title', 'varchar(40)', { default: "'x, y'" }),
      column('words', 'INTEGER', { generated: { storage: 'stored', expression: 'length(title) + 1' } }),
      column('twice', '', { generated: { storage: 'virtual', expression: 'words * 2' } }),
    ])
    expect(table('tenants').columns).toEqual([
      // SQLite allows nulls in such a primary key.
      column('id', 'TEXT'),
      column('name', 'TEXT', { nullable: false, collation: 'nocase' }),
      column('note', 'TEXT', { default: "'a' || 'b'" }),
    ])
    expect(table('pairs').columns.map(({ nullable }) => nullable)).toEqual([false, false])
    expect(table('search').columns).toEqual([column('title', ''), column('body', '')])
  })

  test('constraints, with the names that PostgreSQL would give where they have none', () => {
    expect(table('runs').constraints).toEqual([
      {
        kind: 'foreign_key',
        ...base,
        name: 'parent_key',
        definition: 'FOREIGN KEY ("parent") REFERENCES "runs"("id")',
        columns: ['parent'],
        references: { schema: 'main', name: 'runs', columns: ['id'] },
        match: 'simple',
        onUpdate: 'no_action',
        onDelete: 'no_action',
        onDeleteColumns: [],
        period: false,
      },
      {
        kind: 'foreign_key',
        ...base,
        name: 'runs_Tenant_fkey',
        deferrable: 'deferred',
        definition:
          'FOREIGN KEY ("Tenant") REFERENCES "tenants"("id") ON UPDATE SET NULL ON DELETE CASCADE ' +
          'DEFERRABLE INITIALLY DEFERRED',
        columns: ['Tenant'],
        references: { schema: 'main', name: 'tenants', columns: ['id'] },
        match: 'simple',
        onUpdate: 'set_null',
        onDelete: 'cascade',
        onDeleteColumns: [],
        period: false,
      },
      {
        kind: 'unique',
        ...base,
        name: 'runs_Tenant_title_key',
        definition: 'UNIQUE ("Tenant", "title")',
        columns: ['Tenant', 'title'],
        include: [],
        nullsNotDistinct: false,
        withoutOverlaps: false,
        index: 'runs_Tenant_title_key',
      },
      {
        kind: 'check',
        ...base,
        name: 'runs_check',
        definition: 'CHECK (parent is null or parent <> id)',
        columns: [],
        expression: 'parent is null or parent <> id',
        noInherit: false,
      },
      {
        kind: 'primary_key',
        ...base,
        name: 'runs_pkey',
        definition: 'PRIMARY KEY ("id")',
        columns: ['id'],
        include: [],
        withoutOverlaps: false,
        index: null,
      },
      {
        kind: 'unique',
        ...base,
        name: 'runs_title_key',
        definition: 'UNIQUE ("title") ON CONFLICT REPLACE',
        columns: ['title'],
        include: [],
        nullsNotDistinct: false,
        withoutOverlaps: false,
        index: 'runs_title_key',
      },
      {
        kind: 'check',
        ...base,
        name: 'titled',
        definition: "CHECK (title <> ')')",
        columns: [],
        expression: "title <> ')'",
        noInherit: false,
      },
    ])
    expect(table('pairs').constraints).toMatchObject([
      { kind: 'primary_key', columns: ['b', 'a'], index: 'pairs_pkey' },
    ])
  })

  test('indexes, those of constraints under the names of these', () => {
    expect(table('runs').indexes.map(({ name, constraint, unique }) => [name, constraint, unique])).toEqual([
      ['runs_Tenant_title_key', 'runs_Tenant_title_key', true],
      ['runs_parent_idx', null, true],
      ['runs_title_idx', null, false],
      ['runs_title_key', 'runs_title_key', true],
    ])
    expect(table('runs').indexes[2]).toMatchObject({
      keys: [
        { ...key, kind: 'expression', expression: 'lower(title)', order: 'desc', nulls: 'last' },
        { ...key, column: 'Tenant', collation: 'nocase' },
        { ...key, column: 'parent' },
      ],
      predicate: 'parent is not null',
      valid: true,
      definition: expect.stringMatching(/^CREATE INDEX runs_title_idx on runs/),
    })
    expect(table('pairs').indexes).toMatchObject([
      {
        keys: [
          { ...key, column: 'b' },
          { ...key, column: 'a', order: 'desc', nulls: 'last' },
        ],
        definition: null,
      },
    ])
  })

  test('views and triggers', () => {
    const open = findView(catalog, { schema: 'main', name: 'open_runs' })!
    expect(open.definition).toBe('CREATE VIEW open_runs as select id, title from runs where title is not null')
    expect(open.columns).toEqual([column('id', 'INTEGER'), column('title', 'varchar(40)')])
    expect(open.triggers.map(({ name, timing, events }) => [name, timing, events])).toEqual([
      ['open_runs_insert', 'instead_of', ['insert']],
    ])
    expect(table('runs').triggers).toEqual([
      {
        name: 'runs_delete',
        timing: 'before',
        events: ['delete'],
        columns: [],
        level: 'row',
        function: null,
        enabled: 'origin',
        constraint: false,
        inherited: false,
        comment: null,
        definition: 'CREATE TRIGGER runs_delete delete on runs begin select 1; end',
      },
      expect.objectContaining({
        name: 'runs_touch',
        timing: 'after',
        events: ['update'],
        columns: ['title', 'parent'],
      }),
    ])
  })

  test('names of all kinds as they are', () => {
    const hostile = table("x'; drop table y --")
    expect(hostile.columns.map(({ name }) => name)).toEqual(['order', 'Ünïcode 😀', 'a b', 'back\\slash'])
    expect(hostile.indexes.map(({ name }) => name)).toEqual([
      'i.d',
      "x'; drop table y --_back\\slash_key",
      "x'; drop table y --_pkey",
    ])
    expect(hostile.indexes[0]?.keys).toEqual([{ ...key, column: 'Ünïcode 😀' }])
  })
})

describe('Introspecting SQLite', () => {
  test('gives a view of a table that is gone without columns, and everything else with them', async () => {
    await using database = await openDatabase(await sqlite.freshUrl())
    await using session = await database.session()
    await session.script(`create table a (id int); create table b (id int); create view of_a as select id from a;
      create view of_b as select id from b; drop table a`)
    const { tables, views } = await introspect(session, 'sqlite')
    expect(tables.map(({ name, columns }) => [name, columns.length])).toEqual([['b', 1]])
    expect(views.map(({ name, columns }) => [name, columns.length])).toEqual([
      ['of_a', 0],
      ['of_b', 1],
    ])
  })

  test('knows what ALTER TABLE has changed', async () => {
    await using database = await openDatabase(await sqlite.freshUrl())
    await using session = await database.session()
    await session.script(`
      create table tenants (id integer primary key);
      create table runs (id integer primary key, old text unique, gone int);
      alter table runs add column tenant_id integer constraint runs_tenant references tenants (id) check (tenant_id > 0);
      alter table runs rename column old to "new one";
      alter table runs drop column gone;
      alter table runs rename to attempts`)
    const { tables } = await introspect(session, 'sqlite')
    const [attempts] = tables
    expect(attempts?.name).toBe('attempts')
    expect(attempts?.columns.map(({ name }) => name)).toEqual(['id', 'new one', 'tenant_id'])
    expect(attempts?.constraints.map(({ name, definition }) => [name, definition])).toEqual([
      ['attempts_new one_key', 'UNIQUE ("new one")'],
      ['attempts_pkey', 'PRIMARY KEY ("id")'],
      ['attempts_tenant_id_check', 'CHECK (tenant_id > 0)'],
      ['runs_tenant', 'FOREIGN KEY ("tenant_id") REFERENCES "tenants"("id")'],
    ])
  })

  test('keeps constraints apart that SQLite lets have one name', async () => {
    await using database = await openDatabase(await sqlite.freshUrl())
    await using session = await database.session()
    await session.script(
      'create table t (a int constraint c check (a > 0) constraint c check (a < 9), b int check (b), check (a))',
    )
    const { tables } = await introspect(session, 'sqlite')
    expect(tables[0]?.constraints.map(({ name, definition }) => [name, definition])).toEqual([
      ['c', 'CHECK (a > 0)'],
      ['c1', 'CHECK (a < 9)'],
      ['t_b_check', 'CHECK (b)'],
      ['t_check', 'CHECK (a)'],
    ])
  })

  test('finds nothing in any other schema than main', async () => {
    await using database = await openDatabase(await sqlite.freshUrl())
    await using session = await database.session()
    await session.script('create table t (a int)')
    expect((await introspect(session, 'sqlite', { schemas: ['public'] })).tables).toEqual([])
    expect((await introspect(session, 'sqlite', { schemas: ['main'] })).tables).toHaveLength(1)
  })
})
