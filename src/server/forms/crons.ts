import { z } from '@hono/zod-openapi'
import type { Cron, CronDetails, JsonObject } from '../../store/store.ts'
import { checkSchedule, nextOccurrence } from '../crons/schedule.ts'
import { newRun, type RunRequest, runRequestSchema } from '../runs/run-request.ts'
import { jsonObject, moment } from './wire.ts'

/** A cron, as clients read it. */
export const cronSchema = z
  .object({
    cron_id: z.guid(),
    assistant_id: z.guid(),
    thread_id: z.guid().nullable(),
    schedule: z.string(),
    timezone: z.string(),
    end_time: moment.nullable(),
    next_run_date: moment.nullable(),
    enabled: z.boolean(),
    on_run_completed: z.enum(['delete', 'keep']),
    payload: jsonObject,
    metadata: jsonObject,
    user_id: z.guid().nullable(),
    created_at: moment,
    updated_at: moment,
  })
  .openapi('Cron')

const fields = {
  timezone: z.string().max(100).nullish(),
  // Without an offset it is UTC.
  end_time: z.iso.datetime({ offset: true, local: true }).nullish(),
  enabled: z.boolean().nullish(),
  on_run_completed: z.enum(['delete', 'keep']).nullish(),
}

/** What a client asks for when it creates a cron: what it would ask for of a run, and when. */
export const cronRequestSchema = runRequestSchema
  .extend({ ...fields, schedule: z.string().max(200) })
  .openapi('CronCreate')

/** What a client asks for when it changes a cron; what is not there stays. */
export const cronChangeSchema = runRequestSchema
  .omit({ assistant_id: true })
  .extend({ ...fields, schedule: z.string().max(200).nullish() })
  .openapi('CronPatch')

/** A cron as it is asked for. */
export type CronRequest = z.infer<typeof cronRequestSchema>

/** A change of a cron. */
export type CronChange = z.infer<typeof cronChangeSchema>

/** What clients read of a cron. */
export function cronForm(row: Cron): z.infer<typeof cronSchema> {
  const { cron_id, assistant_id, thread_id, schedule, timezone, enabled, payload, metadata, user_id } = row
  return {
    cron_id,
    assistant_id,
    thread_id,
    schedule,
    timezone,
    end_time: row.end_time?.toISOString() ?? null,
    next_run_date: row.next_run_date?.toISOString() ?? null,
    enabled,
    on_run_completed: row.on_run_completed === 'keep' ? 'keep' : 'delete',
    payload,
    metadata,
    user_id,
    created_at: row.created_at.toISOString(),
    updated_at: row.updated_at.toISOString(),
  }
}

/** A cron as it is to be made. Throws `request_invalid`. */
export function newCronDetails(request: CronRequest): CronDetails {
  const nothing = { schedule: '', timezone: 'UTC', endTime: null, enabled: true, onRunCompleted: 'delete' }
  return changed({ ...nothing, payload: {}, metadata: {}, nextRunDate: null }, request)
}

/** A cron as it is to be after a change. Throws `request_invalid`. */
export function changedCron(cron: Cron, change: CronChange): CronDetails {
  const { schedule, timezone, end_time, enabled, on_run_completed, payload, metadata, next_run_date } = cron
  const details = { schedule, timezone, enabled, payload, metadata }
  return changed(
    { ...details, endTime: end_time, onRunCompleted: on_run_completed, nextRunDate: next_run_date },
    change,
  )
}

function changed(before: CronDetails, change: CronChange & { readonly assistant_id?: string }): CronDetails {
  const { schedule, timezone, end_time, enabled, on_run_completed, metadata, assistant_id: _, ...request } = change
  const after = {
    schedule: schedule ?? before.schedule,
    timezone: timezone ?? before.timezone,
    endTime: end_time === undefined ? before.endTime : endOf(end_time),
    enabled: enabled ?? before.enabled,
    onRunCompleted: on_run_completed ?? before.onRunCompleted,
  }
  checkSchedule(after)
  const payload = withoutNothing({ ...before.payload, ...(request as JsonObject) })
  checkRequest(payload)
  // What is due and was not touched stays due.
  const isTouched = [schedule, timezone, enabled].some((given) => given != null) || end_time !== undefined
  const next = after.enabled ? (nextOccurrence(after, new Date()) ?? null) : null
  return {
    ...after,
    payload,
    metadata: { ...before.metadata, ...(metadata as JsonObject | null | undefined) },
    nextRunDate: isTouched ? next : before.nextRunDate,
  }
}

function endOf(text: string | null): Date | null {
  if (text === null) return null
  return new Date(/(Z|[+-]\d\d:?\d\d)$/i.test(text) ? text : `${text}Z`)
}

function withoutNothing(payload: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(payload).filter(([, value]) => value != null))
}

// What no run could be made with is refused now.
function checkRequest(payload: JsonObject): void {
  newRun({ ...(payload as Partial<RunRequest>), assistant_id: '-' }, origin)
}

const origin = { threadId: undefined, headers: new Headers(), userId: undefined, streamed: false }
