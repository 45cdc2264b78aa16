import { describe, expect, test } from 'vitest'
import { engines } from '../../../test/harness/engines.ts'
import { id, openDatabase, sql } from '../../database/database.ts'
import { schemaQuery } from './schema-query.ts'

test.each([
  ['001_runs', undefined, 'SET search_path TO migration_001_runs\n'],
  ['add_state', 'public', 'SET search_path TO migration_add_state, public\n'],
  ['add-state', 'app', 'SET search_path TO "migration_add-state", "app"\n'],
  ['Runs', 'order', 'SET search_path TO "migration_Runs", "order"\n'],
  ['a"b', '$user', 'SET search_path TO "migration_a""b", "$user"\n'],
  ['', undefined, 'SET search_path TO migration_\n'],
])('The query for migration %j, with base schema %j, is %j', (migration, withBase, text) => {
  expect(schemaQuery(migration, { withBase })).toBe(text)
})

test('There is none without a migration', () => {
  expect(schemaQuery(null)).toBe('\n')
  expect(schemaQuery(null, { withBase: 'public' })).toBe('\n')
})

describe.each(engines.filter(({ name }) => name !== 'sqlite'))('On $name, the query', (engine) => {
  test('selects the schema of the version, whatever the migration and the base schema are called', async () => {
    await using database = await openDatabase(await engine.freshUrl())
    await using session = await database.session()
    const names = [
      'plain',
      'Upper',
      'a-b',
      "x'; drop table runs --",
      'a"b',
      'a, b',
      '$user',
      'ünï ☃',
      'line\nbreak',
      'x'.repeat(53),
    ]
    for (const name of names) {
      const [schema, base] = [`migration_${name}`, `base ${name}`.slice(0, 60)]
      await session.script('reset search_path')
      await session.query(sql`create schema ${id(schema)}`)
      await session.query(sql`create schema ${id(base)}`)
      await session.script(schemaQuery(name, { withBase: base }))
      expect(
        await session.query(sql`select current_schema() as schema, current_schemas(false)::text[] as path`),
      ).toEqual([{ schema, path: [schema, base] }])
    }
  })
})
