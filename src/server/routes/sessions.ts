import { createRoute, z } from '@hono/zod-openapi'
import type { Message, Page, Session } from '../../store/store.ts'
import type { App, Services } from '../app.ts'
import { givenJson, gives, uuid, wire } from '../forms/fields.ts'
import { givesPage, pageForm, pageQuery } from '../forms/lists.ts'
import { enter, idParam, tenantParam } from '../authorization/tenant-access.ts'
import { moment, queryInteger } from '../forms/wire.ts'

const sessionSchema = z
  .object({
    id: uuid,
    user_id: uuid.nullable(),
    assistant_id: uuid.nullable(),
    title: z.string().nullable(),
    status: z.string(),
    metadata: givenJson,
    created_at: moment,
    updated_at: moment,
    last_message_at: moment.nullable(),
  })
  .openapi('ChatSession')

/** A message of a chat. */
export const chatMessageSchema = z
  .object({
    id: uuid,
    sequence: z.int(),
    role: z.string(),
    content: z.string().nullable(),
    metadata: givenJson,
    created_at: moment,
  })
  .openapi('ChatMessage')

/** A message as the chat says it. */
export function wireMessage(message: Message): z.infer<typeof chatMessageSchema> {
  const { id, sequence, role, content, metadata, created_at } = wire(message)
  return { id, sequence, role, content, metadata, created_at }
}

/** The sessions of a tenant: a user sees their own, supporters and administrators all. */
export function sessionRoutes(app: App, services: Services): void {
  listSessions(app, services)
  getSession(app, services)
  removeSession(app, services)
}

function listSessions(app: App, services: Services): void {
  app.openapi(
    createRoute({
      method: 'get',
      path: '/api/{tenant}/sessions',
      tags: ['Chat'],
      summary: 'List sessions, the newest first',
      request: { params: z.object(tenantParam), query: z.object(pageQuery) },
      responses: { 200: givesPage('Sessions', 'sessions', sessionSchema) },
    }),
    async (c) => {
      const { store, owner } = await enter(c, services, c.req.valid('param').tenant)
      const list = (page: Page) => store.sessions.list(owner, page)
      return c.json(await pageForm(c.req.valid('query'), 'sessions', list, wireSession), 200)
    },
  )
}

function getSession(app: App, services: Services): void {
  app.openapi(
    createRoute({
      method: 'get',
      path: '/api/{tenant}/sessions/{id}',
      tags: ['Chat'],
      summary: 'Get a session with its last messages, or those before a sequence',
      request: {
        params: z.object(idParam),
        query: z.object({ limit: queryInteger(1, 1000), before: queryInteger(1, Number.MAX_SAFE_INTEGER) }),
      },
      responses: { 200: gives('The session', sessionSchema.extend({ messages: z.array(chatMessageSchema) })) },
    }),
    async (c) => {
      const { tenant, id } = c.req.valid('param')
      const { store, owner } = await enter(c, services, tenant)
      const { limit, before } = c.req.valid('query')
      const session = await store.sessions.get(id, owner)
      const messages = await store.messages.list(id, { limit: limit ?? 100, before })
      return c.json({ ...wireSession(session), messages: messages.map(wireMessage) }, 200)
    },
  )
}

function removeSession(app: App, services: Services): void {
  app.openapi(
    createRoute({
      method: 'delete',
      path: '/api/{tenant}/sessions/{id}',
      tags: ['Chat'],
      summary: 'Remove a session with all that was said in it',
      request: { params: z.object(idParam) },
      responses: { 204: { description: 'It is gone' } },
    }),
    async (c) => {
      const { tenant, id } = c.req.valid('param')
      const { store, owner } = await enter(c, services, tenant)
      await store.transaction(async (same) => {
        await same.sessions.get(id, owner)
        await same.threads.remove(id)
      })
      return c.body(null, 204)
    },
  )
}

function wireSession(session: Session): z.infer<typeof sessionSchema> {
  const { thread_id, user_id, assistant_id, title, status, metadata, ...times } = wire(session)
  const { created_at, updated_at, last_message_at } = times
  return { id: thread_id, user_id, assistant_id, title, status, metadata, created_at, updated_at, last_message_at }
}
