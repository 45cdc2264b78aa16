import { describe, expect, test } from 'vitest'
import { fc } from '../../test/harness/properties.ts'
import { engines } from '../../test/harness/engines.ts'
import { openDatabase } from '../database/database.ts'
import { displayName, introspect, objectKey, objects } from './catalog.ts'
import { createEverything } from '../../test/harness/everything.ts'

describe('The key of an object', () => {
  test('reads like SQL, with quotes where a name needs them', () => {
    expect(objectKey('column', ['public', 'runs', 'id'])).toBe('column public.runs.id')
    expect(objectKey('routine', ['public', 'total', 'integer, text'])).toBe('routine public.total(integer, text)')
    expect(objectKey('table', ['a.b', 'say "hi"'])).toBe('table "a.b"."say ""hi"""')
    expect(displayName('order_2')).toBe('order_2')
    expect(displayName('Order')).toBe('"Order"')
  })

  test('is different for any two paths', () => {
    const name = fc.string({ unit: fc.constantFrom('a', 'B', '.', '"', ' '), maxLength: 4 })
    const path = fc.array(name, { minLength: 1, maxLength: 3 })
    fc.assert(
      fc.property(path, path, (left, right) => {
        const same = JSON.stringify(left) === JSON.stringify(right)
        expect(objectKey('table', left) === objectKey('table', right)).toBe(same)
      }),
    )
  })
})

describe.each(engines.filter(({ name }) => name !== 'pglite'))('The objects of a catalog of $name', (engine) => {
  test('are all there, each under a key of its own, tables before their parts', async () => {
    await using database = await openDatabase(await engine.freshUrl())
    await using session = await database.session()
    if (engine.name === 'postgres') await createEverything(session, database.server.major)
    else
      await session.script('create table a (id integer primary key, b text unique); create view v as select id from a')
    const catalog = await introspect(session, database.dialect)
    const found = [...objects(catalog)]
    const keys = found.map(({ key }) => key)
    expect(new Set(keys).size).toBe(keys.length)
    found.forEach(({ partOf }, place) => {
      if (partOf !== null) expect(keys.indexOf(partOf)).toBeLessThan(place)
    })
    const columns = catalog.tables.reduce((sum, table) => sum + table.columns.length, 0)
    expect(found.filter(({ kind }) => kind === 'column')).toHaveLength(columns)
    if (engine.name === 'sqlite') {
      expect(keys).toEqual([
        'schema main',
        'table main.a',
        'column main.a.id',
        'column main.a.b',
        'constraint main.a.a_b_key',
        'constraint main.a.a_pkey',
        'index main.a.a_b_key',
        'view main.v',
      ])
    } else {
      expect(new Set(found.map(({ kind }) => kind)).size).toBe(18)
      expect(keys).toContain('policy app.runs.tenant')
      expect(keys).toContain('routine app.total(integer[])')
      expect(keys).toContain('default_privileges catalog_owner."".functions')
    }
  })
})
