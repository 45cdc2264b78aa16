import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { freshPostgresUrl } from '../../../test/harness/engines.ts'
import { startProxy } from '../../../test/harness/proxy.ts'
import {
  type Database,
  openDatabase,
  type Session,
  sql,
  type Transaction,
  type TransactionOptions,
} from '../database.ts'

let db: Database
let session: Session
let observer: Session

beforeAll(async () => {
  db = await openDatabase(await freshPostgresUrl(18))
  observer = await db.session()
  await observer.script('create table entries (id int primary key)')
})
beforeEach(async () => {
  await session?.close()
  session = await db.session()
  await observer.script('truncate entries')
})
afterAll(() => db.close())

const entries = async () =>
  (await observer.query<{ id: number }>(sql`select id from entries order by id`)).map(({ id }) => id)

test('it commits when its work returns, and returns what the work does', async () => {
  const result = await session.transaction(async (tx) => {
    await tx.script('insert into entries values (1); insert into entries values (2)')
    return 'done'
  })
  expect(result).toBe('done')
  expect(await entries()).toEqual([1, 2])
})

test('it rolls back when its work throws, and throws the same', async () => {
  const reason = new Error('changed my mind')
  const work = session.transaction(async (tx) => {
    await tx.script('insert into entries values (1)')
    throw reason
  })
  await expect(work).rejects.toBe(reason)
  expect(await entries()).toEqual([])
  expect(await session.query(sql`select 1 as one`)).toEqual([{ one: 1 }])
})

test('what runs before the commit runs last, and with its values', async () => {
  await observer.script('create table log (what text)')
  await session.transaction(async (tx) => {
    tx.beforeCommit(
      sql`insert into log select ${"it's\\"} || string_agg(id::text, ',') from entries -- a comment at the end`,
    )
    tx.beforeCommit(sql`insert into log values (${null}), ('second')`)
    await tx.script('insert into entries values (7)')
  })
  expect(await observer.query(sql`select what from log`)).toEqual([
    { what: "it's\\7" },
    { what: null },
    { what: 'second' },
  ])
})

test('a failure before the commit rolls everything back', async () => {
  const work = session.transaction(async (tx) => {
    tx.beforeCommit(sql`insert into entries values (${1})`)
    await tx.script('insert into entries values (1)')
  })
  await expect(work).rejects.toMatchObject({ code: 'statement_failed', reason: 'constraint', engineCode: '23505' })
  expect(await entries()).toEqual([])
})

test('a constraint that is only checked at COMMIT makes it fail', async () => {
  await observer.script('create table deferred (id int unique deferrable initially deferred)')
  const work = session.transaction((tx) => tx.script('insert into deferred values (1), (1)'))
  await expect(work).rejects.toMatchObject({ reason: 'constraint', engineCode: '23505' })
  expect(await observer.query(sql`select * from deferred`)).toEqual([])
})

test('a failed statement that the work ignores makes the commit fail, with the reason', async () => {
  const work = session.transaction(async (tx) => {
    await tx.script('insert into entries values (1)')
    await tx.query(sql`select 1 / 0`).catch(() => {})
  })
  await expect(work).rejects.toMatchObject({
    code: 'statement_failed',
    message:
      'The transaction cannot be committed, because a statement in it has failed (division by zero.); it was rolled back.',
    remedy: 'Correct the statement that failed first.',
  })
  expect(await entries()).toEqual([])
})

test('a failed statement behind a savepoint does no harm', async () => {
  await session.transaction(async (tx) => {
    await tx.script('insert into entries values (1); savepoint here')
    await expect(tx.query(sql`select 1 / 0`)).rejects.toThrow('division by zero.')
    await tx.script('rollback to savepoint here; insert into entries values (2)')
    await tx.script('savepoint again; insert into entries values (3); rollback to again')
  })
  expect(await entries()).toEqual([1, 2])
})

