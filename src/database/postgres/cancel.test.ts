import { afterAll, beforeAll, expect, test } from 'vitest'
import { freshPostgresUrl } from '../../../test/harness/engines.ts'
import { type Database, openDatabase, type Session, sql } from '../database.ts'

let db: Database
let observer: Session

beforeAll(async () => {
  db = await openDatabase(await freshPostgresUrl(18))
  observer = await db.session()
})
afterAll(() => db.close())

const interrupted = {
  code: 'canceled',
  reason: 'canceled',
  message: 'The work on the database was interrupted.',
  remedy: 'Run the same command again to go on.',
}

const active = (marker: string) =>
  observer.query(
    sql`select from pg_stat_activity where datname = current_database() and state = 'active' and pid <> pg_backend_pid() and query like ${`%${marker}%`}`,
  )

test.each([
  ['query', (session: Session) => session.query(sql`select pg_sleep(600) as marker_query`)],
  ['script', (session: Session) => session.script(`select 1; select pg_sleep(600) as marker_script`)],
  [
    'transaction',
    (session: Session) => session.transaction((tx) => tx.query(sql`select pg_sleep(600) as marker_transaction`)),
  ],
])('an aborted signal stops a running %s on the server', async (name, work) => {
  const abort = new AbortController()
  await using session = await db.session({ signal: abort.signal })
  const running = expect(work(session)).rejects.toMatchObject(interrupted)
  await expect.poll(() => active(`marker_${name}`)).toHaveLength(1)
  abort.abort()
  await running
  expect(await active(`marker_${name}`)).toHaveLength(0)
  await expect(session.query(sql`select 1`)).rejects.toMatchObject(interrupted)
})

test('an abort in the middle of a transaction rolls it back, and the session closes as usual', async () => {
  await observer.script('create table aborted (id int)')
  const abort = new AbortController()
  const session = await db.session({ signal: abort.signal })
  const work = session.transaction(async (tx) => {
    await tx.script('insert into aborted values (1)')
    abort.abort()
    await tx.script('insert into aborted values (2)')
  })
  await expect(work).rejects.toMatchObject(interrupted)
  expect(await observer.query(sql`select * from aborted`)).toEqual([])
  expect(
    await observer.query(
      sql`select from pg_stat_activity where datname = current_database() and state like 'idle in%'`,
    ),
  ).toEqual([])
  await session.close()
})

test('a transaction whose work returns although it was interrupted is not committed', async () => {
  await observer.script('create table late (id int)')
  const abort = new AbortController()
  await using session = await db.session({ signal: abort.signal })
  const work = session.transaction(async (tx) => {
    await tx.script('insert into late values (1)')
    abort.abort()
  })
  await expect(work).rejects.toMatchObject(interrupted)
  expect(await observer.query(sql`select * from late`)).toEqual([])
})

test('a signal that is aborted right after a statement was sent still stops it', async () => {
  for (let round = 0; round < 20; round++) {
    const abort = new AbortController()
    await using session = await db.session({ signal: abort.signal })
    const running = expect(session.query(sql`select pg_sleep(600)`)).rejects.toMatchObject(interrupted)
    for (let turn = 0; turn < round % 5; turn++) await new Promise(setImmediate)
    abort.abort()
    await running
  }
})

test('an abort ends a load whose source has stalled', async () => {
  await observer.script('create table stalled (id int)')
  const abort = new AbortController()
  await using session = await db.session({ signal: abort.signal })
  let waiting: () => void = () => {}
  const reached = new Promise<void>((resolve) => (waiting = resolve))
  async function* rows() {
    yield [[1]]
    waiting()
    await new Promise(() => {})
  }
  const running = expect(session.load({ table: ['stalled'], columns: ['id'] }, rows())).rejects.toMatchObject(
    interrupted,
  )
  await reached
  abort.abort()
  await running
  expect(await observer.query(sql`select * from stalled`)).toEqual([])
})

test('an abort ends a stream at its next batch', async () => {
  const abort = new AbortController()
  await using session = await db.session({ signal: abort.signal })
  const reading = (async () => {
    for await (const { n } of session.stream<{ n: number }>(sql`select n from generate_series(1, 1000000) n`, {
      batchSize: 10,
    })) {
      if (n === 25) abort.abort()
    }
  })()
  await expect(reading).rejects.toMatchObject(interrupted)
})

test('a signal that was aborted before gives no session', async () => {
  await expect(db.session({ signal: AbortSignal.abort() })).rejects.toMatchObject(interrupted)
})

test('a statement that somebody else cancels is not our interruption', async () => {
  await using session = await db.session({ signal: new AbortController().signal })
  const running = expect(session.query(sql`select pg_sleep(600) as elsewhere`)).rejects.toMatchObject({
    code: 'statement_failed',
    reason: 'canceled',
    message: 'canceling statement due to user request.',
    remedy: 'If it was the statement_timeout, raise that for this role; otherwise ask who canceled the statement.',
  })
  await expect.poll(() => active('elsewhere')).toHaveLength(1)
  await observer.query(
    sql`select pg_cancel_backend(pid) from pg_stat_activity where datname = current_database() and query like '%as elsewhere' and pid <> pg_backend_pid()`,
  )
  await running
  expect(await session.query(sql`select 1 as one`)).toEqual([{ one: 1 }])
})
