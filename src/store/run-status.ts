import { sql, type Sql } from '../database/database.ts'

/** The statuses of runs that have not ended. */
export const activeStatuses = ['pending', 'running'] as const

/** The statuses of runs that have ended. */
export const endStatuses = ['success', 'error', 'timeout', 'interrupted'] as const

/** Where a run stands. `interrupted` is cancelled. */
export type RunStatus = (typeof activeStatuses)[number] | (typeof endStatuses)[number]

/** How a run has ended. */
export type EndStatus = (typeof endStatuses)[number]

/** Whether a run with this status has ended. */
export function hasEnded(status: string): boolean {
  return (endStatuses as readonly string[]).includes(status)
}

/** What is known of a thread in the statement that ends one of its runs. */
interface RunEnding {
  readonly runId: string
  readonly failed: boolean
  readonly waiting: Sql
}

/**
 * The status of a thread `t`, from facts: a run that has not ended, how the last one ended, and whether its state has steps or
 * questions left. Whoever asks has locked the thread's row in an earlier statement, as whoever makes a run does. A statement
 * that ends a run does not see that yet, and says it in `ending`.
 */
export function threadStatus(ending?: RunEnding): Sql {
  const others = ending === undefined ? sql`` : sql` and r.run_id <> ${ending.runId}`
  const failed =
    ending === undefined
      ? sql`(
        select r.status in ('error', 'timeout') from runs r
        where r.tenant_id = t.tenant_id and r.thread_id = t.thread_id order by r.created_at desc limit 1)`
      : sql`${ending.failed}`
  return sql`
    case
      when exists (
        select from runs r
        where r.tenant_id = t.tenant_id and r.thread_id = t.thread_id and r.status in ('pending', 'running')${others}
      ) then 'busy'
      when ${failed} then 'error'
      when ${ending?.waiting ?? sql`t.waiting`} then 'interrupted'
      else 'idle'
    end`
}

/** When a thread expires that is written to now; how long it lives is told by its row `t`. */
export const expiryFromNow = sql`
  case when t.ttl_minutes is null then t.expires_at else now() + t.ttl_minutes * interval '1 minute' end`
