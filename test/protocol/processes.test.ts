import { randomUUID } from 'node:crypto'
import { EventEmitter, once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import path from 'node:path'
import { Client, type Run } from '@langchain/langgraph-sdk'
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest'
import { sql } from '../../src/database/database.ts'
import { anna, openStoreWorld, storeEngines, type StoreWorld } from '../harness/assistant-store.ts'
import { startMetastore } from '../harness/child.ts'
import type { SchemaCopy } from '../harness/engines.ts'
import { temporaryDirectory } from '../harness/temporary-directory.ts'
import { modules, schemaDirectory } from '../shipped-schema/migrate.ts'
import { type Balancer, startBalancer } from './balancer.ts'
import { type ServerProcess, startServerProcess } from './server-process.ts'
import { freePort, isSigned, startReceiver } from './webhook-receiver.ts'

interface Told {
  readonly id?: string
  readonly event: string
  readonly data: unknown
}

// An embedded database has one process; this is of the other.
describe('two processes on one database', () => {
  let schema: SchemaCopy
  let world: StoreWorld
  let a: ServerProcess
  let b: ServerProcess
  /** The text of a run that waits in the second process, and not in the first one if that takes it over. */
  const silent = randomUUID()

  beforeAll(async () => {
    schema = await storeEngines[0].freshSchema()
    world = await openStoreWorld(schema)
    ;[a, b] = await Promise.all([startServerProcess(schema, [silent]), startServerProcess(schema)])
  })
  afterAll(async () => {
    await Promise.all([a.kill(), b.kill()])
    await world[Symbol.asyncDispose]()
  })
  const tenant = () => world.store.tenant(anna)
  /** A run whose end could not be told to a webhook. */
  const toldInVain = async (client: Client, webhook: string): Promise<Run> => {
    const { thread_id } = await client.threads.create()
    const made = await client.runs.create(thread_id, 'echo', { input: { text: 'told' }, webhook })
    const failed = () =>
      tenant().transaction((_, tx) => tx.query(sql`select last_error from outbox where url = ${webhook}`))
    await expect.poll(failed).toEqual([{ last_error: 'The message could not be sent: ECONNREFUSED.' }])
    return made
  }

  test('protocol scenario 61: each occurrence of a cron makes one run [PostgreSQL]', async () => {
    const mark = randomUUID()
    const crons = await Promise.all(
      Array.from({ length: 20 }, () =>
        a.client.crons.create('echo', {
          schedule: '0 0 1 1 *',
          input: { text: 'tick' },
          metadata: { mark },
          onRunCompleted: 'keep',
        }),
      ),
    )
    const marked = JSON.stringify({ mark })
    await tenant().transaction(async (_, tx) => {
      await tx.execute(sql`
        update crons set next_run_date = now() - interval '3 hours' where metadata @> ${marked}::jsonb`)
      for (const { cron_id } of crons) tx.wake('cron', cron_id)
    })
    const count = (statement: ReturnType<typeof sql>) =>
      tenant().transaction(async (_, tx) => (await tx.query<{ count: number }>(statement))[0]?.count)
    // When the last one is taken, nobody finds one that is due: what there is by then is all.
    await expect
      .poll(() =>
        count(sql`select count(*)::int as count from crons where metadata @> ${marked}::jsonb and occurrence_seq = 1`),
      )
      .toBe(crons.length)
    const runs = await tenant().transaction((_, tx) =>
      tx.query<{ cron_id: string; thread_id: string; run_id: string }>(sql`
        select metadata ->> 'cron_id' as cron_id, thread_id, run_id from runs where metadata @> ${marked}::jsonb`),
    )
    expect(runs.map(({ cron_id }) => cron_id).toSorted()).toEqual(crons.map(({ cron_id }) => cron_id).toSorted())
    const values = await Promise.all(runs.map(({ thread_id, run_id }) => b.client.runs.join(thread_id, run_id)))
    expect(values).toEqual(runs.map(() => ({ text: 'tick', items: ['echo:tick'] })))
  })

  test('protocol scenario 63: the end of each run is sent by one of them [PostgreSQL]', async () => {
    await using receiver = await startReceiver(0, [200])
    const webhook = `http://127.0.0.1:${receiver.port}/hooks/end`
    const all = Array.from({ length: 20 }, (_, index) => (index % 2 === 0 ? a : b))
    await Promise.all(
      all.map(({ client }, index) => client.runs.wait(null, 'echo', { input: { text: `${index}` }, webhook })),
    )
    const left = () =>
      tenant().transaction((_, tx) => tx.query(sql`select delivery_id from outbox where url = ${webhook}`))
    await expect.poll(left).toEqual([])
    expect(receiver.received.every(isSigned)).toBe(true)
    const texts = receiver.received.map(({ body }) => (JSON.parse(body) as { values: { text: string } }).values.text)
    expect(texts.toSorted()).toEqual(all.map((_, index) => `${index}`).toSorted())
  })

  test('protocol scenario 56: a silent stream stays open, and that of a dead server is taken up [PostgreSQL]', async () => {
    // The clock of the SDK alone: the server has its own, in its process.
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] })
    onTestFinished(() => void vi.useRealTimers())
    const requests: string[] = []
    const heartbeats = new EventEmitter()
    const client = clientOf(b.apiUrl, async (input, init) => {
      requests.push(`${init?.method} ${new URL(input).pathname}`)
      const response = await fetch(input, init)
      const seen = noticing(': heartbeat', () => heartbeats.emit('one'))
      return new Response(response.body?.pipeThrough(seen), response)
    })
    const { thread_id: thread } = await a.client.threads.create()
    const told: Told[] = []
    const reading = (async () => {
      const events = client.runs.stream(thread, 'slow', {
        input: { text: randomUUID() },
        streamMode: ['values', 'debug'],
      })
      for await (const event of events) told.push(event)
    })()
    // A minute of them, each of which the SDK takes for five seconds.
    for (let heartbeat = 1; heartbeat <= 12; heartbeat++) {
      await once(heartbeats, 'one')
      await pass(5)
    }
    expect(requests).toEqual([`POST /threads/${thread}/runs/stream`])

    // As a machine that is gone: connections stay open, and nothing comes.
    b.child.process.kill('SIGSTOP')
    onTestFinished(() => void b.child.process.kill('SIGCONT'))
    for (let second = 1; requests.length === 1; second++) {
      expect(second).toBeLessThan(30)
      await pass(1)
    }
    b.child.process.kill('SIGCONT')
    const [run] = await a.client.runs.list(thread)
    expect(requests[1]).toBe(`GET /threads/${thread}/runs/${run?.run_id}/stream`)
    b.child.process.kill('SIGUSR2')
    await reading
    const ids = told.map(({ id }) => Number(id))
    expect(ids).toEqual([...new Set(ids)].toSorted((one, other) => one - other))
    expect(told.findLast(({ event }) => event === 'values')?.data).toMatchObject({ items: ['one', 'two'] })
  })

  test('protocol scenario 59: the stream of one that is killed goes on at the other, which sends what that could not [PostgreSQL]', async () => {
    const text = randomUUID()
    await using c = await startServerProcess(schema, [text])
    const port = await freePort()
    const webhook = `http://127.0.0.1:${port}/hooks/end`
    const { run_id: unsaid } = await toldInVain(b.client, webhook)
    // Whoever takes the run over lets it come to its end.
    a.child.process.kill('SIGUSR2')
    await using balancer = await startBalancer([b, c].map(({ apiUrl }) => Number(new URL(apiUrl).port)))
    const client = clientOf(balancer.url, (input, init) => fetch(input, init))
    const { thread_id: thread } = await client.threads.create()
    const told: Told[] = []
    const created = new EventEmitter()
    const reading = (async () => {
      const payload = { input: { text }, onRunCreated: () => created.emit('run'), streamResumable: true }
      for await (const event of client.runs.stream(thread, 'slow', payload)) told.push(event)
    })()
    await Promise.race([once(created, 'run'), reading])
    await b.kill()
    await reading
    const ids = told.map(({ id }) => Number(id))
    expect(ids).toEqual([...new Set(ids)].toSorted((one, other) => one - other))
    expect(told.at(-1)).toMatchObject({ event: 'values', data: { items: ['one', 'two'] } })
    expect(await c.client.runs.list(thread)).toMatchObject([{ status: 'success' }])

    await using receiver = await startReceiver(port, [200])
    await tenant().transaction(async (_, tx) => {
      await tx.execute(sql`update outbox set next_at = now() where url = ${webhook}`)
      tx.wake('webhook', unsaid)
    })
    await expect.poll(() => receiver.received.length).toBeGreaterThan(0)
    expect(receiver.received.every(isSigned)).toBe(true)
    expect(JSON.parse(receiver.received[0]?.body ?? '')).toMatchObject({ run_id: unsaid, status: 'success' })
  })
})

