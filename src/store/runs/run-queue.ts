import { join, sql, type Sql } from '../../database/database.ts'
import type { Run } from './run.ts'
import { type RunRow, runColumns } from './run-rows.ts'
import { uuids } from '../values.ts'

/** A run that a worker has taken. */
export interface ClaimedRun extends RunRow {
  /** The place of its next event. */
  readonly next_seq: number
  /** Whether it has been begun before, so that it goes on from its last checkpoint. */
  readonly resumed: boolean
  /** Whether its thread was made for it, so that there is nothing in it yet. */
  readonly newThread?: boolean
}

/** Who takes runs, and for how long without a sign of life. */
export interface Claimant {
  readonly worker: string
  readonly leaseSeconds: number
}

/** What a worker still has. */
export interface HeldRun {
  readonly run_id: string
  readonly attempt: number
  readonly cancel_action: string | null
}

/** A run that a worker has, of any tenant. */
export interface RunKey {
  readonly tenantId: string
  readonly runId: string
}

/** The queue of runs, of all tenants. */
export interface RunQueue {
  /** Takes the next ones, in the order in which they were due; of a thread one at a time. */
  claim(by: Claimant, limit: number): Promise<ClaimedRun[]>
  /**
   * Takes over what nobody has given a sign of life for, but those that the worker itself is at, however late it is. With
   * `alone`, all that others have: there is nobody else.
   */
  takeOver(by: Claimant, limit: number, how: { alone: boolean; except: readonly string[] }): Promise<ClaimedRun[]>
  /** When the next run is due that is not due yet. */
  nextDue(): Promise<Date | undefined>
  /** Gives a sign of life for runs, and returns those that the worker still has. */
  renew(by: Claimant, runs: readonly RunKey[]): Promise<HeldRun[]>
  /** Gives runs back that were not brought to their end, as if they had not been begun. */
  release(worker: string, runs: readonly RunKey[]): Promise<void>
}

/** The queue that transactions of `run`, which see all tenants, work on. */
export function runQueue(run: Run): RunQueue {
  return {
    claim: (by, limit) =>
      run.write<ClaimedRun>(
        taking(
          by,
          sql`
              r.status = 'pending' and r.not_before <= now() and not exists (
                select from runs o
                where o.tenant_id = r.tenant_id and o.thread_id = r.thread_id and o.status in ('pending', 'running')
                  and (o.status = 'running' or o.created_at < r.created_at and o.not_before <= now()))
              order by r.not_before, r.run_id`,
          limit,
        ),
      ),
    takeOver: (by, limit, { alone, except }) =>
      run.write<ClaimedRun>(
        taking(
          by,
          alone
            ? sql`r.status = 'running' and r.claimed_by <> ${by.worker}`
            : sql`
                r.status = 'running' and r.lease_until < now() and r.run_id <> all(${uuids(except)})
                order by r.lease_until`,
          limit,
        ),
      ),
    async nextDue() {
      const [found] = await run.read<{ due: Date | null }>(
        sql`select min(not_before) as due from runs where status = 'pending' and not_before > now()`,
      )
      return found?.due ?? undefined
    },
    renew: (by, runs) =>
      run.write<HeldRun>(sql`
        update runs set lease_until = ${leaseOf(by)}
        where ${among(runs)} and status = 'running' and claimed_by = ${by.worker}
        returning run_id, attempt, cancel_action`),
    release: (worker, runs) =>
      run(async (tx) => {
        if (runs.length === 0) return
        await tx.execute(sql`
          update runs set status = 'pending', claimed_by = null, lease_until = null, attempt = attempt - 1
          where ${among(runs)} and status = 'running' and claimed_by = ${worker}`)
        for (const { runId } of runs) tx.wake('run', runId)
      }),
  }
}

function taking(by: Claimant, which: Sql, limit: number): Sql {
  return sql`
    with next as (select r.tenant_id, r.run_id from runs r where ${which} limit ${limit} for update of r skip locked)
    update runs r
    set status = 'running', claimed_by = ${by.worker}, lease_until = ${leaseOf(by)}, attempt = r.attempt + 1,
      started_at = coalesce(r.started_at, now())
    from next where r.tenant_id = next.tenant_id and r.run_id = next.run_id
    returning ${runColumns(sql`r`)}, r.started_at <> now() as resumed, (
      select coalesce(max(e.seq), -1) + 1 from run_events e where e.tenant_id = r.tenant_id and e.run_id = r.run_id
    ) as next_seq`
}

function leaseOf({ leaseSeconds }: Claimant): Sql {
  return sql`now() + ${leaseSeconds}::double precision * interval '1 second'`
}

function among(runs: readonly RunKey[]): Sql {
  const keys = runs.map(({ tenantId, runId }) => sql`(${tenantId}::uuid, ${runId}::uuid)`)
  return sql`(tenant_id, run_id) in (${join(keys)})`
}
