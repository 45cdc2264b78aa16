import { sql, type Sql } from '../database/database.ts'
import { exactJson } from './exact-json.ts'
import { type CancelAction, removeRun, settleThread } from './run-cancel.ts'
import { heldBy, insertEvents, type Lease, type RunEvent } from './run-events.ts'
import { type RunRow, runColumns } from './run-rows.ts'
import { type EndStatus, expiryFromNow, threadStatus } from './run-status.ts'
import { enqueueWebhook, type RunError } from './run-webhook.ts'
import { type StateFacts, stateColumns } from './thread-state.ts'
import type { StoreTransaction } from './transaction.ts'

/** How a run ends. */
export interface RunEnd {
  readonly status: EndStatus
  /** What it came to, as whoever waits for it reads it. */
  readonly result: unknown
  readonly error: RunError | undefined
  /** The newest state of its thread; undefined leaves what the thread tells of it. */
  readonly state: StateFacts | undefined
  /** What it tells at last. */
  readonly events: readonly RunEvent[]
  /** What the worker knows that the run was asked to do. */
  readonly asked: CancelAction | null
}

/** What the attempt to end a run came to: another worker has it by now, or somebody has asked for another end meanwhile. */
export type Ending = 'ended' | 'lost' | { readonly asked: CancelAction }

/** Ends a run of a worker: the run, its last events, its thread, and the message to its webhook. */
export async function endRun(tx: StoreTransaction, lease: Lease, end: RunEnd): Promise<Ending> {
  const { runId } = lease
  if (!(await lockThread(tx, lease))) return 'lost'
  const ended = await tx.first<RunRow & { readonly more: boolean }>(ending(lease, end))
  if (ended === undefined) {
    const run = await tx.first<{ cancel_action: CancelAction }>(sql`
      select r.cancel_action from runs r where ${heldBy(lease)} and r.cancel_action is not null`)
    return run === undefined ? 'lost' : { asked: run.cancel_action }
  }
  await enqueueWebhook(tx, ended, { values: end.result, error: end.error })
  tx.wake('event', runId)
  if (ended.more) tx.wake('run', runId)
  return 'ended'
}

function ending(lease: Lease, end: RunEnd): Sql {
  const { status, events } = end
  const { json, exact } = exactJson(end.result)
  const failed = status === 'error' || status === 'timeout'
  const state = end.state === undefined ? sql`` : sql`${stateColumns(end.state)},`
  const waiting = end.state === undefined ? sql`t.waiting` : sql`${end.state.waiting}`
  const told = events.length === 0 ? sql`` : sql`, told as (${insertEvents(sql`done`, events)})`
  return sql`
    with done as (
      update runs r
      set status = ${status}, ended_at = now(), lease_until = null, result = ${json}, result_exact = ${exact},
        error = ${exactJson(end.error).json}
      where ${heldBy(lease)} and r.cancel_action is not distinct from ${end.asked}
      returning *
    )${told}, thread as (
      update threads t
      set ${state} error = ${exactJson(failed ? end.error : undefined).json},
        status = ${threadStatus({ runId: lease.runId, failed, waiting })},
        expires_at = case when done.temporary then now() else ${expiryFromNow} end
      from done where t.tenant_id = done.tenant_id and t.thread_id = done.thread_id
      returning t.status
    )
    select ${runColumns(sql`done`)}, thread.status = 'busy' as more from done cross join thread`
}

/** Takes a run of a worker back: it is gone with what it has written. `state` reads the state that is left. */
export async function rollBackRun(
  tx: StoreTransaction,
  lease: Lease,
  state: () => Promise<StateFacts | undefined>,
): Promise<Ending> {
  const { runId, threadId } = lease
  if (!(await lockThread(tx, lease))) return 'lost'
  const held = await tx.first(sql`select r.run_id from runs r where ${heldBy(lease)} for update`)
  if (held === undefined) return 'lost'
  await removeRun(tx, runId)
  const left = (await state()) ?? { values: null, interrupts: {}, waiting: false }
  await tx.execute(sql`update threads t set ${stateColumns(left)} where t.thread_id = ${threadId}`)
  await settleThread(tx, threadId)
  tx.wake('event', runId)
  return 'ended'
}

// Whoever makes a run locks its thread first as well: what is busy is decided by one at a time.
async function lockThread(tx: StoreTransaction, { threadId }: Lease): Promise<boolean> {
  const found = await tx.first(sql`select thread_id from threads where thread_id = ${threadId} for no key update`)
  return found !== undefined
}
