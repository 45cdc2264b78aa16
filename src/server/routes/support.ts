import { createRoute, z } from '@hono/zod-openapi'
import type { Escalation, Page } from '../../store/store.ts'
import type { App, Services } from '../app.ts'
import { gives, optionalText, takes, text, uuid, wire } from '../forms/fields.ts'
import { givesPage, pageForm, pageQuery } from '../forms/lists.ts'
import { enter, idParam, tenantParam } from '../authorization/tenant-access.ts'
import { moment } from '../forms/wire.ts'

const statuses = ['pending', 'assigned', 'in_progress', 'on_hold', 'resolved', 'closed'] as const
const status = z.enum(statuses)
const availability = z.enum(['available', 'busy', 'away', 'offline'])

const escalationSchema = z
  .object({
    id: uuid,
    session_id: uuid,
    supporter_id: uuid.nullable(),
    status: z.string(),
    priority: z.string(),
    reason: z.string(),
    notes: z.string().nullable(),
    created_at: moment,
    updated_at: moment,
    assigned_at: moment.nullable(),
    started_at: moment.nullable(),
    resolved_at: moment.nullable(),
    closed_at: moment.nullable(),
  })
  .openapi('Escalation')

const supporterSchema = z
  .object({
    user_id: uuid,
    name: z.string().nullable(),
    email: z.string(),
    availability: z.string(),
    max_active: z.int(),
    active: z.int(),
  })
  .openapi('Supporter')

/** What is handed from an assistant to a person: by whoever chats, to supporters. */
export function supportRoutes(app: App, services: Services): void {
  escalate(app, services)
  listEscalations(app, services)
  setStatus(app, services)
  listSupporters(app, services)
  setAvailability(app, services)
}

function escalate(app: App, services: Services): void {
  app.openapi(
    createRoute({
      method: 'post',
      path: '/api/{tenant}/escalate',
      tags: ['Support'],
      summary: 'Hand a session to the available supporter who has the least to do',
      description: 'The escalation of a session that is open already is given instead of a second one.',
      request: {
        params: z.object(tenantParam),
        body: takes(
          z
            .object({
              session_id: uuid,
              reason: text(2000),
              priority: z.enum(['low', 'normal', 'high', 'urgent']).optional(),
              notes: optionalText(10_000),
            })
            .openapi('NewEscalation'),
        ),
      },
      responses: {
        200: gives('The escalation that is open already', escalationSchema),
        201: gives('The escalation', escalationSchema),
        503: { description: 'No supporter is available' },
      },
    }),
    async (c) => {
      const { store, owner } = await enter(c, services, c.req.valid('param').tenant)
      const { session_id, ...given } = c.req.valid('json')
      const { escalation, added } = await store.transaction(async (same) => {
        await same.sessions.get(session_id, owner)
        return same.support.escalate(session_id, given)
      })
      return c.json(wireEscalation(escalation), added ? 201 : 200)
    },
  )
}

function listEscalations(app: App, services: Services): void {
  app.openapi(
    createRoute({
      method: 'get',
      path: '/api/{tenant}/escalations',
      tags: ['Support'],
      summary: 'List escalations, the newest first',
      request: {
        params: z.object(tenantParam),
        query: z.object({ ...pageQuery, status: status.optional(), supporter_id: uuid.optional() }),
      },
      responses: { 200: givesPage('Escalations', 'escalations', escalationSchema) },
    }),
    async (c) => {
      const { store } = await enter(c, services, c.req.valid('param').tenant)
      const { status, supporter_id: supporterId, ...query } = c.req.valid('query')
      const list = (page: Page) => store.support.list({ status, supporterId }, page)
      return c.json(await pageForm(query, 'escalations', list, wireEscalation), 200)
    },
  )
}

function setStatus(app: App, services: Services): void {
  app.openapi(
    createRoute({
      method: 'patch',
      path: '/api/{tenant}/escalations/{id}/status',
      tags: ['Support'],
      summary: 'Take an escalation a step on',
      request: {
        params: z.object(idParam),
        body: takes(z.object({ status, notes: text(10_000).optional() }).openapi('EscalationStatus')),
      },
      responses: { 200: gives('The escalation', escalationSchema) },
    }),
    async (c) => {
      const { tenant, id } = c.req.valid('param')
      const { store } = await enter(c, services, tenant)
      const { status, notes } = c.req.valid('json')
      return c.json(wireEscalation(await store.support.setStatus(id, status, notes)), 200)
    },
  )
}

function listSupporters(app: App, services: Services): void {
  app.openapi(
    createRoute({
      method: 'get',
      path: '/api/{tenant}/supporters',
      tags: ['Support'],
      summary: 'List supporters, and how much each has to do',
      request: { params: z.object(tenantParam) },
      responses: { 200: gives('Supporters', z.object({ supporters: z.array(supporterSchema) })) },
    }),
    async (c) => {
      const { store } = await enter(c, services, c.req.valid('param').tenant)
      const supporters = await store.support.supporters()
      return c.json({ supporters: supporters.map(wire) }, 200)
    },
  )
}

function setAvailability(app: App, services: Services): void {
  app.openapi(
    createRoute({
      method: 'patch',
      path: '/api/{tenant}/supporters/{id}/availability',
      tags: ['Support'],
      summary: 'Say whether a supporter takes escalations; supporters say it for themselves',
      request: {
        params: z.object(idParam),
        body: takes(
          z.object({ availability, max_active: z.int().min(1).max(1000).optional() }).openapi('SupporterAvailability'),
        ),
      },
      responses: { 200: gives('What was said', z.object({ user_id: uuid, availability })) },
    }),
    async (c) => {
      const { tenant, id } = c.req.valid('param')
      const { store } = await enter(c, services, tenant)
      const { availability, max_active } = c.req.valid('json')
      await store.support.setAvailability(id, availability, max_active)
      return c.json({ user_id: id, availability }, 200)
    },
  )
}

function wireEscalation(escalation: Escalation): z.infer<typeof escalationSchema> {
  const { thread_id: session_id, ...rest } = wire(escalation)
  return { ...rest, session_id }
}
