import { createRoute, z } from '@hono/zod-openapi'
import type { Message, Page, Session } from '../../store/store.ts'
import type { App, Services } from '../app.ts'
import { givenJson, gives, optionalText, storedJson, storedObject, takes, text, uuid } from '../forms/fields.ts'
import { givesPage, pageForm, pageQuery } from '../forms/lists.ts'
import { ownerOf } from '../authorization/tenant-access.ts'
import { moment } from '../forms/wire.ts'

const threadSchema = z
  .object({
    id: uuid,
    title: z.string().nullable(),
    agent_type: z.string().nullable(),
    model: z.string().nullable(),
    provider: z.string().nullable(),
    created_at: moment,
    updated_at: moment,
  })
  .openapi('MessageThread')

const messageSchema = z
  .object({
    id: uuid,
    thread_id: uuid,
    role: z.string(),
    content: z.string().nullable(),
    artifact_data: givenJson,
    message_metadata: givenJson,
    created_at: moment,
  })
  .openapi('ThreadMessage')

const newThread = z
  .object({
    title: optionalText(255),
    agent_type: optionalText(50),
    model: optionalText(100),
    provider: optionalText(50),
  })
  .openapi('NewMessageThread')

const newMessage = z
  .object({
    role: z.enum(['system', 'user', 'assistant', 'tool']),
    content: z
      .string()
      .max(1_000_000)
      .pipe(text(1_000_000).or(z.literal(''))),
    artifact_data: storedJson.optional(),
    message_metadata: storedObject.nullable().optional(),
    client_message_id: uuid.optional().openapi({ description: 'What is sent twice under one id, is there once' }),
  })
  .openapi('NewThreadMessage')

const threadParam = z.object({ id: uuid })

/** Threads and their messages, without agents: for an application that runs its own. */
export function threadMessageRoutes(app: App, _services: Services): void {
  createThread(app)
  listThreads(app)
  addMessage(app)
  listMessages(app)
}

function createThread(app: App): void {
  app.openapi(
    createRoute({
      method: 'post',
      path: '/api/threads',
      tags: ['Threads and messages'],
      summary: 'Create a thread',
      request: { body: takes(newThread) },
      responses: { 201: gives('The thread', threadSchema) },
    }),
    async (c) => {
      const { agent_type, ...given } = c.req.valid('json')
      const user_id = c.var.principal.userId ?? null
      const thread = await c.var.store.sessions.create({
        title: given.title ?? null,
        model: given.model ?? null,
        provider: given.provider ?? null,
        agent_type: agent_type ?? 'chat',
        user_id,
      })
      c.header('Location', `/api/threads/${thread.thread_id}/messages`)
      return c.json(wireThread(thread), 201)
    },
  )
}

function listThreads(app: App): void {
  app.openapi(
    createRoute({
      method: 'get',
      path: '/api/threads',
      tags: ['Threads and messages'],
      summary: 'List threads, the newest first',
      request: { query: z.object(pageQuery) },
      responses: { 200: givesPage('Threads', 'threads', threadSchema) },
    }),
    async (c) => {
      const { store, principal } = c.var
      const list = (page: Page) => store.sessions.list(ownerOf(principal), page)
      return c.json(await pageForm(c.req.valid('query'), 'threads', list, wireThread), 200)
    },
  )
}

function addMessage(app: App): void {
  app.openapi(
    createRoute({
      method: 'post',
      path: '/api/threads/{id}/messages',
      tags: ['Threads and messages'],
      summary: 'Add a message to a thread',
      request: { params: threadParam, body: takes(newMessage) },
      responses: { 201: gives('The message', messageSchema) },
    }),
    async (c) => {
      const { id } = c.req.valid('param')
      const { artifact_data, message_metadata, ...given } = c.req.valid('json')
      const { message } = await c.var.store.transaction(async (same) => {
        await same.sessions.get(id, ownerOf(c.var.principal))
        return same.messages.add(id, {
          ...given,
          artifact: artifact_data,
          metadata: message_metadata ?? {},
        })
      })
      return c.json(wireMessage(message), 201)
    },
  )
}

function listMessages(app: App): void {
  app.openapi(
    createRoute({
      method: 'get',
      path: '/api/threads/{id}/messages',
      tags: ['Threads and messages'],
      summary: 'List the messages of a thread, the oldest first',
      request: { params: threadParam, query: z.object(pageQuery) },
      responses: { 200: givesPage('Messages', 'messages', messageSchema) },
    }),
    async (c) => {
      const { id } = c.req.valid('param')
      const { store, principal } = c.var
      await store.sessions.get(id, ownerOf(principal))
      const list = (page: Page) => store.messages.page(id, page)
      return c.json(await pageForm(c.req.valid('query'), 'messages', list, wireMessage), 200)
    },
  )
}

function wireThread(session: Session): z.infer<typeof threadSchema> {
  const { thread_id: id, title, agent_type, model, provider, created_at, updated_at } = session
  const times = { created_at: created_at.toISOString(), updated_at: updated_at.toISOString() }
  return { id, title, agent_type, model, provider, ...times }
}

function wireMessage(message: Message): z.infer<typeof messageSchema> {
  const { id, thread_id, role, content, artifact, metadata, created_at } = message
  return {
    id,
    thread_id,
    role,
    content,
    artifact_data: artifact,
    message_metadata: metadata,
    created_at: created_at.toISOString(),
  }
}
