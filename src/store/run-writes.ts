import { type NewCheckpoints, saveCheckpoints } from './checkpoint-saving.ts'
import type { Run } from './run.ts'
import { appendEvents, holdRun, type Lease, type RunEvent } from './run-events.ts'
import { within } from './transaction.ts'

/** What a run writes on its way: what it tells, and its checkpoints. */
export interface RunWrites extends NewCheckpoints {
  readonly events: readonly RunEvent[]
}

/** Stores what a run that a worker has writes, all of it or nothing. Returns whether the worker still has it. */
export async function appendWrites(run: Run, lease: Lease, { events, ...made }: RunWrites): Promise<boolean> {
  const onlyEvents = events.length > 0 && made.checkpoints.length + made.writes.length === 0
  if (onlyEvents) return appendEvents(run, lease, events)
  return run(async (tx) => {
    const held = events.length > 0 ? await appendEvents(within(tx), lease, events) : await holdRun(tx, lease)
    if (held) await saveCheckpoints(tx, made)
    return held
  })
}
