import type { Context } from 'hono'
import { MetastoreError } from '../../errors.ts'
import { notFound, type Owner, sharedTenantId, type TenantStore } from '../../store/store.ts'
import type { Environment, Principal, Services } from '../app.ts'
import { text, uuid } from '../forms/fields.ts'

/** Who asks, and what the tenant has that the path names. */
export interface TenantAccess {
  readonly store: TenantStore
  readonly principal: Principal
  /** Whether the principal administers all tenants. */
  readonly operator: boolean
  /** Whose sessions the principal may see. */
  readonly owner: Owner
  /** The user of the tenant that the principal is; null for somebody who is not known, or not of the tenant. */
  readonly userId: string | null
}

/** The tenant in a path: its id, its name or its domain. */
export const tenantParam = { tenant: text(200).openapi({ description: "The tenant's id, name or domain" }) }

const ranks = { user: 1, supporter: 2, admin: 3 } as const

/**
 * Lets somebody into the tenant that a path names, with at least this role: who is of the tenant, and who administers all of them.
 * Throws `not_found` for any other tenant, `forbidden` for a lesser role.
 */
export async function enter(
  c: Context<Environment>,
  services: Services,
  tenant: string,
  least: Principal['role'],
): Promise<TenantAccess> {
  const { principal } = c.var
  const operator = isOperator(principal)
  const store = operator ? await storeOf(services, tenant) : await ownStore(c.var.store, tenant)
  if (ranks[principal.role] < ranks[least]) throw forbidden(least)
  return { store, principal, operator, owner: ownerOf(principal), userId: operator ? null : (principal.userId ?? null) }
}

/** Whose sessions somebody may see: a user their own, others everybody's. */
export function ownerOf({ role, userId }: Principal): Owner {
  return role === 'user' ? { userId: userId ?? null } : 'anybody'
}

/** Throws `forbidden` unless the principal administers all tenants: as an administrator of the tenant `shared`. */
export function assertOperator(principal: Principal): void {
  if (!isOperator(principal)) throw forbidden('admin of the tenant shared')
}

/** Refuses what needs another role. */
export function forbidden(role: string): MetastoreError {
  return new MetastoreError({
    code: 'forbidden',
    message: `This needs the role ${role}.`,
    remedy: 'Use a key or a token of somebody who has it.',
  })
}

/** A part of a path that is the id of something. */
export const idParam = { ...tenantParam, id: uuid }

function isOperator({ tenantId, role }: Principal): boolean {
  return tenantId === sharedTenantId && role === 'admin'
}

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