describe('a process that fires crons', () => {
  test('protocol scenario 61: wherever it is killed, no occurrence is lost and none makes two runs [PostgreSQL]', async () => {
    const schema = await storeEngines[0].freshSchema()
    await using world = await openStoreWorld(schema)
    await using session = await world.database.session()
    const tenant = world.store.tenant(anna)
    const [mark, text] = [randomUUID(), randomUUID()]
    const marked = JSON.stringify({ mark })
    const outcomes = () =>
      tenant.transaction((_, tx) =>
        tx.query<{ taken: number; runs: number; running: number }>(sql`
          select occurrence_seq as taken, count(run_id)::int as runs, count(*) filter (where r.status = 'running')::int as running
          from crons c left join runs r on r.metadata ->> 'cron_id' = c.cron_id::text
          where c.metadata @> ${marked}::jsonb group by c.cron_id, occurrence_seq`),
      )
    {
      await using first = await startServerProcess(schema)
      const payload = { schedule: '0 0 1 1 *', input: { text }, metadata: { mark }, onRunCompleted: 'keep' as const }
      for (let cron = 0; cron < 2; cron++) await first.client.crons.create('slow', payload)
      // It takes the first, and cannot make its run.
      const pid = await session.transaction(async (locking) => {
        await locking.execute(sql`lock table public.runs in share mode`)
        await tenant.transaction(async (_, tx) => {
          await tx.execute(sql`
            update crons set next_run_date = now() - interval '3 hours' where metadata @> ${marked}::jsonb`)
          tx.wake('cron', mark)
        })
        const between = () =>
          locking.query<{ pid: number }>(sql`
            select pid from pg_locks taken join pg_locks waiting using (pid)
            where taken.database = (select oid from pg_database where datname = current_database())
              and taken.relation = 'public.crons'::regclass and taken.mode = 'RowExclusiveLock' and taken.granted
              and waiting.relation = 'public.runs'::regclass and not waiting.granted`)
        let found: readonly { readonly pid: number }[] = []
        await expect.poll(async () => (found = await between())).toHaveLength(1)
        await first.kill()
        return found[0]!.pid
      })
      const left = () =>
        session.query(sql`select pid from pg_stat_activity where datname = current_database() and pid = ${pid}`)
      await expect.poll(left).toEqual([])
      for (const { taken, runs } of await outcomes()) expect(runs).toBe(taken)
    }
    {
      await using second = await startServerProcess(schema)
      await expect.poll(outcomes).toEqual(Array.from({ length: 2 }, () => ({ taken: 1, runs: 1, running: 1 })))
      await second.kill()
    }
    await using third = await startServerProcess(schema, [text])
    const runs = await tenant.transaction((_, tx) =>
      tx.query<{ thread_id: string; run_id: string }>(
        sql`select thread_id, run_id from runs where metadata @> ${marked}::jsonb`,
      ),
    )
    for (const { thread_id, run_id } of runs) {
      expect(await third.client.runs.join(thread_id, run_id)).toMatchObject({ items: ['one', 'two'] })
    }
    expect(await outcomes()).toEqual(Array.from({ length: 2 }, () => ({ taken: 1, runs: 1, running: 0 })))
  })
})

