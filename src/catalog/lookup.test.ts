import { describe, expect, test } from 'vitest'
import { engines } from '../../test/harness/engines.ts'
import { openDatabase } from '../database/database.ts'
import {
  findColumn,
  findConstraint,
  findTable,
  findView,
  foreignKeys,
  foreignKeysTo,
  indexOn,
  introspect,
  primaryKey,
} from './catalog.ts'

describe.each(engines)('Look-ups in a catalog of $name', (engine) => {
  test('find what is there by name, and undefined for what is not', async () => {
    await using database = await openDatabase(await engine.freshUrl())
    await using session = await database.session()
    await session.script(`
      create table tenants (id integer primary key);
      create table runs (id integer primary key, tenant_id integer, title text,
        constraint runs_tenant foreign key (tenant_id) references tenants (id));
      create index runs_both on runs (title, tenant_id);
      create index runs_some on runs (tenant_id) where title is not null;
      create view titles as select title from runs`)
    const catalog = await introspect(session, database.dialect)
    const schema = database.dialect === 'postgres' ? 'public' : 'main'
    const runs = findTable(catalog, { schema, name: 'runs' })!
    expect(runs.name).toBe('runs')
    expect(findTable(catalog, { schema: 'other', name: 'runs' })).toBeUndefined()
    expect(findTable(catalog, { schema, name: 'titles' })).toBeUndefined()
    expect(findView(catalog, { schema, name: 'titles' })?.columns.map(({ name }) => name)).toEqual(['title'])
    expect(findView(catalog, { schema: 'other', name: 'titles' })).toBeUndefined()
    expect(findColumn(runs, 'title')?.type.toLowerCase()).toBe('text')
    expect(findColumn(runs, 'Title')).toBeUndefined()
    expect(primaryKey(runs)?.columns).toEqual(['id'])
    expect(findConstraint(runs, 'runs_tenant')?.kind).toBe('foreign_key')
    expect(foreignKeys(runs).map(({ name }) => name)).toEqual(['runs_tenant'])
    const pointing = foreignKeysTo(catalog, { schema, name: 'tenants' })
    expect(pointing.map(({ table, key }) => [table.name, key.name])).toEqual([['runs', 'runs_tenant']])
    expect(foreignKeysTo(catalog, { schema: 'other', name: 'tenants' })).toEqual([])
    expect(indexOn(runs, ['title'])?.name).toBe('runs_both')
    expect(indexOn(runs, ['tenant_id', 'title'])?.name).toBe('runs_both')
    // The first key of one index is another column, the other index is partial.
    expect(indexOn(runs, ['tenant_id'])).toBeUndefined()
  })
})
