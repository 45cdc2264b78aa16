import { afterAll, beforeAll, expect, test } from 'vitest'
import { freshPostgresUrl } from '../../../test/harness/engines.ts'
import { type Database, openDatabase, raw, type Session, sql } from '../database.ts'

let database: Database

beforeAll(async () => {
  database = await openDatabase(await freshPostgresUrl(18))
  await using session = await database.session()
  await session.script('create table notes (id integer primary key, body text)')
})
afterAll(() => database.close())

const names = async (session: Session): Promise<unknown[]> => {
  const rows = await session.query<{ statement: string }>(
    sql`select statement from pg_prepared_statements where statement not like '%pg_prepared_statements%' order by 1`,
  )
  return rows.map(({ statement }) => statement)
}

test('a statement that comes again is prepared, and only in a session that was asked to', async () => {
  await using session = await database.session({ prepare: true })
  await using plain = await database.session()
  for (let id = 1; id <= 7; id++) {
    await session.execute(sql`insert into notes values (${id}, ${`note ${id}`})`)
    expect(await session.query(sql`select body from notes where id = ${id}`)).toEqual([{ body: `note ${id}` }])
    expect(await plain.query(sql`select body from notes where id = ${id}`)).toEqual([{ body: `note ${id}` }])
  }
  expect(await names(session)).toEqual(['insert into notes values ($1, $2)', 'select body from notes where id = $1'])
  expect(await names(plain)).toEqual([])
})

test('a failure leaves nothing behind that the next statement of the same text could fail at', async () => {
  await using session = await database.session({ prepare: true })
  const insert = (id: number) => session.execute(sql`insert into notes values (${id}, 'x')`)
  for (let times = 0; times < 3; times++) await expect(insert(1)).rejects.toMatchObject({ reason: 'constraint' })
  const wrong = () => session.query(sql`select nowhere from notes where id = ${1}`)
  for (let times = 0; times < 3; times++) await expect(wrong()).rejects.toMatchObject({ reason: 'missing_object' })
  expect(await insert(100)).toBe(1)
  expect(await insert(101)).toBe(1)
})

test('a change of the schema makes a plan stale once, in all sessions together', async () => {
  await using one = await database.session({ prepare: true })
  await using other = await database.session({ prepare: true })
  const read = (session: Session) => session.query(sql`select * from notes where id = ${100}`)
  for (const session of [one, other, one, other, one, other]) await read(session)
  await one.script('alter table notes add column tag text')
  await expect(read(one)).rejects.toMatchObject({ reason: 'stale_plan' })
  for (const session of [one, other]) expect(await read(session)).toEqual([{ id: 100, body: 'x', tag: null }])
})

test('in a transaction a stale plan undoes it, and the same work goes well the next time', async () => {
  await using session = await database.session({ prepare: true })
  const work = () =>
    session.transaction(async (tx) => {
      await tx.execute(sql`update notes set body = ${'work'} where id = ${100}`)
      return tx.query(sql`select * from notes where id = ${100}`)
    })
  for (let times = 0; times < 3; times++) await work()
  await session.script('alter table notes drop column tag')
  await expect(work()).rejects.toMatchObject({ reason: 'stale_plan' })
  expect(await work()).toEqual([{ id: 100, body: 'work' }])
})

test('as many as a connection remembers are kept, and the others are closed', async () => {
  await using session = await database.session({ prepare: true })
  for (let number = 0; number < 320; number++) {
    for (let times = 0; times < 2; times++) await session.query(raw(`select ${number} as n`))
  }
  const kept = await names(session)
  expect(kept).toHaveLength(299)
  expect(kept).not.toContain('select 0 as n')
  expect(await session.query(raw('select 0 as n'))).toEqual([{ n: 0 }])
})

test('where the server forgets what was prepared, as behind a pooler, nothing is prepared from then on', async () => {
  await using pooled = await openDatabase(await freshPostgresUrl(18))
  await using session = await pooled.session({ prepare: true })
  const read = () => session.query(sql`select ${1}::int as one`)
  for (let times = 0; times < 3; times++) await read()
  // What another server connection would be.
  await session.script('deallocate all')
  await expect(read()).rejects.toMatchObject({ reason: 'stale_plan' })
  for (let times = 0; times < 3; times++) expect(await read()).toEqual([{ one: 1 }])
  expect(await names(session)).toEqual([])
})
