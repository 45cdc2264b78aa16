import { randomUUID } from 'node:crypto'
import { Client } from '@langchain/langgraph-sdk'
import { expect, vi } from 'vitest'
import { sql } from '../../src/database/database.ts'
import { sendDueWebhooks } from '../../src/server/webhooks/send-webhooks.ts'
import { anna } from '../harness/assistant-store.ts'
import { gate, graphExecutor } from './graphs.ts'
import { freePort, isSigned, startReceiver, webhookSecret } from './webhook-receiver.ts'
import { protocolScenarios } from './world.ts'

const webhooks = { secret: webhookSecret, allowPrivate: true }

protocolScenarios(
  'requests and messages that are sent again',
  [graphExecutor],
  (it, scenario) => {
    const client = () => it().client
    const newThread = async (): Promise<string> => (await client().threads.create()).thread_id
    const messages = (url: string) =>
      it()
        .store.tenant(anna)
        .transaction((_, tx) =>
          tx.query<{ last_error: string | null }>(sql`select last_error from outbox where url = ${url}`),
        )
    const makeDue = (url: string) =>
      it()
        .store.tenant(anna)
        .transaction((_, tx) => tx.execute(sql`update outbox set next_at = now() where url = ${url}`))
    const keyed = (key: string): Client =>
      new Client({
        apiUrl: it().server.url,
        apiKey: 'anna',
        onRequest: (_, init) => ({ ...init, headers: { ...init.headers, 'Idempotency-Key': key } }),
      })

    scenario(
      63,
      'a receiver that was down gets the end of a run when it is up, signed, from whoever is there',
      async () => {
        const port = await freePort()
        const thread = await newThread()
        const url = `http://127.0.0.1:${port}/hooks/end`
        const values = await client().runs.wait(thread, 'echo', { input: { text: 'a' }, webhook: url })
        const reason = 'The message could not be sent: ECONNREFUSED.'
        await vi.waitFor(async () => expect(await messages(url)).toEqual([{ last_error: reason }]), 60_000)
        await using receiver = await startReceiver(port, [503, 200])
        const settings = { ...webhooks, base: 'http://127.0.0.1' }
        // Another process than the one that tried first; that one may come as well.
        await vi.waitFor(async () => {
          await makeDue(url)
          await sendDueWebhooks(it().store, settings, new AbortController().signal)
          expect(await messages(url)).toEqual([])
        }, 60_000)
        const [run] = await client().runs.list(thread)
        expect(receiver.received.every(isSigned)).toBe(true)
        const ids = receiver.received.map(({ headers }) => headers['webhook-id'])
        expect(ids.length).toBeGreaterThan(1)
        expect(new Set(ids).size).toBe(1)
        const body = JSON.parse(receiver.received.at(-1)?.body ?? '') as object
        expect(body).toMatchObject({ run_id: run?.run_id, thread_id: thread, status: 'success', values })
        expect(Object.keys(body)).toEqual(
          expect.arrayContaining(['run_started_at', 'run_ended_at', 'webhook_sent_at', 'kwargs', 'metadata']),
        )
      },
    )

    scenario(63, 'the server sends by itself what a run leaves, with the failure of the run', async () => {
      await using receiver = await startReceiver(0, [200])
      const webhook = `http://127.0.0.1:${receiver.port}/hooks/boom`
      await client().runs.wait(await newThread(), 'boom', { input: { text: 'a' }, webhook, raiseError: false })
      await vi.waitFor(async () => expect(await messages(webhook)).toEqual([]), 60_000)
      expect(receiver.received.map(({ path }) => path)).toEqual(['/hooks/boom'])
      expect(JSON.parse(receiver.received[0]?.body ?? '')).toMatchObject({
        status: 'error',
        error: { error: 'TypeError', message: 'kaput' },
      })
    })

    scenario(64, 'ten identical requests at once with a key make one run, and another body is refused', async () => {
      const thread = await newThread()
      const same = keyed(randomUUID())
      const all = await Promise.all(
        Array.from({ length: 10 }, () => same.runs.create(thread, 'echo', { input: { text: 'once' } })),
      )
      expect(new Set(all.map(({ run_id }) => run_id)).size).toBe(1)
      expect(await client().runs.list(thread)).toHaveLength(1)
      await expect(same.runs.create(thread, 'echo', { input: { text: 'other' } })).rejects.toMatchObject({
        status: 409,
        message: expect.stringContaining('The Idempotency-Key was sent before, with another request.') as string,
      })
      // The key is one of this route and this tenant only.
      expect((await same.threads.create()).thread_id).not.toBe(thread)
      await client().runs.join(thread, all[0]?.run_id ?? '')
    })

    scenario(64, 'waiting and streaming under one key join the first run, also when it has ended', async () => {
      const thread = await newThread()
      const name = randomUUID()
      const [streaming, waiting] = [keyed(randomUUID()), keyed(randomUUID())]
      const read = async (): Promise<unknown[]> => {
        const events: unknown[] = []
        for await (const { event, data } of streaming.runs.stream(thread, 'slow', { input: { text: name } })) {
          events.push({ event, data })
        }
        return events
      }
      const first = read()
      await gate(name).reached
      const second = read()
      gate(name).open()
      expect(await second).toEqual(await first)
      expect(await read()).toEqual(await first)
      const wait = () => waiting.runs.wait(null, 'echo', { input: { text: 'alone' } })
      const values = await wait()
      expect(values).toEqual({ text: 'alone', items: ['echo:alone'] })
      expect(await wait()).toEqual(values)
      expect(await client().runs.list(thread)).toHaveLength(1)
    })

    scenario(64, 'threads, assistants, crons and batches are made once under a key', async () => {
      const same = keyed(randomUUID())
      const makeAll = async () => [
        (await same.threads.create({ metadata: { a: 1 } })).thread_id,
        (await same.assistants.create({ graphId: 'echo', name: 'once' })).assistant_id,
        ((await same.crons.create('echo', { schedule: '0 0 1 1 *' })) as unknown as { cron_id: string }).cron_id,
        ...(await same.runs.createBatch([{ assistantId: 'echo', input: { text: 'b' } }])).map(({ run_id }) => run_id),
      ]
      expect(await makeAll()).toEqual(await makeAll())
      await expect(keyed('k'.repeat(256)).threads.create()).rejects.toMatchObject({ status: 422 })
    })

    scenario(64, 'a request that was refused may be sent again under its key', async () => {
      const threadId = randomUUID()
      const same = keyed(randomUUID())
      const create = () => same.runs.create(threadId, 'echo', { input: { text: 'later' } })
      await expect(create()).rejects.toMatchObject({ status: 404 })
      await client().threads.create({ threadId })
      const { run_id } = await create()
      expect((await create()).run_id).toBe(run_id)
      await client().runs.join(threadId, run_id)
    })
  },
  { webhooks },
)
