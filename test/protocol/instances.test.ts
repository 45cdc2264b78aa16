import { Client, type Run } from '@langchain/langgraph-sdk'
import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { openDatabase } from '../../src/database/database.ts'
import { type RunningServer, startServer } from '../../src/server/server.ts'
import { openStore } from '../../src/store/store.ts'
import { anna, openStoreWorld, storeEngines } from '../harness/assistant-store.ts'
import { gate, graphExecutor } from './graphs.ts'
import { type ServerProcess, startServerProcess } from './server-process.ts'
import { freePort, isSigned, type Receiver, startReceiver } from './webhook-receiver.ts'

interface Told {
  readonly id?: string
  readonly event: string
  readonly data: unknown
}

async function all(events: AsyncIterable<unknown>): Promise<Told[]> {
  const told: Told[] = []
  for await (const event of events) told.push(event as Told)
  return told
}

const slowly = () => {
  const text = randomUUID()
  return { gate: gate(text), payload: { input: { text } } }
}

/** An instance of the server, on a database that others may use as well. */
interface Instance extends AsyncDisposable {
  readonly client: Client
  readonly server: RunningServer
}

async function startInstance(url: string, version: string, drainSeconds: number): Promise<Instance> {
  const database = await openDatabase(url)
  const store = openStore(database, { searchPath: [version, 'public'] })
  const server = await startServer({
    store,
    executors: [graphExecutor],
    authenticate: () => Promise.resolve({ tenantId: anna, userId: undefined, role: 'admin' }),
    logFailure: (error) => expect.unreachable(String(error.stack)),
    host: '127.0.0.1',
    port: 0,
    linger: 0,
    runs: { drainSeconds, leaseSeconds: 5 },
  })
  let closed: Promise<void> | undefined
  return {
    client: new Client({ apiUrl: server.url, apiKey: null, callerOptions: { maxConcurrency: 20 } }),
    server: { ...server, close: () => (closed ??= server.close()) },
    async [Symbol.asyncDispose]() {
      await (closed ??= server.close())
      await store.close()
      await database.close()
    },
  }
}

describe('two servers on one database', () => {
  const open = async (drainSeconds: number) => {
    const schema = await storeEngines[0].freshSchema()
    await using world = await openStoreWorld(schema)
    const a = await startInstance(world.url, schema.version, drainSeconds)
    const b = await startInstance(world.url, schema.version, 1)
    return { a, b }
  }

  test('protocol scenario 58: a run of one is streamed, cancelled and joined at the other', async () => {
    const { a, b } = await open(1)
    await using _a = a
    await using _b = b
    const { thread_id: thread } = await a.client.threads.create()
    const first = slowly()
    const streaming = all(a.client.runs.stream(thread, 'slow', { ...first.payload, streamMode: ['values', 'debug'] }))
    await first.gate.reached
    const [run] = await b.client.runs.list(thread)
    const elsewhere = all(b.client.runs.joinStream(thread, run!.run_id, { lastEventId: '-1' }))
    const joining = b.client.runs.join(thread, run!.run_id)
    first.gate.open()
    const told = await streaming
    expect(await elsewhere).toEqual(told)
    expect(await joining).toMatchObject({ items: ['one', 'two'] })

    const second = slowly()
    const cancelled = all(a.client.runs.stream(thread, 'slow', second.payload))
    await second.gate.reached
    const [other] = await b.client.runs.list(thread, { limit: 1 })
    await b.client.runs.cancel(thread, other!.run_id, true)
    await cancelled
    expect((await a.client.runs.get(thread, other!.run_id)).status).toBe('interrupted')

    const states: Told[] = []
    const controller = new AbortController()
    const options = { lastEventId: '-', streamMode: ['state_update' as const], signal: controller.signal }
    for await (const event of b.client.threads.joinStream(thread, options)) {
      states.push(event)
      if (states.length === 2)
        await a.client.threads.updateState(thread, { values: { items: ['three'] }, asNode: 'two' })
      if (states.length === 3) break
    }
    controller.abort()
    expect(states.map(({ data }) => data)).toMatchObject([
      { run_id: run!.run_id },
      { run_id: other!.run_id },
      { run_id: null, values: { items: ['one', 'two', 'three'] } },
    ])
  })

  test('protocol scenario 60: a server that is told to end answers what it has', async () => {
    const { a, b } = await open(100)
    await using _a = a
    await using _b = b
    const waits = Array.from({ length: 6 }, () => {
      const run = slowly()
      return { run, values: a.client.runs.wait(null, 'slow', run.payload) }
    })
    await Promise.all(waits.map(({ run }) => run.gate.reached))
    const closing = a.server.close()
    expect(await b.client.runs.wait(null, 'echo', { input: { text: 'b' } })).toMatchObject({ items: ['echo:b'] })
    waits.forEach(({ run }) => run.gate.open())
    for (const { values } of waits) expect(await values).toMatchObject({ items: ['one', 'two'] })
    await closing
  })

  test('protocol scenario 60: what does not end in time goes on at another server, and so does its stream', async () => {
    const { a, b } = await open(0.1)
    await using _a = a
    await using _b = b
    const { thread_id: thread } = await a.client.threads.create()
    const held = slowly()
    const response = await fetch(`${a.server.url}/threads/${thread}/runs/stream`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ assistant_id: 'slow', ...held.payload }),
    })
    await held.gate.reached
    // Broken off, so that whoever reads does not take it for the end of the run.
    await Promise.all([a.server.close(), expect(response.text()).rejects.toThrow('terminated')])
    const [run] = await b.client.runs.list(thread)
    const joining = b.client.runs.join(thread, run!.run_id)
    held.gate.open()
    expect(await joining).toMatchObject({ items: ['one', 'two'] })
    const told = await all(b.client.runs.joinStream(thread, run!.run_id, { lastEventId: '-1' }))
    expect(told.map(({ id }) => Number(id))).toEqual(told.map((_, index) => index))
    expect(told.at(-1)).toMatchObject({ event: 'values', data: { items: ['one', 'two'] } })
  })
})

