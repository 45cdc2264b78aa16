import { readFile } from 'node:fs/promises'
import { createLocalJWKSet, createRemoteJWKSet, errors, type JSONWebKeySet, jwtVerify, type JWTPayload } from 'jose'
import { MetastoreError } from '../../errors.ts'
import type { KeyRole, Store } from '../../store/store.ts'
import { unauthenticated } from './refusals.ts'
import type { Verified } from './remembered.ts'

/** Which tokens are taken, and what they say. */
export interface TokenSettings {
  /** The keys of whoever issues tokens: `https://…`, or the path of a file. */
  readonly keySet: string
  /** What `iss` has to be. */
  readonly issuer: string | undefined
  /** What `aud` has to hold. */
  readonly audience: string | undefined
  /** The claims that say whose tenant, which role and which user. */
  readonly claims: { readonly tenant: string; readonly role: string; readonly user: string }
}

/** Verifies a JSON Web Token. Throws `unauthenticated`, and `unavailable` when the keys cannot be fetched. */
export type VerifyToken = (token: string) => Promise<Verified>

// Asymmetric only: whoever may verify must not be able to issue (RFC 8725, 3.1 and 3.2).
const algorithms = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519']

/** Reads the keys, where they are a file, and returns what verifies tokens. Throws `file_unreadable`. */
export async function tokenVerifier(store: Store, settings: TokenSettings): Promise<VerifyToken> {
  const keys = /^https?:\/\//.test(settings.keySet)
    ? createRemoteJWKSet(new URL(settings.keySet))
    : createLocalJWKSet(await readKeySet(settings.keySet))
  const { issuer, audience, claims } = settings
  const expected = { algorithms, ...(issuer !== undefined && { issuer }), ...(audience !== undefined && { audience }) }
  return async (token) => {
    const { payload } = await jwtVerify(token, keys, { ...expected, requiredClaims: ['exp'] }).catch(refuse)
    return {
      principal: await principalOf(store, payload, claims),
      expiresAt: new Date((payload.exp ?? 0) * 1000),
    }
  }
}

async function principalOf(store: Store, payload: JWTPayload, claims: TokenSettings['claims']) {
  const named = textOf(payload, claims.tenant)
  const tenant = named === undefined ? undefined : await store.admin.tenants.find(named)
  if (tenant?.status !== 'active') {
    throw unauthenticated(`The claim ${claims.tenant} of the token names no tenant that is active.`)
  }
  const role = textOf(payload, claims.role) ?? 'user'
  if (!isRole(role))
    throw unauthenticated(`The claim ${claims.role} of the token is none of admin, supporter and user.`)
  const subject = textOf(payload, claims.user)
  const userId = subject === undefined ? undefined : await store.admin.tenants.findUser(tenant.id, subject)
  // Whoever may see their own threads alone has to be somebody.
  if (role === 'user' && userId === undefined) {
    throw unauthenticated(`The claim ${claims.user} of the token names no user of the tenant.`)
  }
  return { tenantId: tenant.id, userId, role }
}

function isRole(text: string): text is KeyRole {
  return text === 'admin' || text === 'supporter' || text === 'user'
}

function textOf(payload: JWTPayload, claim: string): string | undefined {
  const value = payload[claim]
  return typeof value === 'string' && !value.includes('\0') ? value : undefined
}

function refuse(error: unknown): never {
  if (error instanceof errors.JWTExpired) throw unauthenticated('The token has expired.')
  if (error instanceof errors.JWTClaimValidationFailed) {
    throw unauthenticated(`The claim ${error.claim} of the token is not what it has to be.`)
  }
  if (error instanceof errors.JWKSTimeout || !(error instanceof errors.JOSEError)) {
    throw new MetastoreError({
      code: 'unavailable',
      message: 'The keys of whoever issues tokens cannot be fetched at the moment.',
      remedy: 'Try again in a few seconds.',
      cause: error,
    })
  }
  throw unauthenticated('The token is not one that holds.')
}

async function readKeySet(file: string): Promise<JSONWebKeySet> {
  try {
    const parsed = JSON.parse(await readFile(file, 'utf8')) as JSONWebKeySet
    if (!Array.isArray(parsed.keys)) throw new Error('it has no list "keys"')
    return parsed
  } catch (cause) {
    throw new MetastoreError({
      code: 'file_unreadable',
      message: 'The key set cannot be read, or is not a JSON Web Key Set.',
      where: file,
      remedy: 'Name a file with {"keys": […]} in server_jwks (RFC 7517, section 5).',
      cause,
    })
  }
}
