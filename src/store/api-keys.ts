import { createHash, randomBytes } from 'node:crypto'
import { sql } from '../database/database.ts'
import { invalid, notFound, violates } from './failures.ts'
import type { Run } from './runs/run.ts'

/** What a key may do; see docs/guides/serve.md. */
export type KeyRole = 'admin' | 'supporter' | 'user'

/** A key as people see it: the key itself is known only to whoever has it. */
export interface ApiKey {
  readonly id: string
  readonly tenant_id: string
  readonly user_id: string | null
  readonly name: string
  /** The beginning of the key. */
  readonly prefix: string
  readonly role: KeyRole
  readonly created_at: Date
  readonly expires_at: Date | null
  readonly last_used_at: Date | null
  readonly revoked_at: Date | null
}

/** A key that may be used at this moment, with what it is compared by. */
export interface UsableKey extends ApiKey {
  readonly hash: Uint8Array
}

/** What a new key is for. */
export interface NewApiKey {
  readonly name: string
  readonly role: KeyRole
  /** Whose it is; without one it is an application's. */
  readonly userId?: string | undefined
  readonly expiresAt?: Date | undefined
}

/** The keys of a tenant. */
export interface ApiKeys {
  /** Makes a key. Its text is given here, once; what is kept is a hash of it. Throws `request_invalid` for an unknown user. */
  create(key: NewApiKey): Promise<{ readonly key: string; readonly row: ApiKey }>
  /** All of them, the newest first. */
  list(): Promise<readonly ApiKey[]>
  /** Ends a key, by its id or its prefix; one that is ended already stays so. Throws `not_found`. */
  revoke(idOrPrefix: string): Promise<ApiKey>
}

/** What is asked of the keys of all tenants. */
export interface AllApiKeys {
  /** Keys with this prefix that hold now, of active tenants and users: rarely more than one. */
  usable(prefix: string): Promise<readonly UsableKey[]>
  /** Notes that a key was used, at most once a minute. */
  used(key: Pick<ApiKey, 'tenant_id' | 'id'>): Promise<void>
}

const columns = sql`id, tenant_id, user_id, name, prefix, role, created_at, expires_at, last_used_at, revoked_at`

/** `ms_`, twelve characters that find the row, and 32 random bytes. */
const form = /^(ms_[0-9a-f]{12})_[\w-]{43}$/

/** The part of a key that finds its row; undefined for what is no key. */
export function prefixOf(key: string): string | undefined {
  return form.exec(key)?.[1]
}

/** What is kept of a key. 256 random bits cannot be guessed, so that nothing slower than SHA-256 is needed. */
export function hashOf(key: string): Buffer {
  return createHash('sha256').update(key).digest()
}

/** The keys of the tenant that transactions of `run` are for. */
export function apiKeys(run: Run): ApiKeys {
  return {
    create: ({ name, role, userId, expiresAt }) =>
      run(async (tx) => {
        const prefix = `ms_${randomBytes(6).toString('hex')}`
        const key = `${prefix}_${randomBytes(32).toString('base64url')}`
        const row = await tx
          .first<ApiKey>(
            sql`
              insert into api_keys (tenant_id, user_id, name, prefix, hash, role, expires_at)
              values (${tx.tenantId}, ${userId ?? null}, ${name}, ${prefix}, ${hashOf(key)}, ${role}, ${expiresAt ?? null})
              returning ${columns}`,
          )
          .catch((error: unknown) => {
            if (violates(error, 'api_keys_tenant_id_user_id_fkey')) throw invalid('user_id', 'There is no such user.')
            throw error
          })
        if (row === undefined) throw new RangeError('An insert has given no row.')
        return { key, row }
      }),
    list: () => run((tx) => tx.query<ApiKey>(sql`select ${columns} from api_keys order by created_at desc, id desc`)),
    revoke: (idOrPrefix) =>
      run(async (tx) => {
        const row = await tx.first<ApiKey>(sql`
          update api_keys set revoked_at = coalesce(revoked_at, now())
          where ${isId(idOrPrefix) ? sql`id = ${idOrPrefix}` : sql`prefix = ${idOrPrefix}`}
          returning ${columns}`)
        if (row === undefined) throw notFound('key', idOrPrefix)
        return row
      }),
  }
}

/** The keys of all tenants, for finding out whose a key is. */
export function allApiKeys(run: Run): AllApiKeys {
  return {
    usable: (prefix) =>
      run((tx) =>
        tx.query<UsableKey>(sql`
          select k.id, k.tenant_id, k.user_id, k.name, k.prefix, k.role, k.created_at, k.expires_at, k.last_used_at,
            k.revoked_at, k.hash
          from api_keys k
            join tenants t on t.id = k.tenant_id
            left join users u on u.tenant_id = k.tenant_id and u.id = k.user_id
          where k.prefix = ${prefix} and k.revoked_at is null and (k.expires_at is null or k.expires_at > now())
            and t.status = 'active' and coalesce(u.is_active, true)`),
      ),
    used: ({ tenant_id, id }) =>
      run(async (tx) => {
        await tx.execute(sql`
          update api_keys set last_used_at = now()
          where tenant_id = ${tenant_id} and id = ${id}
            and (last_used_at is null or last_used_at < now() - interval '1 minute')`)
      }),
  }
}

function isId(text: string): boolean {
  return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text)
}