describe.each(storeEngines)('a server that is killed on $name', ({ name, freshSchema }) => {
  const texts = Array.from({ length: 10 }, () => randomUUID())
  let runs: Run[]
  let told: Run
  let after: ServerProcess | undefined
  let receiver: Receiver | undefined

  beforeAll(async () => {
    const schema = await freshSchema()
    {
      await using _filled = await openStoreWorld(schema)
    }
    const port = await freePort()
    const before = await startServerProcess(schema)
    try {
      const create = async (graph: string, payload: object) => {
        const { thread_id } = await before.client.threads.create()
        return before.client.runs.create(thread_id, graph, payload)
      }
      told = await create('echo', { input: { text: 'told' }, webhook: `http://127.0.0.1:${port}/hooks/end` })
      await before.client.runs.join(told.thread_id, told.run_id)
      runs = await Promise.all(texts.map((text) => create('slow', { input: { text } })))
      const areRunning = async () => {
        const all = await Promise.all(runs.map(({ thread_id, run_id }) => before.client.runs.get(thread_id, run_id)))
        return all.every(({ status }) => status === 'running')
      }
      await vi.waitFor(async () => expect(await areRunning()).toBe(true), 100_000)
    } finally {
      await before.kill()
    }
    receiver = await startReceiver(port, [200])
    after = await startServerProcess(schema, texts)
  })
  afterAll(async () => {
    await after?.kill()
    await receiver?.close()
  })

  test(`protocol scenario 59: its runs come to their end after a restart [${name}]`, async () => {
    const { client } = after!
    for (const { thread_id, run_id } of runs) {
      expect(await client.runs.join(thread_id, run_id)).toMatchObject({ items: ['one', 'two'] })
      expect((await client.runs.get(thread_id, run_id)).status).toBe('success')
      expect((await client.threads.get(thread_id)).status).toBe('idle')
    }
    const [{ thread_id, run_id } = { thread_id: '', run_id: '' }] = runs
    const events = await all(client.runs.joinStream(thread_id, run_id, { lastEventId: '0' }))
    expect(events[0]!.event).not.toBe('error')
    expect(events.filter(({ event }) => event === 'metadata').map(({ data }) => data)).toEqual([{ run_id, attempt: 2 }])
    expect(events.at(-1)).toMatchObject({ event: 'values', data: { items: ['one', 'two'] } })
  })

  test(`protocol scenario 63: what it could not send arrives after a restart, signed [${name}]`, async () => {
    await expect.poll(() => receiver!.received.length).toBeGreaterThan(0)
    const { run_id, thread_id } = told
    const [message] = receiver!.received
    expect(message && isSigned(message)).toBe(true)
    expect(JSON.parse(message?.body ?? '')).toMatchObject({
      run_id,
      thread_id,
      status: 'success',
      values: { items: ['echo:told'] },
    })
  })
})
