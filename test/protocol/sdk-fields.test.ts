import { Client } from '@langchain/langgraph-sdk'
import { Client as Client15 } from 'langgraph-sdk-1-15'
import { Client as Client2 } from 'langgraph-sdk-2'
import { expect, test } from 'vitest'
import { createApp, type Services } from '../../src/server/server.ts'

interface Operation {
  readonly parameters?: readonly { readonly name: string; readonly in: string }[]
  readonly requestBody?: {
    readonly content: { readonly 'application/json': { readonly schema: { readonly properties: object } } }
  }
}

const document = createApp({} as Services).getOpenAPI31Document({
  openapi: '3.1.0',
  info: { title: 'metastore', version: '0' },
}) as unknown as { readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>> }

/** The fields of a request that no route declares. */
function undeclared(method: string, url: URL, body: unknown): string[] {
  const operation = Object.entries(document.paths)
    .filter(([path]) => new RegExp(`^${path.replaceAll(/\{\w+\}/g, '[^/]+')}$`).test(url.pathname))
    .map(([, item]) => item[method.toLowerCase()])
    .find((found) => found !== undefined)
  if (operation === undefined) return [`${method} ${url.pathname}`]
  const queries = (operation.parameters ?? []).filter((one) => one.in === 'query').map(({ name }) => name)
  const fields = Object.keys(operation.requestBody?.content['application/json'].schema.properties ?? {})
  return [
    ...[...url.searchParams.keys()].filter((name) => !queries.includes(name)),
    ...Object.keys(body ?? {}).filter((name) => !fields.includes(name)),
  ].map((name) => `${method} ${url.pathname}: ${name}`)
}

const id = '11111111-1111-4111-8111-111111111111'
const versioned = { graphId: 'g', config: {}, context: {}, metadata: {}, name: 'n', description: 'd' }
const assistantFilter = { graphId: 'g', name: 'n', metadata: {} }
const order = { limit: 1, offset: 1, sortOrder: 'asc' as const }

/** Every call of these clients with every option that it has. */
const calls: ((client: Client) => Promise<unknown>)[] = [
  ({ assistants }) => assistants.create({ ...versioned, assistantId: id, ifExists: 'raise' }),
  ({ assistants }) => assistants.get(id),
  ({ assistants }) => assistants.update(id, versioned),
  ({ assistants }) => assistants.delete(id, { deleteThreads: true }),
  ({ assistants }) => assistants.search({ ...assistantFilter, ...order, sortBy: 'name', select: ['name'] }),
  ({ assistants }) => assistants.count(assistantFilter),
  ({ assistants }) => assistants.getVersions(id, { metadata: {}, limit: 1, offset: 1 }),
  ({ assistants }) => assistants.setLatest(id, 1),
  ({ assistants }) => assistants.getGraph(id, { xray: 2 }),
  ({ assistants }) => assistants.getSchemas(id),
  ({ threads }) =>
    threads.create({
      threadId: id,
      graphId: 'g',
      metadata: {},
      ifExists: 'raise',
      ttl: 1,
      supersteps: [{ updates: [] }],
    }),
  ({ threads }) => threads.get(id, { include: ['ttl'] }),
  ({ threads }) => threads.update(id, { metadata: {}, ttl: 1, returnMinimal: true }),
  ({ threads }) => threads.delete(id),
  ({ threads }) =>
    threads.search({
      ...order,
      metadata: {},
      values: {},
      ids: [id],
      status: 'idle',
      sortBy: 'status',
      select: ['status'],
      extract: { a: 'values.a' },
    }),
  ({ threads }) => threads.count({ metadata: {}, values: {}, status: 'idle' }),
  ({ threads }) => threads.copy(id),
  ({ store }) => store.putItem(['a'], 'k', {}, { index: ['a'], ttl: 1 }),
  ({ store }) => store.getItem(['a'], 'k', { refreshTtl: true }),
  ({ store }) => store.deleteItem(['a'], 'k'),
  ({ store }) => store.searchItems(['a'], { filter: {}, limit: 1, offset: 1, query: 'q', refreshTtl: true }),
  ({ store }) => store.listNamespaces({ prefix: ['a'], suffix: ['b'], maxDepth: 1, limit: 1, offset: 1 }),
]
/** What the client that is called 2.0.0 does not have: it is older than 1.12. */
const newer: typeof calls = [({ threads }) => threads.prune([id], { strategy: 'delete' })]

test.each([
  ['1.12', Client, [...calls, ...newer]],
  ['1.15', Client15 as unknown as typeof Client, [...calls, ...newer]],
  ['2.0', Client2 as unknown as typeof Client, calls],
])('every field that the SDK %s sends of assistants, threads and items is read', async (_version, Sdk, all) => {
  const sent: string[] = []
  const unknown: string[] = []
  const client = new Sdk({
    apiUrl: 'http://localhost',
    callerOptions: {
      fetch: (input: URL | string, { method = 'GET', body }: RequestInit = {}) => {
        const url = new URL(input)
        sent.push(`${method} ${url.pathname}`)
        unknown.push(...undeclared(method, url, typeof body === 'string' ? JSON.parse(body) : undefined))
        return Promise.resolve(Response.json({ items: [] }))
      },
    },
  })
  for (const call of all) await call(client)
  expect(sent).toHaveLength(all.length)
  expect(unknown).toEqual([])
})

test('the routes that take an Idempotency-Key say so', () => {
  const taking = Object.entries(document.paths).flatMap(([path, item]) =>
    Object.entries(item)
      .filter(([, { parameters = [] }]) =>
        parameters.some((one) => one.in === 'header' && one.name === 'idempotency-key'),
      )
      .map(([method]) => `${method} ${path}`),
  )
  expect(taking.toSorted()).toEqual([
    'post /assistants',
    'post /runs',
    'post /runs/batch',
    'post /runs/crons',
    'post /runs/stream',
    'post /runs/wait',
    'post /threads',
    'post /threads/{thread_id}/runs',
    'post /threads/{thread_id}/runs/crons',
    'post /threads/{thread_id}/runs/stream',
    'post /threads/{thread_id}/runs/wait',
  ])
})
