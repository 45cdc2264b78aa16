import type { Context } from 'hono'
import { notFound, type Owner, sharedTenantId, type TenantStore } from '../../store/store.ts'
import type { Environment, Principal, Services } from '../app.ts'
import { isOperator } from '../authentication/principal.ts'
import { text, uuid } from '../forms/fields.ts'

/** What the tenant has that the path names, and who asks. */
export interface TenantAccess {
  readonly store: TenantStore
  /** Whether the principal administers all tenants. */
  readonly operator: boolean
  /** Whose sessions the principal may see. */
  readonly owner: Owner
  /** The user of the tenant that the principal is; null for somebody who is not known, or not of the tenant. */
  readonly userId: string | null
}

/** The tenant in a path: its id, its name or its domain. */
export const tenantParam = { tenant: text(200).openapi({ description: "The tenant's id, name or domain" }) }

/**
 * Lets somebody into the tenant that a path names: who is of the tenant, and who administers all of them. What their role allows
 * there, the table of `authorization.ts` has said already. Throws `not_found` for any other tenant.
 */
export async function enter(c: Context<Environment>, services: Services, tenant: string): Promise<TenantAccess> {
  const { principal } = c.var
  const operator = isOperator(principal)
  const store = operator ? await storeOf(services, tenant) : await ownStore(c.var.store, tenant)
  return { store, operator, owner: ownerOf(principal), userId: operator ? null : (principal.userId ?? null) }
}

/** Whose sessions somebody may see: a user their own, others everybody's. */
export function ownerOf({ role, userId }: Principal): Owner {
  return role === 'user' ? { userId: userId ?? null } : 'anybody'
}

/** A part of a path that is the id of something. */
export const idParam = { ...tenantParam, id: uuid }

async function storeOf({ store }: Services, tenant: string): Promise<TenantStore> {
  const found = await store.admin.tenants.find(tenant)
  if (found === undefined || found.id === sharedTenantId) throw notFound('tenant', tenant)
  return store.tenant(found.id)
}

async function ownStore(store: TenantStore, tenant: string): Promise<TenantStore> {
  if (tenant.toLowerCase() === store.id) return store
  const own = store.id === sharedTenantId ? undefined : await store.tenant.get()
  if (own?.name !== tenant && own?.domain !== tenant) throw notFound('tenant', tenant)
  return store
}
