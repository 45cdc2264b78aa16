import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { SpanKind, SpanStatusCode } from '@opentelemetry/api'
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import { sql } from '../../src/database/database.ts'
import type { AnsweredRequest } from '../../src/server/requests/request-log.ts'
import { type Executor, openToAll, type RunningServer, startServer } from '../../src/server/server.ts'
import { loadTelemetry } from '../../src/telemetry/open-telemetry.ts'
import type { Telemetry } from '../../src/telemetry/telemetry.ts'
import { anna, openStoreWorld, storeEngines, type StoreWorld } from '../harness/assistant-store.ts'
import { recordTelemetry } from '../harness/telemetry.ts'
import { graphExecutor } from './graphs.ts'

const recorded = recordTelemetry()
const received: (string | undefined)[] = []
const logged: AnsweredRequest[] = []
// Whoever asks for the history of a thread meets a failure of the server.
const executor: Executor = {
  ...graphExecutor,
  history() {
    throw new TypeError('secret of a row')
  },
}

let world: StoreWorld
let telemetry: Telemetry
let server: RunningServer
let endCommand: () => void
const receiver = createServer((request, response) => {
  received.push(request.headers.traceparent as string | undefined)
  request.resume().on('end', () => response.writeHead(204).end())
})

beforeAll(async () => {
  world = await openStoreWorld(await storeEngines[0].freshSchema())
  {
    // Work that others have left would be told of as well.
    await using session = await world.database.session()
    await session.script(`
      update public.runs set status = 'interrupted' where status in ('pending', 'running');
      update public.crons set enabled = false;
      delete from public.outbox`)
  }
  telemetry = await loadTelemetry()
  receiver.listen(0, '127.0.0.1')
  await once(receiver, 'listening')
  const ended = new Promise<void>((resolve) => (endCommand = resolve))
  // As the command does it, whose span lasts as long as the process.
  server = await new Promise((resolve, reject) => {
    void telemetry.span('metastore serve', {}, async () => {
      await telemetry.detached(start).then(resolve, reject)
      await ended
    })
  })
})

afterAll(async () => {
  await server.close()
  endCommand()
  receiver.close()
  await world[Symbol.asyncDispose]()
})

beforeEach(() => {
  recorded.reset()
  logged.length = 0
})

function start(): Promise<RunningServer> {
  return startServer({
    store: world.store,
    executors: [executor],
    authenticate: openToAll(anna),
    logFailure: () => {},
    logRequest: (answered) => logged.push(answered),
    telemetry,
    host: '127.0.0.1',
    port: 0,
    background: { webhooks: { base: `http://127.0.0.1:${(receiver.address() as AddressInfo).port}` } },
  })
}

async function post(path: string, body: object, headers: Readonly<Record<string, string>> = {}) {
  const sent = {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  }
  const response = await fetch(server.url + path, sent)
  return { status: response.status, body: (await response.json()) as Record<string, unknown> }
}

const spansOf = (name: string) => recorded.spans().filter((span) => span.name === name)

/** The span of a name that tells of a run, when it has ended. */
function endedSpan(name: string) {
  return vi.waitFor(() => {
    const found = spansOf(name).find(({ attributes }) => attributes['metastore.run.id'] !== undefined)
    if (found === undefined) throw new Error(`There is no span ${name} yet.`)
    return found
  }, 60_000)
}

test('a request goes on with the trace of the client, and says its route and tenant, but nothing that was written', async () => {
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
  const headers = { traceparent, 'x-request-id': 'request-1' }
  expect(await post('/assistants/search', { metadata: { city: 'Oslo' } }, headers)).toMatchObject({ status: 200 })
  const [span, another] = recorded.spans()
  expect(another).toBeUndefined()
  expect(span?.kind).toBe(SpanKind.SERVER)
  expect(span?.spanContext().traceId).toBe('0af7651916cd43dd8448eb211c80319c')
  expect(logged).toMatchObject([{ requestId: 'request-1', traceId: '0af7651916cd43dd8448eb211c80319c' }])
  expect(recorded.tree('b7ad6b7169203331')).toEqual([
    [
      'POST /assistants/search',
      {
        'http.request.method': 'POST',
        'http.route': '/assistants/search',
        'http.response.status_code': 200,
        'metastore.request.id': 'request-1',
        'metastore.tenant.id': anna,
      },
    ],
  ])
})

test('a request without a trace begins one, whatever the process is doing; probes have none', async () => {
  await fetch(`${server.url}/ready`)
  const missing = await fetch(`${server.url}/no/such/route`, { headers: { 'x-request-id': 'request-2' } })
  expect(missing.status).toBe(404)
  expect(logged.map(({ traceId }) => traceId)).toEqual([undefined, recorded.spans()[0]?.spanContext().traceId])
  expect(recorded.tree()).toEqual([
    [
      'GET',
      {
        'http.request.method': 'GET',
        'http.response.status_code': 404,
        'metastore.request.id': 'request-2',
        'metastore.tenant.id': anna,
      },
    ],
  ])
})

