import { sql } from '../database/database.ts'
import { conflict } from './failures.ts'
import type { StoreTransaction } from './store-transaction.ts'
import { json } from './values.ts'

/** What a client names a request by, so that it may send it again without it being done again. */
export interface IdempotencyKey {
  /** To whom and to what the name belongs. */
  readonly scope: string
  readonly key: string
  /** By which the same request is known. */
  readonly fingerprint: Uint8Array
}

/** How long a key is remembered. */
const remembered = sql`interval '24 hours'`

/**
 * What the request with this key was answered, or undefined when it is the first, whose answer `keepAnswer` has to keep in the same
 * transaction. Whoever comes while the first is under way waits for its end. Throws `conflict` when the key was sent with another
 * request.
 */
export async function earlierAnswer(
  tx: StoreTransaction,
  { scope, key, fingerprint }: IdempotencyKey,
): Promise<{ readonly answer: unknown } | undefined> {
  const first = await tx.first(sql`
    insert into idempotency_keys (tenant_id, scope, key, fingerprint, expires_at)
    values (${tx.tenantId}, ${scope}, ${key}, ${fingerprint}, now() + ${remembered})
    on conflict (tenant_id, scope, key) do update
      set fingerprint = excluded.fingerprint, response = null, created_at = now(), expires_at = excluded.expires_at
      where idempotency_keys.expires_at <= now()
    returning key`)
  if (first !== undefined) return undefined
  const found = await tx.first<{ same: boolean; response: unknown }>(sql`
    select fingerprint = ${fingerprint} as same, response from idempotency_keys
    where tenant_id = ${tx.tenantId} and scope = ${scope} and key = ${key}`)
  if (found?.same === true) return { answer: found.response }
  throw conflict(
    'The Idempotency-Key was sent before, with another request.',
    'Send each request with a key of its own.',
  )
}

/** Keeps what a request was answered, for those who send it again. */
export async function keepAnswer(tx: StoreTransaction, { scope, key }: IdempotencyKey, answer: unknown): Promise<void> {
  await tx.execute(sql`
    update idempotency_keys set response = ${json(answer)}
    where tenant_id = ${tx.tenantId} and scope = ${scope} and key = ${key}`)
}