describe('metastore serve in two processes', () => {
  test('protocol scenario 60: one that is told to end breaks nothing off, and the other takes what is new [PostgreSQL]', async () => {
    const schema = await storeEngines[0].freshSchema()
    await (await openStoreWorld(schema))[Symbol.asyncDispose]()
    await using a = await serve(schema)
    await using b = await serve(schema)
    const balancers: Balancer[] = []
    onTestFinished(async () => {
      for (const balancer of balancers) await balancer[Symbol.asyncDispose]()
    })
    const broken: unknown[] = []
    // Each has a connection of its own, which is never without a request for as long as the server waits for one.
    const newClient = async (): Promise<Client> => {
      const balancer = await startBalancer([a.port, b.port])
      balancers.push(balancer)
      return clientOf(balancer.url, (input, init) =>
        fetch(input, init).catch((error: unknown) => {
          broken.push(error)
          throw error
        }),
      )
    }
    const clients = await Promise.all(Array.from({ length: 7 }, newClient))
    const load = startLoad(clients.slice(0, 4))
    const held = await Promise.all(clients.slice(4, 6).map(hold))
    await load.goesOn()
    a.child.process.kill('SIGTERM')
    await expect.poll(() => takesConnections(a.port)).toBe(false)
    // The runs that it has still hold it up.
    expect(await clients[6]!.runs.wait(null, 'echo', { input: { text: 'new' } })).toMatchObject({ items: ['echo:new'] })
    for (const { child } of [a, b]) child.process.kill('SIGUSR2')
    for (const { values } of held) expect(await values).toMatchObject({ items: ['one', 'two'] })
    const { status, stderr } = await a.child.ended
    expect(status).toBe(0)
    await load.goesOn()
    await load.stop()
    expect(broken).toEqual([])
    expect(balancers.filter(({ isDown }) => isDown)).toEqual([])
    expect(stderr).not.toContain('"msg":"failure"')

    // A promise that a graph has forgotten ends neither its run nor the server, on which others' runs are.
    const careless = await clients[6]!.runs.wait(null, 'careless', { input: { text: 'x' } })
    expect(careless).toMatchObject({ items: ['done'] })
    b.child.process.kill('SIGTERM')
    const end = await b.child.ended
    expect(end.status).toBe(0)
    expect(end.stderr).toMatch(
      /"source":"unhandled rejection","error":\{"name":"Error","message":"nobody waits for this"/,
    )
  })
})

/** Starts `metastore serve` with graphs of a project, and waits until it answers. */
async function serve({ url }: SchemaCopy) {
  const directory = temporaryDirectory()
  const module = path.join(import.meta.dirname, 'held-graphs.ts')
  const graphs = { echo: `${module}:echo`, slow: `${module}:slow`, careless: `${module}:careless` }
  writeFileSync(path.join(directory, 'langgraph.json'), JSON.stringify({ graphs }))
  const migrations = modules.map((name) => path.join(schemaDirectory, name))
  writeFileSync(
    path.join(directory, 'metastore.toml'),
    `[database.main]\nurl = "${url}"\nmigrations = ${JSON.stringify(migrations)}\nserver_tenant = "${anna}"\nserver_log = "error"\nserver_linger = "60s"\n`,
  )
  const words = ['serve', '--json', '--port', '0', '--auth', 'none', '--graphs', 'langgraph.json']
  const child = startMetastore(words, { cwd: directory })
  const output: string[] = []
  child.process.stdout?.on('data', (text: string) => output.push(text))
  await child.says('"url"')
  const { port } = /"url":\s*"http:\/\/127\.0\.0\.1:(?<port>\d+)"/.exec(output.join(''))!.groups!
  return {
    child,
    port: Number(port),
    async [Symbol.asyncDispose]() {
      child.process.kill('SIGKILL')
      await child.ended
    },
  }
}

async function takesConnections(port: number): Promise<boolean> {
  const socket = connect({ port, host: '127.0.0.1' })
  const takes = await once(socket, 'connect').then(
    () => true,
    () => false,
  )
  socket.destroy()
  return takes
}

/** The SDK with another `fetch`, and as many requests at a time as are made. */
function clientOf(apiUrl: string, fetch: (input: string, init?: RequestInit) => Promise<Response>): Client {
  return new Client({ apiUrl, apiKey: null, callerOptions: { maxConcurrency: 20, fetch: fetch as never } })
}

/** Passes everything on, and tells of each chunk in which the text is. */
function noticing(text: string, found: () => void): TransformStream<Uint8Array, Uint8Array> {
  return new TransformStream({
    transform(chunk, controller) {
      controller.enqueue(chunk)
      if (Buffer.from(chunk).includes(text)) found()
    },
  })
}

/** Lets seconds go by for whoever looks at the clock that is faked, when what has come by now has been looked at. */
async function pass(seconds: number): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate)
  await vi.advanceTimersByTimeAsync(seconds * 1000)
}