test('a failure of the server is noted by what kind it is; one of the client is none', async () => {
  const { body: thread } = await post('/threads', { metadata: { graph_id: 'echo' } })
  await post('/threads/search', { limit: -1 })
  const response = await fetch(`${server.url}/threads/${String(thread['thread_id'])}/history`)
  expect(response.status).toBe(500)
  expect(recorded.spans().map(({ name, status, attributes }) => [name, status, attributes['error.type']])).toEqual([
    ['POST /threads', { code: SpanStatusCode.UNSET }, undefined],
    ['POST /threads/search', { code: SpanStatusCode.UNSET }, undefined],
    ['GET /threads/:thread_id/history', { code: SpanStatusCode.ERROR, message: 'TypeError' }, 'TypeError'],
  ])
})

test('a run is a part of the request that has made it, at once or from the queue, and its message of the run', async () => {
  const { body: run } = await post('/runs', { assistant_id: 'echo', input: { text: 'a' }, webhook: '/hook' })
  const span = await endedSpan('metastore.run')
  const [request] = spansOf('POST /runs')
  expect(span.parentSpanContext?.spanId).toBe(request?.spanContext().spanId)
  expect(span.spanContext().traceId).toBe(request?.spanContext().traceId)
  expect(span.attributes).toEqual({
    'metastore.graph.id': 'echo',
    'metastore.run.attempt': 1,
    'metastore.run.id': run['run_id'],
    'metastore.run.status': 'success',
    'metastore.tenant.id': anna,
    'metastore.thread.id': run['thread_id'],
  })
  const sent = await endedSpan('metastore.webhook')
  expect(sent.kind).toBe(SpanKind.CLIENT)
  expect(sent.attributes).toMatchObject({ 'metastore.run.id': run['run_id'], 'metastore.webhook.outcome': 'arrived' })
  expect(sent.parentSpanContext?.spanId).toBe(span.spanContext().spanId)
  const { traceId, spanId } = sent.spanContext()
  expect(traceId).toBe(request?.spanContext().traceId)
  expect(received).toEqual([`00-${traceId}-${spanId}-01`])
  // What is kept with a run for its trace is nobody's business.
  expect(run['kwargs']).not.toHaveProperty('trace')
})

test('the message of a run that never began is a part of the request that made it', async () => {
  const form = { assistant_id: 'echo', input: { text: 'a' }, webhook: '/hook', after_seconds: 3600 }
  const { body: thread } = await post('/threads', {})
  const runs = `/threads/${String(thread['thread_id'])}/runs`
  const { body: run } = await post(runs, form)
  await fetch(`${server.url}${runs}/${String(run['run_id'])}/cancel`, { method: 'POST' })
  const sent = await endedSpan('metastore.webhook')
  expect(sent.attributes['metastore.run.id']).toBe(run['run_id'])
  expect(sent.parentSpanContext?.spanId).toBe(spansOf('POST /threads/:thread_id/runs')[0]?.spanContext().spanId)
})

test('a run that fails says what kind of failure it was, and not its words', async () => {
  await post('/runs/wait', { assistant_id: 'boom', input: { text: 'a' } })
  const { status, attributes } = await endedSpan('metastore.run')
  expect(status).toEqual({ code: SpanStatusCode.ERROR, message: 'TypeError' })
  expect(attributes).toMatchObject({ 'metastore.run.status': 'error', 'error.type': 'TypeError' })
  expect(JSON.stringify(recorded.spans().map((span) => [span.attributes, span.events, span.status]))).not.toMatch(
    /kaput|secret of/,
  )
})

test('a run of a cron is a part of its time', async () => {
  const form = { assistant_id: 'echo', schedule: '0 0 1 1 *', input: { text: 'tick' } }
  const { body: cron } = await post('/runs/crons', form)
  const id = cron['cron_id'] as string
  await world.store
    .tenant(anna)
    .transaction((_, tx) =>
      tx.execute(sql`update crons set next_run_date = now() - interval '1 hour' where cron_id = ${id}`),
    )
  // Whoever tells of it, it is no part of that.
  await telemetry.span('a request that makes another cron', {}, () => {
    world.store.wakeUps.emit('cron', id)
    return Promise.resolve()
  })
  const fired = await endedSpan('metastore.cron')
  expect(fired.parentSpanContext).toBeUndefined()
  expect(fired.attributes).toMatchObject({ 'metastore.cron.id': id, 'metastore.tenant.id': anna })
  const span = await endedSpan('metastore.run')
  expect(span.parentSpanContext?.spanId).toBe(fired.spanContext().spanId)
  expect(span.attributes['metastore.run.id']).toBe(fired.attributes['metastore.run.id'])
})

test('requests, runs, crons and messages are measured', async () => {
  await post('/runs/wait', { assistant_id: 'echo', input: { text: 'a' } })
  await telemetry.flush()
  const values = recorded.values()
  expect(Object.keys(values).sort()).toEqual([
    'http.server.request.duration',
    'metastore.cron.occurrences',
    'metastore.run.duration',
    'metastore.webhook.attempts',
  ])
  expect(values['metastore.webhook.attempts']).toBe(2)
  expect(values['metastore.run.duration']).toBe(4)
})
