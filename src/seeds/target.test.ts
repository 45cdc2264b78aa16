import { expect, test } from 'vitest'
import { engines } from '../../test/harness/engines.ts'
import { findTable, introspect } from '../catalog/catalog.ts'
import { openDatabase } from '../database/database.ts'
import { isIndexed } from './target.ts'

// The rows of such a table are looked up one by one: without an index that serves, each of many rows would read the whole table.
test.each(engines.filter(({ name }) => name !== 'sqlite'))(
  'on $name, rows are found through an index that serves the comparison, and is there for every row',
  async (engine) => {
    await using database = await openDatabase(await engine.freshUrl())
    await using session = await database.session()
    await session.script(`
      create table plain (id text primary key, kind text not null, body text, unique (kind, id));
      create table partial (id text); create unique index on partial (id) where id <> '';
      create table computed (id text); create unique index on computed (lower(id));
      create table collated (id text); create unique index on collated (id collate "C");
      create table patterns (id text); create unique index on patterns (id text_pattern_ops);
      create table repeated (id text); create index on repeated (id);
      create table parent (id text primary key); create table heir () inherits (parent);
      create table spread (id text primary key) partition by hash (id)`)
    const catalog = await introspect(session, 'postgres')
    const found = (name: string, columns: readonly string[]) => {
      const table = findTable(catalog, { schema: 'public', name })
      return table === undefined ? undefined : isIndexed(catalog, table, columns)
    }
    expect(found('plain', ['id'])).toBe(true)
    expect(found('plain', ['body', 'id'])).toBe(true)
    expect(found('plain', ['kind'])).toBe(false)
    const others = ['partial', 'computed', 'collated', 'patterns', 'repeated', 'parent', 'spread']
    expect(others.map((name) => [name, found(name, ['id'])])).toEqual(others.map((name) => [name, false]))
  },
)
