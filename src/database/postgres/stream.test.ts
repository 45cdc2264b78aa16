import { afterAll, beforeAll, expect, test } from 'vitest'
import { freshPostgresUrl } from '../../../test/harness/engines.ts'
import { type Database, openDatabase, type Session, sql } from '../database.ts'

let db: Database
let session: Session

beforeAll(async () => {
  db = await openDatabase(await freshPostgresUrl(18))
  session = await db.session()
})
afterAll(() => db.close())

const numbers = (count: number) => sql`select n from generate_series(1, ${count}::int) n`

async function collect<T>(rows: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const row of rows) all.push(row)
  return all
}

test.each([
  [0, 10],
  [1, 10],
  [10, 10],
  [11, 10],
  [25, 10],
])('all of %i rows come in order, in batches of %i', async (count, batchSize) => {
  const rows = await collect(session.stream<{ n: number }>(numbers(count), { batchSize }))
  expect(rows.map(({ n }) => n)).toEqual(Array.from({ length: count }, (_, index) => index + 1))
})

test('a large result is never in memory at once', async () => {
  const before = process.memoryUsage().rss
  let count = 0
  let most = 0
  // 500 MB in all.
  for await (const _ of session.stream(sql`select n, repeat('x', 5000) as filler from generate_series(1, 100000) n`)) {
    if (++count % 5000 === 0) most = Math.max(most, process.memoryUsage().rss - before)
  }
  expect(count).toBe(100_000)
  expect(most).toBeLessThan(200 * 2 ** 20)
})

test('a reader that stops early leaves the session ready for the next statement', async () => {
  for await (const row of session.stream<{ n: number }>(numbers(1_000_000), { batchSize: 2 })) {
    if (row.n === 3) break
  }
  expect(await session.query(sql`select 1 as one`)).toEqual([{ one: 1 }])
  const throwing = (async () => {
    for await (const _ of session.stream(numbers(10))) throw new Error('enough')
  })()
  await expect(throwing).rejects.toThrow('enough')
  expect(await session.query(sql`select 1 as one`)).toEqual([{ one: 1 }])
})

test('a statement that fails half-way fails where its rows are read', async () => {
  const rows = session.stream<{ q: number }>(sql`select 10 / (5 - n) as q from generate_series(1, 9) n`, {
    batchSize: 2,
  })
  const read: number[] = []
  const reading = (async () => {
    for await (const { q } of rows) read.push(q)
  })()
  await expect(reading).rejects.toMatchObject({ code: 'statement_failed', message: 'division by zero.' })
  expect(read).toEqual([2, 3, 5, 10])
  expect(await session.query(sql`select 1 as one`)).toEqual([{ one: 1 }])
})

test('rows that a statement writes while it is streamed are committed', async () => {
  await session.script('create table written (id int)')
  expect(await collect(session.stream(sql`insert into written values (1), (2) returning id`))).toHaveLength(2)
  expect(await session.query(sql`select count(*) as n from written`)).toEqual([{ n: 2 }])
})

test('in a transaction, other statements run between the rows', async () => {
  await session.script(
    'create table source (id int, done boolean); insert into source select n, false from generate_series(1, 50) n',
  )
  await session.transaction(async (tx) => {
    for await (const { id } of tx.stream<{ id: number }>(sql`select id from source order by id`, { batchSize: 7 })) {
      await tx.query(sql`update source set done = true where id = ${id}`)
    }
    const [one, two] = await Promise.all([
      collect(tx.stream(numbers(20), { batchSize: 3 })),
      collect(tx.stream(numbers(15), { batchSize: 4 })),
    ])
    expect([one.length, two.length]).toEqual([20, 15])
  })
  expect(await session.query(sql`select count(*) as n from source where not done`)).toEqual([{ n: 0 }])
})

test('outside a transaction the session is refused while its rows are read, instead of waiting forever', async () => {
  const reading = (async () => {
    for await (const _ of session.stream(numbers(10), { batchSize: 2 })) await session.query(sql`select 1`)
  })()
  await expect(reading).rejects.toThrow('The session is used while its rows are being streamed.')
  expect(await session.query(sql`select 1 as one`)).toEqual([{ one: 1 }])
})
