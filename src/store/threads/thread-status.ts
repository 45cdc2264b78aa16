import { sql, type Sql } from '../../database/database.ts'
import type { StoreTransaction } from '../store-transaction.ts'
import { json, type JsonObject, pathOfNul, storable, texts, uuids } from '../values.ts'

/** What a thread keeps of its newest state. */
export interface StateProjection {
  readonly values: unknown
  /** The nodes that the state waits for. */
  readonly next: readonly string[]
  /** What is asked, by task; only tasks that ask something. */
  readonly interrupts: JsonObject
}

/**
 * Writes what is known of a thread's newest state, with the status that follows from it and from the runs. To be called in the
 * transaction that writes the state, or the end of a run after its row.
 */
export async function saveThreadState(tx: StoreTransaction, threadId: string, state: StateProjection): Promise<void> {
  await tx.execute(sql`
    update threads t set
      ${stateColumns(state)}, status = ${statusWhen(sql`${isWaiting(state)}`)}, error = ${failure}
    from ${facts(uuids([threadId]))}
    where t.tenant_id = current_tenant() and t.thread_id = f.thread_id`)
}

/** Whether a state has steps or questions left. */
export function isWaiting({ next, interrupts }: StateProjection): boolean {
  return next.length > 0 || Object.keys(interrupts).length > 0
}

/** The assignments that bring the row of a thread up to its newest state, without its status. */
export function stateColumns({ values, next, interrupts }: StateProjection): Sql {
  const omitted = pathOfNul(values, '') !== undefined
  const kept = !omitted && typeof values === 'object' && values !== null ? values : undefined
  return sql`
    "values" = ${json(kept)}, values_omitted = ${omitted}, next_nodes = ${texts(next.map(String))},
    interrupts = ${json(storable(interrupts))}, state_updated_at = now()`
}

/** Brings the status of threads up to date with their runs and their newest state, after a run began, ended, or went. */
export async function settleThreads(tx: StoreTransaction, threadIds: readonly string[]): Promise<void> {
  if (threadIds.length === 0) return
  const status = statusWhen(sql`t.next_nodes <> '{}' or t.interrupts <> '{}'`)
  await tx.execute(sql`
    update threads t set status = ${status}, error = ${failure}
    from ${facts(uuids(threadIds))}
    where t.tenant_id = current_tenant() and t.thread_id = f.thread_id
      and (t.status, t.error) is distinct from (${status}, ${failure})`)
}

// A run that waits or works makes a thread busy; else the last one that has ended may have failed; else the newest state may
// wait for something; else nothing is to be done.
function statusWhen(waiting: Sql): Sql {
  return sql`case when f.active then 'busy' when f.failed then 'error' when ${waiting} then 'interrupted' else 'idle' end`
}

const failure = sql`case when f.failed then f.error end`

/** What the runs of threads say: `f.active`, `f.failed`, `f.error`. */
function facts(threadIds: Sql): Sql {
  return sql`(
    select wanted.thread_id,
      exists (
        select from runs r
        where r.tenant_id = current_tenant() and r.thread_id = wanted.thread_id and r.status in ('pending', 'running')
      ) as active,
      coalesce(last.status in ('error', 'timeout'), false) as failed,
      last.error
    from unnest(${threadIds}) wanted (thread_id)
    left join lateral (
      select r.status, r.error from runs r
      where r.tenant_id = current_tenant() and r.thread_id = wanted.thread_id and r.status not in ('pending', 'running')
      order by r.created_at desc, r.run_id desc
      limit 1
    ) last on true
  ) f`
}
