import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type Database, type Session, id, literal, openDatabase, raw, sql } from '../database.ts'

const hostileNames = [
  'order',
  'a"b',
  `x'; drop table y --`,
  'ü🐘',
  'back\\slash',
  'x'.repeat(63),
  '__proto__',
  'two  words',
]

// A statement that takes longer than anybody waits, in one row.
const endless = {
  'pglite:memory': raw('select count(*) from generate_series(1, 100000000000)'),
  'sqlite::memory:': raw('with recursive c(x) as (select 1 union all select x + 1 from c) select count(*) as n from c'),
}

describe.each(['pglite:memory', 'sqlite::memory:'] as const)('sessions of %s', (url) => {
  let db: Database
  let session: Session
  const rows = (where: Session = session): Promise<unknown[]> =>
    where.query<{ id: number }>(sql`select id from notes order by id`).then((found) => found.map((row) => row.id))

  beforeAll(async () => {
    db = await openDatabase(url)
  })
  beforeEach(async () => {
    session = await db.session()
    await session.script('drop table if exists notes; create table notes (id int primary key, body text)')
    return () => session.close()
  })
  afterAll(() => db.close())

  test('take turns in the order in which they were asked', async () => {
    const other = await db.session()
    const order: string[] = []
    const note = (what: string) => () => void order.push(what)
    await Promise.all([
      session.query(sql`select 1`).then(note('a')),
      other.query(sql`select 1`).then(note('b')),
      session
        .transaction(async (tx) => {
          await tx.script('insert into notes (id) values (1)')
          await tx.script('insert into notes (id) values (2)')
        })
        .then(note('c')),
      other.query<{ n: number }>(sql`select count(*) as n from notes`).then(([row]) => order.push(`d${row?.n}`)),
    ])
    expect(order).toEqual(['a', 'b', 'c', 'd2'])
    await other.close()
  })

  test('a transaction commits what its work did, and undoes it when that throws', async () => {
    expect(
      await session.transaction(async (tx) => (await tx.query(sql`insert into notes (id) values (1)`), 'done')),
    ).toBe('done')
    const failure = new Error('no')
    await expect(
      session.transaction(async (tx) => {
        await tx.script('insert into notes (id) values (2)')
        throw failure
      }),
    ).rejects.toBe(failure)
    await expect(
      session.transaction(async (tx) => {
        await tx.script('insert into notes (id) values (3)')
        await tx.script('insert into notes (id) values (1)')
      }),
    ).rejects.toMatchObject({ code: 'statement_failed', reason: 'constraint' })
    expect(await rows()).toEqual([1])
  })

  test('a transaction is over when its work has returned', async () => {
    let escaped: Promise<unknown> = Promise.resolve()
    await session.transaction(async (tx) => {
      escaped = Promise.resolve().then(async () => {
        await session.query(sql`select 1`).catch(() => {})
        await db.session()
        for (;;) await tx.query(sql`select 1`)
      })
      await Promise.resolve()
    })
    await expect(escaped).rejects.toThrow('The transaction is over.')
  })

  test('statements to run before the commit run, with their values written out', async () => {
    await session.transaction(async (tx) => {
      tx.beforeCommit(sql`insert into notes (id, body) values (${2}, ${`it's`}) -- a comment`)
      tx.beforeCommit(sql`insert into notes (id, body) values (${3}, ${'a;b'})`)
      await tx.script('insert into notes (id) values (1)')
    })
    expect(await session.query(sql`select id, body from notes order by id`)).toEqual([
      { id: 1, body: null },
      { id: 2, body: `it's` },
      { id: 3, body: 'a;b' },
    ])
    await expect(
      session.transaction(async (tx) => {
        tx.beforeCommit(sql`insert into notes (id) values (${1})`)
        await tx.script('insert into notes (id) values (4)')
      }),
    ).rejects.toMatchObject({ reason: 'constraint' })
    expect(await rows()).toEqual([1, 2, 3])
  })

  test('a session used inside its own transaction is an error at once, whichever handle it is', async () => {
    const other = await db.session()
    for (const handle of [session, other]) {
      const work = session.transaction(async () => {
        await Promise.resolve()
        await handle.query(sql`select 1`)
      })
      await expect(work).rejects.toThrow(
        'The session is used inside work that holds it and waits for that work to end.',
      )
    }
    expect(await other.query(sql`select 1 as one`)).toEqual([{ one: 1 }])
    await other.close()
  })

  test('SQL that ends its own transaction is an error, even when the caller swallows it', async () => {
    const endings = ['commit', 'insert into notes (id) values (1); commit; begin', 'rollback', 'rollback; begin']
    for (const ending of endings) {
      const work = session.transaction(async (tx) => {
        await tx.script('delete from notes')
        await tx.script(ending).catch(() => {})
        await tx.script('insert into notes (id) values (9)').catch(() => {})
      })
      await expect(work, ending).rejects.toMatchObject({
        code: 'statement_failed',
        reason: 'other',
        message:
          'A statement has ended the transaction that it ran in, so a part of the work may be committed already.',
        remedy:
          'Remove COMMIT, ROLLBACK and PREPARE TRANSACTION, or run the file outside a transaction; then look at what is already done.',
        statement: ending,
      })
    }
    expect(await rows()).toEqual([1])
    await expect(
      session.transaction((tx) => tx.script('insert into notes (id) values (2); commit; select * from nowhere')),
    ).rejects.toMatchObject({ message: expect.stringMatching(/^A statement has ended the transaction/) as string })
    await session.transaction((tx) =>
      tx.script('savepoint a; insert into notes (id) values (5); rollback to savepoint a; release savepoint a'),
    )
    expect(await rows()).toEqual([1, 2])
  })

  test('a script that leaves a transaction open is undone and refused', async () => {
    await expect(session.script('begin; insert into notes (id) values (1)')).rejects.toMatchObject({
      code: 'statement_failed',
      message: 'The script began a transaction and did not end it, so the transaction was rolled back.',
      remedy: 'End it with COMMIT in the same script, or remove its BEGIN.',
    })
    await expect(session.query(sql`begin`)).rejects.toMatchObject({ code: 'statement_failed' })
    await expect(
      session.script('begin; insert into notes (id) values (1); select * from nowhere'),
    ).rejects.toMatchObject({
      reason: 'missing_object',
    })
    await session.script('begin; insert into notes (id) values (2); commit')
    expect(await rows()).toEqual([2])
  })

  test('a stream reads all rows in batches, in a transaction beside other statements', async () => {
    await session.load(
      { table: ['notes'], columns: ['id'] },
      Array.from({ length: 2_500 }, (_, index) => [index]),
    )
    let count = 0
    for await (const row of session.stream<{ id: number }>(sql`select id from notes order by id`, { batchSize: 100 })) {
      expect(row.id).toBe(count++)
    }
    expect(count).toBe(2_500)
    await session.transaction(async (tx) => {
      for await (const { id: found } of tx.stream<{ id: number }>(sql`select id from notes where id < ${20}`, {
        batchSize: 7,
      })) {
        await tx.query(sql`update notes set body = 'seen' where id = ${found}`)
      }
    })
    expect(await session.query(sql`select count(*) as n from notes where body = 'seen'`)).toEqual([{ n: 20 }])
  })

  test('a stream that is left early, or fails, leaves the session and its table free', async () => {
    await session.load(
      { table: ['notes'], columns: ['id'] },
      Array.from({ length: 500 }, (_, index) => [index]),
    )
    for await (const row of session.stream(sql`select id from notes`, { batchSize: 10 })) {
      expect(row).toEqual({ id: 0 })
      await expect(session.query(sql`select 1`)).rejects.toThrow(
        'The session is used while its rows are being streamed.',
      )
      break
    }
    await session.script('alter table notes add column more int')
    const read = async (): Promise<void> => {
      for await (const row of session.stream(sql`select missing from notes`)) expect(row).toBeUndefined()
    }
    await expect(read()).rejects.toMatchObject({ reason: 'missing_object' })
    await session.transaction(async (tx) => {
      for await (const row of tx.stream(sql`select id from notes`, { batchSize: 10 })) {
        expect(row).toEqual({ id: 0 })
        break
      }
      await tx.script('drop table notes')
    })
  })

  test('a load writes all rows or none of them', async () => {
    const target = { table: ['notes'], columns: ['id', 'body'] }
    const texts = ['plain', '', 'tab\tline\nreturn\rback\\slash', '\\N', 'ü🐘', `'";--`]
    expect(
      await session.load(
        target,
        texts.map((text, index) => [index, text]),
      ),
    ).toBe(texts.length)
    expect(await session.query(sql`select body from notes order by id`)).toEqual(texts.map((body) => ({ body })))
    expect(
      await session.load(target, [
        [10, { a: [1] }],
        [11, null],
        [12, undefined],
        [13, true],
      ]),
    ).toBe(4)
    expect(await session.load(target, [])).toBe(0)

    const before = await rows()
    async function* failing(): AsyncIterable<unknown[][]> {
      for (let index = 100; index < 3_000; index++) yield [[index, 'x']]
      await Promise.resolve()
      throw new Error('the source is gone')
    }
    await expect(session.load(target, failing())).rejects.toThrow('the source is gone')
    await expect(
      session.load(target, [
        [20, 'a'],
        [0, 'b'],
      ]),
    ).rejects.toMatchObject({ reason: 'constraint' })
    await session.transaction(async (tx) => {
      await tx.script('insert into notes (id) values (50)')
      await expect(tx.load(target, failing())).rejects.toThrow('the source is gone')
      await expect(
        tx.load(target, [
          [21, 'a'],
          [0, 'b'],
        ]),
      ).rejects.toMatchObject({ reason: 'constraint' })
      await tx.load(target, [[51, 'c']])
    })
    expect(await rows()).toEqual([...before, 50, 51])
  })

  test('names of any kind go through query, load and stream', async () => {
    for (const name of hostileNames) {
      await session.script(`create table ${id(name).inline(db.dialect)} (${id(name).inline(db.dialect)} text)`)
      await session.load({ table: [name], columns: [name] }, [[name]])
      await session.query(
        sql`insert into ${id(name)} (${id(name)}) select ${literal(name)} where ${name} = ${literal(name)}`,
      )
      const found: unknown[] = []
      for await (const row of session.stream(sql`select ${id(name)} from ${id(name)}`)) found.push(Object.entries(row))
      expect(found).toEqual([[[name, name]], [[name, name]]])
      await session.script(`drop table ${id(name).inline(db.dialect)}`)
    }
  })

  test('the event loop is free while a statement runs, and an abort ends the statement', async () => {
    await using fresh = await openDatabase(url)
    const controller = new AbortController()
    const interrupted = await fresh.session({ signal: controller.signal })
    const waiting = await fresh.session({ signal: controller.signal })
    let ticks = 0
    const timer = setInterval(() => {
      if (++ticks === 20) controller.abort()
    }, 5)
    const canceled = {
      code: 'canceled',
      reason: 'canceled',
      message: 'The work on the database was interrupted.',
      remedy: 'Run the same command again to go on.',
    }
    const running = expect(interrupted.query(endless[url])).rejects.toMatchObject(canceled)
    await expect(waiting.query(sql`select 1`)).rejects.toMatchObject(canceled)
    await running
    clearInterval(timer)
    expect(ticks).toBeGreaterThanOrEqual(20)
    await expect(interrupted.query(sql`select 1`)).rejects.toMatchObject(canceled)
    await expect(fresh.session({ signal: controller.signal })).rejects.toMatchObject(canceled)
    await interrupted.close()
  })

  test('databases in memory have nothing in common', async () => {
    await using other = await openDatabase(url)
    await using there = await other.session()
    await expect(there.query(sql`select id from notes`)).rejects.toMatchObject({ reason: 'missing_object' })
  })

  test('the migration lock is given to one at a time', async () => {
    const attempt = await db.tryLock({ command: 'migrate' })
    if (!('lock' in attempt)) throw new Error('The lock was free.')
    expect(await db.tryLock({ command: 'seed' })).toMatchObject({ heldBy: { pid: process.pid, command: 'migrate' } })
    await attempt.lock.release()
    await attempt.lock.release()
    const again = await db.tryLock({ command: 'seed' })
    expect('lock' in again && again.lock.lost.aborted).toBe(false)
    if ('lock' in again) await again.lock[Symbol.asyncDispose]()
  })

  test('a closed session and a closed database are errors, and closing twice is not', async () => {
    const other = await openDatabase(url)
    const [closed, open] = [await other.session(), await other.session()]
    await closed.close()
    await closed.close()
    await expect(closed.query(sql`select 1`)).rejects.toThrow('The session is closed.')
    await expect(closed.transaction(() => Promise.resolve())).rejects.toThrow('The session is closed.')
    await other.close()
    await other.close()
    await expect(open.query(sql`select 1`)).rejects.toThrow('The database is closed.')
    await expect(other.session()).rejects.toThrow('The database is closed.')
    await expect(other.tryLock({ command: 'migrate' })).rejects.toThrow('The database is closed.')
    await open.close()
  })
})
