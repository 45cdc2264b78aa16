import { createRoute, z } from '@hono/zod-openapi'
import type { Tenant } from '../../store/store.ts'
import type { App, Services } from '../app.ts'
import { givenJson, gives, optionalText, storedObject, takes, text, uuid, wire } from '../forms/fields.ts'
import { givesPage, pageForm, pageQuery } from '../forms/lists.ts'
import { enter, tenantParam } from '../authorization/tenant-access.ts'
import { moment } from '../forms/wire.ts'

const tenantSchema = z
  .object({
    id: uuid,
    name: z.string(),
    domain: z.string(),
    region: z.string().nullable(),
    status: z.string(),
    settings: givenJson,
    created_at: moment,
    updated_at: moment,
  })
  .openapi('Tenant')

// What comes behind /api/ of itself cannot be the name of a tenant there.
const tenantName = text(200).refine((name) => !['admin', 'threads'].includes(name), 'This name is taken by a route.')
const newTenant = z
  .object({ name: tenantName, domain: tenantName, region: optionalText(200), settings: storedObject.optional() })
  .openapi('NewTenant')
const tenantChange = newTenant
  .partial()
  .extend({ status: z.enum(['active', 'suspended', 'archived']).optional() })
  .openapi('TenantChange')

/** The tenants: all of them for whoever administers all, and for the others their own. */
export function tenantRoutes(app: App, services: Services): void {
  listTenants(app, services)
  createTenant(app, services)
  updateTenant(app, services)
  getTenant(app, services)
}

function listTenants(app: App, services: Services): void {
  app.openapi(
    createRoute({
      method: 'get',
      path: '/api/admin/tenants',
      tags: ['Tenants'],
      summary: 'List tenants, by name',
      request: { query: z.object(pageQuery) },
      responses: { 200: givesPage('Tenants', 'tenants', tenantSchema) },
    }),
    async (c) => {
      const { tenants } = services.store.admin
      return c.json(await pageForm(c.req.valid('query'), 'tenants', (page) => tenants.list(page), wireTenant), 200)
    },
  )
}

function createTenant(app: App, services: Services): void {
  app.openapi(
    createRoute({
      method: 'post',
      path: '/api/admin/tenants',
      tags: ['Tenants'],
      summary: 'Add a tenant',
      request: { body: takes(newTenant) },
      responses: { 201: gives('The tenant', tenantSchema) },
    }),
    async (c) => {
      return c.json(wireTenant(await services.store.admin.tenants.create(c.req.valid('json'))), 201)
    },
  )
}

function updateTenant(app: App, services: Services): void {
  app.openapi(
    createRoute({
      method: 'patch',
      path: '/api/admin/tenants/{id}',
      tags: ['Tenants'],
      summary: 'Change a tenant',
      request: { params: z.object({ id: uuid }), body: takes(tenantChange) },
      responses: { 200: gives('The tenant', tenantSchema) },
    }),
    async (c) => {
      const changed = await services.store.admin.tenants.update(c.req.valid('param').id, c.req.valid('json'))
      return c.json(wireTenant(changed), 200)
    },
  )
}

function getTenant(app: App, services: Services): void {
  app.openapi(
    createRoute({
      method: 'get',
      path: '/api/{tenant}',
      tags: ['Tenants'],
      summary: 'Get a tenant',
      request: { params: z.object(tenantParam) },
      responses: { 200: gives('The tenant', tenantSchema) },
    }),
    async (c) => {
      const { store } = await enter(c, services, c.req.valid('param').tenant)
      return c.json(wireTenant(await store.tenant.get()), 200)
    },
  )
}

function wireTenant(tenant: Tenant): z.infer<typeof tenantSchema> {
  return wire(tenant)
}
