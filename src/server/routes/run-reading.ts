import { createRoute, z } from '@hono/zod-openapi'
import { hasEnded, invalid, notFound, type RunRow, runForm, type TenantStore } from '../../store/store.ts'
import type { App, Services } from '../app.ts'
import { lastEventId, runStream, streamBody } from '../runs/run-stream.ts'
import { threadStream, threadStreamModes } from '../runs/thread-stream.ts'
import { storedResult } from '../runs/run-service.ts'
import type { StateQuery } from '../executors/executor.ts'
import { stateOfThread } from '../threads/thread-state.ts'
import { soon, waited, waiting } from '../runs/wait.ts'
import { runSchema, streamHeaders, wireRun } from '../forms/runs.ts'
import { jsonObject, pageHeaders, queryBoolean, queryInteger, queryList, selected } from '../forms/wire.ts'

const tags = ['Runs']
const inThread = z.object({ thread_id: z.guid(), run_id: z.guid() })
const alone = z.object({ run_id: z.guid() })
const action = z.enum(['interrupt', 'rollback']).optional()
const statuses = ['pending', 'running', 'success', 'error', 'timeout', 'interrupted'] as const
const nothing = (description: string) => ({ description })

/** What is asked of runs that are there. */
export function runReadingRoutes(app: App, services: Services): void {
  list(app)
  get(app)
  remove(app)
  cancel(app, services)
  cancelMany(app)
  join(app, services, '/threads/{thread_id}/runs/{run_id}', inThread)
  join(app, services, '/runs/{run_id}', alone)
  stream(app, services, '/threads/{thread_id}/runs/{run_id}', inThread)
  stream(app, services, '/runs/{run_id}', alone)
  streamThread(app, services)
}

function list(app: App): void {
  const fields = Object.keys(runSchema.shape)
  app.openapi(
    createRoute({
      method: 'get',
      path: '/threads/{thread_id}/runs',
      tags,
      summary: 'List the runs of a thread, the newest first',
      request: {
        params: z.object({ thread_id: z.guid() }),
        query: z.object({
          limit: queryInteger(1, 1000),
          offset: queryInteger(0, Number.MAX_SAFE_INTEGER),
          status: z.enum(statuses).optional(),
          select: queryList,
        }),
      },
      responses: {
        200: { description: 'The runs', content: { 'application/json': { schema: z.array(runSchema.partial()) } } },
      },
    }),
    async (c) => {
      const { limit = 10, offset = 0, status, select } = c.req.valid('query')
      const unknown = select?.find((field) => !fields.includes(field))
      if (unknown !== undefined) throw invalid('select', `A run has no field ${unknown}.`)
      const { thread_id } = c.req.valid('param')
      const { runs, total } = await c.var.store.runs.list(thread_id, { limit, offset, status, columns: select })
      pageHeaders(c, total, { offset, length: runs.length })
      const forms = runs.map((run) => (select === undefined ? wireRun(run as RunRow) : partialForm(run, select)))
      return c.json(forms, 200)
    },
  )
}

// Only what was asked for has been read.
function partialForm(run: Partial<RunRow>, select: readonly string[]): Partial<z.infer<typeof runSchema>> {
  const whole = { created_at: new Date(0), updated_at: new Date(0), metadata: {}, kwargs: {}, ...run } as RunRow
  return selected(runForm(whole), select) as Partial<z.infer<typeof runSchema>>
}

function get(app: App): void {
  const responses = {
    200: { description: 'The run', content: { 'application/json': { schema: runSchema } } },
  }
  app.openapi(
    createRoute({
      method: 'get',
      path: '/threads/{thread_id}/runs/{run_id}',
      tags,
      summary: 'Get a run',
      request: { params: inThread },
      responses,
    }),
    async (c) => {
      const { run_id, thread_id } = c.req.valid('param')
      return c.json(wireRun(await c.var.store.runs.get(run_id, thread_id)), 200)
    },
  )
  app.openapi(
    createRoute({
      method: 'get',
      path: '/runs/{run_id}',
      tags,
      summary: 'Get a run by its id alone',
      request: { params: alone },
      responses,
    }),
    async (c) => c.json(wireRun(await c.var.store.runs.get(c.req.valid('param').run_id, undefined)), 200),
  )
}

function remove(app: App): void {
  app.openapi(
    createRoute({
      method: 'delete',
      path: '/threads/{thread_id}/runs/{run_id}',
      tags,
      summary: 'Delete a run that has ended',
      request: { params: inThread },
      responses: { 204: nothing('It is gone') },
    }),
    async (c) => {
      const { run_id, thread_id } = c.req.valid('param')
      await c.var.store.runs.delete(run_id, thread_id)
      return c.body(null, 204)
    },
  )
}

function cancel(app: App, { runs }: Services): void {
  app.openapi(
    createRoute({
      method: 'post',
      path: '/threads/{thread_id}/runs/{run_id}/cancel',
      tags,
      summary: 'Cancel a run',
      request: {
        params: inThread,
        query: z.object({ wait: queryBoolean, action, reason: z.string().optional() }),
      },
      responses: { 202: nothing('It will end'), 204: nothing('It has ended') },
    }),
    async (c) => {
      const { run_id, thread_id } = c.req.valid('param')
      const { wait, action: how = 'interrupt' } = c.req.valid('query')
      await c.var.store.runs.cancel(run_id, thread_id, how)
      if (wait !== true) return c.body(null, 202)
      await runs.end(c.var.store, run_id, AbortSignal.any([c.req.raw.signal, runs.closing]))
      return c.body(null, 204)
    },
  )
}

