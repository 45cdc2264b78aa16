import { join, sql, type Sql } from '../../database/database.ts'
import {
  checkpointInsertions,
  fitOneStatement,
  type NewCheckpoints,
  partsOf,
  saveCheckpoints,
} from '../checkpoints/checkpoint-saving.ts'
import type { Run } from './run.ts'
import { heldBy, insertEvents, type Lease, type RunEvent } from './run-events.ts'
import { within } from '../transaction.ts'

/** What a run writes on its way: what it tells, and its checkpoints. */
export interface RunWrites extends NewCheckpoints {
  readonly events: readonly RunEvent[]
}

/**
 * Stores what a run that a worker has writes, all of it or nothing, and wakes up the readers of its events. Returns whether the
 * worker still has it.
 */
export async function appendWrites(run: Run, lease: Lease, writes: RunWrites): Promise<boolean> {
  if (!fitOneStatement(writes)) {
    return run(async (tx) => {
      const held = await appendWrites(within(tx), lease, { events: writes.events, checkpoints: [], writes: [] })
      if (held) await saveCheckpoints(tx, writes)
      return held
    })
  }
  const held = await run.write(
    sql`
      with mine as (select r.tenant_id, r.run_id from runs r where ${heldBy(lease)} for share)${storing(writes, sql`mine`)}
      select from mine`,
    writes.events.length === 0 ? undefined : { topic: 'event', id: lease.runId },
  )
  return held.length > 0
}

/**
 * What stores writes that fit into one statement, as further parts of its WITH: if `source` has a row, with `tenant_id` and
 * `run_id`.
 */
export function storing(writes: RunWrites, source: Sql): Sql {
  const events = writes.events.length === 0 ? [] : [insertEvents(source, writes.events)]
  const parts = partsOf([...events, ...checkpointInsertions(writes, source)])
  return parts.length === 0 ? sql`` : sql`, ${join(parts)}`
}
