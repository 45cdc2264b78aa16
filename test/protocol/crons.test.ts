import { randomUUID } from 'node:crypto'
import { expect, vi } from 'vitest'
import { sql } from '../../src/database/database.ts'
import { fireDueCrons } from '../../src/server/crons/due-crons.ts'
import { anna } from '../harness/assistant-store.ts'
import { graphExecutor } from './graphs.ts'
import { people, protocolScenarios } from './world.ts'

/** What the SDK says of a cron where it should say more. */
interface SeenCron {
  readonly cron_id: string
  readonly thread_id: string | null
  readonly enabled: boolean
  readonly next_run_date: string | null
  readonly end_time: string | null
  readonly timezone: string
  readonly metadata: Readonly<Record<string, unknown>>
  readonly payload: Readonly<Record<string, unknown>>
}

protocolScenarios('crons', [graphExecutor], (it, scenario) => {
  const client = () => it().client
  const tenant = () => it().store.tenant(anna)
  const yearly = '0 0 1 1 *'
  const create = async (payload: object = {}): Promise<SeenCron> =>
    (await client().crons.create('echo', { schedule: yearly, ...payload })) as unknown as SeenCron
  const createFor = async (thread: string, payload: object = {}): Promise<SeenCron> =>
    (await client().crons.createForThread(thread, 'echo', { schedule: yearly, ...payload })) as unknown as SeenCron
  const update = async (cronId: string, payload: object): Promise<SeenCron> =>
    (await client().crons.update(cronId, payload)) as unknown as SeenCron
  const get = (cronId: string) => tenant().crons.get(cronId)
  const makeDue = (cronId: string) =>
    tenant().transaction((_, tx) =>
      tx.execute(sql`update crons set next_run_date = now() - interval '3 hours' where cron_id = ${cronId}`),
    )
  const runsOf = (cronId: string) =>
    tenant().transaction((_, tx) =>
      tx.query<{ run_id: string; thread_id: string; temporary: boolean }>(sql`
        select run_id, thread_id, temporary from runs where metadata @> ${JSON.stringify({ cron_id: cronId })}::jsonb`),
    )

  scenario(61, 'a cron is created, found, counted, changed and deleted', async () => {
    const mark = randomUUID()
    const cron = await create({
      schedule: '30 2 * * *',
      timezone: 'Europe/Paris',
      metadata: { mark },
      input: { text: 'a' },
    })
    expect(cron).toMatchObject({ enabled: true, timezone: 'Europe/Paris', thread_id: null, end_time: null })
    expect(cron.payload).toEqual({ input: { text: 'a' } })
    expect(new Date(cron.next_run_date ?? 0).getTime()).toBeGreaterThan(Date.now())
    const found = (await client().crons.search({ metadata: { mark } })) as unknown as SeenCron[]
    expect(found).toEqual([cron])
    expect(await client().crons.count({ metadata: { mark } })).toBe(1)
    expect(await client().crons.search({ select: ['cron_id'], metadata: { mark } })).toEqual([
      { cron_id: cron.cron_id },
    ])
    expect(await update(cron.cron_id, { enabled: false })).toMatchObject({ enabled: false, next_run_date: null })
    expect(await client().crons.search({ enabled: true, metadata: { mark } })).toEqual([])
    const again = await update(cron.cron_id, { enabled: true, metadata: { more: 1 } })
    expect(again).toMatchObject({ next_run_date: cron.next_run_date, metadata: { mark, more: 1 } })
    await client().crons.delete(cron.cron_id)
    await expect(client().crons.delete(cron.cron_id)).rejects.toMatchObject({ status: 404 })
  })

  scenario(61, 'what is due makes one run, whoever looks at it at the same time, however much was missed', async () => {
    const cron = await create({ schedule: '* * * * *', onRunCompleted: 'keep', input: { text: 'tick' } })
    await makeDue(cron.cron_id)
    const looks = await Promise.all(Array.from({ length: 5 }, () => fireDueCrons(it().store)))
    expect(looks.flatMap(({ failures }) => failures)).toEqual([])
    const [run, ...more] = await runsOf(cron.cron_id)
    expect(more).toEqual([])
    expect(await client().runs.join(run?.thread_id ?? '', run?.run_id ?? '')).toMatchObject({ items: ['echo:tick'] })
    const { next_run_date, occurrence_seq } = await get(cron.cron_id)
    expect(next_run_date?.getTime()).toBeGreaterThan(Date.now() - 60_000)
    expect(occurrence_seq).toBe(1)
    await client().crons.delete(cron.cron_id)
  })

  scenario(61, 'the server fires what is due by itself, and a stranger sees nothing of it', async () => {
    const cron = await create({ input: { text: 'self' } })
    await makeDue(cron.cron_id)
    const made = new Promise<void>((resolve) => it().store.wakeUps.on('run', () => resolve()))
    it().store.wakeUps.emit('cron', cron.cron_id)
    await made
    expect(await runsOf(cron.cron_id)).toMatchObject([{ temporary: true }])
    const { stranger } = it()
    await expect(stranger.crons.update(cron.cron_id, { enabled: false })).rejects.toMatchObject({ status: 404 })
    await expect(stranger.crons.delete(cron.cron_id)).rejects.toMatchObject({ status: 404 })
    expect(await stranger.crons.search()).not.toContainEqual(expect.objectContaining({ cron_id: cron.cron_id }))
  })

  scenario(61, 'the crons of a thread run in it, and go with it', async () => {
    const { thread_id } = await client().threads.create()
    const cron = await createFor(thread_id, { input: { text: 'here' } })
    expect(cron.thread_id).toBe(thread_id)
    await makeDue(cron.cron_id)
    await fireDueCrons(it().store)
    const [run] = await runsOf(cron.cron_id)
    expect(run).toMatchObject({ thread_id, temporary: false })
    await client().runs.join(thread_id, run?.run_id ?? '')
    await client().threads.delete(thread_id)
    await expect(client().crons.delete(cron.cron_id)).rejects.toMatchObject({ status: 404 })
    await expect(createFor(thread_id)).rejects.toMatchObject({ status: 404 })
  })

  scenario(
    49,
    'a thread that a user makes, by whatever route, is theirs, and another user finds nothing of it',
    async () => {
      const [mia, max, boss] = [it().as('mia'), it().as('max'), it().as('boss')]
      await tenant().transaction(async (_, tx) => {
        for (const { userId } of [people.mia, people.max]) {
          await tx.execute(
            sql`insert into users (tenant_id, id, email) values (${anna}, ${userId}, ${`${userId}@x.test`})`,
          )
        }
      })
      const input = { text: 'mine' }
      const updates = [{ values: { text: 'a' }, asNode: 'first' }]
      const made = await mia.threads.create({ graphId: 'fork', supersteps: [{ updates }] })
      const copy = await mia.threads.copy(made.thread_id)
      const { thread_id: plain } = await mia.threads.create()
      const named = randomUUID()
      const run = await mia.runs.create(named, 'echo', { input, ifNotExists: 'create' })
      const alone = await mia.runs.create(null, 'echo', { input, onCompletion: 'keep' as never })
      const [batched] = await boss.runs.createBatch([{ assistantId: 'echo', input, on_completion: 'keep' } as never])
      const cron = (await boss.crons.create('echo', {
        schedule: yearly,
        input,
        onRunCompleted: 'keep',
      })) as unknown as SeenCron
      await makeDue(cron.cron_id)
      await fireDueCrons(it().store)
      const [fired] = await runsOf(cron.cron_id)
      await client().crons.delete(cron.cron_id)
      const runs = [run, alone, batched, fired].map((each) => each ?? expect.fail('There is no run.'))
      for (const { thread_id, run_id } of runs) await mia.runs.join(thread_id, run_id)

      const all = [made.thread_id, copy.thread_id, plain, ...runs.map(({ thread_id }) => thread_id)]
      const found = await mia.threads.search({ limit: 100 })
      expect(new Set(found.map(({ thread_id }) => thread_id))).toEqual(new Set(all))
      expect(await max.threads.search()).toEqual([])
      expect(await max.threads.count()).toBe(0)
      const refused = { status: 404 }
      for (const id of all) {
        await expect(max.threads.get(id)).rejects.toMatchObject(refused)
        await expect(max.runs.create(id, 'echo', { input, ifNotExists: 'create' })).rejects.toMatchObject(refused)
      }
      await expect(max.threads.create({ threadId: plain, ifExists: 'do_nothing' })).rejects.toMatchObject(refused)
      await expect(max.threads.getState(made.thread_id)).rejects.toMatchObject(refused)
      await expect(max.threads.getHistory(made.thread_id)).rejects.toMatchObject(refused)
      await expect(max.threads.updateState(made.thread_id, { values: {} })).rejects.toMatchObject(refused)
      await expect(max.threads.copy(made.thread_id)).rejects.toMatchObject(refused)
      await expect(max.threads.delete(made.thread_id)).rejects.toMatchObject(refused)
      await expect(max.runs.cancel(run.thread_id, run.run_id)).rejects.toMatchObject(refused)
      await expect(max.crons.search()).rejects.toMatchObject({ status: 403 })
      const status = async (key: string, path: string) =>
        (await fetch(`${it().server.url}/runs/${alone.run_id}${path}`, { headers: { 'x-api-key': key } })).status
      for (const path of ['', '/join', '/stream']) {
        expect([path, await status('mia', path), await status('max', path)]).toEqual([path, 200, 404])
      }
    },
  )

  scenario(61, 'a cron of which no run can be made says why, and goes on with its next time', async () => {
    const { thread_id } = await client().threads.create()
    const cron = await createFor(thread_id, { multitaskStrategy: 'reject' })
    const text = randomUUID()
    const busy = await client().runs.create(thread_id, 'slow', { input: { text } })
    await makeDue(cron.cron_id)
    const { failures, store } = it()
    store.wakeUps.emit('cron', cron.cron_id)
    await vi.waitFor(() => expect(failures).not.toEqual([]), 60_000)
    expect(failures.splice(0).map(({ message }) => message)).toEqual([
      `The thread ${thread_id} has a run that has not ended.`,
    ])
    expect((await get(cron.cron_id)).next_run_date?.getTime()).toBeGreaterThan(Date.now())
    await client().runs.cancel(thread_id, busy.run_id, true)
    await client().crons.delete(cron.cron_id)
  })

  scenario(61, 'what is no schedule, no time zone and no assistant is refused', async () => {
    for (const schedule of ['* * * *', '* * * * * *', '61 * * * *', '@daily', '0 0 30 2 *', 'every day']) {
      await expect(create({ schedule })).rejects.toMatchObject({ status: 422 })
    }
    await expect(create({ timezone: 'Mars/Base' })).rejects.toMatchObject({ status: 422 })
    await expect(create({ input: { text: 'a' }, metadata: { bad: '\0' } })).rejects.toMatchObject({ status: 422 })
    await expect(client().crons.create(randomUUID(), { schedule: yearly })).rejects.toMatchObject({ status: 404 })
  })

  scenario(62, 'a cron whose end is over never fires, until its end is taken away', async () => {
    const { thread_id } = await client().threads.create()
    const cron = await createFor(thread_id, { endTime: '2020-01-01T00:00:00' })
    expect(cron).toMatchObject({ next_run_date: null, end_time: '2020-01-01T00:00:00.000Z' })
    await fireDueCrons(it().store)
    expect(await runsOf(cron.cron_id)).toEqual([])
    const revived = await update(cron.cron_id, { endTime: null })
    expect(new Date(revived.next_run_date ?? 0).getTime()).toBeGreaterThan(Date.now())
    await client().crons.delete(cron.cron_id)
  })
})
