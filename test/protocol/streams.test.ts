import { Client } from '@langchain/langgraph-sdk'
import { randomUUID } from 'node:crypto'
import { expect } from 'vitest'
import { startProxy } from '../harness/proxy.ts'
import { gate, graphExecutor } from './graphs.ts'
import { protocolScenarios } from './world.ts'

interface Told {
  readonly id?: string
  readonly event: string
  readonly data: unknown
}

const slowly = () => {
  const text = randomUUID()
  return { gate: gate(text), input: { text } }
}

protocolScenarios('streams', [graphExecutor], (it, scenario) => {
  const client = () => it().client
  const newThread = async (): Promise<string> => (await client().threads.create()).thread_id
  const stream = (thread: string | null, graph: string, payload: object, by = client()): AsyncIterable<Told> =>
    by.runs.stream(thread as string, graph, payload) as AsyncIterable<Told>
  const all = async (events: AsyncIterable<Told>): Promise<Told[]> => {
    const told: Told[] = []
    for await (const event of events) told.push(event)
    return told
  }
  const runOf = (told: readonly Told[]) => (told[0]!.data as { run_id: string }).run_id
  const ids = (told: readonly Told[]) => told.map(({ id }) => Number(id))
  const join = (thread: string | null, run: string, options?: object) =>
    client().runs.joinStream(thread, run, options) as AsyncIterable<Told>

  scenario(51, 'a stream tells what was asked for, and ends after the run', async () => {
    for (const mode of ['values', 'updates', 'debug', 'tasks', 'checkpoints', 'custom', 'messages-tuple']) {
      const thread = await newThread()
      const told = await all(stream(thread, 'echo', { input: { text: 'a' }, streamMode: mode }))
      expect(told[0]).toMatchObject({ event: 'metadata', id: '0', data: { attempt: 1 } })
      expect(ids(told)).toEqual(told.map((_, index) => index))
      const names = new Set(told.slice(1).map(({ event }) => event))
      expect([...names]).toEqual(mode === 'custom' || mode === 'messages-tuple' ? [] : [mode])
      expect((await client().runs.get(thread, runOf(told))).status).toBe('success')
    }
    const thread = await newThread()
    const told = await all(stream(thread, 'echo', { input: { text: 'a' }, streamMode: ['values', 'updates'] }))
    const values = told.filter(({ event }) => event === 'values')
    expect(values.at(-1)!.data).toEqual((await client().threads.getState(thread)).values)
    expect(told).toContainEqual(expect.objectContaining({ event: 'updates', data: { echo: { items: ['echo:a'] } } }))
  })

  scenario(52, 'a failure is an event, and the stream ends as others do', async () => {
    const told = await all(stream(null, 'boom', { input: { text: 'x' }, streamMode: 'updates' }))
    expect(told.map(({ event, data }) => [event, data])).toMatchObject([
      ['metadata', {}],
      ['error', { error: 'TypeError', message: 'kaput' }],
    ])
  })

  scenario(53, 'a stream that is cut goes on by itself, with each event once', async () => {
    await using proxy = await startProxy(Number(new URL(it().server.url).port))
    const through = new Client({ apiUrl: `http://127.0.0.1:${proxy.port}`, apiKey: 'anna' })
    const thread = await newThread()
    const { gate: held, input } = slowly()
    const payload = { input, streamMode: ['values', 'debug'], streamResumable: true }
    const told: Told[] = []
    for await (const event of stream(thread, 'slow', payload, through)) {
      told.push(event)
      if (told.length === 2) {
        proxy.cut()
        held.open()
      }
    }
    expect(ids(told)).toEqual(told.map((_, index) => index))
    expect(told.at(-1)).toMatchObject({ event: 'debug' })
    expect(await all(join(thread, runOf(told), { lastEventId: '-1' }))).toEqual(told)
  })

  scenario(54, 'a run that has ended is told again from where it is asked for', async () => {
    const thread = await newThread()
    const told = await all(stream(thread, 'fork', { input: { text: 'a' }, streamMode: ['values', 'updates', 'debug'] }))
    const run = runOf(told)
    expect(told.length).toBeGreaterThan(5)
    expect(await all(join(thread, run, { lastEventId: '-1' }))).toEqual(told)
    expect(ids(await all(join(thread, run, { lastEventId: '3' })))).toEqual(ids(told).slice(4))
    expect(await all(join(thread, run))).toEqual([])
    const updates = await all(join(null, run, { lastEventId: '-1', streamMode: ['updates'] }))
    expect(updates.map(({ event }) => event)).toEqual(['metadata', 'updates', 'updates'])
    for (const by of [client(), it().stranger]) {
      const unknown = by.runs.joinStream(thread, by === client() ? randomUUID() : run, { lastEventId: '-1' })
      await expect(all(unknown as AsyncIterable<Told>)).rejects.toMatchObject({ status: 404 })
    }
  })

  scenario(55, 'whoever goes away cancels the run when that was asked for, and leaves it alone otherwise', async () => {
    const leave = async (payload: object) => {
      const thread = await newThread()
      const { gate: held, input } = slowly()
      const controller = new AbortController()
      let run = ''
      const reading = all(
        stream(thread, 'slow', {
          input,
          signal: controller.signal,
          onRunCreated: (made: { run_id: string }) => (run = made.run_id),
          ...payload,
        }),
      ).catch(() => [])
      await held.reached
      controller.abort()
      await reading
      return { held, ended: async () => (await client().runs.join(thread, run), client().runs.get(thread, run)) }
    }
    const cancelled = await leave({ onDisconnect: 'cancel' })
    expect((await cancelled.ended()).status).toBe('interrupted')
    const left = await leave({})
    left.held.open()
    expect((await left.ended()).status).toBe('success')
  })

  scenario(56, 'a silent run gives signs of life, to whoever streams it and to whoever waits for it', async () => {
    const thread = await newThread()
    const { gate: held, input } = slowly()
    const controller = new AbortController()
    const ask = (where: string, payload: object) =>
      fetch(`${it().server.url}/threads/${thread}/runs/${where}`, {
        method: 'POST',
        headers: { 'x-api-key': 'anna', 'content-type': 'application/json' },
        body: JSON.stringify(payload),
        signal: controller.signal,
      })
    const response = await ask('stream', { assistant_id: 'slow', input })
    expect(response.headers.get('content-type')).toBe('text/event-stream')
    const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader()
    const until = async (text: string, seen = ''): Promise<string> =>
      seen.includes(text) ? seen : until(text, seen + (await reader.read()).value!)
    await until(': heartbeat\n: heartbeat\n')
    const waiting = await ask('wait', { assistant_id: 'echo', input: { text: 'b' } })
    expect(waiting.headers.get('location')).toMatch(/^\/threads\/[\da-f-]+\/runs\/[\da-f-]+\/join$/)
    held.open()
    const text = await waiting.text()
    expect(text).toMatch(/^\n+\{/)
    expect(JSON.parse(text)).toMatchObject({ items: ['one', 'two', 'echo:b'] })
    controller.abort()
  })

  scenario(57, 'the stream of a thread tells one run after another, and goes on where it was left', async () => {
    const thread = await newThread()
    const read = async (runs: number, options: object) => {
      const controller = new AbortController()
      const told: Told[] = []
      let done = 0
      const events = client().threads.joinStream(thread, { ...options, signal: controller.signal })
      for await (const event of events as AsyncIterable<Told>) {
        told.push(event)
        if ((event.data as { status?: string }).status === 'run_done' && ++done === runs) break
      }
      controller.abort()
      return told
    }
    const first = read(2, { lastEventId: '-' })
    for (const text of ['a', 'b']) await client().runs.wait(thread, 'echo', { input: { text } })
    const told = await first
    const [a, b] = (await client().runs.list(thread)).toReversed().map(({ run_id }) => run_id)
    const of = (run: string | undefined) => [
      ['metadata', expect.objectContaining({ run_id: run })],
      ['values', expect.anything()],
      ['values', expect.anything()],
      ['metadata', { status: 'run_done', run_id: run }],
    ]
    expect(told.map(({ event, data }) => [event, data])).toEqual([...of(a), ...of(b)])
    expect(await read(1, { lastEventId: told[3]!.id })).toEqual(told.slice(4))
    const lifecycle = await read(2, { lastEventId: '-', streamMode: ['lifecycle'] })
    expect(lifecycle).toEqual(told.filter(({ event }) => event === 'metadata'))
  })

  scenario(57, 'the stream of a thread tells states that are written from outside, between its runs', async () => {
    const thread = await newThread()
    const write = (item: string) =>
      client()
        .threads.updateState(thread, { values: { items: [item] }, asNode: 'echo' })
        .then(({ configurable }) => configurable)
    const run = async (text: string) => {
      await client().runs.wait(thread, 'echo', { input: { text } })
      return (await client().runs.list(thread, { limit: 1 }))[0]!.run_id
    }
    const read = async (count: number, lastEventId: string, meanwhile = async (_told: Told): Promise<void> => {}) => {
      const controller = new AbortController()
      const told: Told[] = []
      const options = { lastEventId, streamMode: ['state_update' as const], signal: controller.signal }
      for await (const event of client().threads.joinStream(thread, options) as AsyncIterable<Told>) {
        told.push(event)
        if (told.length === count) break
        await meanwhile(event)
      }
      controller.abort()
      return told
    }
    const first = await run('a')
    const [x, y] = [await write('x'), await write('y')]
    const second = await run('b')
    const z: Awaited<ReturnType<typeof write>>[] = []
    const told = await read(5, '-', async ({ data }) => {
      if ((data as { run_id: string }).run_id === second) z.push(await write('z'))
    })
    const of = (run_id: string | null, state: object, items: string[]) => ({
      event: 'state_update',
      data: { thread_id: thread, run_id, status: 'idle', values: { items }, state },
    })
    const now = ['echo:a', 'x', 'y', 'echo:b']
    expect(told).toMatchObject([
      of(first, {}, now),
      of(null, { checkpoint: x }, ['echo:a', 'x']),
      of(null, { checkpoint: y, next: [] }, ['echo:a', 'x', 'y']),
      of(second, {}, now),
      of(null, { checkpoint: z[0], metadata: { source: 'update' } }, [...now, 'z']),
    ])
    for (const [index, { id }] of told.slice(0, -1).entries()) {
      const rest = await read(4 - index, id!)
      expect(rest.map((each) => each.id)).toEqual(told.slice(index + 1).map((each) => each.id))
    }
  })

  scenario(
    57,
    'a thread without a run tells what is written, and whoever asks for runs alone gets no state',
    async () => {
      const { thread_id } = await client().threads.create({ graphId: 'echo' })
      const open = async (mode: string) => {
        const response = await fetch(`${it().server.url}/threads/${thread_id}/stream?stream_mode=${mode}`, {
          headers: { 'x-api-key': 'anna' },
        })
        const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader()
        let text = ''
        const until = async (wanted: string): Promise<string> => {
          while (!text.includes(wanted)) text += (await reader.read()).value!
          return text
        }
        // By then it knows what there was before.
        await until(': heartbeat\n')
        return { until, [Symbol.asyncDispose]: () => reader.cancel() }
      }
      await using states = await open('state_update')
      await using runs = await open('run_modes')
      const { configurable } = await client().threads.updateState(thread_id, {
        values: { items: ['x'] },
        asNode: 'echo',
      })
      expect(await states.until('\nid: :state:')).toContain('event: state_update\ndata: {"thread_id":')
      expect(await states.until('\n\n')).toContain(`\nid: :state:${String(configurable!['checkpoint_id'])}\n\n`)
      await client().runs.wait(thread_id, 'echo', { input: { text: 'a' } })
      expect(await runs.until('"run_done"')).not.toContain('state_update')
    },
  )
})
