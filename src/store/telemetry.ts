import { join, sql } from '../database/database.ts'
import { type Page, type Paged, readPage } from './page.ts'
import type { EventsRow } from './rows.ts'
import type { Run } from './runs/run.ts'
import { json, type JsonObject } from './values.ts'

/** Something that happened. */
export type TelemetryEvent = Omit<EventsRow, 'tenant_id'>

/** Something that is to be noted. */
export interface NewTelemetryEvent {
  readonly source: string
  readonly event_type: string
  readonly status: string
  readonly thread_id?: string | null
  readonly tool?: string | null
  readonly latency_ms?: number | null
  readonly error_code?: string | null
  readonly error_message?: string | null
  readonly trace_id?: string | null
  readonly metadata?: JsonObject
  readonly occurred_at?: Date
}

/** Which events. */
export interface TelemetryFilter {
  readonly threadId?: string | undefined
  readonly eventType?: string | undefined
  readonly status?: string | undefined
}

/** What happened to a tenant's assistants. */
export interface Telemetry {
  record(events: readonly NewTelemetryEvent[]): Promise<void>
  /** The newest first. */
  list(filter: TelemetryFilter, page: Page): Promise<Paged<TelemetryEvent>>
}

const columns = sql`
  id, thread_id, occurred_at, latency_ms, source, tool, event_type, status, error_code, error_message, trace_id, metadata`

/** The events that transactions of `run` see. */
export function telemetry(run: Run): Telemetry {
  return {
    record: (events) =>
      run(async (tx) => {
        if (events.length === 0) return
        const rows = events.map(
          (event) => sql`(
            ${tx.tenantId}, ${event.thread_id ?? null}, coalesce(${event.occurred_at ?? null}::timestamptz, now()),
            ${event.latency_ms ?? null}::integer, ${event.source}, ${event.tool ?? null}, ${event.event_type}, ${event.status},
            ${event.error_code ?? null}, ${event.error_message ?? null}, ${event.trace_id ?? null},
            ${json(event.metadata ?? {})})`,
        )
        await tx.execute(sql`
          insert into events (
            tenant_id, thread_id, occurred_at, latency_ms, source, tool, event_type, status, error_code, error_message,
            trace_id, metadata)
          values ${join(rows)}`)
      }),
    list: ({ threadId, eventType, status }, page) =>
      run((tx) => {
        const wanted = sql`
          tenant_id = ${tx.tenantId}
          ${threadId === undefined ? sql`` : sql`and thread_id = ${threadId}`}
          ${eventType === undefined ? sql`` : sql`and event_type = ${eventType}`}
          ${status === undefined ? sql`` : sql`and status = ${status}`}`
        return readPage<TelemetryEvent>(
          tx,
          page,
          {
            select: (limit) => sql`
              select ${columns} from events
              where ${wanted} ${
                page.after === undefined
                  ? sql``
                  : sql`and (occurred_at, id) < (select occurred_at, id from events where id = ${page.after})`
              }
              order by occurred_at desc, id desc
              limit ${limit}`,
            cursor: (after) => sql`select from events where id = ${after}`,
          },
          (row) => row.id,
        )
      }),
  }
}