describe('a script that ends the transaction is found out', () => {
  const ended = {
    code: 'statement_failed',
    message: 'A statement has ended the transaction that it ran in, so a part of the work may be committed already.',
    remedy:
      'Remove COMMIT, ROLLBACK and PREPARE TRANSACTION, or run the file outside a transaction; then look at what is already done.',
  }

  test.each([
    'commit',
    'rollback',
    'end',
    'abort',
    'commit; begin',
    'rollback; begin',
    'commit and chain',
    'rollback and chain',
    'insert into entries values (1); commit; insert into entries values (2)',
    'insert into entries values (1); rollback; start transaction; insert into entries values (2)',
    'commit; begin; select 1/0',
    'savepoint a; rollback to a; commit; begin',
    `do $$ begin null; end $$; COMMIT /* ; */; BEGIN; savepoint b; rollback to b`,
  ])('%s', async (text) => {
    let reached = false
    const work = session.transaction(async (tx) => {
      await tx.script(text)
      reached = true
    })
    await expect(work).rejects.toMatchObject({ ...ended, statement: text })
    expect(reached).toBe(false)
    expect((await entries()).includes(2)).toBe(text.endsWith('commit; insert into entries values (2)'))
    expect(await session.query(sql`select 1 as one`)).toEqual([{ one: 1 }])
  })

  test('as a bound statement', async () => {
    await expect(session.transaction((tx) => tx.query(sql`commit`))).rejects.toMatchObject(ended)
  })

  test('even if the work ignores the error', async () => {
    const work = session.transaction(async (tx) => {
      await tx.script('commit; begin').catch(() => {})
      await tx.script('insert into entries values (5)')
    })
    await expect(work).rejects.toMatchObject(ended)
  })

  test('which a second BEGIN or a rolled back savepoint does not', async () => {
    await session.transaction((tx) =>
      tx.script('begin; savepoint s; rollback to s; start transaction; insert into entries values (1)'),
    )
    expect(await entries()).toEqual([1])
  })
})

test('a transaction that is over cannot be used', async () => {
  let kept: { query: (statement: ReturnType<typeof sql>) => Promise<unknown> } | undefined
  await session.transaction(async (tx) => {
    kept = tx
    await tx.query(sql`select 1`)
  })
  await expect(kept?.query(sql`select 1`)).rejects.toThrow('The transaction is over.')
})

test('a lock timeout bounds the wait, for this transaction only', async () => {
  await observer.transaction(async (holder) => {
    await holder.query(sql`lock table entries`)
    const work = session.transaction((tx) => tx.query(sql`select from entries`), { lockTimeout: 50 })
    await expect(work).rejects.toMatchObject({
      code: 'statement_failed',
      reason: 'lock_timeout',
      engineCode: '55P03',
      message: 'canceling statement due to lock timeout.',
      remedy: 'Another transaction holds a lock on it: end that one, or run again when the table is less busy.',
    })
  })
  await session.transaction(
    async (tx) => expect(await tx.query(sql`show lock_timeout`)).toEqual([{ lock_timeout: '1234ms' }]),
    { lockTimeout: 1234 },
  )
  expect(await session.query(sql`show lock_timeout`)).toEqual([{ lock_timeout: '0' }])
})

