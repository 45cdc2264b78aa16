import { join, sql, type Sql } from '../../database/database.ts'
import type { Run } from './run.ts'
import { exactText } from '../exact-json.ts'

/** What a run tells, in its place; the data is JSON without line breaks. */
export interface RunEvent {
  readonly seq: number
  readonly event: string
  readonly data: string
}

/** A part of what a run has told, and how the run stood at that moment: once it has ended, nothing follows the last event. */
export interface EventPage {
  readonly threadId: string
  readonly status: string
  readonly temporary: boolean
  readonly events: readonly RunEvent[]
  /** Whether there may be more of them already. */
  readonly more: boolean
}

/** The events of a tenant's runs. */
export interface RunEvents {
  /** Those after a place, in order. `after` is -1 for all of them. Undefined when the run is not there. */
  after(runId: string, after: number, limit?: number): Promise<EventPage | undefined>
  /** The place of the last; -1 when there is none. */
  last(runId: string): Promise<number>
}

/** How many events are read at a time: what a reader holds in memory. */
const pageSize = 200

/** The events that transactions of `run` see. */
export function runEvents(run: Run): RunEvents {
  return {
    async after(runId, after, limit = pageSize) {
      const rows = await run.read<EventRow>(sql`
          select r.thread_id, r.status, r.temporary, e.seq, e.event, e.data
          from runs r left join lateral (
            select seq, event, coalesce(convert_from(data_exact, 'UTF8'), data::text) as data
            from run_events e -- As of an hour before: clocks differ, and the days before need not be looked at.
            where e.tenant_id = r.tenant_id and e.run_id = r.run_id and e.seq > ${after} and e.at > r.created_at - interval '1 hour'
            order by seq limit ${limit}
          ) e on true
          where r.run_id = ${runId} order by e.seq`)
      const [first] = rows
      if (first === undefined) return undefined
      const events = rows.flatMap(({ seq, event, data }) =>
        seq === null ? [] : [{ seq, event: event ?? '', data: data ?? 'null' }],
      )
      return {
        threadId: first.thread_id,
        status: first.status,
        temporary: first.temporary,
        events,
        more: events.length >= limit,
      }
    },
    async last(runId) {
      const [found] = await run.read<{ seq: number | null }>(
        sql`select max(seq) as seq from run_events where run_id = ${runId}`,
      )
      return found?.seq ?? -1
    },
  }
}

interface EventRow {
  readonly thread_id: string
  readonly status: string
  readonly temporary: boolean
  readonly seq: number | null
  readonly event: string | null
  readonly data: string | null
}

/** The insertion of events of a run whose row is in `source`, as a part of a statement. */
export function insertEvents(source: Sql, events: readonly RunEvent[]): Sql {
  const rows = events.map(({ seq, event, data }) => {
    const { json, exact } = exactText(data)
    return sql`(${seq}::bigint, ${event}, ${json}, ${exact})`
  })
  return sql`
    insert into run_events (tenant_id, run_id, seq, event, data, data_exact)
    select r.tenant_id, r.run_id, e.seq, e.event, e.data, e.data_exact
    from ${source} r cross join (values ${join(rows)}) e (seq, event, data, data_exact)`
}

/** A run that a worker has: nobody else writes for it as long as this holds. */
export interface Lease {
  readonly runId: string
  readonly threadId: string
  readonly attempt: number
  readonly worker: string
}

/** The condition under which the row `r` of a run is the worker's. */
export function heldBy({ runId, attempt, worker }: Lease): Sql {
  return sql`r.run_id = ${runId} and r.status = 'running' and r.attempt = ${attempt} and r.claimed_by = ${worker}`
}
