import { createHash } from 'node:crypto'
import { z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { earlierAnswer, type IdempotencyKey, invalid, keepAnswer, type TenantStore } from '../../store/store.ts'
import type { Environment } from '../app.ts'

/** What a key has at most. */
const longest = 255

/** What routes declare that do a request with a key once. The key is read and refused by `idempotencyKeyOf`. */
export const idempotencyHeaders = z.object({
  'idempotency-key': z.string().optional().openapi({
    description: 'Whoever sends the same request again under the same key within a day gets the same answer',
    minLength: 1,
    maxLength: longest,
  }),
})

/** The key of a request that was sent with one, for what it asks for. Throws `request_invalid`. */
export function idempotencyKeyOf(c: Context<Environment>, content: unknown): IdempotencyKey | undefined {
  const key = c.req.header('idempotency-key')
  if (key === undefined) return undefined
  if (key === '' || key.length > longest) throw invalid('Idempotency-Key', `A key has 1 to ${longest} characters.`)
  const fingerprint = createHash('sha256').update(JSON.stringify(content)).digest()
  return { scope: `${c.var.principal.userId ?? ''} ${c.req.method} ${c.req.path}`, key, fingerprint }
}

/**
 * Does what a request asks for, once for each key: who sends it again gets the same answer. `work` is done in one transaction with
 * the keeping of its answer, an object or a list of JSON.
 */
export async function once<T>(
  c: Context<Environment>,
  content: unknown,
  work: (store: TenantStore) => Promise<T>,
): Promise<T> {
  const { store } = c.var
  const key = idempotencyKeyOf(c, content)
  if (key === undefined) return work(store)
  return store.transaction(async (within, tx) => {
    const earlier = await earlierAnswer(tx, key)
    if (earlier !== undefined) return earlier.answer as T
    const answer = await work(within)
    await keepAnswer(tx, key, answer)
    return answer
  })
}
