import { id, join, sql, type Sql } from '../../database/database.ts'
import type { ThreadsRow } from '../rows.ts'

/** The columns of a thread that its users see. */
export const threadColumns = [
  'thread_id',
  'created_at',
  'updated_at',
  'state_updated_at',
  'status',
  'metadata',
  'config',
  'values',
  'interrupts',
  'error',
  'graph_id',
  'assistant_id',
  'user_id',
  'ttl_minutes',
  'ttl_strategy',
  'expires_at',
] as const

/** One of these columns. */
export type ThreadColumn = (typeof threadColumns)[number]

/** A conversation: what its runs have in common. */
export type Thread = Pick<ThreadsRow, ThreadColumn>

/** How long a thread lives after the last change to it, and what becomes of it then. */
export interface TimeToLive {
  readonly minutes: number
  /** `keep_latest` removes its history only. */
  readonly strategy: 'delete' | 'keep_latest'
}

/** These columns of the table, as a SELECT names them. */
export function columnsOf(columns: readonly ThreadColumn[] = threadColumns): Sql {
  return join(columns.map((column) => id('threads', column)))
}

/** The condition that a thread's time is over, from when on nobody sees it. One with a run to do stays. */
export const expired = sql`(
  threads.expires_at <= now() and threads.ttl_strategy is distinct from 'keep_latest' and threads.status <> 'busy')`

/** The condition that a thread is the tenant's own, there or not. */
export const own = sql`threads.tenant_id = current_tenant()`

/** The condition that a thread is there. */
export const present = sql`${own} and ${expired} is not true`
