import { createRoute, z } from '@hono/zod-openapi'
import type { FoundItem } from '../../store/store.ts'
import type { App } from '../app.ts'
import { answer, jsonBody, minutes } from '../forms/bodies.ts'
import { jsonObject, moment, page, queryBoolean } from '../forms/wire.ts'

const tags = ['Store']
const labels = z.array(z.string()).max(200)
const itemSchema = z
  .object({
    namespace: labels,
    key: z.string(),
    value: jsonObject,
    created_at: moment,
    updated_at: moment,
    score: z.number().optional(),
  })
  .openapi('Item')

/** What assistants remember, in the Agent Protocol. */
export function itemRoutes(app: App): void {
  putAndGet(app)
  remove(app)
  search(app)
  namespaces(app)
}

function putAndGet(app: App): void {
  const body = z.object({
    namespace: labels,
    key: z.string(),
    value: jsonObject,
    index: z.union([z.literal(false), z.array(z.string())]).nullish(),
    ttl: minutes.nullish(),
  })
  app.openapi(
    createRoute({
      method: 'put',
      path: '/store/items',
      tags,
      summary: 'Write an item',
      request: { body: jsonBody(body) },
      responses: { 204: { description: 'It is written' } },
    }),
    async (c) => {
      const { namespace, key, value, ttl, index } = c.req.valid('json')
      await c.var.store.items.put({
        namespace,
        key,
        value: value as FoundItem['value'],
        ttlMinutes: ttl ?? undefined,
        index: index ?? undefined,
      })
      return c.body(null, 204)
    },
  )
  const query = z.object({
    namespace: z.union([z.string(), z.array(z.string())]).openapi({ description: 'Labels with dots between them' }),
    key: z.string(),
    refresh_ttl: queryBoolean,
  })
  app.openapi(
    createRoute({
      method: 'get',
      path: '/store/items',
      tags,
      summary: 'Read an item',
      request: { query },
      responses: answer(itemSchema.nullable(), 'The item, or null'),
    }),
    async (c) => {
      const { namespace, key, refresh_ttl } = c.req.valid('query')
      const given = Array.isArray(namespace) ? namespace : namespace.split('.')
      const found = await c.var.store.items.get(given, key, { refresh: refresh_ttl })
      return c.json(found === undefined ? null : itemForm(found), 200)
    },
  )
}

function remove(app: App): void {
  app.openapi(
    createRoute({
      method: 'delete',
      path: '/store/items',
      tags,
      summary: 'Delete an item',
      request: { body: jsonBody(z.object({ namespace: labels, key: z.string() })) },
      responses: { 204: { description: 'There is no such item' } },
    }),
    async (c) => {
      const { namespace, key } = c.req.valid('json')
      await c.var.store.items.remove(namespace, key)
      return c.body(null, 204)
    },
  )
}

function search(app: App): void {
  const body = z.object({
    ...page,
    namespace_prefix: labels.nullish(),
    filter: jsonObject.nullish(),
    query: z.string().max(10_000).nullish(),
    refresh_ttl: z.boolean().nullish(),
  })
  app.openapi(
    createRoute({
      method: 'post',
      path: '/store/items/search',
      tags,
      summary: 'Search items by namespace and fields, by meaning or by words',
      request: { body: jsonBody(body) },
      responses: answer(z.object({ items: z.array(itemSchema) }), 'A page of items'),
    }),
    async (c) => {
      const { namespace_prefix, filter, query, refresh_ttl, limit, offset } = c.req.valid('json')
      const items = await c.var.store.items.search({
        prefix: namespace_prefix ?? [],
        filter: filter ?? undefined,
        query: query ?? undefined,
        refresh: refresh_ttl ?? undefined,
        limit,
        offset,
      })
      return c.json({ items: items.map(itemForm) }, 200)
    },
  )
}

function namespaces(app: App): void {
  const body = z.object({
    ...page,
    limit: page.limit.default(100),
    prefix: labels.nullish(),
    suffix: labels.nullish(),
    max_depth: z.int().min(1).max(200).nullish(),
  })
  app.openapi(
    createRoute({
      method: 'post',
      path: '/store/namespaces',
      tags,
      summary: 'List namespaces',
      request: { body: jsonBody(body) },
      responses: answer(z.object({ namespaces: z.array(labels) }), 'A page of namespaces'),
    }),
    async (c) => {
      const { prefix, suffix, max_depth, limit, offset } = c.req.valid('json')
      const found = await c.var.store.items.namespaces({
        match: [
          { side: 'first', labels: prefix ?? [] },
          { side: 'last', labels: suffix ?? [] },
        ],
        maxDepth: max_depth ?? undefined,
        limit,
        offset,
      })
      return c.json({ namespaces: found }, 200)
    },
  )
}

function itemForm(item: FoundItem): z.infer<typeof itemSchema> {
  const { namespace, key, value, score } = item
  return {
    namespace: [...namespace],
    key,
    value: value,
    created_at: item.created_at.toISOString(),
    updated_at: item.updated_at.toISOString(),
    ...(score === undefined ? {} : { score }),
  }
}
