import { createRoute, z } from '@hono/zod-openapi'
import type { Agent } from '../../store/store.ts'
import type { App, Services } from '../app.ts'
import { gives, optionalText, takes, text, uuid, wire } from '../forms/fields.ts'
import { enter, idParam, tenantParam } from '../authorization/tenant-access.ts'
import { moment } from '../forms/wire.ts'

const agentSchema = z
  .object({
    id: uuid,
    shared: z.boolean(),
    name: z.string(),
    graph_id: z.string(),
    description: z.string().nullable(),
    prompt: z.string().nullable(),
    llm_model_id: uuid.nullable(),
    output_format_id: uuid.nullable(),
    version: z.int(),
    is_active: z.boolean(),
    created_at: moment,
    updated_at: moment,
  })
  .openapi('Agent')

const newAgent = z
  .object({
    name: text(200),
    description: optionalText(2000),
    prompt: optionalText(100_000),
    llm_model_id: uuid.nullable().optional(),
  })
  .openapi('NewAgent')

const agentChange = newAgent.partial().extend({ is_active: z.boolean().optional() }).openapi('AgentChange')

const agentTools = z
  .array(z.object({ tool_id: uuid, priority: z.int32().min(0) }))
  .max(200)
  .openapi('AgentTools')

/** The agents of a tenant: read by everybody of the tenant, made and changed by its administrators. */
export function agentRoutes(app: App, services: Services): void {
  listAgents(app, services)
  createAgent(app, services)
  updateAgent(app, services)
  removeAgent(app, services)
  getTools(app, services)
  setTools(app, services)
}

function listAgents(app: App, services: Services): void {
  app.openapi(
    createRoute({
      method: 'get',
      path: '/api/{tenant}/agents',
      tags: ['Agents'],
      summary: 'List agents: those of the tenant, and the shared ones that it may use',
      request: { params: z.object(tenantParam) },
      responses: { 200: gives('Agents', z.object({ agents: z.array(agentSchema) })) },
    }),
    async (c) => {
      const { store } = await enter(c, services, c.req.valid('param').tenant)
      return c.json({ agents: (await store.agents.list()).map(wireAgent) }, 200)
    },
  )
}

function createAgent(app: App, services: Services): void {
  app.openapi(
    createRoute({
      method: 'post',
      path: '/api/{tenant}/agents',
      tags: ['Agents'],
      summary: 'Add an agent to the tenant',
      request: { params: z.object(tenantParam), body: takes(newAgent) },
      responses: { 201: gives('The agent', agentSchema) },
    }),
    async (c) => {
      const { store } = await enter(c, services, c.req.valid('param').tenant)
      return c.json(wireAgent(await store.agents.create(c.req.valid('json'))), 201)
    },
  )
}

function updateAgent(app: App, services: Services): void {
  app.openapi(
    createRoute({
      method: 'patch',
      path: '/api/{tenant}/agents/{id}',
      tags: ['Agents'],
      summary: 'Change an agent of the tenant; what it says is a new version',
      request: { params: z.object(idParam), body: takes(agentChange) },
      responses: { 200: gives('The agent', agentSchema) },
    }),
    async (c) => {
      const { tenant, id } = c.req.valid('param')
      const { store } = await enter(c, services, tenant)
      return c.json(wireAgent(await store.agents.update(id, c.req.valid('json'))), 200)
    },
  )
}

function removeAgent(app: App, services: Services): void {
  app.openapi(
    createRoute({
      method: 'delete',
      path: '/api/{tenant}/agents/{id}',
      tags: ['Agents'],
      summary: 'Remove an agent of the tenant that nothing uses',
      request: { params: z.object(idParam) },
      responses: { 204: { description: 'It is gone' } },
    }),
    async (c) => {
      const { tenant, id } = c.req.valid('param')
      const { store } = await enter(c, services, tenant)
      await store.agents.remove(id)
      return c.body(null, 204)
    },
  )
}

function getTools(app: App, services: Services): void {
  app.openapi(
    createRoute({
      method: 'get',
      path: '/api/{tenant}/agents/{id}/tools',
      tags: ['Agents'],
      summary: 'List the tools of an agent, in their order',
      request: { params: z.object(idParam) },
      responses: {
        200: gives(
          'Tools',
          z.object({ tools: z.array(z.object({ tool_id: uuid, name: z.string(), priority: z.int() })) }),
        ),
      },
    }),
    async (c) => {
      const { tenant, id } = c.req.valid('param')
      const { store } = await enter(c, services, tenant)
      return c.json({ tools: await store.agents.tools(id) }, 200)
    },
  )
}

function setTools(app: App, services: Services): void {
  app.openapi(
    createRoute({
      method: 'put',
      path: '/api/{tenant}/agents/{id}/tools',
      tags: ['Agents'],
      summary: 'Give an agent of the tenant these tools, and no others',
      request: { params: z.object(idParam), body: takes(agentTools) },
      responses: { 204: { description: 'It has them' } },
    }),
    async (c) => {
      const { tenant, id } = c.req.valid('param')
      const { store } = await enter(c, services, tenant)
      await store.agents.setTools(id, c.req.valid('json'))
      return c.body(null, 204)
    },
  )
}

function wireAgent(agent: Agent): z.infer<typeof agentSchema> {
  const { assistant_id: id, ...rest } = wire(agent)
  return { ...rest, id }
}
