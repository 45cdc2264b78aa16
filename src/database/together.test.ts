import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { engines } from '../../test/harness/engines.ts'
import { type Database, openDatabase, type Session, sql } from './database.ts'

describe.each(engines)('statements that run together on $name', ({ freshUrl }) => {
  let database: Database
  let session: Session

  beforeAll(async () => {
    database = await openDatabase(await freshUrl())
    session = await database.session()
    await session.script('create table notes (id integer primary key, body text)')
  })
  afterAll(() => database.close())

  const notes = () => session.query(sql`select id, body from notes order by id`)

  test('each gives its own rows, in their order', async () => {
    const [made, none, found] = await session.together<[{ id: number }, object, { body: string }]>([
      sql`insert into notes values (1, ${'one'}) returning id`,
      sql`update notes set body = 'ONE' where id = 1`,
      sql`select body from notes`,
    ])
    expect([made, none, found]).toEqual([[{ id: 1 }], [], [{ body: 'ONE' }]])
  })

  test('where one fails none has happened, and the failure is about that one', async () => {
    const before = await notes()
    const failing = session.together([
      sql`insert into notes values (2, 'two')`,
      sql`insert into notes values (1, ${'again'})`,
      sql`select 1`,
    ])
    await expect(failing).rejects.toMatchObject({
      reason: 'constraint',
      statement: expect.stringContaining('insert into notes values (1,') as string,
    })
    expect(await notes()).toEqual(before)
  })

  test('in a transaction they are a part of it, also as the first', async () => {
    const rolledBack = session.transaction(async (tx) => {
      const [, [last]] = await tx.together<[object, { n: number }]>([
        sql`insert into notes values (3, 'three')`,
        sql`select count(*) as n from notes`,
      ])
      expect(last).toEqual({ n: 2 })
      await tx.together([sql`insert into notes values (4, 'four')`, sql`insert into notes values (5, 'five')`])
      expect(await tx.query(sql`select count(*) as n from notes`)).toEqual([{ n: 4 }])
      throw new Error('enough')
    })
    await expect(rolledBack).rejects.toThrow('enough')
    expect(await notes()).toHaveLength(1)
  })

  test('a transaction begins with its opening statement, and is undone when that fails', async () => {
    const opening = sql`insert into notes values (6, ${'opening'})`
    await session.transaction((tx) => tx.execute(sql`insert into notes values (7, 'seven')`), { opening })
    expect(await notes()).toHaveLength(3)
    const again = session.transaction((tx) => tx.execute(sql`insert into notes values (8, 'eight')`), { opening })
    await expect(again).rejects.toMatchObject({ reason: 'constraint' })
    await session.transaction((tx) => tx.script(`insert into notes values (9, 'nine')`), {
      opening: sql`delete from notes where id = 6`,
    })
    expect((await notes()).map(({ id }) => id)).toEqual([1, 7, 9])
  })

  test('the last of a transaction is committed with it, after what was to run before that', async () => {
    const made = await session.transaction(async (tx) => {
      tx.beforeCommit(sql`update notes set body = ${'before'} where id = 10`)
      await tx.execute(sql`insert into notes values (10, 'ten')`)
      return tx.last<{ id: number }>(sql`insert into notes values (11, ${'eleven'}) returning id`)
    })
    expect(made).toEqual([{ id: 11 }])
    expect(await session.query(sql`select id, body from notes where id > 9 order by id`)).toEqual([
      { id: 10, body: 'before' },
      { id: 11, body: 'eleven' },
    ])
    expect(await session.transaction((tx) => tx.last(sql`delete from notes where id > 9 returning id`))).toHaveLength(2)
  })

  test('nothing is run after the last, and where it fails the transaction has not happened', async () => {
    const after = session.transaction(async (tx) => {
      await tx.execute(sql`insert into notes values (12, 'twelve')`)
      await tx.last(sql`select 1`)
      await tx.execute(sql`insert into notes values (13, 'thirteen')`)
    })
    await expect(after).rejects.toThrow('The transaction is over.')
    await session.execute(sql`delete from notes where id = 12`)
    const failing = session.transaction(async (tx) => {
      await tx.execute(sql`insert into notes values (14, 'fourteen')`)
      return tx.last(sql`insert into notes values (1, 'again')`)
    })
    await expect(failing).rejects.toMatchObject({ reason: 'constraint' })
    expect(await session.query(sql`select id from notes where id > 9`)).toEqual([])
  })

  test('the first statement of a transaction may fail, and the session goes on', async () => {
    await expect(session.transaction((tx) => tx.query(sql`select * from nowhere`))).rejects.toMatchObject({
      reason: 'missing_object',
    })
    await expect(session.transaction((tx) => tx.execute(sql`insert into notes values (1, 'x')`))).rejects.toMatchObject(
      {
        reason: 'constraint',
      },
    )
    expect(await session.transaction((tx) => tx.execute(sql`update notes set body = 'y'`))).toBe(3)
  })
})