describe('resetSession', () => {
  const settings = sql`
    select current_user as "user", current_setting('search_path') as path, current_setting('work_mem') as mem,
      current_setting('default_transaction_isolation') as isolation, current_setting('transaction_isolation') as now`
  const dirt = `
    set search_path = nowhere; set work_mem = '1MB'; set session characteristics as transaction isolation level serializable;
    set role pg_monitor`
  const clean = {
    user: 'postgres',
    path: '"$user", public',
    mem: '4MB',
    isolation: 'read committed',
    now: 'read committed',
  }

  test.each([
    ['scripts', (each: Session) => each.script(dirt)],
    ['transactions', (each: Session) => each.transaction((tx) => tx.script(dirt))],
    [
      'transactions that reset it themselves',
      (each: Session) => each.transaction((tx) => tx.script(dirt), { resetSession: true }),
    ],
    [
      'transactions that were rolled back',
      async (each: Session) => {
        await each.script(dirt)
        const failing = (tx: { script(text: string): Promise<void> }) => tx.script('select 1/0')
        await expect(each.transaction(failing, { resetSession: true })).rejects.toThrow('division by zero.')
      },
    ],
  ])('undoes what earlier %s did to the session', async (_, soil) => {
    await soil(session)
    const seen = await session.transaction((tx) => tx.query(settings), { resetSession: true })
    expect(seen).toEqual([clean])
  })

  test('keeps what the connection was started with', async () => {
    await using other = await openDatabase(
      `${await freshPostgresUrl(18)}?options=-c%20work_mem%3D7MB&application_name=job`,
    )
    await using named = await other.session()
    await named.script(`set work_mem = '1MB'; set application_name = 'x'`)
    const seen = await named.transaction(
      (tx) => tx.query(sql`select current_setting('work_mem') as mem, current_setting('application_name') as name`),
      { resetSession: true },
    )
    expect(seen).toEqual([{ mem: '7MB', name: 'job' }])
  })
})

test('a small transaction costs two round trips, and so does resetting the session', async () => {
  const url = new URL(await freshPostgresUrl(18))
  await using proxy = await startProxy(Number(url.port))
  url.port = String(proxy.port)
  await using other = await openDatabase(url.href)
  await using counted = await other.session()
  const count = async (options: TransactionOptions) => {
    const before = proxy.roundTrips
    const work = async (tx: Transaction) => {
      tx.beforeCommit(sql`select ${1}::int`)
      await tx.script('select 1; select 2')
    }
    await counted.transaction(work, { lockTimeout: 1000, ...options })
    return proxy.roundTrips - before
  }
  expect(await count({ resetSession: true })).toBe(2)
  expect(await count({ resetSession: true })).toBe(2)
  expect(await count({})).toBe(2)
  // What the one before may have left is undone first.
  expect(await count({ resetSession: true })).toBe(3)
  expect(await count({ resetSession: true })).toBe(2)
})

test('a connection that breaks during COMMIT leaves it open whether the transaction took effect, and says so', async () => {
  const url = new URL(await freshPostgresUrl(18))
  await using direct = await openDatabase(url.href)
  await using reader = await direct.session()
  await reader.script('create table kept (id int)')
  await using proxy = await startProxy(Number(url.port))
  url.port = String(proxy.port)
  await using other = await openDatabase(url.href)
  await using cut = await other.session()
  proxy.cutAnswer('commit')
  await expect(cut.transaction((tx) => tx.script('insert into kept values (1)'))).rejects.toMatchObject({
    code: 'connection_lost',
    reason: 'connection_lost',
    message: 'The connection to the database broke during COMMIT, so whether the transaction took effect is not known.',
    remedy: 'Look in the log of the database server for the reason, then run the same command again.',
  })
  expect(await reader.query(sql`select id from kept`)).toEqual([{ id: 1 }])
})

test('a script that the server cannot read begins nothing, and nothing of the transaction is kept', async () => {
  await session.script('create table unread (id int)')
  const text = 'insert into unread values (1);\nselec 2'
  const work = session.transaction(async (tx) => {
    await expect(tx.script(text)).rejects.toMatchObject({
      reason: 'syntax',
      statement: text,
      position: text.indexOf('selec'),
      completed: 0,
    })
    await tx.script('insert into unread values (3)')
  })
  await expect(work).rejects.toThrow('The transaction cannot be committed, because a statement in it has failed')
  expect(await session.query(sql`select id from unread`)).toEqual([])
})

test('places in the first script of a transaction are those of the script alone', async () => {
  const text = 'select 1;\nselect no_such_column'
  await expect(session.transaction((tx) => tx.script(text))).rejects.toMatchObject({
    statement: text,
    position: text.indexOf('no_such_column'),
    completed: 1,
  })
})
