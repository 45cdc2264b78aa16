import { sql } from '../../database/database.ts'
import { conflict, notFound } from '../failures.ts'
import { present } from './thread.ts'
import type { StoreTransaction } from '../store-transaction.ts'

/**
 * Takes a thread for a change of its state: no run of it begins before the transaction ends. Gives the graph that its state is
 * of. Throws `not_found`; `conflict` while a run of it has not ended.
 */
export async function lockIdleThread(
  tx: StoreTransaction,
  threadId: string,
): Promise<{ readonly graph_id: string | null }> {
  const found = await tx.first<{ readonly graph_id: string | null }>(sql`
    select graph_id from threads where ${present} and thread_id = ${threadId} for no key update`)
  if (found === undefined) throw notFound('thread', threadId)
  const active = await tx.first(sql`
    select run_id from runs
    where tenant_id = current_tenant() and thread_id = ${threadId} and status in ('pending', 'running') limit 1`)
  if (active === undefined) return found
  throw conflict(
    `The thread ${threadId} has a run that has not ended.`,
    'Wait for the end of the run, or cancel it; then write the state.',
  )
}
