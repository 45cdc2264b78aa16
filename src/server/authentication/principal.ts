import { type KeyRole, sharedTenantId } from '../../store/store.ts'

/** Who sends a request. */
export interface Principal {
  readonly tenantId: string
  readonly userId: string | undefined
  readonly role: KeyRole
  /** What requests are counted by, where somebody who sends them has more than one key; the tenant and the user unless said. */
  readonly keyId?: string
}

/** Whether somebody administers all tenants: as an administrator of the tenant `shared`. */
export function isOperator({ tenantId, role }: Principal): boolean {
  return tenantId === sharedTenantId && role === 'admin'
}

/** Finds out who sends a request. Throws `unauthenticated`. */
export type Authenticate = (headers: Headers) => Promise<Principal>
