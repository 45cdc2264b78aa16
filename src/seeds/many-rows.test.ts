import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { engines } from '../../test/harness/engines.ts'
import { seedWorld, type SeedWorld } from '../../test/harness/seed-world.ts'
import { applySeeds, planSeeds } from './seeds.ts'

const rows = 1_200
const jsonLines = (row: (id: number) => object) =>
  Array.from({ length: rows }, (_, id) => `${JSON.stringify(row(id))}\n`).join('')

// So many that they go the way of many rows: compared with their table once.
describe.each(engines)('many rows on $name', (engine) => {
  const postgres = engine.name !== 'sqlite'
  let world: SeedWorld
  beforeAll(async () => {
    const [json, numeric] = postgres ? ['jsonb', 'numeric'] : ['text', 'text']
    world = await seedWorld(
      engine,
      `create table notes (id integer primary key, kind text, body text not null, data ${json}, price ${numeric});
       create unique index notes_kind on notes (kind, id);`,
    )
  })
  afterAll(async () => {
    await world.close()
  })
  beforeEach(async () => {
    world.clear()
    await world.rows('delete from notes')
  })

  function write(row: (id: number) => object, settings = ''): void {
    world.write('a.toml', `table = "notes"\nrows_from = "d/rows.jsonl"\n${settings || 'key = ["id"]'}\n`)
    world.write('d/rows.jsonl', jsonLines(row))
  }
  const counts = async () => (await applySeeds(world.options())).files.map((file) => Object.values(file.counts))
  const note = (id: number) => ({ id, kind: 'a', body: `body ${id}`, data: { b: 1, a: [1.0] }, price: '1.0' })

  test('are new, changed, the same and removed, as the plan says before', async () => {
    write(note)
    expect(await counts()).toEqual([[rows, 0, 0, 0]])
    write((id) => ({ ...note(id + 100), ...(id % 10 === 0 && { body: 'changed' }) }), 'key = ["id"]\nmode = "sync"')
    const plan = await planSeeds(world.options())
    const expected = [[100, 110, rows - 210, 100]]
    expect(plan.files.map((file) => Object.values(file.counts))).toEqual(expected)
    expect(await counts()).toEqual(expected)
    expect(await world.rows("select min(id) as first, count(*) as rows from notes where body = 'changed'")).toEqual([
      { first: 100, rows: 120 },
    ])
    write((id) => note(id), 'key = ["id"]\nmode = "insert-only"')
    expect(await counts()).toEqual([[100, 0, rows - 100, 0]])
  })

  test('that are written otherwise but equal are changed where the database keeps the difference', async () => {
    write(note)
    await counts()
    write((id) => ({ ...note(id), ...(id === 7 && { price: '1.00' }), data: { a: [1.0], b: 1 } }))
    expect(await counts()).toEqual([postgres ? [0, 1, rows - 1, 0] : [0, rows, 0, 0]])
    expect(await world.rows('select cast(price as text) as price from notes where id = 7')).toEqual([{ price: '1.00' }])
  })

  test('of several shapes leave the columns alone that they do not give', async () => {
    write(note)
    await counts()
    write((id) => (id % 2 === 0 ? { id, body: 'even' } : { id, body: 'odd', kind: null }))
    expect(await counts()).toEqual([[0, rows, 0, 0]])
    const found = await world.rows('select body, kind, count(*) as rows from notes group by body, kind order by body')
    expect(found).toEqual([
      { body: 'even', kind: 'a', rows: rows / 2 },
      { body: 'odd', kind: null, rows: rows / 2 },
    ])
  })

  test('whose key holds a null find their row, and one that stands twice is told', async () => {
    write((id) => ({ ...note(id), kind: id === 3 ? null : 'a' }), 'key = ["kind", "id"]')
    await counts()
    write((id) => ({ ...note(id), kind: id === 3 ? null : 'a', body: 'other' }), 'key = ["kind", "id"]')
    expect(await counts()).toEqual([[0, rows, 0, 0]])
    write((id) => ({ ...note(id === 1_100 ? 5 : id), body: 'third' }))
    await expect(applySeeds(world.options())).rejects.toMatchObject({
      code: 'seed_invalid',
      message: 'Two rows have the same id; the first is at seeds/d/rows.jsonl:6:1.',
      where: 'seeds/d/rows.jsonl:1101:1',
    })
    expect(await world.rows("select 1 from notes where body = 'third'")).toEqual([])
  })

  test('in which a null stands where none may be are told by their line', async () => {
    write(note)
    await counts()
    write((id) => ({ ...note(id), body: id === 1_000 ? null : 'x' }))
    await expect(applySeeds(world.options())).rejects.toMatchObject({
      code: 'seed_invalid',
      message: 'The column body cannot be null.',
      where: 'seeds/d/rows.jsonl:1001:1',
    })
  })
})

// A rule rewrites a statement into several, an heir has no part in its parent's index, and one in another collation serves no
// comparison: all of them are written in a way of their own.
describe.each(engines.filter(({ name }) => name !== 'sqlite'))('many rows of an odd table on $name', (engine) => {
  let world: SeedWorld
  beforeAll(async () => {
    world = await seedWorld(engine, '')
  })
  afterAll(async () => {
    await world.close()
  })

  test.each([
    ['a rule', 'create rule tell as on update to odd do also insert into told values (new.id)'],
    ['an heir', 'create table heir () inherits (odd)'],
    [
      'an index in another collation',
      'alter table odd drop constraint odd_pkey; create unique index on odd (id collate "C")',
    ],
    [
      'an index for other operators',
      'alter table odd drop constraint odd_pkey; create unique index on odd (id text_pattern_ops)',
    ],
    [
      'partitions',
      'drop table odd; create table odd (id text primary key, body text) partition by hash (id); create table half partition of odd for values with (modulus 2, remainder 0); create table rest partition of odd for values with (modulus 2, remainder 1)',
    ],
    [
      'a trigger',
      'create function loud() returns trigger language plpgsql as $$begin new.body := upper(new.body); return new; end$$; create trigger loud before update on odd for each row execute function loud()',
    ],
  ])('of a table with %s are changed and added alike', async (what, statements) => {
    await world.rows('drop table if exists odd, told cascade')
    await world.rows('create table odd (id text primary key, body text); ')
    await world.rows('create table told (id text)')
    for (const statement of statements.split(/; (?=alter|create|drop)/)) await world.rows(statement)
    world.write('a.toml', 'table = "odd"\nkey = ["id"]\nrows_from = "d/rows.jsonl"\n')
    const odd = (row: (id: number) => object) => world.write('d/rows.jsonl', jsonLines(row))
    const counts = async () => (await applySeeds(world.options())).files.map((file) => Object.values(file.counts))
    odd((id) => ({ id: `row ${id}`, body: 'a' }))
    expect(await counts()).toEqual([[rows, 0, 0, 0]])
    odd((id) => ({ id: `row ${id + 10}`, body: id % 100 === 0 ? 'b' : 'a' }))
    expect(await counts()).toEqual([[10, 12, rows - 22, 0]])
    const changed = await world.rows("select count(*) as rows from odd where body in ('b', 'B')")
    expect(changed).toEqual([{ rows: 12 }])
    const told = await world.rows('select count(*) as rows from told')
    expect(told).toEqual([{ rows: what === 'a rule' ? 12 : 0 }])
  })
})
