import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { anna, bert, openStoreWorld, storeEngines, type StoreWorld } from '../../test/harness/assistant-store.ts'
import { sql } from '../database/database.ts'
import type { TaskQueue, TenantStore } from './store.ts'

const nobody = '99999999-0000-4000-8000-000000000000'

describe.each(storeEngines)('tasks on $name', ({ freshSchema }) => {
  let world: StoreWorld
  let store: TenantStore
  let queue: TaskQueue

  beforeAll(async () => {
    world = await openStoreWorld(await freshSchema())
    store = world.store.tenant(anna)
    queue = world.store.admin.taskQueue
    await asAdmin(sql`delete from tasks`)
  })
  afterAll(() => world[Symbol.asyncDispose]())

  const asAdmin = (statement: ReturnType<typeof sql>) => world.store.admin.transaction((tx) => tx.execute(statement))
  const claim = (worker: string, types: readonly string[], limit = 1) =>
    queue.claim({ worker, limit, lease: 60_000, types })
  const lost = { code: 'conflict', message: 'The worker has lost the task.' }

  test('of all tenants are taken once each, by workers at the same time', async () => {
    const added = await Promise.all(
      Array.from({ length: 24 }, (_, index) =>
        world.store.tenant(index % 2 === 0 ? anna : bert).tasks.add({ type: 'many', payload: { index } }),
      ),
    )
    const taken = await Promise.all(Array.from({ length: 12 }, (_, index) => claim(`w${index}`, ['many'], 2)))
    const rest = await claim('last', ['many'], 24)
    const ids = [...taken.flat(), ...rest].map(({ id }) => id)
    expect(new Set(ids)).toEqual(new Set(added.map(({ id }) => id)))
    expect(ids).toHaveLength(24)
  })

  test('that are not due yet, or of another type, wait', async () => {
    await store.tasks.add({ type: 'later', scheduled_for: new Date(Date.now() + 3_600_000) })
    expect(await claim('w', ['later'])).toEqual([])
    await store.tasks.add({ type: 'other' })
    expect(await claim('w', ['later'])).toEqual([])
  })

  test('that fail come back later, and are dead after their last attempt', async () => {
    const { id } = await store.tasks.add({ type: 'fails', max_attempts: 2 })
    const [first] = await claim('w', ['fails'])
    expect(first && (await queue.fail(first, 'no network'))).toBe('pending')
    expect(await claim('w', ['fails'])).toEqual([])
    const waiting = await store.tasks.get(id)
    expect(waiting).toMatchObject({ status: 'pending', attempts: 1, last_error: 'no network', claimed_by: null })
    expect(waiting.scheduled_for.getTime()).toBeGreaterThan(waiting.created_at.getTime() + 900)
    await asAdmin(sql`update tasks set scheduled_for = now() where id = ${id}`)
    const [second] = await claim('w', ['fails'])
    expect(second && (await queue.fail(second, 'no\0network'))).toBe('dead')
    expect((await store.tasks.list('dead', { limit: 5 })).rows).toMatchObject([
      { id, last_error: 'nonetwork', attempts: 2 },
    ])
    await store.tasks.revive(id)
    expect(await claim('w', ['fails'])).toMatchObject([{ id, attempts: 1 }])
  })

  test('whose worker is gone are given back, and the worker cannot write for them any more', async () => {
    const { id } = await store.tasks.add({ type: 'lost' })
    const [first] = await claim('gone', ['lost'])
    if (first === undefined) throw new Error('There was no task.')
    await queue.renew(first, -1000)
    expect(await queue.giveBackExpired(100)).toBe(1)
    expect(await store.tasks.get(id)).toMatchObject({
      status: 'pending',
      last_error: 'The worker was gone before the task was done.',
    })
    await asAdmin(sql`update tasks set scheduled_for = now() where id = ${id}`)
    const [again] = await claim('gone', ['lost'])
    if (again === undefined) throw new Error('There was no task.')
    await expect(queue.complete(first)).rejects.toMatchObject(lost)
    await expect(queue.fail(first, 'x')).rejects.toMatchObject(lost)
    await expect(queue.renew(first, 1000)).rejects.toMatchObject(lost)
    await queue.complete(again, { sent: 1 })
    expect(await store.tasks.get(id)).toMatchObject({ status: 'done', payload: { result: { sent: 1 } } })
  })

  test('are cancelled while they are not done, and revived when they are dead', async () => {
    const { id } = await store.tasks.add({ type: 'cancelled' })
    const [task] = await claim('w', ['cancelled'])
    await store.tasks.cancel(id)
    await expect(task && queue.complete(task)).rejects.toMatchObject(lost)
    await expect(store.tasks.cancel(nobody)).rejects.toThrow(`There is no task ${nobody}.`)
    await expect(store.tasks.revive(id)).rejects.toMatchObject({
      code: 'conflict',
      message: 'A task that is cancelled cannot become pending.',
    })
    const done = await store.tasks.add({ type: 'done' })
    const [finished] = await claim('w', ['done'])
    if (finished !== undefined) await queue.complete(finished)
    await expect(store.tasks.cancel(done.id)).rejects.toThrow('A task that is done cannot become cancelled.')
    await expect(world.store.tenant(bert).tasks.get(id)).rejects.toThrow(`There is no task ${id}.`)
    await expect(store.tasks.add({ type: 'x', thread_id: nobody })).rejects.toThrow(`There is no thread ${nobody}.`)
  })
})
