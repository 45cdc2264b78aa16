import { createRoute, z } from '@hono/zod-openapi'
import type { SharedThing } from '../../store/store.ts'
import type { App, Services } from '../app.ts'
import { takes } from '../forms/fields.ts'
import { enter, idParam } from '../authorization/tenant-access.ts'

/** Which shared agents and tools a tenant may use: granted by whoever administers all tenants, switched by the tenant. */
export function permissionRoutes(app: App, services: Services): void {
  for (const thing of ['agent', 'tool'] as const) {
    setPermission(app, services, thing)
    removePermission(app, services, thing)
  }
}

const permission = z.object({ enabled: z.boolean() }).openapi('Permission')

function setPermission(app: App, services: Services, thing: SharedThing): void {
  app.openapi(
    createRoute({
      method: 'put',
      path: `/api/{tenant}/${thing}s/{id}/permission`,
      tags: ['Permissions'],
      summary: `Switch a shared ${thing} on or off`,
      description: `Whoever administers all tenants grants it thereby; the tenant's administrators switch what is granted.`,
      request: { params: z.object(idParam), body: takes(permission) },
      responses: { 204: { description: 'So it is' } },
    }),
    async (c) => {
      const { tenant, id } = c.req.valid('param')
      const { store, operator } = await enter(c, services, tenant)
      const { enabled } = c.req.valid('json')
      if (operator) await services.store.admin.grants.grant(store.id, thing, id)
      if (!operator || !enabled) await store.permissions.enable(thing, id, enabled)
      return c.body(null, 204)
    },
  )
}

function removePermission(app: App, services: Services, thing: SharedThing): void {
  app.openapi(
    createRoute({
      method: 'delete',
      path: `/api/{tenant}/${thing}s/{id}/permission`,
      tags: ['Permissions'],
      summary: `Take a shared ${thing} from a tenant`,
      request: { params: z.object(idParam) },
      responses: { 204: { description: 'The tenant may not use it' } },
    }),
    async (c) => {
      const { tenant, id } = c.req.valid('param')
      const { store } = await enter(c, services, tenant)
      await services.store.admin.grants.revoke(store.id, thing, id)
      return c.body(null, 204)
    },
  )
}
