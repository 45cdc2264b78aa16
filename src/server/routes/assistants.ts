import { createRoute, z } from '@hono/zod-openapi'
import type { App, Services } from '../app.ts'
import { assistantSchema, assistantForm, versionForm, versionSchema } from '../forms/assistants.ts'
import { answer, idText, jsonBody, nameText, objectOf, sortOrder } from '../forms/bodies.ts'
import { executorFor } from '../executors/find-executor.ts'
import { idempotencyHeaders, once } from '../requests/idempotency.ts'
import { jsonObject, page, pageHeaders, queryBoolean, queryInteger, selected } from '../forms/wire.ts'

const tags = ['Assistants']
const path = '/assistants/{assistant_id}'
const byId = z.object({ assistant_id: z.string().openapi({ description: 'An id, or the name of a graph' }) })

const change = {
  name: nameText.nullish(),
  description: z.string().nullish(),
  config: jsonObject.nullish(),
  context: jsonObject.nullish(),
  metadata: jsonObject.nullish(),
}
const filter = {
  graph_id: z.string().nullish(),
  name: z.string().nullish(),
  metadata: jsonObject.nullish(),
}
const fieldNames = Object.keys(assistantSchema.shape) as (keyof typeof assistantSchema.shape)[]

/** The assistants of the Agent Protocol. */
export function assistantRoutes(app: App, services: Services): void {
  createAndGet(app, services)
  updateAndDelete(app, services)
  search(app)
  versions(app)
  graphs(app, services)
}

function createAndGet(app: App, { executors }: Services): void {
  const body = z.object({
    ...change,
    graph_id: nameText,
    assistant_id: idText.nullish(),
    if_exists: z.enum(['raise', 'do_nothing']).nullish(),
  })
  app.openapi(
    createRoute({
      method: 'post',
      path: '/assistants',
      tags,
      summary: 'Create an assistant',
      request: { headers: idempotencyHeaders, body: jsonBody(body) },
      responses: answer(assistantSchema, 'The assistant'),
    }),
    async (c) => {
      const given = c.req.valid('json')
      executorFor(executors, given.graph_id)
      const wanted = { assistantId: given.assistant_id ?? undefined, graphId: given.graph_id, ...changeOf(given) }
      const made = await once(c, given, async ({ assistants }) =>
        assistantForm(await assistants.create(wanted, given.if_exists ?? undefined)),
      )
      return c.json(made, 200)
    },
  )
  app.openapi(
    createRoute({
      method: 'get',
      path,
      tags,
      summary: 'Get an assistant',
      request: { params: byId },
      responses: answer(assistantSchema, 'The assistant'),
    }),
    async (c) => c.json(assistantForm(await c.var.store.assistants.get(c.req.valid('param').assistant_id)), 200),
  )
}

function updateAndDelete(app: App, { executors }: Services): void {
  app.openapi(
    createRoute({
      method: 'patch',
      path,
      tags,
      summary: 'Change an assistant, which makes its next version',
      request: { params: byId, body: jsonBody(z.object({ ...change, graph_id: nameText.nullish() })) },
      responses: answer(assistantSchema, 'The assistant as it is now'),
    }),
    async (c) => {
      const given = c.req.valid('json')
      const graphId = given.graph_id ?? undefined
      if (graphId !== undefined) executorFor(executors, graphId)
      const changes = { graphId, ...changeOf(given) }
      return c.json(assistantForm(await c.var.store.assistants.update(c.req.valid('param').assistant_id, changes)), 200)
    },
  )
  app.openapi(
    createRoute({
      method: 'delete',
      path,
      tags,
      summary: 'Delete an assistant with its versions, runs and crons',
      request: { params: byId, query: z.object({ delete_threads: queryBoolean }) },
      responses: { 204: { description: 'It is gone' } },
    }),
    async (c) => {
      const threads = c.req.valid('query').delete_threads
      await c.var.store.assistants.remove(c.req.valid('param').assistant_id, { threads })
      return c.body(null, 204)
    },
  )
}

