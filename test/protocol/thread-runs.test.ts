import { randomUUID } from 'node:crypto'
import { Client, type ThreadState } from '@langchain/langgraph-sdk'
import { expect } from 'vitest'
import { id as name, sql, type Sql } from '../../src/database/database.ts'
import { startServer } from '../../src/server/server.ts'
import { sweepThreads } from '../../src/store/store.ts'
import { anna } from '../harness/assistant-store.ts'
import { gate, graphExecutor } from './graphs.ts'
import { protocolScenarios } from './world.ts'

// What becomes of threads, assistants and states while and after runs, which threads.test.ts looks at without any.

interface Values {
  readonly text?: string
  readonly items?: readonly string[]
}

/** A run that waits for a gate; what a node comes after is in a checkpoint. */
const slowly = () => {
  const text = randomUUID()
  return { gate: gate(text), payload: { input: { text }, durability: 'sync' } as const }
}

const status = async (call: Promise<unknown>): Promise<number> =>
  call.then(
    () => 200,
    (error: { status: number }) => error.status,
  )

protocolScenarios('threads and their runs', [graphExecutor], (it, scenario) => {
  const client = () => it().client
  const threads = () => client().threads
  const tenant = () => it().store.tenant(anna)
  const newThread = async (payload: object = {}): Promise<string> => (await threads().create(payload)).thread_id
  const run = async (thread: string, graph: string, payload: object = {}): Promise<Values> =>
    (await client().runs.wait(thread, graph, payload)) as Values
  const say = (thread: string, text: string) => run(thread, 'echo', { input: { text } })
  const itemsOf = async (thread: string) => (await threads().getState<Values>(thread)).values.items
  /** All that a thread shows of itself. */
  const shown = async (thread: string) => ({
    thread: await threads().get(thread),
    state: await threads().getState<Values>(thread),
    history: await threads().getHistory<Values>(thread, { limit: 1000 }),
  })
  const execute = (statement: Sql) => tenant().transaction((_, tx) => tx.execute(statement))
  /** The tables that hold something of a thread, or of a run of it. */
  const tablesWith = (thread: string, runId: string) =>
    tenant().transaction(async (_, tx) => {
      const columns = await tx.query<{ table: string; column: string }>(sql`
        select c.relname as "table", a.attname as "column"
        from pg_class c join pg_attribute a on a.attrelid = c.oid
        where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
          and a.attname in ('thread_id', 'run_id')
        order by 1, 2`)
      const found = new Set<string>()
      for (const { table, column } of columns) {
        const rows = await tx.query(sql`
          select from ${name('public', table)} where ${name(column)}::text = ${column === 'run_id' ? runId : thread}`)
        if (rows.length > 0) found.add(table)
      }
      return [...found]
    })

  scenario(
    11,
    'an assistant goes with its runs, those under way too, and with the threads that were its own',
    async () => {
      const { assistant_id: id } = await client().assistants.create({ graphId: 'slow' })
      const [its, other, busy] = [await newThread(), await newThread(), await newThread()]
      for (const thread of [its, other]) {
        const done = slowly()
        done.gate.open()
        await run(thread, id, done.payload)
      }
      await say(other, 'e')
      const before = await shown(other)
      const held = slowly()
      const running = await client().runs.create(busy, id, held.payload)
      await held.gate.reached
      await client().assistants.delete(id, { deleteThreads: true })
      expect(await Promise.all([its, busy].map((thread) => status(threads().get(thread))))).toEqual([404, 404])
      expect(await status(client().runs.get(busy, running.run_id))).toBe(404)
      expect((await client().runs.list(other)).map(({ metadata }) => metadata)).toMatchObject([{ graph_id: 'echo' }])
      expect(await shown(other)).toMatchObject({
        state: before.state,
        history: before.history,
        thread: { status: 'idle' },
      })
      expect(await status(client().assistants.delete(id))).toBe(404)
    },
  )

  scenario(11, 'a thread whose assistant goes during a run stays, and takes the next run', async () => {
    const { assistant_id: id } = await client().assistants.create({ graphId: 'slow' })
    const thread = await newThread()
    const held = slowly()
    await client().runs.create(thread, id, held.payload)
    held.gate.openOne()
    await held.gate.halfway
    await client().assistants.delete(id)
    expect((await threads().get(thread)).status).not.toBe('busy')
    expect(await client().runs.list(thread)).toEqual([])
    expect(await say(thread, 'next')).toMatchObject({ items: ['one', 'echo:next'] })
  })

  scenario(13, 'the states that a thread begins with are its history, and runs go on from them', async () => {
    const supersteps = ['one', 'two'].map((item) => ({ updates: [{ values: { items: [item] }, asNode: 'echo' }] }))
    const thread = await newThread({ graphId: 'echo', supersteps })
    expect(await itemsOf(thread)).toEqual(['one', 'two'])
    const history = await threads().getHistory<Values>(thread)
    expect(history.map(({ metadata, values }) => [metadata?.['source'], values.items])).toEqual([
      ['update', ['one', 'two']],
      ['update', ['one']],
    ])
    expect(await say(thread, 'x')).toMatchObject({ items: ['one', 'two', 'echo:x'] })
    const threadId = randomUUID()
    const wrong = [...supersteps, { updates: [{ values: { items: ['three'] }, asNode: 'nope' }] }]
    expect(await status(threads().create({ threadId, graphId: 'echo', supersteps: wrong }))).toBe(422)
    expect(await status(threads().get(threadId))).toBe(404)
    expect(await tablesWith(threadId, threadId)).toEqual([])
  })

  scenario(18, 'threads are counted and found by what their runs have made of them', async () => {
    const metadata = { mark: randomUUID() }
    const make = () => newThread({ metadata })
    const [asks, waits, idle, failed, busy] = [await make(), await make(), await make(), await make(), await make()]
    for (const thread of [asks, waits]) await run(thread, 'hitl', { input: { text: 'q' } })
    await say(idle, 'a')
    await run(failed, 'boom', { input: { text: 'b' }, raiseError: false })
    const held = slowly()
    const holder = await client().runs.create(busy, 'slow', held.payload)
    await held.gate.reached
    const expectThreads = async (expected: Readonly<Record<'interrupted' | 'idle' | 'error' | 'busy', string[]>>) => {
      for (const state of ['interrupted', 'idle', 'error', 'busy'] as const) {
        const found = await threads().search({ metadata, status: state, select: ['thread_id'] })
        expect(found.map(({ thread_id }) => thread_id).toSorted(), state).toEqual(expected[state].toSorted())
        expect(await threads().count({ metadata, status: state })).toBe(found.length)
      }
    }
    await expectThreads({ interrupted: [asks, waits], idle: [idle], error: [failed], busy: [busy] })
    await run(asks, 'hitl', { command: { resume: 'yes' } })
    held.gate.open()
    await client().runs.join(busy, holder.run_id)
    await expectThreads({ interrupted: [waits], idle: [idle, asks, busy], error: [failed], busy: [] })
    const all = await threads().search({ status: 'interrupted', limit: 1000, select: ['thread_id'] })
    expect(await threads().count({ status: 'interrupted' })).toBe(all.length)
  })

  scenario(20, 'a run in a copy leaves the original as it was, and the reverse', async () => {
    const original = await newThread()
    for (const text of ['a', 'b']) await say(original, text)
    const before = await shown(original)
    const { thread_id: copy } = await threads().copy(original)
    const copied = await shown(copy)
    expect(copied.thread).toMatchObject({ status: 'idle', values: before.thread.values })
    const renamed = JSON.parse(JSON.stringify(before.history).replaceAll(original, copy)) as ThreadState<Values>[]
    expect(copied.history).toEqual(renamed)
    expect(copied.state).toEqual(renamed[0])

    await say(copy, 'c')
    expect(await shown(original)).toEqual(before)
    const after = await shown(copy)
    expect(after.state.values.items).toEqual(['echo:a', 'echo:b', 'echo:c'])
    await say(original, 'd')
    expect(await shown(copy)).toEqual(after)
    expect(await itemsOf(original)).toEqual(['echo:a', 'echo:b', 'echo:d'])
    expect(await client().runs.list(copy)).toHaveLength(1)
    await threads().delete(original)
    expect(await shown(copy)).toEqual(after)
    expect(await say(copy, 'e')).toMatchObject({ items: ['echo:a', 'echo:b', 'echo:c', 'echo:e'] })
  })

  scenario(20, 'a question that is open is open in the copy as well, and each is answered for itself', async () => {
    const original = await newThread()
    await run(original, 'hitl', { input: { text: 'q' } })
    const before = await shown(original)
    const copy = await threads().copy(original)
    expect(copy).toMatchObject({ status: 'interrupted', interrupts: before.thread.interrupts })
    const answer = (thread: string, resume: string) => run(thread, 'hitl', { command: { resume } })
    expect(await answer(copy.thread_id, 'yes')).toMatchObject({ items: ['answer:yes'] })
    expect(await shown(original)).toEqual(before)
    expect(await answer(original, 'no')).toMatchObject({ items: ['answer:no'] })
    expect(await itemsOf(copy.thread_id)).toEqual(['answer:yes'])
  })

  scenario(20, 'a copy that is made during a run is where the run had come to, and goes on from there', async () => {
    const original = await newThread()
    const held = slowly()
    const holder = await client().runs.create(original, 'slow', held.payload)
    held.gate.openOne()
    await held.gate.halfway
    const copy = await threads().copy(original)
    expect(copy).toMatchObject({ status: 'interrupted', values: { items: ['one'] } })
    expect(await threads().getState(copy.thread_id)).toMatchObject({ next: ['two'], values: copy.values })
    held.gate.open()
    const done = { items: ['one', 'two'] }
    expect(await run(copy.thread_id, 'slow', { input: null })).toMatchObject(done)
    expect(await client().runs.join(original, holder.run_id)).toMatchObject(done)
  })

  scenario(22, 'a thread is deleted during its run, and nothing of both comes back', async () => {
    const { store, server } = it()
    // A server of its own, whose end tells that its run has come to its end.
    const executing = await startServer({
      store,
      executors: [graphExecutor],
      authenticate: () => Promise.resolve({ tenantId: anna, userId: undefined, role: 'admin' }),
      logFailure: (error) => it().failures.push(error),
      host: '127.0.0.1',
      port: 0,
      linger: 0,
    })
    expect(executing.url).not.toBe(server.url)
    const text = randomUUID()
    const thread = await newThread()
    const waiting = new Client({ apiUrl: executing.url, apiKey: null }).runs.wait(thread, 'deaf', {
      input: { text },
      durability: 'sync',
      webhook: 'https://hooks.test/never',
    })
    await gate(text).reached
    const [made] = await client().runs.list(thread)
    const runId = made?.run_id ?? ''
    expect(await tablesWith(thread, runId)).toEqual(
      expect.arrayContaining(['checkpoints', 'run_events', 'runs', 'threads']),
    )
    await threads().delete(thread)
    expect(await status(threads().get(thread))).toBe(404)
    expect(await status(client().runs.get(thread, runId))).toBe(404)
    expect(await status(client().runs.join(thread, runId))).toBe(404)
    gate(text).open()
    await gate(text).halfway
    expect(await waiting).toEqual({})
    await executing.close()
    expect(await tablesWith(thread, runId)).toEqual([])
    expect(await status(threads().delete(thread))).toBe(404)
  })

  scenario(23, 'a run prolongs the life of its thread, which is not swept during it', async () => {
    const thread = await newThread({ ttl: 5 })
    const left = async (): Promise<number> => {
      const { ttl } = (await threads().get(thread, { include: ['ttl'] })) as unknown as { ttl: { expires_at: string } }
      return Date.parse(ttl.expires_at) - Date.now()
    }
    const expireIn = (seconds: number) =>
      execute(sql`
        update threads set expires_at = now() + ${seconds} * interval '1 second' where thread_id = ${thread}`)
    await expireIn(60)
    await say(thread, 'in time')
    expect(await left()).toBeGreaterThan(2 * 60_000)

    const held = slowly()
    const holder = await client().runs.create(thread, 'slow', held.payload)
    await held.gate.reached
    await expireIn(-1)
    await sweepThreads(it().store.admin.transaction)
    expect((await threads().get(thread)).status).toBe('busy')
    held.gate.open()
    expect(await client().runs.join(thread, holder.run_id)).toMatchObject({ items: ['echo:in time', 'one', 'two'] })
    expect(await left()).toBeGreaterThan(2 * 60_000)
  })

  scenario(23, 'a thread is gone when its time is over, with all that its runs have left', async () => {
    const thread = await newThread()
    await say(thread, 'a')
    const [made] = await client().runs.list(thread)
    await threads().update(thread, { ttl: 0.02 })
    await expect.poll(() => status(threads().get(thread))).toBe(404)
    expect(await threads().search({ ids: [thread] })).toEqual([])
    expect(await status(say(thread, 'too late'))).toBe(404)
    expect(await status(threads().getState(thread))).toBe(404)
    await sweepThreads(it().store.admin.transaction)
    expect(await tablesWith(thread, made?.run_id ?? '')).toEqual([])
  })

  scenario(24, 'what is pruned has its state, and goes on from there', async () => {
    const [said, asks, busy] = [await newThread(), await newThread(), await newThread()]
    for (const text of ['a', 'b', 'c']) await say(said, text)
    await say(asks, 'a')
    await run(asks, 'hitl', { input: { text: 'q' } })
    const held = slowly()
    const holder = await client().runs.create(busy, 'slow', held.payload)
    await held.gate.reached
    const before = await Promise.all([said, asks].map(shown))
    const strategy = 'keep_latest'
    expect(await threads().prune([said, asks, busy], { strategy })).toEqual({ pruned_count: 2 })
    const after = await Promise.all([said, asks].map(shown))
    expect(after.map(({ state }) => state)).toEqual(before.map(({ state }) => state))
    expect(after.map(({ history }) => history)).toEqual(before.map(({ history }) => history.slice(0, 1)))
    expect(await say(said, 'd')).toMatchObject({ items: ['echo:a', 'echo:b', 'echo:c', 'echo:d'] })
    expect(await run(asks, 'hitl', { command: { resume: 'yes' } })).toMatchObject({ items: ['echo:a', 'answer:yes'] })
    held.gate.open()
    await client().runs.join(busy, holder.run_id)
    expect(await threads().prune([said, asks])).toEqual({ pruned_count: 2 })
    expect(await Promise.all([said, asks].map((thread) => status(threads().getState(thread))))).toEqual([404, 404])
  })

  scenario(25, 'a new thread has no state; after two runs it says which one made it', async () => {
    const thread = await newThread({ graphId: 'echo' })
    expect(await threads().getState(thread)).toMatchObject({ values: {}, next: [], tasks: [], checkpoint: null })
    for (const text of ['a', 'b']) await say(thread, text)
    const [second] = await client().runs.list(thread)
    expect(await threads().getState(thread)).toMatchObject({
      values: { text: 'b', items: ['echo:a', 'echo:b'] },
      next: [],
      metadata: { run_id: second?.run_id, thread_id: thread, graph_id: 'echo' },
      parent_checkpoint: { thread_id: thread, checkpoint_ns: '' },
    })
  })

  scenario(26, 'a thread takes no state during its run, and takes it afterwards', async () => {
    const thread = await newThread()
    const held = slowly()
    const holder = await client().runs.create(thread, 'slow', held.payload)
    await held.gate.reached
    const update = () => threads().updateState(thread, { values: { items: ['m'] }, asNode: 'two' })
    expect(await status(update())).toBe(409)
    held.gate.open()
    await client().runs.join(thread, holder.run_id)
    await update()
    expect(await itemsOf(thread)).toEqual(['one', 'two', 'm'])
  })

  scenario(
    28,
    'a fork between two nodes runs the second on what was patched, and both branches keep theirs',
    async () => {
      const thread = await newThread()
      await run(thread, 'fork', { input: { text: 'a' } })
      const [head, between] = await threads().getHistory<Values>(thread)
      const checkpointId = between?.checkpoint.checkpoint_id ?? ''
      const patch = { values: { text: 'b' }, asNode: 'first', checkpointId }
      const { configurable } = await threads().updateState(thread, patch)
      const checkpoint = configurable as { checkpoint_id: string }
      const forked = await run(thread, 'fork', { input: null, checkpointId: checkpoint.checkpoint_id })
      expect(forked).toEqual({ text: 'b', items: ['first:a', 'second:B'] })
      expect((await threads().getState(thread)).values).toEqual(forked)
      const first = await threads().getState(thread, head?.checkpoint.checkpoint_id ?? '')
      expect(first.values).toEqual({ text: 'a', items: ['first:a', 'second:A'] })
    },
  )
})
