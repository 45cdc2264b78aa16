import { z } from '@hono/zod-openapi'
import type { FoundThread, Thread } from '../../store/store.ts'
import { jsonObject, moment } from './wire.ts'

/** The fields of a thread that a client may ask for. */
export const threadFields = [
  'thread_id',
  'created_at',
  'updated_at',
  'state_updated_at',
  'metadata',
  'status',
  'config',
  'values',
  'interrupts',
  'error',
] as const

const interruptSchema = z.object({ id: z.string(), value: z.unknown() })

/** A thread, as clients read it. */
export const threadSchema = z
  .object({
    thread_id: z.guid(),
    created_at: moment,
    updated_at: moment,
    state_updated_at: moment,
    metadata: jsonObject,
    status: z.enum(['idle', 'busy', 'interrupted', 'error']),
    config: jsonObject,
    values: z.union([jsonObject, z.array(z.unknown())]).nullable(),
    interrupts: z.record(z.string(), z.array(interruptSchema)),
    error: z.unknown().optional(),
    extracted: jsonObject.optional(),
    ttl: z
      .object({
        strategy: z.enum(['delete', 'keep_latest']),
        ttl_minutes: z.number(),
        expires_at: moment.nullable(),
      })
      .optional(),
  })
  .openapi('Thread')

/** What clients read of a thread. */
export function threadForm(row: Thread): z.infer<typeof threadSchema> {
  return partialThreadForm(row) as z.infer<typeof threadSchema>
}

/** What clients read of the fields of a thread that they asked for. */
export function partialThreadForm(row: FoundThread): Partial<z.infer<typeof threadSchema>> {
  const form: Record<string, unknown> = Object.fromEntries(
    threadFields
      .filter((field) => field in row && (field !== 'error' || row.error != null))
      .map((field) => {
        const value = row[field]
        return [field, value instanceof Date ? value.toISOString() : value]
      }),
  )
  // A thread that came to be without a state has the one that it began with.
  if (row.state_updated_at === null) form.state_updated_at = row.created_at?.toISOString() ?? null
  if (row.extracted !== undefined) form.extracted = row.extracted
  return form
}

/** How long a thread lives, as clients read it, if not for ever. */
export function ttlForm(row: Thread): { ttl?: z.infer<typeof threadSchema>['ttl'] } {
  const { ttl_minutes, ttl_strategy, expires_at } = row
  if (ttl_minutes === null) return {}
  const strategy = ttl_strategy === 'keep_latest' ? 'keep_latest' : 'delete'
  return { ttl: { strategy, ttl_minutes, expires_at: expires_at?.toISOString() ?? null } }
}
