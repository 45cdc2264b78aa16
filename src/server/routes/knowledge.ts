import { createRoute, z } from '@hono/zod-openapi'
import type { Document } from '../../store/store.ts'
import type { App, Services } from '../app.ts'
import { givenJson, gives, optionalText, storedObject, takes, text, uuid, wire } from '../forms/fields.ts'
import { passages } from '../chat/passages.ts'
import { next, pageForm, pageQuery, usualLimit } from '../forms/lists.ts'
import { enter, idParam, tenantParam } from '../authorization/tenant-access.ts'
import { moment } from '../forms/wire.ts'

const documentSchema = z
  .object({
    id: uuid,
    reference: z.string(),
    title: z.string(),
    source: z.string().nullable(),
    uri: z.string().nullable(),
    metadata: givenJson,
    created_at: moment,
    updated_at: moment,
  })
  .openapi('KnowledgeDocument')

const foundSchema = z
  .object({
    chunk_id: uuid,
    document_id: uuid,
    reference: z.string(),
    title: z.string(),
    position: z.int(),
    content: z.string(),
    score: z.number(),
  })
  .openapi('KnowledgePassage')

const newDocument = z
  .object({
    reference: text(200)
      .optional()
      .openapi({ description: 'What the tenant calls it; the title, when it is left out' }),
    title: text(200),
    content: text(1_000_000),
    source: optionalText(500),
    uri: optionalText(2000),
    metadata: storedObject.optional(),
  })
  .openapi('NewKnowledgeDocument')

/** What the assistants of a tenant look up: read by everybody of the tenant, written by its administrators. */
export function knowledgeRoutes(app: App, services: Services): void {
  searchKnowledge(app, services)
  putDocument(app, services)
  getDocument(app, services)
  removeDocument(app, services)
}

function searchKnowledge(app: App, services: Services): void {
  app.openapi(
    createRoute({
      method: 'get',
      path: '/api/{tenant}/knowledge',
      tags: ['Knowledge'],
      summary: 'Search for passages, or list the documents when there is no query',
      request: { params: z.object(tenantParam), query: z.object({ ...pageQuery, query: text(2000).optional() }) },
      responses: {
        200: gives(
          'Passages, the best first; or documents, the newest first',
          z.object({
            documents: z.array(documentSchema).optional(),
            passages: z.array(foundSchema).optional(),
            next,
          }),
        ),
      },
    }),
    async (c) => {
      const { store } = await enter(c, services, c.req.valid('param').tenant)
      const { query, ...given } = c.req.valid('query')
      if (query !== undefined) {
        const found = await store.knowledge.search(query, given.limit ?? usualLimit)
        // Nothing may also mean that the database is without the module, which is for the list to say.
        if (found.length === 0) await store.knowledge.list({ limit: 1 })
        return c.json({ passages: found, next: null }, 200)
      }
      return c.json(await pageForm(given, 'documents', (page) => store.knowledge.list(page), wireDocument), 200)
    },
  )
}

function putDocument(app: App, services: Services): void {
  app.openapi(
    createRoute({
      method: 'post',
      path: '/api/{tenant}/knowledge',
      tags: ['Knowledge'],
      summary: 'Keep a document; one with the same reference is replaced',
      request: { params: z.object(tenantParam), body: takes(newDocument) },
      responses: { 200: gives('The document', documentSchema) },
    }),
    async (c) => {
      const { store } = await enter(c, services, c.req.valid('param').tenant)
      const { content, reference, ...document } = c.req.valid('json')
      const chunks = passages(content).map((passage) => ({ content: passage }))
      const kept = await store.knowledge.put({
        ...document,
        reference: reference ?? document.title,
        chunks,
      })
      return c.json(wireDocument(kept.document), 200)
    },
  )
}

function getDocument(app: App, services: Services): void {
  app.openapi(
    createRoute({
      method: 'get',
      path: '/api/{tenant}/knowledge/{id}',
      tags: ['Knowledge'],
      summary: 'Get a document with its passages',
      request: { params: z.object(idParam) },
      responses: { 200: gives('The document', documentSchema.extend({ passages: z.array(z.string()) })) },
    }),
    async (c) => {
      const { tenant, id } = c.req.valid('param')
      const { store } = await enter(c, services, tenant)
      const { chunks, ...document } = await store.knowledge.get(id)
      return c.json({ ...wireDocument(document), passages: [...chunks] }, 200)
    },
  )
}

function removeDocument(app: App, services: Services): void {
  app.openapi(
    createRoute({
      method: 'delete',
      path: '/api/{tenant}/knowledge/{id}',
      tags: ['Knowledge'],
      summary: 'Remove a document',
      request: { params: z.object(idParam) },
      responses: { 204: { description: 'It is gone' } },
    }),
    async (c) => {
      const { tenant, id } = c.req.valid('param')
      const { store } = await enter(c, services, tenant)
      await store.knowledge.remove(id)
      return c.body(null, 204)
    },
  )
}

function wireDocument(document: Document): z.infer<typeof documentSchema> {
  return wire(document)
}
