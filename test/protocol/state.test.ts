import { randomUUID } from 'node:crypto'
import type { ThreadState } from '@langchain/langgraph-sdk'
import { expect } from 'vitest'
import { sql } from '../../src/database/database.ts'
import type { Execution } from '../../src/server/executors/executor.ts'
import { conflict } from '../../src/store/store.ts'
import { anna, ident } from '../harness/assistant-store.ts'
import { execute, newThread } from './execution.ts'
import { graphExecutor } from './graphs.ts'
import { protocolScenarios } from './world.ts'

interface Values {
  readonly text?: string
  readonly items?: readonly string[]
}

protocolScenarios('state', [graphExecutor], (it, scenario) => {
  const thread = (graphId: string) => newThread(it().store.tenant(anna), graphId)
  const run = (threadId: string, graphId: string, what: Partial<Execution> = {}) =>
    execute(graphExecutor, { store: it().store.tenant(anna), threadId, graphId, ...what })
  const getState = (threadId: string, at?: string) => it().client.threads.getState<Values>(threadId, at)
  const getHistory = (threadId: string, options?: object) => it().client.threads.getHistory<Values>(threadId, options)
  const idOf = (state: ThreadState<Values> | undefined): string => state?.checkpoint.checkpoint_id ?? ''

  scenario(25, 'a new thread has no state; after two runs it has that of the second', async () => {
    const threadId = await thread('echo')
    const nothing = { values: {}, next: [], tasks: [], checkpoint: null, parent_checkpoint: null, interrupts: [] }
    expect(await getState(threadId)).toMatchObject(nothing)
    expect(await getHistory(threadId)).toEqual([])
    const runId = randomUUID()
    await run(threadId, 'echo', { input: { text: 'one' } })
    await run(threadId, 'echo', { input: { text: 'two' }, runId, metadata: { m: 1 } })

    const state = await getState(threadId)
    expect(state).toMatchObject({
      values: { text: 'two', items: ['echo:one', 'echo:two'] },
      next: [],
      metadata: { run_id: runId, graph_id: 'echo', thread_id: threadId, m: 1, source: 'loop', step: 4 },
      checkpoint: { thread_id: threadId, checkpoint_ns: '' },
      parent_checkpoint: { thread_id: threadId, checkpoint_ns: '' },
    })
    expect(await getState(threadId, idOf(state))).toEqual(state)
    const atPlace = await it().client.threads.getState(threadId, state.checkpoint, { subgraphs: true })
    expect(atPlace).toEqual(state)
  })

  scenario(25, 'a state is there for its tenant alone, and a checkpoint that is not there is a 404', async () => {
    const threadId = await thread('echo')
    await run(threadId, 'echo', { input: { text: 'one' } })
    const { client, stranger } = it()
    const refused = { status: 404 }
    await expect(stranger.threads.getState(threadId)).rejects.toMatchObject(refused)
    await expect(stranger.threads.getHistory(threadId)).rejects.toMatchObject(refused)
    await expect(stranger.threads.updateState(threadId, { values: {} })).rejects.toMatchObject(refused)
    await expect(getState(threadId, randomUUID())).rejects.toMatchObject(refused)
    await expect(client.threads.getState('garbage')).rejects.toMatchObject({ status: 422 })
    const nowhere = { values: { text: 'x' }, checkpointId: randomUUID(), asNode: 'echo' }
    await expect(client.threads.updateState(threadId, nowhere)).rejects.toMatchObject(refused)
    const unknown = await thread('unknown')
    await expect(getState(unknown)).rejects.toMatchObject({
      ...refused,
      text: expect.stringContaining('no graph unknown'),
    })
  })

  scenario(26, 'a state that is written from outside can be read, with its status on the thread', async () => {
    const threadId = await thread('fork')
    const { client, store } = it()
    const written = await client.threads.updateState(threadId, { values: { text: 'm', items: ['m'] }, asNode: 'first' })
    const { checkpoint } = written as unknown as { checkpoint: { checkpoint_id: string } }
    expect(written).toEqual({ checkpoint, configurable: checkpoint })
    const state = await getState(threadId, checkpoint.checkpoint_id)
    expect(state).toMatchObject({ values: { items: ['m'] }, next: ['second'], metadata: { source: 'update' } })
    expect(await store.tenant(anna).threads.get(threadId)).toMatchObject({
      status: 'interrupted',
      values: { text: 'm', items: ['m'] },
    })
    await client.threads.updateState(threadId, { values: null as never, asNode: 'second' })
    expect(await getState(threadId)).toMatchObject({ next: [] })
    expect(await store.tenant(anna).threads.get(threadId)).toMatchObject({ status: 'idle' })
  })

  scenario(
    26,
    'a state that is written from outside is when the thread changed, and its time to live begins anew',
    async () => {
      const threadId = await thread('echo')
      await it()
        .store.tenant(anna)
        .transaction((_, tx) =>
          tx.execute(sql`
          update threads set ttl_minutes = 60, ttl_strategy = 'delete', expires_at = now() + interval '1 minute',
            updated_at = '2020-01-01', state_updated_at = '2020-01-01'
          where thread_id = ${threadId}`),
        )
      await it().client.threads.updateState(threadId, { values: { items: ['m'] }, asNode: 'echo' })
      const { updated_at, state_updated_at, expires_at } = await it().store.tenant(anna).threads.get(threadId)
      expect(state_updated_at?.getFullYear()).toBeGreaterThan(2020)
      expect(updated_at).toEqual(state_updated_at)
      expect((expires_at?.getTime() ?? 0) - updated_at.getTime()).toBe(60 * 60_000)
    },
  )

  scenario(
    26,
    'an unknown node, values that the graph cannot take, and a thread without a graph are a 422',
    async () => {
      const threadId = await thread('echo')
      const refused = async (id: string, options: object, text: string) => {
        const error = await it()
          .client.threads.updateState(id, options as never)
          .catch((failure: unknown) => failure)
        expect(error).toMatchObject({ status: 422, text: expect.stringContaining(text) })
      }
      await refused(threadId, { values: { items: ['m'] }, asNode: 'nope' }, 'The graph echo has no node \\"nope\\".')
      await refused(threadId, { values: { items: 5 }, asNode: 'echo' }, 'The graph does not take this. TypeError')
      await refused(threadId, { values: 'text', asNode: 'echo' }, 'values')
      const bare = randomUUID()
      await it().store.tenant(anna).checkpoints.ensureThread(bare, undefined)
      await refused(bare, { values: { items: ['m'] } }, 'has no graph yet')
      expect(await getHistory(threadId)).toEqual([])
    },
  )

  scenario(26, 'a thread whose run has not ended takes no state', async () => {
    const threadId = await thread('slow')
    await it()
      .store.tenant(anna)
      .transaction((_, tx) =>
        tx.execute(sql`
        insert into runs (tenant_id, thread_id, assistant_id) values (${anna}, ${threadId}, ${ident(anna, 'assistant')})`),
      )
    const update = it().client.threads.updateState(threadId, { values: { text: 'm' }, asNode: 'one' })
    await expect(update).rejects.toMatchObject({
      status: 409,
      text: expect.stringContaining(`The thread ${threadId} has a run that has not ended.`),
    })
  })

  scenario(27, 'history is paged without overlap to the first checkpoint, and filtered by metadata', async () => {
    const threadId = await thread('fork')
    await run(threadId, 'fork', { input: { text: 'a' } })
    await it().client.threads.updateState(threadId, { values: { items: ['m'] }, asNode: 'second' })
    const all = await getHistory(threadId, { limit: 100 })
    expect(all.map(({ metadata }) => metadata?.['source'])).toEqual(['update', 'loop', 'loop', 'loop', 'input'])

    const paged: ThreadState<Values>[] = []
    for (const expected of [2, 2, 1, 0]) {
      const before = paged.length === 0 ? undefined : { configurable: { checkpoint_id: idOf(paged.at(-1)) } }
      const page = await getHistory(threadId, { limit: 2, before })
      expect(page).toHaveLength(expected)
      paged.push(...page)
    }
    expect(paged).toEqual(all)
    expect(await getHistory(threadId, { before: all[3]?.checkpoint })).toEqual(all.slice(4))
    expect(await getHistory(threadId, { before: idOf(all[3]) as never })).toEqual(all.slice(4))
    expect(await getHistory(threadId, { metadata: { source: 'update' } })).toEqual(all.slice(0, 1))
    const get = await fetch(`${it().server.url}/threads/${threadId}/history?limit=1&before=${idOf(all[1])}`, {
      headers: { 'x-api-key': 'anna' },
    })
    expect(await get.json()).toEqual(all.slice(2, 3))
  })

  scenario(27, 'only the parts of a state that are asked for are sent', async () => {
    const threadId = await thread('fork')
    await run(threadId, 'fork', { input: { text: 'a' } })
    const ask = async (what: string) => {
      const response = await fetch(`${it().server.url}/threads/${threadId}/state?${what}`, {
        headers: { 'x-api-key': 'anna' },
      })
      return [response.status, await response.json()] as const
    }
    expect(await ask('select=next&select=values.text')).toEqual([200, { next: [], values: { text: 'a' } }])
    expect(await ask('select=values.nothing')).toEqual([200, { values: {} }])
    expect(await ask('select=nope')).toMatchObject([422, { detail: [{ path: 'select[0]' }] }])
  })

  scenario(
    28,
    'a fork between two nodes runs the second on the patched value, and both branches keep theirs',
    async () => {
      const threadId = await thread('fork')
      await run(threadId, 'fork', { input: { text: 'a' } })
      const [head, between] = await getHistory(threadId)
      expect(between?.next).toEqual(['second'])

      const values = { text: 'b' }
      const options = { values, asNode: 'first', checkpointId: idOf(between) }
      const { checkpoint } = (await it().client.threads.updateState(threadId, options)) as unknown as {
        checkpoint: { checkpoint_id: string }
      }
      expect(await getState(threadId)).toMatchObject({ next: ['second'], values: { text: 'b', items: ['first:a'] } })
      await run(threadId, 'fork', { checkpoint: { checkpoint_id: checkpoint.checkpoint_id } })
      expect((await getState(threadId)).values).toEqual({ text: 'b', items: ['first:a', 'second:B'] })
      expect((await getState(threadId, idOf(head))).values).toEqual({ text: 'a', items: ['first:a', 'second:A'] })
    },
  )

  scenario(35, 'a graph that asks stops, and goes on with the answer', async () => {
    const threadId = await thread('hitl')
    await run(threadId, 'hitl', { input: { text: 'q' } })
    const waiting = await getState(threadId)
    expect(waiting).toMatchObject({
      next: ['ask'],
      tasks: [{ name: 'ask', interrupts: [{ value: { question: 'go?' } }] }],
    })
    await run(threadId, 'hitl', { command: { resume: 'yes' } })
    expect(await getState(threadId)).toMatchObject({ values: { items: ['answer:yes'] }, next: [], interrupts: [] })
  })

  scenario(51, 'a graph streams only the modes that are asked for, and throws what it throws', async () => {
    const threadId = await thread('fork')
    const input = { text: 'a' }
    expect(await run(threadId, 'fork', { input, streamModes: ['updates'] })).toEqual([
      { event: 'updates', data: { first: { items: ['first:a'] } } },
      { event: 'updates', data: { second: { items: ['second:A'] } } },
    ])
    const told = await run(await thread('echo'), 'echo', { input, streamModes: ['values', 'tasks', 'events'] })
    expect(new Set(told.map(({ event }) => event))).toEqual(new Set(['values', 'tasks', 'events']))
    expect(told.findLast(({ event }) => event === 'values')?.data).toEqual({ text: 'a', items: ['echo:a'] })
    const failed = run(await thread('boom'), 'boom', { input })
    await expect(failed).rejects.toMatchObject({ name: 'TypeError', message: 'kaput' })
  })

  scenario(59, 'a run that another worker has by now writes nothing, and brings no deleted thread back', async () => {
    const threadId = await thread('echo')
    const refuse = () => Promise.reject(conflict('Lost.', 'Stop.'))
    const lost = {
      input: { text: 'a' },
      checkpoints: { ...it().store.tenant(anna).checkpoints, put: refuse, putWrites: refuse },
    }
    await expect(run(threadId, 'echo', lost)).rejects.toMatchObject({ code: 'conflict' })
    expect(await getHistory(threadId)).toEqual([])
    const deleted = run(randomUUID(), 'echo', { input: { text: 'a' } })
    await expect(deleted).rejects.toMatchObject({ code: 'not_found', message: expect.stringContaining('no thread') })
  })

  scenario(59, 'a second attempt goes on where the first has come to', async () => {
    const threadId = await thread('fork')
    const same = { runId: randomUUID(), input: { text: 'a' } }
    await run(threadId, 'fork', { ...same, interruptAfter: ['first'] })
    expect(await getState(threadId)).toMatchObject({ next: ['second'], values: { items: ['first:a'] } })
    await run(threadId, 'fork', { ...same, attempt: 2 })
    expect((await getState(threadId)).values).toEqual({ text: 'a', items: ['first:a', 'second:A'] })
  })

  scenario(
    25,
    'a state that the graph cannot read, because of its input, is a 409 until an input follows that it takes',
    async () => {
      const { client, failures } = it()
      const { thread_id } = await client.threads.create()
      const failed = await client.runs.wait(thread_id, 'echo', { input: { items: 5 }, raiseError: false })
      const { __error__: thrown } = failed as { __error__: { error: string; message: string } }
      failures.length = 0
      const message = `The graph cannot read its state here. ${thrown.error}: ${thrown.message}`
      const refused = await getState(thread_id).catch((error: unknown) => error)
      expect(refused).toMatchObject({ status: 409 })
      expect(JSON.parse((refused as { text: string }).text)).toEqual({ error: 'conflict', message, detail: message })
      await client.runs.wait(thread_id, 'echo', { input: { text: 'good' } })
      expect(await getState(thread_id)).toMatchObject({ values: { items: ['echo:good'] } })
    },
  )
})
