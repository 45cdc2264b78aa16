import { createRoute, z } from '@hono/zod-openapi'
import { jsonObject, moment } from '../wire.ts'
import type { App, Services } from '../app.ts'
import type { Assistant } from '../../store/store.ts'

const assistantSchema = z
  .object({
    assistant_id: z.uuid(),
    graph_id: z.string(),
    name: z.string(),
    description: z.string().nullable(),
    config: jsonObject,
    context: jsonObject,
    metadata: jsonObject,
    version: z.int(),
    created_at: moment,
    updated_at: moment,
  })
  .openapi('Assistant')

/** The assistants of the Agent Protocol. */
export function assistantRoutes(app: App, _services: Services): void {
  app.openapi(
    createRoute({
      method: 'get',
      path: '/assistants/{assistant_id}',
      tags: ['Assistants'],
      summary: 'Get an assistant',
      request: { params: z.object({ assistant_id: z.string() }) },
      responses: {
        200: { description: 'The assistant', content: { 'application/json': { schema: assistantSchema } } },
      },
    }),
    async (c) => c.json(wireForm(await c.var.store.assistants.get(c.req.valid('param').assistant_id)), 200),
  )
}

function wireForm(row: Assistant): z.infer<typeof assistantSchema> {
  const { assistant_id, graph_id, name, description, version } = row
  return {
    assistant_id,
    graph_id,
    name,
    description,
    config: row.config as Record<string, unknown>,
    context: row.context as Record<string, unknown>,
    metadata: row.metadata as Record<string, unknown>,
    version,
    created_at: row.created_at.toISOString(),
    updated_at: row.updated_at.toISOString(),
  }
}
