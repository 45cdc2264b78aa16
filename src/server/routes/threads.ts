import { createRoute, z } from '@hono/zod-openapi'
import type { ThreadColumn, TimeToLive } from '../../store/store.ts'
import { answer, idText, jsonBody, minutes, objectOf, sortOrder } from '../forms/bodies.ts'
import type { App, Services } from '../app.ts'
import { idempotencyHeaders, once } from '../requests/idempotency.ts'
import { copyThread } from '../threads/copy-thread.ts'
import { createWithStates, superstepSchema } from '../threads/supersteps.ts'
import { partialThreadForm, threadFields, threadForm, threadSchema, ttlForm } from '../forms/threads.ts'
import { jsonObject, page, pageHeaders, queryList } from '../forms/wire.ts'

const tags = ['Threads']
const path = '/threads/{thread_id}'
const byId = z.object({ thread_id: idText })

const ttlSchema = z.union([
  minutes,
  z.object({ ttl: minutes, strategy: z.enum(['delete', 'keep_latest']).default('delete') }),
])

const filter = {
  metadata: jsonObject.nullish(),
  values: jsonObject.nullish(),
  status: z.enum(['idle', 'busy', 'interrupted', 'error']).nullish(),
}

/** The threads of the Agent Protocol. */
export function threadRoutes(app: App, services: Services): void {
  create(app, services)
  getAndUpdate(app)
  remove(app)
  search(app)
  copyAndPrune(app, services)
}

function create(app: App, services: Services): void {
  const body = z.object({
    thread_id: idText.nullish(),
    metadata: jsonObject.nullish(),
    if_exists: z.enum(['raise', 'do_nothing']).nullish(),
    ttl: ttlSchema.nullish(),
    supersteps: z.array(superstepSchema).max(1000).nullish(),
  })
  app.openapi(
    createRoute({
      method: 'post',
      path: '/threads',
      tags,
      summary: 'Create a thread',
      request: { headers: idempotencyHeaders, body: jsonBody(body) },
      responses: answer(threadSchema, 'The thread'),
    }),
    async (c) => {
      const given = c.req.valid('json')
      const { thread_id, metadata, if_exists, ttl, supersteps } = given
      const thread = {
        threadId: thread_id ?? undefined,
        userId: c.var.principal.userId,
        metadata: objectOf(metadata),
        ttl: timeToLive(ttl) ?? undefined,
      }
      const wanted = { thread, ifExists: if_exists ?? undefined, supersteps: supersteps ?? [] }
      const { executors } = services
      const made = await once(c, given, async (store) =>
        threadForm(await createWithStates({ ...wanted, store, executors })),
      )
      return c.json(made, 200)
    },
  )
}

function getAndUpdate(app: App): void {
  app.openapi(
    createRoute({
      method: 'get',
      path,
      tags,
      summary: 'Get a thread',
      request: { params: byId, query: z.object({ include: queryList }) },
      responses: answer(threadSchema, 'The thread'),
    }),
    async (c) => {
      const found = await c.var.store.threads.get(c.req.valid('param').thread_id)
      const withTtl = c.req.valid('query').include?.includes('ttl') === true
      return c.json({ ...threadForm(found), ...(withTtl ? ttlForm(found) : {}) }, 200)
    },
  )
  app.openapi(
    createRoute({
      method: 'patch',
      path,
      tags,
      summary: 'Change the metadata of a thread, or how long it lives',
      request: {
        params: byId,
        headers: z.object({ prefer: z.string().optional() }),
        body: jsonBody(z.object({ metadata: jsonObject.nullish(), ttl: ttlSchema.nullish() })),
      },
      responses: {
        ...answer(threadSchema, 'The thread as it is now'),
        204: { description: 'It is changed, and the request said Prefer: return=minimal' },
      },
    }),
    async (c) => {
      const { metadata, ttl } = c.req.valid('json')
      const change = { metadata: objectOf(metadata), ttl: timeToLive(ttl) }
      const changed = await c.var.store.threads.update(c.req.valid('param').thread_id, change)
      if (!/\breturn\s*=\s*"?minimal\b/i.test(c.req.valid('header').prefer ?? '')) {
        return c.json(threadForm(changed), 200)
      }
      c.header('Preference-Applied', 'return=minimal')
      return c.body(null, 204)
    },
  )
}

