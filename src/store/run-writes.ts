import { type NewCheckpoints, saveCheckpoints } from './checkpoint-saving.ts'
import { appendEvents, holdRun, type Lease, type RunEvent } from './run-events.ts'
import type { StoreTransaction } from './transaction.ts'

/** What a run writes on its way: what it tells, and its checkpoints. */
export interface RunWrites extends NewCheckpoints {
  readonly events: readonly RunEvent[]
}

/** Stores what a run that a worker has writes, all of it or nothing. Returns whether the worker still has it. */
export async function appendWrites(tx: StoreTransaction, lease: Lease, writes: RunWrites): Promise<boolean> {
  const { events, ...checkpoints } = writes
  const held = events.length > 0 ? await appendEvents(tx, lease, events) : await holdRun(tx, lease)
  if (held) await saveCheckpoints(tx, checkpoints)
  return held
}
