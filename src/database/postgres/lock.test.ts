import { once } from 'node:events'
import { hostname } from 'node:os'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { startProgram } from '../../../test/harness/child.ts'
import { freshPostgresUrl, postgresVersions } from '../../../test/harness/engines.ts'
import { type Database, type Lock, type LockAttempt, openDatabase, type Session, sql } from '../database.ts'

let url: string
let db: Database
let observer: Session

beforeAll(async () => {
  url = await freshPostgresUrl(18)
  const observing = await openDatabase(url)
  observer = await observing.session()
  return () => observing.close()
})
beforeEach(async () => {
  await db?.close()
  db = await openDatabase(url)
})
afterAll(() => db.close())

const lockSessions = sql`
  select pid, state, backend_xmin from pg_stat_activity
  where application_name like 'metastore %' and datname = current_database()`

function held(attempt: LockAttempt): Lock {
  if ('lock' in attempt) return attempt.lock
  throw new Error(`The lock is held by ${JSON.stringify(attempt.heldBy)}.`)
}

test('one holder at a time: the next learns who it is, and gets it once it is released', async () => {
  const lock = held(await db.tryLock({ command: 'migrate' }))
  await using other = await openDatabase(url)
  const refused = await other.tryLock({ command: 'rollback' })
  expect(refused).toEqual({
    heldBy: {
      pid: process.pid,
      host: hostname().slice(0, 20),
      command: 'migrate',
      since: expect.any(String) as string,
    },
  })
  await lock.release()
  await lock.release()
  expect(lock.lost.aborted).toBe(false)
  await held(await other.tryLock({ command: 'rollback' })).release()
})

test('a waiting process tries again on the same connection and holds nothing meanwhile', async () => {
  await using other = await openDatabase(url)
  const lock = held(await other.tryLock({ command: 'migrate' }))
  // Node warns of a leak when a connection is listened to more than ten times.
  const warnings: Error[] = []
  const listen = (warning: Error) => void warnings.push(warning)
  process.on('warning', listen)
  for (let round = 0; round < 15; round++) await db.tryLock({ command: 'waiting' })
  process.off('warning', listen)
  expect(warnings).toEqual([])
  const waiting = sql`select state, backend_xmin from pg_stat_activity where datname = current_database() and application_name like 'metastore waiting %'`
  expect(await observer.query(waiting)).toEqual([{ state: 'idle', backend_xmin: null }])
  await lock.release()
  await held(await db.tryLock({ command: 'waiting' })).release()
  await db.close()
  await expect.poll(() => observer.query(lockSessions)).toEqual([])
})

test.each(postgresVersions)(
  'the lock of PostgreSQL $version is an idle transaction without a snapshot, which no time limit ends',
  async (version) => {
    const limits = '-c idle_in_transaction_session_timeout=100 -c statement_timeout=100'
    const more = version.version >= 17 ? ' -c transaction_timeout=100' : ''
    await using limited = await openDatabase(`${await version.freshUrl()}?options=${encodeURIComponent(limits + more)}`)
    const lock = held(await limited.tryLock({ command: 'migrate' }))
    await using watcher = await limited.session()
    // The server's clock says that the limits have passed.
    const passed = sql`
    select backend_xmin from pg_stat_activity
    where application_name like 'metastore migrate%' and datname = current_database()
      and clock_timestamp() > state_change + interval '400 ms'`
    await expect.poll(() => watcher.query(passed)).toEqual([{ backend_xmin: null }])
    expect(lock.lost.aborted).toBe(false)
    await lock.release()
  },
)

test('a lock that the server ends is lost, and free for the next', async () => {
  const lock = held(await db.tryLock({ command: 'migrate' }))
  const aborted = once(lock.lost, 'abort')
  await observer.query(sql`select pg_terminate_backend(pid) from (${lockSessions}) s`)
  await aborted
  expect(lock.lost.reason).toMatchObject({
    code: 'lock_lost',
    message: 'The connection that held the migration lock broke, so another process may be migrating now.',
    remedy: 'Look in the log of the database server for the reason, then run the same command again.',
  })
  await held(await db.tryLock({ command: 'migrate' })).release()
  await lock.release()
})

test('a waiting connection that the server ends is replaced', async () => {
  await using other = await openDatabase(url)
  const lock = held(await other.tryLock({ command: 'migrate' }))
  await db.tryLock({ command: 'waiting' })
  await observer.query(
    sql`select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and application_name like 'metastore waiting%'`,
  )
  await expect
    .poll(() => db.tryLock({ command: 'waiting' }).catch(() => undefined))
    .toMatchObject({ heldBy: { command: 'migrate' } })
  await lock.release()
})

test('the lock of another tool with the same key is respected, whatever it is called', async () => {
  await using other = await openDatabase(`${url}?application_name=reshape`)
  await using session = await other.session()
  await session.query(sql`select pg_advisory_lock(4036779288569897133)`)
  expect(await db.tryLock({ command: 'migrate' })).toEqual({
    heldBy: { pid: null, host: '127.0.0.1', command: 'reshape', since: expect.any(String) as string },
  })
  await session.close()
  await expect.poll(async () => 'lock' in (await db.tryLock({ command: 'migrate' }))).toBe(true)
})

test('a role that may not see what others do still learns who holds the lock', async () => {
  await observer.script(`drop role if exists lock_watcher; create role lock_watcher login password 'x'`)
  const lock = held(await db.tryLock({ command: 'migrate' }))
  await using other = await openDatabase(url.replace('postgres@', 'lock_watcher:x@'))
  expect(await other.tryLock({ command: 'status' })).toMatchObject({ heldBy: { pid: process.pid, command: 'migrate' } })
  await lock.release()
})

test('locks of two databases on one server do not exclude each other', async () => {
  const lock = held(await db.tryLock({ command: 'migrate' }))
  await using other = await openDatabase(await freshPostgresUrl(18))
  await held(await other.tryLock({ command: 'migrate' })).release()
  await lock.release()
})

test('a holder that is killed leaves the lock free at once', async () => {
  const child = startProgram('test/harness/hold-lock.ts', [url])
  await child.says('held by')
  const heldBy = { pid: child.process.pid, command: 'hold' }
  expect(await db.tryLock({ command: 'next' })).toMatchObject({ heldBy })
  child.process.kill('SIGKILL')
  await child.ended
  await expect.poll(async () => 'lock' in (await db.tryLock({ command: 'next' }))).toBe(true)
})
