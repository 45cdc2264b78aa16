import { z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { runForm, type RunRow } from '../../store/store.ts'
import { jsonObject, moment } from './wire.ts'

/** A run as clients read it. */
export const runSchema = z
  .object({
    run_id: z.guid(),
    thread_id: z.guid(),
    assistant_id: z.guid(),
    created_at: moment,
    updated_at: moment,
    status: z.enum(['pending', 'running', 'success', 'error', 'timeout', 'interrupted']),
    metadata: jsonObject,
    kwargs: jsonObject,
    multitask_strategy: z.enum(['reject', 'enqueue', 'interrupt', 'rollback']),
  })
  .openapi('Run')

/** The form of a run in an answer. */
export function wireRun(row: RunRow): z.infer<typeof runSchema> {
  return runForm(row) as z.infer<typeof runSchema>
}

/** The headers of a stream of events, which no proxy may hold back. */
export function streamHeaders(c: Context): void {
  c.header('Content-Type', 'text/event-stream')
  c.header('Cache-Control', 'no-cache')
  c.header('X-Accel-Buffering', 'no')
}
