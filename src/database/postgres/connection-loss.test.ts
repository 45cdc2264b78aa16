import { afterAll, beforeAll, expect, test } from 'vitest'
import { freshPostgresUrl } from '../../../test/harness/engines.ts'
import { startProxy } from '../../../test/harness/proxy.ts'
import { type Database, openDatabase, type Session, sql } from '../database.ts'

let url: string
let db: Database
let observer: Session

beforeAll(async () => {
  url = await freshPostgresUrl(18)
  db = await openDatabase(url)
  observer = await db.session()
})
afterAll(() => db.close())

const pidOf = async (session: Session) =>
  (await session.query<{ pid: number }>(sql`select pg_backend_pid() as pid`))[0]?.pid ?? 0
const gone = (pid: number) => observer.query(sql`select from pg_stat_activity where pid = ${pid}`)

test('a connection that the server ends while it is idle harms nobody until it is used', async () => {
  const session = await db.session()
  const pid = await pidOf(session)
  await observer.query(sql`select pg_terminate_backend(${pid})`)
  await expect.poll(() => gone(pid)).toHaveLength(0)
  await expect(session.query(sql`select 1`)).rejects.toMatchObject({
    code: 'connection_lost',
    reason: 'connection_lost',
    remedy: 'Look in the log of the database server for the reason, then run the same command again.',
  })
  await expect(session.query(sql`select 1`)).rejects.toMatchObject({
    code: 'connection_lost',
    message: 'The connection to the database is broken.',
    details: [expect.any(String)],
  })
  await session.close()
})

test('a connection that is ended under a statement fails the statement with what the server said', async () => {
  const session = await db.session()
  const pid = await pidOf(session)
  const work = expect(session.query(sql`select pg_sleep(600)`)).rejects.toMatchObject({
    code: 'connection_lost',
    reason: 'connection_lost',
    engineCode: '57P01',
    message: 'terminating connection due to administrator command.',
    statement: 'select pg_sleep(600)',
  })
  await expect
    .poll(() => observer.query(sql`select from pg_stat_activity where pid = ${pid} and state = 'active'`))
    .toHaveLength(1)
  await observer.query(sql`select pg_terminate_backend(${pid})`)
  await work
  await session.close()
})

test('a connection that is lost inside a transaction fails the transaction, and nothing stays', async () => {
  await observer.script('create table lost (id int)')
  const session = await db.session()
  const pid = await pidOf(session)
  const work = session.transaction(async (tx) => {
    await tx.script('insert into lost values (1)')
    await observer.query(sql`select pg_terminate_backend(${pid})`)
    await expect.poll(() => gone(pid)).toHaveLength(0)
  })
  await expect(work).rejects.toMatchObject({ code: 'connection_lost' })
  expect(await observer.query(sql`select * from lost`)).toEqual([])
  await session.close()
})

test('a network that breaks under a statement is a lost connection', async () => {
  const through = new URL(url)
  await using proxy = await startProxy(Number(through.port))
  through.port = String(proxy.port)
  await using other = await openDatabase(through.href)
  await using session = await other.session()
  await session.query(sql`select 1`)
  proxy.cut('marker')
  await expect(session.query(sql`select 1 as marker`)).rejects.toMatchObject({
    code: 'connection_lost',
    message: 'The connection to the database broke while a statement was running.',
    details: [expect.any(String)],
  })
})

test('a network that breaks under a load is a lost connection, and the source is read no further', async () => {
  await observer.script('create table broken (id int, body text)')
  const through = new URL(url)
  await using proxy = await startProxy(Number(through.port))
  through.port = String(proxy.port)
  await using other = await openDatabase(through.href)
  await using session = await other.session()
  let ended = false
  function* rows() {
    try {
      for (let id = 0; ; id++) {
        if (id === 20_000) proxy.cut()
        yield [id, 'x'.repeat(100)]
      }
    } finally {
      ended = true
    }
  }
  await expect(session.load({ table: ['broken'], columns: ['id', 'body'] }, rows())).rejects.toMatchObject({
    code: 'connection_lost',
  })
  await expect.poll(() => ended).toBe(true)
  expect(await observer.query(sql`select * from broken`)).toEqual([])
})

test('a first connection that has gone stale is replaced by a new one', async () => {
  await using other = await openDatabase(`${url}?application_name=stale`)
  await observer.query(
    sql`select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and application_name = 'stale'`,
  )
  await expect
    .poll(() =>
      observer.query(
        sql`select from pg_stat_activity where datname = current_database() and application_name = 'stale'`,
      ),
    )
    .toHaveLength(0)
  // Until the socket's end has arrived here too.
  await expect
    .poll(async () => {
      await using session = await other.session()
      return await session.query(sql`select 1 as one`).catch(() => undefined)
    })
    .toEqual([{ one: 1 }])
})
