import { createRoute, z } from '@hono/zod-openapi'
import type { App, Services } from '../app.ts'
import { gives, optionalText, takes, text, uuid, wire } from '../forms/fields.ts'
import { givesPage, pageForm, pageQuery } from '../forms/lists.ts'
import { enter, idParam, tenantParam } from '../authorization/tenant-access.ts'
import { moment } from '../forms/wire.ts'

const userSchema = z
  .object({
    id: uuid,
    email: z.string(),
    username: z.string().nullable(),
    name: z.string().nullable(),
    role: z.string(),
    is_active: z.boolean(),
    created_at: moment,
    updated_at: moment,
  })
  .openapi('User')

const newUser = z
  .object({
    email: text(320),
    username: optionalText(200),
    name: optionalText(200),
    role: z.enum(['admin', 'supporter', 'user']).optional(),
    password: text(72).optional(),
  })
  .openapi('NewUser')

const userChange = newUser.partial().extend({ is_active: z.boolean().optional() }).openapi('UserChange')

/** The users of a tenant, for its administrators. A user is never removed, as threads are theirs; they are made inactive. */
export function userRoutes(app: App, services: Services): void {
  listUsers(app, services)
  createUser(app, services)
  getUser(app, services)
  updateUser(app, services)
}

function listUsers(app: App, services: Services): void {
  app.openapi(
    createRoute({
      method: 'get',
      path: '/api/{tenant}/users',
      tags: ['Users'],
      summary: 'List users, by e-mail address',
      request: { params: z.object(tenantParam), query: z.object(pageQuery) },
      responses: { 200: givesPage('Users', 'users', userSchema) },
    }),
    async (c) => {
      const { store } = await enter(c, services, c.req.valid('param').tenant)
      return c.json(await pageForm(c.req.valid('query'), 'users', (page) => store.users.list(page), wire), 200)
    },
  )
}

function createUser(app: App, services: Services): void {
  app.openapi(
    createRoute({
      method: 'post',
      path: '/api/{tenant}/users',
      tags: ['Users'],
      summary: 'Add a user',
      request: { params: z.object(tenantParam), body: takes(newUser) },
      responses: { 201: gives('The user', userSchema) },
    }),
    async (c) => {
      const { store } = await enter(c, services, c.req.valid('param').tenant)
      return c.json(wire(await store.users.create(c.req.valid('json'))), 201)
    },
  )
}

function getUser(app: App, services: Services): void {
  app.openapi(
    createRoute({
      method: 'get',
      path: '/api/{tenant}/users/{id}',
      tags: ['Users'],
      summary: 'Get a user',
      request: { params: z.object(idParam) },
      responses: { 200: gives('The user', userSchema) },
    }),
    async (c) => {
      const { tenant, id } = c.req.valid('param')
      const { store } = await enter(c, services, tenant)
      return c.json(wire(await store.users.get(id)), 200)
    },
  )
}

function updateUser(app: App, services: Services): void {
  app.openapi(
    createRoute({
      method: 'patch',
      path: '/api/{tenant}/users/{id}',
      tags: ['Users'],
      summary: 'Change a user',
      request: { params: z.object(idParam), body: takes(userChange) },
      responses: { 200: gives('The user', userSchema) },
    }),
    async (c) => {
      const { tenant, id } = c.req.valid('param')
      const { store } = await enter(c, services, tenant)
      return c.json(wire(await store.users.update(id, c.req.valid('json'))), 200)
    },
  )
}
