import { z } from '@hono/zod-openapi'
import type { CheckpointReference } from '../executors/executor.ts'
import { jsonObject, queryInteger } from './wire.ts'

/** The thread that a path names. */
export const threadParams = z.object({ thread_id: z.uuid() })

const reference = z
  .object({
    thread_id: z.string(),
    checkpoint_ns: z.string(),
    checkpoint_id: z.string(),
    checkpoint_map: jsonObject.nullish(),
  })
  .openapi('Checkpoint')

const interrupt = z.object({ id: z.string(), value: z.unknown() })

/** A state as it is sent; `select` may have left out parts of it. */
export const stateSchema = z
  .object({
    values: z.unknown(),
    next: z.array(z.string()),
    tasks: z.array(
      z.object({
        id: z.string(),
        name: z.string(),
        path: z.array(z.unknown()),
        error: z.unknown(),
        interrupts: z.array(interrupt),
        checkpoint: z.unknown(),
        state: z.unknown(),
        result: z.unknown(),
      }),
    ),
    metadata: jsonObject,
    created_at: z.string().nullable(),
    checkpoint: reference.nullable(),
    parent_checkpoint: reference.nullable(),
    interrupts: z.array(interrupt),
  })
  .partial()
  .openapi('ThreadState')

/** The place that a client names: any part of what it was given. */
const place = z.object({
  checkpoint_id: z.string().nullish(),
  checkpoint_ns: z.string().nullish(),
  checkpoint_map: jsonObject.nullish(),
})

const select = z.array(z.string()).nullish()

/** Which state of a thread. */
export const checkpointBody = z.object({ checkpoint: place, subgraphs: z.boolean().nullish(), select })

/** What to write, as which node, and where. */
export const updateBody = z.object({
  values: z.union([jsonObject, z.array(z.unknown()), z.null()]).optional(),
  as_node: z.string().nullish(),
  checkpoint: place.nullish(),
  checkpoint_id: z.string().nullish(),
})

const written = reference.omit({ checkpoint_map: true })

/** Where the written state is, in both of the forms that clients read. */
export const updatedSchema = z.object({ checkpoint: written, configurable: written })

// A checkpoint by its id, as the configuration of LangGraph, or as a checkpoint, of which no key has to be there: it is last.
const before = z
  .union([z.string(), z.object({ configurable: place }), place])
  .transform((given) =>
    typeof given === 'string'
      ? given
      : 'configurable' in given
        ? given.configurable.checkpoint_id
        : given.checkpoint_id,
  )

/** Which states of a thread. */
export const historyBody = z.object({
  limit: z.int().min(1).max(1000).nullish(),
  before: before.nullish(),
  metadata: jsonObject.nullish(),
  checkpoint: place.nullish(),
  select,
})

/** The same in the address. */
export const historyQuery = z.object({ limit: queryInteger(1, 1000), before: z.string().optional() })

/** A place without what was not said of it; undefined where nothing was. */
export function placeOf(given: z.infer<typeof place> | null | undefined): Partial<CheckpointReference> | undefined {
  const said = Object.entries(given ?? {}).filter(([, value]) => value !== null && value !== undefined)
  return said.length === 0 ? undefined : Object.fromEntries(said)
}
