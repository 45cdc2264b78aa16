import { randomUUID } from 'node:crypto'
import { expect } from 'vitest'
import { type DatabaseError, sql } from '../../src/database/database.ts'
import { anna } from '../harness/assistant-store.ts'
import { gate, graphExecutor } from './graphs.ts'
import { unwritable } from './unwritable.ts'
import { protocolScenarios } from './world.ts'

interface Values {
  readonly items?: string[]
  readonly __interrupt__?: { readonly value: unknown }[]
  readonly __error__?: unknown
}

/** What the SDK does not say of runs. */
interface Created {
  readonly kwargs: { readonly input: { readonly text: string } }
}

/** A run that waits for a gate; what a node comes after is in a checkpoint. */
const slowly = (payload: object = {}) => {
  const text = randomUUID()
  return { gate: gate(text), payload: { input: { text }, durability: 'sync', ...payload } as object }
}

protocolScenarios('runs', [graphExecutor, unwritable], (it, scenario) => {
  const client = () => it().client
  const newThread = async (): Promise<string> => (await client().threads.create()).thread_id
  const waitFor = async (thread: string | null, graph: string, payload: object = {}): Promise<Values> =>
    (await client().runs.wait(thread as string, graph, payload)) as Values
  const create = (thread: string, graph: string, payload: object = {}) => client().runs.create(thread, graph, payload)
  const stateOf = async (thread: string): Promise<Values> =>
    (await it().store.tenant(anna).threads.get(thread)).values as Values
  /** Waits for the end of a run, whatever it is. */
  const ended = async (thread: string, run: string): Promise<string> => {
    await client().runs.join(thread, run)
    return (await client().runs.get(thread, run)).status
  }

  scenario(29, 'a run is waited for: its state, its ids, and what the thread is afterwards', async () => {
    const thread = await newThread()
    let made: unknown
    const payload = { input: { text: 'one' }, onRunCreated: (run: unknown) => (made = run) }
    const values = await waitFor(thread, 'echo', payload)
    expect(values).toEqual({ text: 'one', items: ['echo:one'] })
    const [run] = await client().runs.list(thread)
    expect(made).toEqual({ run_id: run?.run_id, thread_id: thread })
    expect(run).toMatchObject({ status: 'success', multitask_strategy: 'enqueue' })
    expect(await client().threads.get(thread)).toMatchObject({ status: 'idle', values, interrupts: {} })
  })

  scenario(30, 'a run without a thread leaves none, unless it is to be kept', async () => {
    const threads = async () => (await client().threads.search({ metadata: { graph_id: 'echo' }, limit: 1000 })).length
    const before = await threads()
    expect(await waitFor(null, 'echo', { input: { text: 'a' } })).toEqual({ text: 'a', items: ['echo:a'] })
    expect(await threads()).toBe(before)
    await waitFor(null, 'echo', { input: { text: 'a' }, onCompletion: 'keep' })
    expect(await threads()).toBe(before + 1)
  })

  scenario(31, 'a failure of the graph is said in its words, and the next good run makes the thread idle', async () => {
    const thread = await newThread()
    const input = { text: 'x' }
    await expect(waitFor(thread, 'boom', { input })).rejects.toThrow('TypeError: kaput')
    const error = { error: 'TypeError', message: 'kaput' }
    expect(await waitFor(thread, 'boom', { input, raiseError: false })).toEqual({ __error__: error })
    expect((await client().runs.list(thread)).map(({ status }) => status)).toEqual(['error', 'error'])
    expect(await client().threads.get(thread)).toMatchObject({ status: 'error', error })
    await waitFor(thread, 'echo', { input })
    expect(await client().threads.get(thread)).toMatchObject({ status: 'idle' })
  })

  scenario(32, 'a thread that is missing is a 404, or is made', async () => {
    const thread = randomUUID()
    const input = { text: 'a' }
    await expect(waitFor(thread, 'echo', { input })).rejects.toMatchObject({ status: 404 })
    await expect(waitFor(await newThread(), 'nope', { input })).rejects.toMatchObject({ status: 404 })
    expect(await waitFor(thread, 'echo', { input, ifNotExists: 'create' })).toMatchObject({ items: ['echo:a'] })
    expect((await client().threads.get(thread)).status).toBe('idle')
  })

  scenario(33, 'a run is joined for its own result, also after a later one', async () => {
    const thread = await newThread()
    const first = await create(thread, 'echo', { input: { text: 'a' } })
    expect(first.status).toBe('pending')
    const result = { text: 'a', items: ['echo:a'] }
    expect(await client().runs.join(thread, first.run_id)).toEqual(result)
    await waitFor(thread, 'echo', { input: { text: 'b' } })
    expect(await client().runs.join(thread, first.run_id)).toEqual(result)
    await expect(client().runs.join(thread, randomUUID())).rejects.toMatchObject({ status: 404 })
    await expect(it().stranger.runs.join(thread, first.run_id)).rejects.toMatchObject({ status: 404 })
  })

  scenario(34, 'runs are listed with the newest first, page by page, by status and in part', async () => {
    const thread = await newThread()
    for (const text of ['a', 'b', 'c']) await waitFor(thread, 'echo', { input: { text }, metadata: { text } })
    const list = (options?: object) => client().runs.list(thread, options)
    const texts = (runs: { metadata: unknown }[]) => runs.map(({ metadata }) => (metadata as { text: string }).text)
    expect(texts(await list())).toEqual(['c', 'b', 'a'])
    expect(texts(await list({ limit: 1, offset: 1 }))).toEqual(['b'])
    expect(await list({ status: 'error' })).toEqual([])
    expect((await list({ select: ['status', 'created_at'] })).map((run) => Object.keys(run))).toEqual(
      Array.from({ length: 3 }, () => ['created_at', 'status']),
    )
    await expect(list({ select: ['nope'] })).rejects.toMatchObject({
      status: 422,
      message: expect.stringContaining('select: A run has no field nope.') as string,
    })
  })

  scenario(35, 'a question interrupts the thread, and an answer finishes it', async () => {
    const thread = await newThread()
    const asked = await waitFor(thread, 'hitl', { input: { text: 'q' } })
    expect(asked).toMatchObject({ text: 'q', __interrupt__: [{ value: { question: 'go?' } }] })
    const found = await client().threads.get(thread)
    expect(found.status).toBe('interrupted')
    expect(Object.values(found.interrupts)).toMatchObject([[{ value: { question: 'go?' } }]])
    const interrupted = await client().threads.search({ status: 'interrupted', limit: 1000 })
    expect(interrupted.map(({ thread_id }) => thread_id)).toContain(thread)
    const resume = { command: { resume: 'yes' } }
    expect(await waitFor(thread, 'hitl', resume)).toMatchObject({ items: ['answer:yes'] })
    expect(await client().threads.get(thread)).toMatchObject({ status: 'idle', interrupts: {} })
    await expect(waitFor(thread, 'hitl', resume)).rejects.toMatchObject({
      status: 409,
      message: expect.stringContaining(`The thread ${thread} waits for no answer.`) as string,
    })
  })

  scenario(36, 'of two answers to one question, one is taken', async () => {
    const thread = await newThread()
    await waitFor(thread, 'hitl', { input: { text: 'q' } })
    const answer = (resume: string) => waitFor(thread, 'hitl', { command: { resume }, multitaskStrategy: 'reject' })
    const both = await Promise.allSettled([answer('a'), answer('b')])
    expect(both.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected'])
    expect(both.find(({ status }) => status === 'rejected')).toMatchObject({ reason: { status: 409 } })
    expect((await stateOf(thread)).items).toHaveLength(1)
  })

  scenario(37, 'a busy thread refuses other runs, or takes them one after another', async () => {
    const thread = await newThread()
    const all = (payload: object) =>
      Promise.allSettled(
        Array.from({ length: 20 }, (_, i) => create(thread, 'echo', { input: { text: `${i}` }, ...payload })),
      )
    const { gate: first, payload } = slowly()
    const holder = await create(thread, 'slow', payload)
    const refused = await all({ multitaskStrategy: 'reject' })
    expect(
      refused.map((each) => (each.status === 'rejected' ? (each.reason as { status: number }).status : 200)),
    ).toEqual(Array.from({ length: 20 }, () => 409))
    first.open()
    await ended(thread, holder.run_id)
    const one = await all({ multitaskStrategy: 'reject', afterSeconds: 3600 })
    expect(one.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    await client().runs.cancelMany({
      threadId: thread,
      runIds: (await client().runs.list(thread)).map(({ run_id }) => run_id),
    })
    await all({ multitaskStrategy: 'enqueue' })
    const runs = (await client().runs.list(thread, { limit: 20 })).toReversed()
    const result = (await client().runs.join(thread, runs.at(-1)!.run_id)) as Values
    // The database refuses a second running run of a thread, so that the order is that of their ends.
    expect(result.items!.slice(-20)).toEqual(
      (runs as unknown as Created[]).map(({ kwargs }) => `echo:${kwargs.input.text}`),
    )
  })

  scenario(38, 'a run takes the place of another, which keeps its finished steps or never was', async () => {
    const thread = await newThread()
    const first = slowly()
    const stopped = await create(thread, 'slow', first.payload)
    await first.gate.reached
    first.gate.openOne()
    await first.gate.halfway
    const next = { input: { text: 'n' } }
    const values = await waitFor(thread, 'echo', { ...next, multitaskStrategy: 'interrupt' })
    expect(values.items).toEqual(['one', 'echo:n'])
    expect((await client().runs.get(thread, stopped.run_id)).status).toBe('interrupted')

    const before = await stateOf(thread)
    const second = slowly()
    const undone = await create(thread, 'slow', second.payload)
    second.gate.openOne()
    await second.gate.halfway
    const after = await waitFor(thread, 'echo', { input: { text: 'm' }, multitaskStrategy: 'rollback' })
    expect(after.items).toEqual([...before.items!, 'echo:m'])
    await expect(client().runs.get(thread, undone.run_id)).rejects.toMatchObject({ status: 404 })
  })

  scenario(39, 'a run is cancelled at once, with its values, or so that it never was', async () => {
    const thread = await newThread()
    const first = slowly()
    const run = await create(thread, 'slow', first.payload)
    first.gate.openOne()
    await first.gate.halfway
    await client().runs.cancel(thread, run.run_id, true)
    expect((await client().runs.get(thread, run.run_id)).status).toBe('interrupted')
    expect(await client().threads.get(thread)).toMatchObject({ status: 'interrupted', values: { items: ['one'] } })
    expect(await client().runs.join(thread, run.run_id)).toMatchObject({ items: ['one'] })
    await client().runs.cancel(thread, run.run_id)
    await expect(client().runs.cancel(thread, randomUUID())).rejects.toMatchObject({ status: 404 })

    const second = slowly()
    const undone = await create(thread, 'slow', second.payload)
    second.gate.openOne()
    await second.gate.halfway
    await client().runs.cancel(thread, undone.run_id, true, 'rollback')
    await expect(client().runs.get(thread, undone.run_id)).rejects.toMatchObject({ status: 404 })
    expect(await client().threads.get(thread)).toMatchObject({ status: 'interrupted', values: { items: ['one'] } })

    const asking = await newThread()
    const careful = slowly()
    await waitFor(asking, 'careful', careful.payload)
    const before = await client().threads.getState(asking)
    const answered = await create(asking, 'careful', { command: { resume: 'no' }, durability: 'sync' })
    await careful.gate.reached
    await client().runs.cancel(asking, answered.run_id, true, 'rollback')
    expect(await client().threads.getState(asking)).toEqual(before)
    expect(await client().threads.get(asking)).toMatchObject({ status: 'interrupted' })
    careful.gate.open()
    expect(await waitFor(asking, 'careful', { command: { resume: 'yes' } })).toMatchObject({ items: ['answer:yes'] })

    const third = slowly()
    const waited = await create(thread, 'slow', { ...third.payload, afterSeconds: 3600 })
    await client().runs.cancel(thread, waited.run_id)
    expect((await client().runs.get(thread, waited.run_id)).status).toBe('interrupted')
    await client().runs.delete(thread, waited.run_id)
    expect((await client().runs.list(thread)).map(({ run_id }) => run_id)).toEqual([run.run_id])
  })

  scenario(40, 'all runs of the tenant are cancelled and no other’s; a batch keeps its order', async () => {
    const others = slowly()
    const theirs = await it().stranger.threads.create()
    const kept = await it().stranger.runs.create(theirs.thread_id, 'slow', others.payload)
    await others.gate.reached
    const thread = await newThread()
    const own = slowly()
    const running = await create(thread, 'slow', own.payload)
    const pending = await create(thread, 'echo', { input: { text: 'p' } })
    await own.gate.reached
    await client().runs.cancelMany({ status: 'all' })
    expect(await ended(thread, running.run_id)).toBe('interrupted')
    expect(await ended(thread, pending.run_id)).toBe('interrupted')
    expect((await it().stranger.runs.get(theirs.thread_id, kept.run_id)).status).toBe('running')
    others.gate.open()
    await it().stranger.runs.join(theirs.thread_id, kept.run_id)
    for (const wrong of [{ threadId: thread }, { status: 'all', threadId: thread, runIds: [] }, {}]) {
      await expect(client().runs.cancelMany(wrong as never)).rejects.toMatchObject({ status: 422 })
    }

    const payloads = Array.from({ length: 50 }, (_, i) => ({ assistantId: 'echo', input: { text: `${i}` } }))
    const batch = await client().runs.createBatch(payloads)
    const texts = (batch as unknown as Created[]).map(({ kwargs }) => kwargs.input.text)
    expect(texts).toEqual(payloads.map(({ input }) => input.text))
    const refused = client().runs.createBatch([...payloads, { assistantId: 'nope' }] as never)
    await expect(refused).rejects.toMatchObject({ status: 404 })
  })

  scenario(29, 'what cannot be taken is refused with its reason, and nothing is written', async () => {
    const thread = await newThread()
    const refusals = [
      [{ input: { text: 'a' }, command: { resume: 1 } }, 422, 'command: A run has an input or a command, not both.'],
      [{ metadata: { a: 'x\0' } }, 422, 'metadata.a: The character U+0000'],
      [{ streamMode: 'nope' }, 422, 'stream_mode'],
      [{ checkpointId: 'nope', multitaskStrategy: 'nope' }, 422, 'multitask_strategy'],
      [{ webhook: 'ftp://x' }, 422, 'webhook'],
    ] as const
    for (const [payload, status, message] of refusals) {
      await expect(create(thread, 'echo', payload)).rejects.toMatchObject({
        status,
        message: expect.stringContaining(message) as string,
      })
    }
    expect(await client().runs.list(thread)).toEqual([])
    const exact = await waitFor(thread, 'echo', { input: { text: 'nul \0 and half \ud800' } })
    expect(exact.items).toEqual(['echo:nul \0 and half \ud800'])
    const response = await fetch(`${it().server.url}/threads/${thread}/runs`, {
      method: 'POST',
      headers: { 'x-api-key': 'anna', 'content-type': 'application/json' },
      body: JSON.stringify({ assistant_id: 'echo', input: {}, if_thread_status: ['busy'] }),
    })
    expect([response.status, await response.json()]).toMatchObject([
      409,
      { error: 'thread_status_mismatch', message: 'The thread is idle, and not busy.' },
    ])
  })

  scenario(29, 'a webhook is left to be sent in the transaction that ends the run', async () => {
    const thread = await newThread()
    await waitFor(thread, 'echo', { input: { text: 'w' }, webhook: 'https://hooks.test/x' })
    const [run] = await client().runs.list(thread)
    const [left] = await it()
      .store.tenant(anna)
      .transaction((_, tx) =>
        tx.query<{ url: string; body: Uint8Array }>(sql`select url, body from outbox where run_id = ${run!.run_id}`),
      )
    expect(left?.url).toBe('https://hooks.test/x')
    expect(JSON.parse(Buffer.from(left!.body).toString())).toMatchObject({
      run_id: run!.run_id,
      status: 'success',
      values: { items: ['echo:w'] },
      run_started_at: expect.any(String) as string,
      run_ended_at: expect.any(String) as string,
    })
  })

  scenario(
    59,
    'a checkpoint that the database refuses ends its run with an error, and the thread works on',
    async () => {
      const __error__ = { error: 'InternalError', message: expect.stringContaining('Its log says why') as string }
      for (const durability of ['async', 'sync']) {
        const thread = await newThread()
        const payload = { input: {}, durability, raiseError: false }
        for (let times = 0; times < 2; times++) {
          expect(await waitFor(thread, 'unwritable', payload)).toEqual({ __error__ })
          expect(await client().threads.get(thread)).toMatchObject({ status: 'error' })
        }
        expect(await client().runs.list(thread, { status: 'error' })).toHaveLength(2)
      }
      const logged = it().failures.splice(0)
      expect(new Set(logged.map((error) => (error as DatabaseError).engineCode))).toEqual(new Set(['22P05']))
    },
  )

  scenario(
    28,
    'a run that begins at a checkpoint that the thread has not fails, and the thread stays as it was',
    async () => {
      const { client } = it()
      const { thread_id } = await client.threads.create()
      await client.runs.wait(thread_id, 'echo', { input: { text: 'one' } })
      const before = await client.threads.getState(thread_id)
      const checkpoint_id = randomUUID()
      const places = [{ checkpointId: checkpoint_id }, { config: { configurable: { checkpoint_id } } }]
      for (const place of places) {
        const failed = await client.runs.wait(thread_id, 'echo', {
          input: { text: 'two' },
          raiseError: false,
          ...place,
        })
        expect(failed).toEqual({
          __error__: {
            error: 'CheckpointMissing',
            message: `The thread ${thread_id} has no checkpoint ${checkpoint_id}.`,
          },
        })
      }
      expect(await client.threads.getState(thread_id)).toEqual(before)
    },
  )

  scenario(
    29,
    'settings that would hold a run for ever, or that are LangGraph’s own, do not get into the graph',
    async () => {
      const { client } = it()
      const { thread_id } = await client.threads.create()
      const own = { __pregel_checkpointer: {}, checkpoint_ns: 'elsewhere' }
      const config = { configurable: own, callbacks: [1], maxConcurrency: 0, tags: ['a'] } as object
      const values = { text: 'one', items: ['echo:one'] }
      expect(await client.runs.wait(thread_id, 'echo', { input: { text: 'one' }, config })).toEqual(values)
      expect((await client.threads.getState(thread_id)).values).toEqual(values)
      const refused = client.runs.create(thread_id, 'echo', { config: { max_concurrency: 0 } as object })
      await expect(refused).rejects.toMatchObject({
        status: 422,
        text: expect.stringContaining('config.max_concurrency'),
      })
    },
  )

  scenario(51, 'a stream mode that there is not is refused with those that there are', async () => {
    const { client } = it()
    const { thread_id } = await client.threads.create()
    const refused = client.runs.create(thread_id, 'echo', { streamMode: 'valeus' as 'values', webhook: 'ftp://x' })
    const problems = [
      {
        path: 'stream_mode',
        message:
          'Write one or more of values, updates, messages, messages-tuple, custom, events, debug, tasks, checkpoints, tools.',
      },
      { path: 'webhook', message: 'Write a path, or a URL with http or https.' },
    ]
    const error = await refused.catch((thrown: unknown) => thrown as { text: string })
    expect(JSON.parse((error as { text: string }).text)).toMatchObject({ detail: problems })
  })

  scenario(63, 'a webhook that may not be sent where it leads is told in the log, with what allows it', async () => {
    const { client, failures } = it()
    const { thread_id } = await client.threads.create()
    await client.runs.wait(thread_id, 'echo', { input: { text: 'a' }, webhook: 'http://127.0.0.1:9/hook' })
    const [run] = await client.runs.list(thread_id)
    await expect
      .poll(() => failures, { timeout: 60_000 })
      .toMatchObject([
        {
          message: `The webhook of the run ${run?.run_id} of tenant ${anna} is given up. The address is one of a private network.`,
          remedy:
            'Name an address that everybody reaches, or allow private ones with webhook_private = true in [server].',
        },
      ])
    failures.length = 0
  })
})
