import { sql, type Sql } from '../../database/database.ts'
import { exactJson } from '../exact-json.ts'
import { type CancelAction, removeRun } from './run-cancel.ts'
import { fitOneStatement, saveCheckpoints } from '../checkpoints/checkpoint-saving.ts'
import type { Run } from './run.ts'
import { heldBy, type Lease } from './run-events.ts'
import { type RunRow, runColumns } from './run-rows.ts'
import type { EndStatus } from './run-status.ts'
import { type RunWrites, storing } from './run-writes.ts'
import { within } from '../transaction.ts'
import { enqueueWebhook, type RunError } from './run-webhook.ts'
import { isWaiting, saveThreadState, stateColumns, type StateProjection } from '../threads/thread-status.ts'
import type { StoreTransaction } from '../store-transaction.ts'
import { storable } from '../values.ts'

/** How a run ends. */
export interface RunEnd {
  readonly status: EndStatus
  /** What it came to, as whoever waits for it reads it. */
  readonly result: unknown
  readonly error: RunError | undefined
  /** The newest state of its thread; undefined leaves what the thread tells of it. */
  readonly state: StateProjection | undefined
  /** What it writes at last. */
  readonly writes: RunWrites
  /** Whether its end is sent to somebody. */
  readonly tellsWebhook: boolean
  /** What the worker knows that the run was asked to do. */
  readonly asked: CancelAction | null
  /** What tells others of the trace that it ends in. */
  readonly trace: Readonly<Record<string, string>> | undefined
}

/** What the attempt to end a run came to: another worker has it by now, or somebody has asked for another end meanwhile. */
export type Ending = 'ended' | 'lost' | { readonly asked: CancelAction }

/** Ends a run of a worker: the run, its last events, its thread, and the message to its webhook. */
export async function endRun(run: Run, lease: Lease, end: RunEnd): Promise<Ending> {
  const { writes } = end
  const ended =
    fitOneStatement(writes) && !end.tellsWebhook
      ? await settle(run, lease, end)
      : await run(async (tx) => {
          const { events } = writes
          const done = await settle(within(tx), lease, { ...end, writes: { events, checkpoints: [], writes: [] } })
          if (done === undefined) return undefined
          await saveCheckpoints(tx, writes)
          await enqueueWebhook(tx, done, { values: end.result, error: end.error, trace: end.trace })
          return done
        })
  if (ended !== undefined) return 'ended'
  const [held] = await run.read<{ cancel_action: CancelAction }>(sql`
    select r.cancel_action from runs r where ${heldBy(lease)} and r.cancel_action is not null`)
  return held === undefined ? 'lost' : { asked: held.cancel_action }
}

// Whoever makes a run locks its thread first as well: what is busy is decided by one at a time. Without a thread there is no run.
async function settle(run: Run, lease: Lease, end: RunEnd): Promise<RunRow | undefined> {
  const waiting = sql`exists (select from runs where thread_id = ${lease.threadId} and status = 'pending')`
  const [, [ended]] = await run.together<[object, RunRow]>(
    [threadLock(lease), ending(lease, end)],
    [
      { topic: 'event', id: lease.runId },
      { topic: 'run', id: lease.runId, when: waiting },
    ],
  )
  return ended
}

function ending(lease: Lease, end: RunEnd): Sql {
  const { status, writes } = end
  const { json, exact } = exactJson(end.result)
  // Words of a graph, which may say anything.
  const error = end.error === undefined ? sql`null::jsonb` : sql`${JSON.stringify(storable(end.error))}::jsonb`
  const failed = status === 'error' || status === 'timeout'
  const state = end.state === undefined ? sql`` : sql`${stateColumns(end.state)},`
  const waiting =
    end.state === undefined ? sql`(t.next_nodes <> '{}' or t.interrupts <> '{}')` : sql`${isWaiting(end.state)}`
  return sql`
    with done as (
      update runs r
      set status = ${status}, ended_at = now(), lease_until = null, result = ${json}, result_exact = ${exact},
        error = ${error}
      where ${heldBy(lease)} and r.cancel_action is not distinct from ${end.asked}
      returning *
    )${storing(writes, sql`done`)}, thread as (
      update threads t
      set ${state} error = ${failed ? error : sql`null`},
        status = case
          when exists (
            select from runs r
            where r.tenant_id = t.tenant_id and r.thread_id = t.thread_id and r.status in ('pending', 'running')
              -- The statement sees the run as it was.
              and r.run_id <> ${lease.runId}) then 'busy'
          when ${failed} then 'error' when ${waiting} then 'interrupted' else 'idle'
        end,
        expires_at = case when done.temporary then now() else t.expires_at end
      from done where t.tenant_id = done.tenant_id and t.thread_id = done.thread_id
    )
    select ${runColumns(sql`done`)} from done`
}

/** Takes a run of a worker back: it is gone with what it has written. `state` reads the state that is left. */
export async function rollBackRun(
  tx: StoreTransaction,
  lease: Lease,
  state: () => Promise<StateProjection | undefined>,
): Promise<Ending> {
  const { runId, threadId } = lease
  await tx.query(threadLock(lease))
  const held = await tx.first(sql`select r.run_id from runs r where ${heldBy(lease)} for update`)
  if (held === undefined) return 'lost'
  await removeRun(tx, runId)
  await saveThreadState(tx, threadId, (await state()) ?? { values: null, next: [], interrupts: {} })
  tx.wake('run', runId)
  tx.wake('event', runId)
  return 'ended'
}

function threadLock({ threadId }: Lease): Sql {
  return sql`select thread_id from threads where thread_id = ${threadId} for no key update`
}
