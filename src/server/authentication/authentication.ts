import { timingSafeEqual } from 'node:crypto'
import { hashOf, prefixOf, type Store } from '../../store/store.ts'
import type { Authenticate, Principal } from './principal.ts'
import type { VerifyToken } from './json-web-tokens.ts'
import { unauthenticated } from './refusals.ts'
import { remembered, type Verified } from './remembered.ts'

/** How long a key that was verified is taken without asking again, in milliseconds. */
const memory = 10_000

/** Who may send requests. */
export interface AuthenticationOptions {
  readonly store: Store
  /** Verifies tokens, where they are taken. */
  readonly verifyToken?: VerifyToken | undefined
  /** Called when what is only noted, and answers nobody, has failed. */
  readonly onFailure: (error: unknown) => void
}

/** Finds out who sends a request by its API key (`x-api-key`, or as a bearer) or its JSON Web Token. */
export function authentication({ store, verifyToken, onFailure }: AuthenticationOptions): Authenticate {
  const known = remembered(memory)
  return async (headers) => {
    const secret = headers.get('x-api-key') ?? bearerOf(headers.get('authorization'))
    if (secret === undefined || secret === '') throw unauthenticated('The request has no key and no token.')
    if (prefixOf(secret) !== undefined) return known.find(secret, () => verifyKey(store, secret, onFailure))
    if (verifyToken === undefined) throw unauthenticated('The key is not one that holds.')
    return known.find(secret, () => verifyToken(secret))
  }
}

/** Takes everybody for an administrator of one tenant: for development, on one machine. */
export function openToAll(tenantId: string): Authenticate {
  return () => Promise.resolve({ tenantId, userId: undefined, role: 'admin' })
}

async function verifyKey(store: Store, key: string, onFailure: (error: unknown) => void): Promise<Verified> {
  const hash = hashOf(key)
  const candidates = await store.admin.apiKeys.usable(prefixOf(key) ?? '')
  const found = candidates.find((candidate) => isSame(candidate.hash, hash))
  if (found === undefined) throw unauthenticated('The key is not one that holds.')
  // Nobody waits for it.
  store.admin.apiKeys.used(found).catch(onFailure)
  const principal: Principal = {
    tenantId: found.tenant_id,
    userId: found.user_id ?? undefined,
    role: found.role,
    keyId: found.id,
  }
  return { principal, expiresAt: found.expires_at ?? undefined }
}

function isSame(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && timingSafeEqual(one, other)
}

function bearerOf(header: string | null): string | undefined {
  return /^bearer +(\S+)$/i.exec(header?.trim() ?? '')?.[1]
}
