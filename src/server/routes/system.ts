import { createRoute, z } from '@hono/zod-openapi'
import { MetastoreError } from '../../errors.ts'
import { toolVersion } from '../../version.ts'
import { queryBoolean } from '../forms/wire.ts'
import type { App, Services } from '../app.ts'
import type { ServerMetrics } from '../requests/server-metrics.ts'

const okSchema = z.object({ ok: z.boolean() })
const infoSchema = z.object({
  version: z.string(),
  flags: z.object({ assistants: z.boolean(), crons: z.boolean(), langsmith: z.boolean() }),
  metadata: z.object({ authentication: z.enum(['keys', 'none']), graphs: z.array(z.string()) }),
})
const tags = ['System']
const json = <Schema extends z.ZodType>(description: string, schema: Schema) => ({
  description,
  content: { 'application/json': { schema } },
})

/** What a server tells of itself: whether it lives, whether it can work, what it is, what it counts. */
export function systemRoutes(app: App, services: Services, metrics: ServerMetrics): void {
  app.openapi(
    createRoute({
      method: 'get',
      path: '/ok',
      tags,
      summary: 'Whether the server lives',
      request: { query: z.object({ check_db: queryBoolean }) },
      responses: { 200: json('It does', okSchema), 500: json('The database does not answer', okSchema) },
    }),
    async (c) => {
      if (c.req.valid('query').check_db !== true) return c.json({ ok: true }, 200)
      const ok = await answers(services)
      return c.json({ ok }, ok ? 200 : 500)
    },
  )
  app.openapi(
    createRoute({
      method: 'get',
      path: '/ready',
      tags,
      summary: 'Whether requests should be sent here',
      description: 'Not when the server is stopping, the database does not answer, or its schema is not the right one.',
      responses: { 200: json('They should', z.object({ ready: z.boolean() })) },
    }),
    async (c) => {
      const reason = (await services.notReady?.()) ?? undefined
      if (reason === undefined) return c.json({ ready: true }, 200)
      throw new MetastoreError({ code: 'unavailable', message: reason, remedy: 'Send requests to another instance.' })
    },
  )
  descriptionRoutes(app, services, metrics)
}

function descriptionRoutes(app: App, services: Services, metrics: ServerMetrics): void {
  app.openapi(
    createRoute({
      method: 'get',
      path: '/info',
      tags,
      summary: 'What the server is',
      responses: { 200: json('Its version, and what it can do', infoSchema) },
    }),
    (c) =>
      c.json(
        {
          version: toolVersion,
          flags: { assistants: true, crons: true, langsmith: false },
          metadata: {
            authentication: services.open === true ? ('none' as const) : ('keys' as const),
            graphs: services.executors.flatMap(({ graphIds }) => graphIds),
          },
        },
        200,
      ),
  )
  app.openapi(
    createRoute({
      method: 'get',
      path: '/metrics',
      tags,
      summary: 'What the server counts, for Prometheus',
      responses: { 200: { description: 'Text', content: { 'text/plain': { schema: z.string() } } } },
    }),
    async (c) => c.text(await metrics.registry.metrics(), 200, { 'content-type': metrics.registry.contentType }),
  )
}

async function answers({ store }: Services): Promise<boolean> {
  try {
    await store.admin.transaction((tx) => tx.script('select 1'))
    return true
  } catch {
    return false
  }
}
