import { createRoute, z } from '@hono/zod-openapi'
import { cronOrders } from '../../store/store.ts'
import type { App } from '../app.ts'
import { answer, idText, jsonBody, objectOf, sortOrder } from '../forms/bodies.ts'
import {
  changedCron,
  cronChangeSchema,
  cronForm,
  cronRequestSchema,
  cronSchema,
  newCronDetails,
} from '../forms/crons.ts'
import { idempotencyHeaders, once } from '../requests/idempotency.ts'
import { jsonObject, page, pageHeaders, selected } from '../forms/wire.ts'

const tags = ['Crons']
const path = '/runs/crons/{cron_id}'
const byId = z.object({ cron_id: idText })
const fieldNames = Object.keys(cronSchema.shape) as (keyof typeof cronSchema.shape)[]

const filter = {
  assistant_id: z.string().nullish(),
  thread_id: idText.nullish(),
  metadata: jsonObject.nullish(),
}

/** The crons of the Agent Protocol: runs that are made again and again. */
export function cronRoutes(app: App): void {
  create(app)
  change(app)
  search(app)
}

function create(app: App): void {
  app.openapi(
    createRoute({
      method: 'post',
      path: '/runs/crons',
      tags,
      summary: 'Create a cron whose runs have threads of their own',
      request: { headers: idempotencyHeaders, body: jsonBody(cronRequestSchema) },
      responses: answer(cronSchema, 'The cron'),
    }),
    async (c) => {
      const given = c.req.valid('json')
      const { userId } = c.var.principal
      const details = newCronDetails(given)
      const of = { assistantId: given.assistant_id, threadId: undefined, userId }
      const made = await once(c, given, async ({ crons }) => cronForm(await crons.create({ ...details, ...of })))
      return c.json(made, 200)
    },
  )
  app.openapi(
    createRoute({
      method: 'post',
      path: '/threads/{thread_id}/runs/crons',
      tags,
      summary: 'Create a cron whose runs are in one thread',
      request: {
        params: z.object({ thread_id: idText }),
        headers: idempotencyHeaders,
        body: jsonBody(cronRequestSchema),
      },
      responses: answer(cronSchema, 'The cron'),
    }),
    async (c) => {
      const given = c.req.valid('json')
      const { userId } = c.var.principal
      const details = newCronDetails(given)
      const of = { assistantId: given.assistant_id, threadId: c.req.valid('param').thread_id, userId }
      const made = await once(c, given, async ({ crons }) => cronForm(await crons.create({ ...details, ...of })))
      return c.json(made, 200)
    },
  )
}

function change(app: App): void {
  app.openapi(
    createRoute({
      method: 'patch',
      path,
      tags,
      summary: 'Change a cron',
      request: { params: byId, body: jsonBody(cronChangeSchema) },
      responses: answer(cronSchema, 'The cron as it is now'),
    }),
    async (c) => {
      const given = c.req.valid('json')
      const cron = await c.var.store.crons.update(c.req.valid('param').cron_id, (before) => changedCron(before, given))
      return c.json(cronForm(cron), 200)
    },
  )
  app.openapi(
    createRoute({
      method: 'delete',
      path,
      tags,
      summary: 'Delete a cron',
      request: { params: byId },
      responses: { 204: { description: 'It is gone' } },
    }),
    async (c) => {
      await c.var.store.crons.remove(c.req.valid('param').cron_id)
      return c.body(null, 204)
    },
  )
}

function search(app: App): void {
  const body = z.object({
    ...filter,
    ...page,
    enabled: z.boolean().nullish(),
    sort_by: z.enum(cronOrders).nullish(),
    sort_order: sortOrder,
    select: z.array(z.enum(fieldNames)).nullish(),
  })
  app.openapi(
    createRoute({
      method: 'post',
      path: '/runs/crons/search',
      tags,
      summary: 'Search crons',
      request: { body: jsonBody(body) },
      responses: answer(z.array(cronSchema.partial()), 'A page of crons; headers say how many there are'),
    }),
    async (c) => {
      const { limit, offset, sort_by, sort_order, select, enabled, ...given } = c.req.valid('json')
      const order = { sortBy: sort_by ?? undefined, sortOrder: sort_order ?? undefined }
      const which = { ...filterOf(given), enabled: enabled ?? undefined }
      const found = await c.var.store.crons.search({ ...which, ...order, limit, offset })
      pageHeaders(c, found.total, { offset, length: found.rows.length })
      return c.json(
        found.rows.map((row) => selected(cronForm(row), select ?? undefined)),
        200,
      )
    },
  )
  app.openapi(
    createRoute({
      method: 'post',
      path: '/runs/crons/count',
      tags,
      summary: 'Count crons',
      request: { body: jsonBody(z.object(filter)) },
      responses: answer(z.int(), 'How many there are'),
    }),
    async (c) => c.json(await c.var.store.crons.count(filterOf(c.req.valid('json'))), 200),
  )
}

function filterOf(given: { readonly [Key in keyof typeof filter]?: z.infer<(typeof filter)[Key]> }) {
  return {
    assistantId: given.assistant_id ?? undefined,
    threadId: given.thread_id ?? undefined,
    metadata: objectOf(given.metadata),
  }
}
