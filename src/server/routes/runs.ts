import { createRoute, z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import type { RunRow } from '../../store/store.ts'
import type { App, Environment, Services } from '../app.ts'
import { newRun, type RunRequest, runRequestSchema } from '../runs/run-request.ts'
import { runStream, streamBody } from '../runs/run-stream.ts'
import { soon, waited, waiting } from '../runs/wait.ts'
import { idempotencyHeaders, idempotencyKeyOf, once } from '../requests/idempotency.ts'
import { runSchema, streamHeaders, wireRun } from '../forms/runs.ts'
import { jsonObject } from '../forms/wire.ts'
import { runReadingRoutes } from './run-reading.ts'

const tags = ['Runs']
const byThread = z.object({ thread_id: z.guid() })
const body = { content: { 'application/json': { schema: runRequestSchema } }, required: true } as const

const created = { 200: { description: 'The run', content: { 'application/json': { schema: runSchema } } } } as const
const values = {
  200: { description: 'The values at the end of the run', content: { 'application/json': { schema: jsonObject } } },
} as const
const events = {
  200: { description: 'The events of the run', content: { 'text/event-stream': { schema: z.string() } } },
} as const

/** The runs of the Agent Protocol, with the threads that they are in and without. */
export function runRoutes(app: App, services: Services): void {
  inThread(app, services)
  withoutThread(app, services)
  runReadingRoutes(app, services)
}

function inThread(app: App, services: Services): void {
  const request = { params: byThread, headers: idempotencyHeaders, body }
  const path = '/threads/{thread_id}/runs'
  app.openapi(
    createRoute({ method: 'post', path, tags, summary: 'Create a run', request, responses: created }),
    async (c) => {
      const run = await make(c, c.req.valid('json'), c.req.valid('param').thread_id)
      c.header('Content-Location', `/threads/${run.thread_id}/runs/${run.run_id}`)
      return c.json(wireRun(run), 200)
    },
  )
  app.openapi(
    createRoute({
      method: 'post',
      path: `${path}/wait`,
      tags,
      summary: 'Create a run and wait for its end',
      request,
      responses: values,
    }),
    (c) => wait(c, services, c.req.valid('json'), c.req.valid('param').thread_id) as never,
  )
  app.openapi(
    createRoute({
      method: 'post',
      path: `${path}/stream`,
      tags,
      summary: 'Create a run and stream its events',
      request,
      responses: events,
    }),
    (c) => stream(c, services, c.req.valid('json'), c.req.valid('param').thread_id) as never,
  )
}

function withoutThread(app: App, services: Services): void {
  const request = { headers: idempotencyHeaders, body }
  app.openapi(
    createRoute({
      method: 'post',
      path: '/runs',
      tags,
      summary: 'Create a run in a thread of its own',
      request,
      responses: created,
    }),
    async (c) => {
      const run = await make(c, c.req.valid('json'), undefined)
      c.header('Content-Location', `/runs/${run.run_id}`)
      return c.json(wireRun(run), 200)
    },
  )
  app.openapi(
    createRoute({
      method: 'post',
      path: '/runs/wait',
      tags,
      summary: 'Create a run in a thread of its own and wait for its end',
      request,
      responses: values,
    }),
    (c) => wait(c, services, c.req.valid('json'), undefined) as never,
  )
  app.openapi(
    createRoute({
      method: 'post',
      path: '/runs/stream',
      tags,
      summary: 'Create a run in a thread of its own and stream its events',
      request,
      responses: events,
    }),
    (c) => stream(c, services, c.req.valid('json'), undefined) as never,
  )
  batch(app)
}

function batch(app: App): void {
  const all = z.array(runRequestSchema).max(1000)
  app.openapi(
    createRoute({
      method: 'post',
      path: '/runs/batch',
      tags,
      summary: 'Create runs, all or none, each in a thread of its own',
      request: {
        headers: idempotencyHeaders,
        body: { content: { 'application/json': { schema: all } }, required: true },
      },
      responses: {
        200: { description: 'The runs', content: { 'application/json': { schema: z.array(runSchema) } } },
      },
    }),
    async (c) => {
      const given = c.req.valid('json')
      const userId = c.var.principal.userId
      const { trace } = c.var
      const origin = { threadId: undefined, headers: c.req.raw.headers, userId, streamed: false, trace }
      const made = await once(c, given, async ({ runs }) => {
        const all = await runs.createAll(given.map((each) => newRun(each, origin)))
        return all.map(wireRun)
      })
      return c.json(made, 200)
    },
  )
}

type RequestContext = Context<Environment>

function originOf(c: RequestContext, request: RunRequest, threadId: string | undefined, streamed: boolean) {
  const key = idempotencyKeyOf(c, request)
  return { threadId, headers: c.req.raw.headers, userId: c.var.principal.userId, streamed, key, trace: c.var.trace }
}

// It waits in the queue: what is created is pending.
function make(c: RequestContext, request: RunRequest, threadId: string | undefined): Promise<RunRow> {
  return c.var.store.runs.create(newRun(request, originOf(c, request, threadId, false)))
}

async function wait(
  c: RequestContext,
  services: Services,
  request: RunRequest,
  threadId: string | undefined,
): Promise<Response> {
  const { runs } = services
  const { store } = c.var
  const { run, done } = await runs.make(store, newRun(request, originOf(c, request, threadId, false)))
  locate(c, run, threadId, 'join')
  const abort = new AbortController()
  const end = async () =>
    (await done) ?? (await runs.end(store, run.run_id, AbortSignal.any([abort.signal, runs.closing])))
  const result = runs.track(end())
  const gone = (): void => {
    abort.abort()
    if (request.on_disconnect === 'cancel') void cancelled(services, c, run)
  }
  const { signal } = c.req.raw
  signal.addEventListener('abort', gone, { once: true })
  const early = await soon(result)
  c.header('Content-Type', 'application/json')
  if (early !== undefined) {
    signal.removeEventListener('abort', gone)
    tidy(c, services, run)
    return c.body(waited(early.result, runs.closing), 200)
  }
  const chunks = waiting(result, runs.closing)
  const closed = async (): Promise<void> => {
    signal.removeEventListener('abort', gone)
    tidy(c, services, run)
  }
  return c.body(streamBody(chunks, runs, abort, closed), 200)
}

async function stream(
  c: RequestContext,
  services: Services,
  request: RunRequest,
  threadId: string | undefined,
): Promise<Response> {
  const { runs } = services
  const { store } = c.var
  const { run } = await runs.make(store, newRun(request, originOf(c, request, threadId, true)))
  locate(c, run, threadId, 'stream')
  streamHeaders(c)
  const abort = new AbortController()
  const signal = AbortSignal.any([abort.signal, runs.closing])
  const chunks = runStream(runs, { store, runId: run.run_id, after: -1, modes: undefined, signal })
  const closed = async (gone: boolean): Promise<void> => {
    if (gone && request.on_disconnect === 'cancel') await cancelled(services, c, run)
    if (!gone) tidy(c, services, run)
  }
  return c.body(streamBody(chunks, runs, abort, closed), 200)
}

function locate(c: Context, run: RunRow, threadId: string | undefined, where: 'join' | 'stream'): void {
  const place = threadId === undefined ? `/runs/${run.run_id}` : `/threads/${run.thread_id}/runs/${run.run_id}`
  c.header('Content-Location', place)
  c.header('Location', `${place}/${where}`)
}

async function cancelled({ logFailure }: Services, c: RequestContext, run: RunRow): Promise<void> {
  try {
    await c.var.store.runs.cancel(run.run_id, run.thread_id, 'interrupt')
  } catch (error) {
    logFailure(error as Error, c.var.requestId)
  }
}

// Nobody sees the thread any more, and whoever was to read of the run has read it; the answer does not wait for this.
function tidy(c: RequestContext, { runs }: Services, run: RunRow): void {
  // Who has a key may ask again; what is left is swept.
  if (!run.temporary || c.req.header('idempotency-key') !== undefined) return
  runs.temporaryThreads.remove(c.var.store, run.thread_id)
}
