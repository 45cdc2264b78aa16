import { sql } from '../database/database.ts'
import type { StoreTransaction } from './transaction.ts'
import { json, type JsonObject, pathOfNul } from './values.ts'

/** What a thread keeps of its newest state. */
export interface StateProjection {
  readonly values: unknown
  /** The nodes that the state waits for. */
  readonly next: readonly string[]
  /** What is asked, by task; only tasks that ask something. */
  readonly interrupts: JsonObject
}

/** Writes what is known of a thread's newest state, with the status that follows from it. */
export async function saveThreadState(tx: StoreTransaction, threadId: string, state: StateProjection): Promise<void> {
  const { values, next, interrupts } = state
  const omitted = pathOfNul(values, '') !== undefined
  const waiting = next.length > 0 || Object.keys(interrupts).length > 0
  await tx.execute(sql`
    update threads set "values" = ${json(omitted ? undefined : values)}, values_omitted = ${omitted},
      interrupts = ${json(interrupts)}, state_updated_at = now(), status = ${waiting ? 'interrupted' : 'idle'}
    where tenant_id = current_tenant() and thread_id = ${threadId}`)
}