function remove(app: App): void {
  app.openapi(
    createRoute({
      method: 'delete',
      path,
      tags,
      summary: 'Delete a thread with its runs and its history',
      request: { params: byId },
      responses: { 204: { description: 'It is gone' } },
    }),
    async (c) => {
      await c.var.store.threads.remove(c.req.valid('param').thread_id)
      return c.body(null, 204)
    },
  )
}

function search(app: App): void {
  const body = z.object({
    ...filter,
    ...page,
    ids: z.array(idText).nullish(),
    sort_by: z.enum(['thread_id', 'status', 'created_at', 'updated_at', 'state_updated_at']).nullish(),
    sort_order: sortOrder,
    // The SDK's own list has a context, which no thread has.
    select: z.array(z.enum([...threadFields, 'context'])).nullish(),
    extract: z.record(z.string(), z.string()).nullish(),
  })
  app.openapi(
    createRoute({
      method: 'post',
      path: '/threads/search',
      tags,
      summary: 'Search threads',
      request: { body: jsonBody(body) },
      responses: answer(z.array(threadSchema.partial()), 'A page of threads; headers say how many there are'),
    }),
    async (c) => {
      const { limit, offset, ids, sort_by, sort_order, select, extract, ...given } = c.req.valid('json')
      const wanted: readonly string[] = select ?? threadFields
      const found = await c.var.store.threads.search({
        ...filterOf(given),
        ids: ids ?? undefined,
        sortBy: sort_by ?? undefined,
        sortOrder: sort_order ?? undefined,
        columns: threadFields.filter((field) => wanted.includes(field)) satisfies ThreadColumn[],
        extract: extract ?? undefined,
        limit,
        offset,
      })
      pageHeaders(c, found.total, { offset, length: found.rows.length })
      return c.json(found.rows.map(partialThreadForm), 200)
    },
  )
  app.openapi(
    createRoute({
      method: 'post',
      path: '/threads/count',
      tags,
      summary: 'Count threads',
      request: { body: jsonBody(z.object(filter)) },
      responses: answer(z.int(), 'How many there are'),
    }),
    async (c) => c.json(await c.var.store.threads.count(filterOf(c.req.valid('json'))), 200),
  )
}

function copyAndPrune(app: App, services: Services): void {
  app.openapi(
    createRoute({
      method: 'post',
      path: `${path}/copy`,
      tags,
      summary: 'Copy a thread with its history',
      request: { params: byId },
      responses: answer(threadSchema, 'The copy'),
    }),
    async (c) => {
      const copy = await copyThread(c.var.store, services.executors, c.req.valid('param').thread_id)
      return c.json(threadForm(copy), 200)
    },
  )
  const body = z.object({
    thread_ids: z.array(idText).max(10_000),
    strategy: z.enum(['delete', 'keep_latest']).nullish(),
  })
  app.openapi(
    createRoute({
      method: 'post',
      path: '/threads/prune',
      tags,
      summary: 'Delete threads, or their history but the newest state',
      request: { body: jsonBody(body) },
      responses: answer(z.object({ pruned_count: z.int() }), 'How many were pruned; busy ones are left alone'),
    }),
    async (c) => {
      const { thread_ids, strategy } = c.req.valid('json')
      return c.json({ pruned_count: await c.var.store.threads.prune(thread_ids, strategy ?? 'delete') }, 200)
    },
  )
}

function timeToLive(given: z.infer<typeof ttlSchema> | null | undefined): TimeToLive | null | undefined {
  if (typeof given === 'number') return { minutes: given, strategy: 'delete' }
  return given && { minutes: given.ttl, strategy: given.strategy }
}

function filterOf(given: { readonly [Key in keyof typeof filter]?: z.infer<(typeof filter)[Key]> }) {
  return {
    metadata: objectOf(given.metadata),
    values: objectOf(given.values),
    status: given.status ?? undefined,
  }
}
