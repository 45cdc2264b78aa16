import { randomUUID } from 'node:crypto'
import type { Client } from '@langchain/langgraph-sdk'
import { Client as Client15 } from 'langgraph-sdk-1-15'
import { Client as Client2 } from 'langgraph-sdk-2'
import { expect } from 'vitest'
import { gate, graphExecutor } from './graphs.ts'
import { protocolScenarios } from './world.ts'

interface Told {
  readonly id?: string
  readonly event: string
  readonly data: unknown
}

interface Values {
  readonly text?: string
  readonly items?: readonly string[]
}

type Sdk = new (config: { readonly apiUrl: string; readonly apiKey: string }) => Client

/** What other tests ask of 1.12, of those that people have besides it. 2.0 is older than that, whatever it is called. */
const sdks = [
  ['1.15', Client15 as unknown as Sdk],
  ['2.0', Client2 as unknown as Sdk],
] as const

protocolScenarios('other versions of the SDK', [graphExecutor], (it, scenario) => {
  for (const [version, Sdk] of sdks) {
    const clientOf = (apiKey: string): Client => new Sdk({ apiUrl: it().server.url, apiKey })
    const conversation = async (client: Client, graph = 'echo', texts = ['a', 'b']): Promise<string> => {
      const { thread_id } = await client.threads.create({ metadata: { of: version } })
      for (const text of texts) await client.runs.wait(thread_id, graph, { input: { text } })
      return thread_id
    }

    scenario(66, `the SDK ${version} keeps assistants with their versions`, async () => {
      const { assistants } = clientOf('anna')
      const given = { context: { tone: 'dry' }, config: { configurable: { x: 1 } }, metadata: { a: 1 }, name: version }
      const made = await assistants.create({ graphId: 'echo', ...given })
      expect(await assistants.get(made.assistant_id)).toMatchObject({ ...given, version: 1 })
      const id = made.assistant_id
      expect(await assistants.update(id, { metadata: { b: 1 } })).toMatchObject({
        version: 2,
        metadata: { a: 1, b: 1 },
      })
      expect((await assistants.getVersions(id)).map(({ version: number }) => number)).toEqual([2, 1])
      expect(await assistants.setLatest(id, 1)).toMatchObject({ ...given, version: 1 })
      const found = await assistants.search({ metadata: { a: 1 }, graphId: 'echo', limit: 100 })
      expect(found.map(({ assistant_id }) => assistant_id)).toContain(id)
      await expect(assistants.create({ graphId: 'echo', assistantId: id })).rejects.toMatchObject({ status: 409 })
      await assistants.delete(id)
      await expect(assistants.get(id)).rejects.toMatchObject({ status: 404 })
    })

    scenario(66, `the SDK ${version} creates, searches, changes, copies and deletes threads`, async () => {
      const client = clientOf('anna')
      const { threads } = client
      const mark = randomUUID()
      const thread = await conversation(client)
      await threads.update(thread, { metadata: { mark } })
      const [found, ...others] = await threads.search({ metadata: { mark }, status: 'idle', sortBy: 'updated_at' })
      expect(others).toEqual([])
      expect(found).toMatchObject({ thread_id: thread, metadata: { of: version, mark, graph_id: 'echo' } })
      expect(await threads.count({ metadata: { mark } })).toBe(1)
      const copy = await threads.copy(thread)
      expect(copy).toMatchObject({ values: { items: ['echo:a', 'echo:b'] } })
      await threads.delete(thread)
      await expect(threads.get(thread)).rejects.toMatchObject({ status: 404 })
      await expect(clientOf('bert').threads.get(copy.thread_id)).rejects.toMatchObject({ status: 404 })
    })

    scenario(66, `the SDK ${version} reads states and their history, writes one, and forks`, async () => {
      const client = clientOf('anna')
      const { threads, runs } = client
      const thread = await conversation(client, 'fork', ['a'])
      const history = await threads.getHistory<Values>(thread, { limit: 2 })
      const before = { configurable: { checkpoint_id: history[1]?.checkpoint.checkpoint_id ?? '' } }
      const older = await threads.getHistory<Values>(thread, { limit: 10, before })
      expect([...history, ...older].map(({ next }) => next)).toEqual([[], ['second'], ['first'], ['__start__']])
      const at = history[1]?.checkpoint.checkpoint_id ?? ''
      expect((await threads.getState<Values>(thread, at)).values).toEqual({ text: 'a', items: ['first:a'] })
      const patch = { values: { text: 'b' }, asNode: 'first', checkpointId: at }
      const { configurable } = await threads.updateState(thread, patch)
      const { checkpoint_id: checkpointId } = configurable as { checkpoint_id: string }
      const forked = await runs.wait(thread, 'fork', { input: null, checkpointId })
      expect(forked).toEqual({ text: 'b', items: ['first:a', 'second:B'] })
      expect((await threads.getState<Values>(thread)).values).toEqual(forked)
    })

    scenario(66, `the SDK ${version} waits for runs, lists them, and answers what they ask`, async () => {
      const client = clientOf('anna')
      const { threads, runs } = client
      let made: unknown
      const { thread_id: thread } = await threads.create()
      const asked = await runs.wait(thread, 'hitl', { input: { text: 'q' }, onRunCreated: (run) => (made = run) })
      expect(asked).toMatchObject({ text: 'q', __interrupt__: [{ value: { question: 'go?' } }] })
      const [first] = await runs.list(thread)
      expect(made).toEqual({ run_id: first?.run_id, thread_id: thread })
      expect(await threads.get(thread)).toMatchObject({ status: 'interrupted' })
      expect(await runs.wait(thread, 'hitl', { command: { resume: 'yes' } })).toMatchObject({ items: ['answer:yes'] })
      const failing = runs.wait(null, 'boom', { input: { text: 'x' } })
      await expect(failing).rejects.toThrow('TypeError: kaput')
      const { run_id } = await runs.create(thread, 'echo', { input: { text: 'z' } })
      expect(await runs.join(thread, run_id)).toMatchObject({ items: ['answer:yes', 'echo:z'] })
      expect((await runs.list(thread)).map(({ status }) => status)).toEqual(['success', 'success', 'success'])
      const unknown = runs.wait(randomUUID(), 'echo', { input: { text: 'a' } })
      await expect(unknown).rejects.toMatchObject({ status: 404 })
    })

    scenario(66, `the SDK ${version} streams a run, and reads its stream again`, async () => {
      const { threads, runs } = clientOf('anna')
      const all = async (events: AsyncIterable<unknown>): Promise<Told[]> => {
        const told: Told[] = []
        for await (const event of events) told.push(event as Told)
        return told
      }
      const { thread_id: thread } = await threads.create()
      const payload = {
        input: { text: 'a' },
        streamMode: ['values' as const, 'updates' as const],
        streamResumable: true,
      }
      const told = await all(runs.stream(thread, 'fork', payload))
      expect(told.map(({ event }) => event)).toEqual(['metadata', 'values', 'updates', 'values', 'updates', 'values'])
      const { run_id } = told[0]!.data as { run_id: string }
      // It asks for it after the end, to know whether to go on.
      expect((await runs.get(thread, run_id)).status).toBe('success')
      expect(told.at(-1)?.data).toEqual((await threads.getState(thread)).values)
      expect(await all(runs.joinStream(thread, run_id, { lastEventId: '-1' }))).toEqual(told)
      expect(await all(runs.joinStream(thread, run_id, { lastEventId: '2' }))).toEqual(told.slice(3))
      const failed = await all(runs.stream(null, 'boom', { input: { text: 'x' } }))
      expect(failed.at(-1)).toMatchObject({ event: 'error', data: { error: 'TypeError', message: 'kaput' } })
    })

    scenario(66, `the SDK ${version} cancels a run, and lets one wait behind another`, async () => {
      const { threads, runs } = clientOf('anna')
      const { thread_id: thread } = await threads.create()
      const text = randomUUID()
      const held = await runs.create(thread, 'slow', { input: { text }, durability: 'sync' })
      await gate(text).reached
      gate(text).openOne()
      await gate(text).halfway
      const refused = runs.create(thread, 'echo', { input: { text: 'r' }, multitaskStrategy: 'reject' })
      await expect(refused).rejects.toMatchObject({ status: 409 })
      const next = await runs.create(thread, 'echo', { input: { text: 'n' }, multitaskStrategy: 'enqueue' })
      await runs.cancel(thread, held.run_id, true)
      expect((await runs.get(thread, held.run_id)).status).toBe('interrupted')
      expect(await runs.join(thread, next.run_id)).toMatchObject({ items: ['one', 'echo:n'] })
      await expect(runs.cancel(thread, randomUUID())).rejects.toMatchObject({ status: 404 })
      await runs.delete(thread, held.run_id)
      expect((await runs.list(thread)).map(({ run_id }) => run_id)).toEqual([next.run_id])
    })

    scenario(66, `the SDK ${version} keeps items, and runs by a schedule`, async () => {
      const { store, crons } = clientOf('anna')
      const namespace = ['sdk', version.replaceAll('.', '-')]
      await store.putItem(namespace, 'k', { n: 1 })
      expect(await store.getItem(namespace, 'k')).toMatchObject({ namespace, key: 'k', value: { n: 1 } })
      expect((await store.searchItems(namespace, { filter: { n: 1 } })).items.map(({ key }) => key)).toEqual(['k'])
      expect((await store.listNamespaces({ prefix: namespace })).namespaces).toEqual([namespace])
      await store.deleteItem(namespace, 'k')
      expect(await store.getItem(namespace, 'k')).toBeNull()
      const cron = (await crons.create('echo', { schedule: '0 0 1 1 *', metadata: { version } })) as {
        cron_id?: string
      }
      expect(await crons.search({ assistantId: 'echo', limit: 100 })).toContainEqual(expect.objectContaining(cron))
      await crons.delete(cron.cron_id ?? '')
      await expect(crons.delete(cron.cron_id ?? '')).rejects.toMatchObject({ status: 404 })
    })
  }
})