function search(app: App): void {
  const body = z.object({
    ...filter,
    ...page,
    sort_by: z.enum(['assistant_id', 'graph_id', 'name', 'created_at', 'updated_at']).nullish(),
    sort_order: sortOrder,
    select: z.array(z.enum(fieldNames)).nullish(),
  })
  app.openapi(
    createRoute({
      method: 'post',
      path: '/assistants/search',
      tags,
      summary: 'Search assistants',
      request: { body: jsonBody(body) },
      responses: answer(z.array(assistantSchema.partial()), 'A page of assistants; headers say how many there are'),
    }),
    async (c) => {
      const { limit, offset, sort_by, sort_order, select, ...given } = c.req.valid('json')
      const order = { sortBy: sort_by ?? undefined, sortOrder: sort_order ?? undefined }
      const found = await c.var.store.assistants.search({ ...filterOf(given), ...order, limit, offset })
      pageHeaders(c, found.total, { offset, length: found.rows.length })
      const rows = found.rows.map((row) => selected(assistantForm(row), select ?? undefined))
      return c.json(rows, 200)
    },
  )
  app.openapi(
    createRoute({
      method: 'post',
      path: '/assistants/count',
      tags,
      summary: 'Count assistants',
      request: { body: jsonBody(z.object(filter)) },
      responses: answer(z.int(), 'How many there are'),
    }),
    async (c) => c.json(await c.var.store.assistants.count(filterOf(c.req.valid('json'))), 200),
  )
}

function versions(app: App): void {
  app.openapi(
    createRoute({
      method: 'post',
      path: `${path}/versions`,
      tags,
      summary: 'List the versions of an assistant, the newest first',
      request: { params: byId, body: jsonBody(z.object({ ...page, metadata: jsonObject.nullish() })) },
      responses: answer(z.array(versionSchema), 'A page of versions'),
    }),
    async (c) => {
      const { limit, offset, metadata } = c.req.valid('json')
      const which = { limit, offset, metadata: objectOf(metadata) }
      const found = await c.var.store.assistants.versions(c.req.valid('param').assistant_id, which)
      return c.json(found.map(versionForm), 200)
    },
  )
  app.openapi(
    createRoute({
      method: 'post',
      path: `${path}/latest`,
      tags,
      summary: 'Go back to a version of an assistant',
      request: { params: byId, body: jsonBody(z.object({ version: z.int().min(-2147483648).max(2147483647) })) },
      responses: answer(assistantSchema, 'The assistant as it is now'),
    }),
    async (c) => {
      const { version } = c.req.valid('json')
      return c.json(
        assistantForm(await c.var.store.assistants.setLatest(c.req.valid('param').assistant_id, version)),
        200,
      )
    },
  )
}

function graphs(app: App, { executors }: Services): void {
  const schema = z.unknown().openapi({ description: 'JSON Schema; null where it is not known' })
  const schemas = z
    .object({
      graph_id: z.string(),
      input_schema: schema,
      output_schema: schema,
      state_schema: schema,
      config_schema: schema,
      context_schema: schema,
    })
    .openapi('GraphSchemas')
  app.openapi(
    createRoute({
      method: 'get',
      path: `${path}/schemas`,
      tags,
      summary: "Get the schemas of an assistant's graph",
      request: { params: byId },
      responses: answer(schemas, 'The schemas'),
    }),
    async (c) => {
      const { graph_id } = await c.var.store.assistants.get(c.req.valid('param').assistant_id)
      return c.json(await executorFor(executors, graph_id).schemas(graph_id), 200)
    },
  )
  const drawing = z.object({ nodes: z.array(z.unknown()), edges: z.array(z.unknown()) }).openapi('Graph')
  app.openapi(
    createRoute({
      method: 'get',
      path: `${path}/graph`,
      tags,
      summary: "Draw an assistant's graph",
      request: { params: byId, query: z.object({ xray: z.union([queryInteger(2, 1000), queryBoolean]) }) },
      responses: answer(drawing, 'Its nodes and edges'),
    }),
    async (c) => {
      const { graph_id } = await c.var.store.assistants.get(c.req.valid('param').assistant_id)
      return c.json(await executorFor(executors, graph_id).draw(graph_id, c.req.valid('query').xray ?? false), 200)
    },
  )
}

function changeOf(given: { readonly [Key in keyof typeof change]?: z.infer<(typeof change)[Key]> }) {
  return {
    name: given.name ?? undefined,
    description: given.description,
    config: objectOf(given.config),
    context: objectOf(given.context),
    metadata: objectOf(given.metadata),
  }
}

function filterOf(given: { readonly [Key in keyof typeof filter]?: z.infer<(typeof filter)[Key]> }) {
  return { graphId: given.graph_id ?? undefined, name: given.name ?? undefined, metadata: objectOf(given.metadata) }
}
