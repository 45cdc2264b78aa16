import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { freshPostgresUrl } from '../../test/harness/engines.ts'
import { seedWorld, type SeedWorld } from '../../test/harness/seed-world.ts'
import { applySeeds } from './seeds.ts'

let world: SeedWorld

beforeAll(async () => {
  world = await seedWorld(
    { freshUrl: () => freshPostgresUrl(18) },
    `create domain code as text not null;
     create domain address as code default 'x@y' check (value ~ '@');
     create domain price as numeric(9, 2) not null;
     create domain labels as text[];
     create domain settings as jsonb;
     create table shops (code code primary key, labels labels, settings settings);
     create table items (id integer primary key, shop code references shops, email address, price price default 0);`,
  )
})
afterAll(() => world.close())
beforeEach(() => world.clear())

const counts = async () => (await applySeeds(world.options())).files.map((file) => Object.values(file.counts))

test('columns of domains take what their base types take, and a row may leave one out that has a default', async () => {
  const shops = [{ code: 'a', labels: ['x,y', null], settings: 'text' }, { code: 'b' }]
  const items = [
    { id: 1, shop: { $ref: { code: 'a' } } },
    { id: 2, shop: { $ref: { code: 'b' } }, email: 'q@q' },
  ]
  world.write('1.json', JSON.stringify({ table: 'shops', rows: shops }))
  world.write('2.json', JSON.stringify({ table: 'items', rows: items }))
  expect(await counts()).toEqual([
    [2, 0, 0, 0],
    [2, 0, 0, 0],
  ])
  expect(await world.rows('select labels, settings from shops order by code')).toEqual([
    { labels: ['x,y', null], settings: 'text' },
    { labels: null, settings: null },
  ])
  expect(await world.rows('select shop, email from items order by id')).toEqual([
    { shop: 'a', email: 'x@y' },
    { shop: 'b', email: 'q@q' },
  ])
})

test('many rows with values of domains are compared', async () => {
  const row = (id: number, cents: string) => `${id},a,q@q,1.${cents}\n`
  const csv = (cents: (id: number) => string) =>
    `id,shop,email,price\n${Array.from({ length: 1_100 }, (_, id) => row(id + 10, cents(id))).join('')}`
  world.write('1.json', JSON.stringify({ table: 'shops', key: ['code'], rows: [{ code: 'a' }] }))
  world.write('3.json', JSON.stringify({ table: 'items', key: ['id'], rows_from: 'd/items.csv' }))
  world.write(
    'd/items.csv',
    csv(() => '5'),
  )
  expect((await counts()).at(-1)).toEqual([1_100, 0, 0, 0])
  world.write(
    'd/items.csv',
    csv((id) => (id === 7 ? '25' : '50')),
  )
  expect((await counts()).at(-1)).toEqual([0, 1, 1_099, 0])
})

test('a null that a domain refuses is told with its place', async () => {
  world.write('2.json', JSON.stringify({ table: 'items', key: ['id'], rows: [{ id: 90, shop: 'a', price: null }] }))
  await expect(counts()).rejects.toMatchObject({
    message: 'The column price cannot be null.',
    where: 'seeds/2.json:1:67',
  })
})

test('keys that name rows which are not there yet are compared as well', async () => {
  await world.rows('create table seats (item integer not null references items, note text)')
  const item = { $ref: { id: 8000 } }
  world.write('1.json', JSON.stringify({ table: 'items', key: ['id'], rows: [{ id: 8000, shop: 'a' }] }))
  world.write('2.json', JSON.stringify({ table: 'seats', key: ['item'], rows: [{ item }, { item, note: 'x' }] }))
  await expect(counts()).rejects.toMatchObject({
    message: 'Two rows have the same item; the first is at seeds/2.json:1:41.',
    remedy: 'Keep one of the two, or name a key that tells them apart.',
  })
  expect(await world.rows('select id from items where id = 8000')).toEqual([])
})