/** Some who ask one thing after another, until they are stopped. */
function startLoad(clients: readonly Client[]) {
  let stopped = false
  let made = 0
  const work = async (client: Client): Promise<void> => {
    for (; !stopped; made++) await converse(client)
  }
  const all = Promise.all(clients.map(work))
  all.catch(() => {})
  return {
    /** Waits until there were two conversations more for each; throws what one of them was refused with. */
    async goesOn(): Promise<void> {
      const wanted = made + 2 * clients.length
      await Promise.race([all, vi.waitFor(() => expect(made).toBeGreaterThanOrEqual(wanted), 100_000)])
    },
    async stop(): Promise<void> {
      stopped = true
      await all
    },
  }
}

/** A thread with a run of each kind, each of which there is once. */
async function converse(client: Client): Promise<void> {
  const text = randomUUID()
  const payload = { input: { text } }
  const item = `echo:${text}`
  const { thread_id: thread } = await client.threads.create()
  expect(await client.runs.wait(thread, 'echo', payload)).toEqual({ text, items: [item] })
  const { run_id } = await client.runs.create(thread, 'echo', payload)
  expect(await client.runs.join(thread, run_id)).toEqual({ text, items: [item, item] })
  let last: unknown
  for await (const { event, data } of client.runs.stream(thread, 'echo', payload)) if (event === 'values') last = data
  expect(last).toEqual({ text, items: [item, item, item] })
  expect((await client.threads.getState(thread)).values).toEqual(last)
}

/** A run that waits for a gate, with somebody who reads its stream. */
async function hold(client: Client): Promise<{ readonly values: Promise<unknown> }> {
  const { thread_id: thread } = await client.threads.create()
  const created = new EventEmitter()
  const values = (async () => {
    let last: unknown
    const payload = { input: { text: randomUUID() }, onRunCreated: () => created.emit('run') }
    for await (const { event, data } of client.runs.stream(thread, 'slow', payload)) if (event === 'values') last = data
    return last
  })()
  await Promise.race([once(created, 'run'), values])
  return { values }
}
