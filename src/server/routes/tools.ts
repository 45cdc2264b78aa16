import { createRoute, z } from '@hono/zod-openapi'
import type { App, Services } from '../app.ts'
import { givenJson, gives, optionalText, storedObject, takes, text, uuid, wire } from '../forms/fields.ts'
import { enter, idParam, tenantParam } from '../authorization/tenant-access.ts'
import { moment } from '../forms/wire.ts'

const toolSchema = z
  .object({
    id: uuid,
    shared: z.boolean(),
    name: z.string(),
    base_tool: z.string(),
    base_tool_id: uuid,
    output_format_id: uuid.nullable(),
    description: z.string().nullable(),
    config: givenJson,
    input_schema: givenJson,
    is_active: z.boolean(),
    created_at: moment,
    updated_at: moment,
  })
  .openapi('Tool')

const fields = {
  name: text(200),
  description: optionalText(2000),
  config: storedObject.optional(),
  input_schema: storedObject.optional(),
}
const newTool = z.object({ ...fields, base_tool: text(200) }).openapi('NewTool')
const toolChange = z
  .object({ ...fields, is_active: z.boolean() })
  .partial()
  .openapi('ToolChange')

/** The tools of a tenant, for its administrators: what a tool is set up with is not for everybody. */
export function toolRoutes(app: App, services: Services): void {
  listTools(app, services)
  createTool(app, services)
  updateTool(app, services)
  removeTool(app, services)
}

function listTools(app: App, services: Services): void {
  app.openapi(
    createRoute({
      method: 'get',
      path: '/api/{tenant}/tools',
      tags: ['Tools'],
      summary: 'List tools: those of the tenant, and the shared ones that it may use',
      request: { params: z.object(tenantParam) },
      responses: { 200: gives('Tools', z.object({ tools: z.array(toolSchema) })) },
    }),
    async (c) => {
      const { store } = await enter(c, services, c.req.valid('param').tenant)
      return c.json({ tools: (await store.tools.list()).map(wire) }, 200)
    },
  )
}

function createTool(app: App, services: Services): void {
  app.openapi(
    createRoute({
      method: 'post',
      path: '/api/{tenant}/tools',
      tags: ['Tools'],
      summary: 'Add a tool to the tenant',
      request: { params: z.object(tenantParam), body: takes(newTool) },
      responses: { 201: gives('The tool', toolSchema) },
    }),
    async (c) => {
      const { store } = await enter(c, services, c.req.valid('param').tenant)
      return c.json(wire(await store.tools.create(c.req.valid('json'))), 201)
    },
  )
}

function updateTool(app: App, services: Services): void {
  app.openapi(
    createRoute({
      method: 'patch',
      path: '/api/{tenant}/tools/{id}',
      tags: ['Tools'],
      summary: 'Change a tool of the tenant',
      request: { params: z.object(idParam), body: takes(toolChange) },
      responses: { 200: gives('The tool', toolSchema) },
    }),
    async (c) => {
      const { tenant, id } = c.req.valid('param')
      const { store } = await enter(c, services, tenant)
      return c.json(wire(await store.tools.update(id, c.req.valid('json'))), 200)
    },
  )
}

function removeTool(app: App, services: Services): void {
  app.openapi(
    createRoute({
      method: 'delete',
      path: '/api/{tenant}/tools/{id}',
      tags: ['Tools'],
      summary: 'Remove a tool of the tenant that no agent has',
      request: { params: z.object(idParam) },
      responses: { 204: { description: 'It is gone' } },
    }),
    async (c) => {
      const { tenant, id } = c.req.valid('param')
      const { store } = await enter(c, services, tenant)
      await store.tools.remove(id)
      return c.body(null, 204)
    },
  )
}
