import { sql, type Sql } from '../../database/database.ts'
import type { Run } from '../runs/run.ts'

/** A state that was written into a thread from outside: at which checkpoint, and where among what happens to the thread. */
export interface StateUpdate {
  readonly checkpoint_ns: string
  readonly checkpoint_id: string
  /** As text, because it is finer than milliseconds. */
  readonly place: string
}

/** Behind what: an update, or whatever has that place. */
export type UpdatePlace = Pick<StateUpdate, 'place'> & Partial<Pick<StateUpdate, 'checkpoint_id'>>

/** The states that were written into threads from outside, by no run. */
export interface StateUpdates {
  /** The first after a place, or of all. */
  next(threadId: string, after: UpdatePlace | undefined): Promise<StateUpdate | undefined>
  /** By the id of its checkpoint; without one, the newest. */
  place(threadId: string, checkpointId: string | undefined): Promise<StateUpdate | undefined>
}

/** The updates that transactions of `run` see. */
export function stateUpdates(run: Run): StateUpdates {
  const first = async (threadId: string, rest: Sql): Promise<StateUpdate | undefined> => {
    const [found] = await run.read<StateUpdate>(sql`
      select checkpoint_ns, checkpoint_id, created_at::text as place from checkpoints
      where thread_id = ${threadId} and run_id is null and metadata ->> 'source' = 'update' ${rest} limit 1`)
    return found
  }
  return {
    next: (threadId, after) =>
      first(threadId, sql`${after === undefined ? sql`` : behind(after)} order by created_at, checkpoint_id`),
    place: (threadId, checkpointId) =>
      checkpointId === undefined
        ? first(threadId, sql`order by created_at desc, checkpoint_id desc`)
        : first(threadId, sql`and checkpoint_id = ${checkpointId}`),
  }
}

function behind({ place, checkpoint_id }: UpdatePlace): Sql {
  if (checkpoint_id === undefined) return sql`and created_at > ${place}::timestamptz`
  // On a coarse clock, two may have come at once.
  return sql`
    and created_at >= ${place}::timestamptz and (created_at > ${place}::timestamptz or checkpoint_id > ${checkpoint_id})`
}
