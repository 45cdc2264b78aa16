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

test('100,000 rows are loaded, with backpressure and from an asynchronous source', async () => {
  await session.script('create table many (id int primary key, body text)')
  let ahead = 0
  async function* rows() {
    for (let id = 1; id <= 100_000; id++) {
      if (id % 10_000 === 0) await new Promise(setImmediate)
      ahead = id
      yield [[id, `body ${id} ${'x'.repeat(100)}`]]
    }
  }
  expect(await session.load({ table: ['public', 'many'], columns: ['id', 'body'] }, rows())).toBe(100_000)
  expect(ahead).toBe(100_000)
  expect(await session.query(sql`select count(*) as n, min(body) as first, sum(id) as total from many`)).toEqual([
    { n: 100_000, first: `body 1 ${'x'.repeat(100)}`, total: 5_000_050_000 },
  ])
})

test('every kind of value arrives as it was', async () => {
  await session.script(`
    create table kinds (id int, t text, n numeric, b bigint, f boolean, d timestamptz, y bytea, j jsonb, a jsonb, e text)`)
  const text = 'tab\tnewline\nreturn\rbackslash\\ \\N \\. quote\' "🐘"'
  const count = await session.load({ table: ['kinds'], columns: ['id', 't', 'n', 'b', 'f', 'd', 'y', 'j', 'a', 'e'] }, [
    [
      1,
      text,
      1.5,
      9007199254740993n,
      true,
      new Date('2026-11-21T10:00:00.123Z'),
      new Uint8Array([0, 92, 255]),
      { k: text },
      [1, 'a'],
      '',
    ],
    [2, null, undefined, null, false, null, null, null, null, '\\.'],
  ])
  expect(count).toBe(2)
  const [first, second] = await session.query<{ y: Uint8Array }>(sql`select * from kinds order by id`)
  expect({ ...first, y: [...(first?.y ?? [])] }).toEqual({
    id: 1,
    t: text,
    n: '1.5',
    b: 9007199254740993n,
    f: true,
    d: new Date('2026-11-21T10:00:00.123Z'),
    y: [0, 92, 255],
    j: { k: text },
    a: [1, 'a'],
    e: '',
  })
  expect(second).toEqual({ id: 2, t: null, n: null, b: null, f: false, d: null, y: null, j: null, a: null, e: '\\.' })
})

test('no rows are loaded from an empty source', async () => {
  await session.script('create table none (id int)')
  expect(await session.load({ table: ['none'], columns: ['id'] }, [])).toBe(0)
})

test('a row that the server refuses fails the load, writes nothing, and its value is not in the context', async () => {
  await session.script('create table strict (id int primary key, secret text)')
  const rows = [
    [1, 'hush'],
    [2, 'hush'],
    [1, 'hush'],
  ]
  const target = { table: ['strict'], columns: ['id', 'secret'] }
  await expect(session.load(target, rows)).rejects.toMatchObject({
    code: 'statement_failed',
    reason: 'constraint',
    message: 'duplicate key value violates unique constraint "strict_pkey".',
    object: 'constraint strict_pkey of table public.strict',
    details: ['DETAIL: Key (id)=(1) already exists.', 'CONTEXT: COPY strict, line 3'],
    remedy: 'Correct the rows that violate it, or the statement.',
  })
  const failure = await session.load(target, [['hush\nhush', 'x']]).catch((error: unknown) => error)
  expect(failure).toMatchObject({ details: ['CONTEXT: COPY strict, line 1, column id'] })
  expect(await session.query(sql`select * from strict`)).toEqual([])
})

test('a source that throws fails the load with its own error and writes nothing', async () => {
  await session.script('create table torn (id int)')
  function* rows() {
    for (let id = 0; id < 50_000; id++) yield [id]
    throw new Error('the file ends in the middle of a row')
  }
  await expect(session.load({ table: ['torn'], columns: ['id'] }, rows())).rejects.toThrow(
    'the file ends in the middle of a row',
  )
  expect(await session.query(sql`select * from torn`)).toEqual([])
})

test('a server that refuses early stops the reading of a long source', async () => {
  await session.script('create table early (id int)')
  let read = 0
  async function* rows() {
    for (;;) {
      read++
      if (read % 1000 === 0) await new Promise(setImmediate)
      yield [['not a number']]
    }
  }
  await expect(session.load({ table: ['early'], columns: ['id'] }, rows())).rejects.toMatchObject({
    engineCode: '22P02',
  })
  expect(await session.query(sql`select 1 as one`)).toEqual([{ one: 1 }])
})

test('a table that is missing is an error before any row is read', async () => {
  let read = 0
  function* rows() {
    read++
    yield [1]
  }
  await expect(session.load({ table: ['nowhere'], columns: ['id'] }, rows())).rejects.toMatchObject({
    reason: 'missing_object',
    message: 'relation "nowhere" does not exist.',
  })
  expect(read).toBe(0)
})

test('a load in a transaction is undone with it', async () => {
  await session.script('create table undone (id int)')
  const work = session.transaction(async (tx) => {
    expect(await tx.load({ table: ['undone'], columns: ['id'] }, [[1], [2]])).toBe(2)
    throw new Error('no')
  })
  await expect(work).rejects.toThrow('no')
  expect(await session.query(sql`select * from undone`)).toEqual([])
})

test('rows read from the session that they are loaded into are an error, not a deadlock', async () => {
  await session.script('create table self (id int)')
  async function* rows() {
    for (const row of await session.query<{ id: number }>(sql`select 1 as id`)) yield [[row.id]]
  }
  await expect(session.load({ table: ['self'], columns: ['id'] }, rows())).rejects.toThrow(
    'The session is used while a transaction, load or stream of it goes on.',
  )
  expect(await session.query(sql`select 1 as one`)).toEqual([{ one: 1 }])
})
