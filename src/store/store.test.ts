import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { anna, bert, ident, openStoreWorld, storeEngines, type StoreWorld } from '../../test/harness/assistant-store.ts'
import { openDatabase, sql } from '../database/database.ts'
import { openStore } from './store.ts'

function withResolvers<T>(): { promise: Promise<T>; resolve: (value: T) => void } {
  let resolve: (value: T) => void = () => {}
  const promise = new Promise<T>((set) => (resolve = set))
  return { promise, resolve }
}

describe.each(storeEngines)('a store on $name', ({ name, freshSchema }) => {
  let world: StoreWorld

  beforeAll(async () => {
    world = await openStoreWorld(await freshSchema())
  })
  afterAll(() => world[Symbol.asyncDispose]())

  const threads = (tenant: string) =>
    world.store.tenant(tenant).transaction((_, tx) => tx.query(sql`select tenant_id, thread_id from threads`))

  test('shows a tenant its own rows alone, and the administration all', async () => {
    expect(await threads(anna)).toEqual([{ tenant_id: anna, thread_id: ident(anna, 'thread') }])
    expect(await threads(bert)).toEqual([{ tenant_id: bert, thread_id: ident(bert, 'thread') }])
    expect(await world.store.admin.transaction((tx) => tx.query(sql`select from threads`))).toHaveLength(2)
    const assistant = world.store.tenant(bert).assistants.get(ident(anna, 'assistant'))
    await expect(assistant).rejects.toMatchObject({
      code: 'not_found',
      message: `There is no assistant ${ident(anna, 'assistant')}.`,
    })
  })

  test('shows somebody who may see their own threads alone no other’s, nor what belongs to these', async () => {
    const owner = ident(anna, 'user')
    const all = world.store.tenant(anna)
    const own = world.store.tenant(anna, { ownerId: owner })
    const count = (of: typeof own) =>
      of.transaction((_, tx) =>
        tx.query(sql`
          select (select count(*)::int from threads) as threads, (select count(*)::int from messages) as messages,
            (select count(*)::int from runs) as runs, (select count(*)::int from checkpoints) as checkpoints`),
      )
    await all.transaction((_, tx) => tx.execute(sql`update threads set user_id = null`))
    expect(await count(all)).toEqual([{ threads: 1, messages: 1, runs: 1, checkpoints: 1 }])
    expect(await count(own)).toEqual([{ threads: 0, messages: 0, runs: 0, checkpoints: 0 }])
    const others = own.transaction((_, tx) =>
      tx.execute(sql`
        insert into messages (tenant_id, thread_id, role, content)
        values (${anna}, ${ident(anna, 'thread')}, 'user', to_jsonb('x'::text))`),
    )
    await expect(others).rejects.toMatchObject({ engineCode: '42501' })

    await all.transaction((_, tx) => tx.execute(sql`update threads set user_id = ${owner}`))
    expect(await count(own)).toEqual([{ threads: 1, messages: 1, runs: 1, checkpoints: 1 }])
    const [made] = await own.transaction((_, tx) =>
      tx.query(sql`insert into threads (tenant_id) values (${anna}) returning user_id`),
    )
    expect(made).toEqual({ user_id: owner })
    await all.transaction((_, tx) => tx.execute(sql`delete from threads where thread_id <> ${ident(anna, 'thread')}`))
  })

  test('puts several calls into one transaction, which is undone as a whole', async () => {
    const store = world.store.tenant(anna)
    const work = store.transaction(async (same, tx) => {
      await tx.execute(sql`update assistants set name = 'Other'`)
      expect((await same.assistants.get(ident(anna, 'assistant'))).name).toBe('Other')
      throw new Error('no')
    })
    await expect(work).rejects.toThrow('no')
    expect((await store.assistants.get(ident(anna, 'assistant'))).name).toBe('Untitled')
  })

  test('wakes up whoever waits when the transaction is committed, and not when it is undone', async () => {
    const heard: string[] = []
    const first = withResolvers<void>()
    const off = world.store.wakeUps.on('run', (id) => {
      heard.push(id)
      first.resolve(undefined)
    })
    const store = world.store.tenant(anna)
    const undone = store.transaction((_, tx) => {
      tx.wake('run', 'undone')
      return Promise.reject(new Error('no'))
    })
    await expect(undone).rejects.toThrow('no')
    await store.transaction((_, tx) => Promise.resolve(tx.wake('run', 'done')))
    await first.promise
    off()
    expect(new Set(heard)).toEqual(new Set(['done']))
  })

  if (name === 'PostgreSQL') {
    test('tells other processes on the same database', async () => {
      await using database = await openDatabase(world.url)
      await using other = openStore(database)
      const listening = withResolvers<void>()
      const heard = withResolvers<string>()
      other.wakeUps.onGap(() => listening.resolve(undefined))
      other.wakeUps.on('event', heard.resolve)
      await listening.promise
      await world.store.tenant(anna).transaction((_, tx) => Promise.resolve(tx.wake('event', 'r1')))
      expect(await heard.promise).toBe('r1')
    })

    test('goes on when its connections were ended while nobody used them', async () => {
      await using session = await world.database.session()
      await Promise.all([threads(anna), threads(bert), threads(anna)])
      await session.query(sql`
        select pg_terminate_backend(pid, 10000) from pg_stat_activity
        where datname = current_database() and pid <> pg_backend_pid()`)
      expect(await threads(anna)).toHaveLength(1)
      expect(await threads(bert)).toHaveLength(1)
    })

    test('does what a deadlock undid once more', async () => {
      const set = (first: string, second: string, meet: () => Promise<void>) =>
        world.store.admin.transaction(async (tx) => {
          await tx.execute(sql`update tenants set region = ${first} where id = ${first}`)
          await meet()
          await tx.execute(sql`update tenants set region = ${first} where id = ${second}`)
        })
      let there = 0
      const both = withResolvers<void>()
      const meet = () => {
        if (++there >= 2) both.resolve(undefined)
        return both.promise
      }
      await Promise.all([set(anna, bert, meet), set(bert, anna, meet)])
      expect(there).toBe(3)
    })
  }

  test('lends its connections to more callers than it has', async () => {
    const all = await Promise.all(Array.from({ length: 40 }, () => threads(anna)))
    expect(all.every((rows) => rows.length === 1)).toBe(true)
    expect(world.store.load).toMatchObject({ busy: 0, waiting: 0 })
    expect(world.store.load.open).toBeLessThanOrEqual(10)
  })
})