function cancelMany(app: App): void {
  const body = z.object({
    thread_id: z.guid().nullish(),
    run_ids: z.array(z.guid()).max(1000).nullish(),
    status: z.enum(['pending', 'running', 'all']).nullish(),
  })
  app.openapi(
    createRoute({
      method: 'post',
      path: '/runs/cancel',
      tags,
      summary: 'Cancel several runs',
      request: {
        query: z.object({ action }),
        body: { content: { 'application/json': { schema: body } }, required: true },
      },
      responses: { 204: nothing('They will end') },
    }),
    async (c) => {
      const { thread_id, run_ids, status } = c.req.valid('json')
      const { action: how = 'interrupt' } = c.req.valid('query')
      const some = thread_id != null && run_ids != null
      if (some === (status != null) || (thread_id == null) !== (run_ids == null)) {
        throw invalid('', 'Give thread_id with run_ids, or status alone.')
      }
      const which = some ? { threadId: thread_id, runIds: run_ids } : { status: status ?? 'all' }
      await c.var.store.runs.cancelMany(which, how)
      return c.body(null, 204)
    },
  )
}

type ById = typeof inThread | typeof alone

function join(app: App, services: Services, path: string, params: ById): void {
  const { runs } = services
  app.openapi(
    createRoute({
      method: 'get',
      path: `${path}/join`,
      tags,
      summary: 'Wait for the end of a run',
      request: { params: params as typeof inThread, query: z.object({ cancel_on_disconnect: queryBoolean }) },
      responses: {
        200: { description: 'What the run came to', content: { 'application/json': { schema: jsonObject } } },
      },
    }),
    async (c) => {
      const { run_id, thread_id } = c.req.valid('param') as { run_id: string; thread_id?: string }
      const { store } = c.var
      c.header('Content-Type', 'application/json')
      const outcome = await store.runs.outcome(run_id, thread_id)
      if (outcome === undefined) throw notFound('run', run_id)
      if (hasEnded(outcome.status)) return c.body(JSON.stringify(storedResult(outcome).body), 200) as never
      const abort = new AbortController()
      const result = runs.track(runs.end(store, run_id, AbortSignal.any([abort.signal, runs.closing])))
      const cancelling = c.req.valid('query').cancel_on_disconnect === true
      const early = await soon(result)
      if (early !== undefined) return c.body(waited(early.result, runs.closing), 200) as never
      const closed = async (gone: boolean): Promise<void> => {
        if (gone && cancelling) await cancelQuietly(store, run_id, services, c.var.requestId)
      }
      return c.body(streamBody(waiting(result, runs.closing), runs, abort, closed), 200) as never
    },
  )
}

function stream(app: App, services: Services, path: string, params: ById): void {
  const { runs } = services
  app.openapi(
    createRoute({
      method: 'get',
      path: `${path}/stream`,
      tags,
      summary: 'Stream the events of a run',
      request: {
        params: params as typeof inThread,
        query: z.object({ cancel_on_disconnect: queryBoolean, stream_mode: queryList }),
      },
      responses: {
        200: { description: 'The events of the run', content: { 'text/event-stream': { schema: z.string() } } },
      },
    }),
    async (c) => {
      const { run_id, thread_id } = c.req.valid('param') as { run_id: string; thread_id?: string }
      const { stream_mode, cancel_on_disconnect } = c.req.valid('query')
      const { store } = c.var
      const run = await store.runs.get(run_id, thread_id)
      const after = lastEventId(c.req.raw.headers) ?? (await store.runEvents.last(run.run_id))
      streamHeaders(c)
      const abort = new AbortController()
      const signal = AbortSignal.any([abort.signal, runs.closing])
      const chunks = runStream(runs, { store, runId: run_id, after, modes: stream_mode, signal })
      const closed = async (gone: boolean): Promise<void> => {
        if (gone && cancel_on_disconnect === true) await cancelQuietly(store, run_id, services, c.var.requestId)
      }
      return c.body(streamBody(chunks, runs, abort, closed), 200) as never
    },
  )
}

function streamThread(app: App, { runs, executors }: Services): void {
  const modes = z.array(z.enum(threadStreamModes))
  app.openapi(
    createRoute({
      method: 'get',
      path: '/threads/{thread_id}/stream',
      tags,
      summary: 'Stream the events of the runs of a thread, one run after another',
      request: {
        params: z.object({ thread_id: z.guid() }),
        query: z.object({
          stream_mode: queryList.pipe(modes.optional()),
          stream_modes: queryList.pipe(modes.optional()),
        }),
      },
      responses: {
        200: { description: 'The events of its runs', content: { 'text/event-stream': { schema: z.string() } } },
      },
    }),
    async (c) => {
      const { thread_id: threadId } = c.req.valid('param')
      const { stream_mode, stream_modes } = c.req.valid('query')
      const { store } = c.var
      await store.threads.get(threadId)
      c.header('Location', `/threads/${threadId}/stream`)
      streamHeaders(c)
      const abort = new AbortController()
      const query = {
        store,
        threadId,
        modes: stream_mode ?? stream_modes ?? (['run_modes'] as const),
        after: c.req.raw.headers.get('last-event-id') ?? undefined,
        stateAt: (checkpoint: StateQuery['checkpoint']) => stateOfThread(executors, store, { threadId, checkpoint }),
        signal: AbortSignal.any([abort.signal, runs.closing]),
      }
      // It never ends of itself, so that nobody waits for its end.
      const service = { closing: runs.closing, track: <T>(response: Promise<T>) => response }
      return c.body(
        streamBody(threadStream(runs, query), service, abort, () => Promise.resolve()),
        200,
      ) as never
    },
  )
}

async function cancelQuietly(
  store: TenantStore,
  runId: string,
  { logFailure }: Services,
  requestId: string,
): Promise<void> {
  try {
    await store.runs.cancel(runId, undefined, 'interrupt')
  } catch (error) {
    logFailure(error as Error, requestId)
  }
}
