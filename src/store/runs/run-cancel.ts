import { sql } from '../../database/database.ts'
import { deleteForRuns } from '../checkpoints/checkpoint-removal.ts'
import { enqueueWebhook } from './run-webhook.ts'
import { type RunRow, runColumns } from './run-rows.ts'
import { settleThreads } from '../threads/thread-status.ts'
import type { StoreTransaction } from '../store-transaction.ts'
import { uuids } from '../values.ts'

/** What a run that is cancelled leaves: its finished steps, or nothing at all. */
export type CancelAction = 'interrupt' | 'rollback'

/**
 * Cancels those of these runs that have not ended. Who waits is ended at once; who runs is asked to end, and its worker does.
 * `threads` says whether the caller has locked their threads.
 */
export async function cancelRuns(
  tx: StoreTransaction,
  runIds: readonly string[],
  action: CancelAction,
  threads: 'locked' | 'free',
): Promise<void> {
  if (runIds.length === 0) return
  if (threads === 'free') {
    // In one order, so that two who cancel do not wait for each other.
    await tx.query(sql`
      select t.thread_id from threads t
      where t.thread_id in (select thread_id from runs where run_id = any(${uuids(runIds)}))
      order by t.thread_id for no key update`)
  }
  const active = await tx.query<RunRow>(sql`
    select ${runColumns(sql`r`)} from runs r
    where r.run_id = any(${uuids(runIds)}) and r.status in ('pending', 'running') order by r.run_id for update`)
  const running = active.filter(({ status }) => status === 'running').map(({ run_id }) => run_id)
  if (running.length > 0) {
    await tx.execute(sql`update runs set cancel_action = ${action} where run_id = any(${uuids(running)})`)
    for (const runId of running) tx.wake('cancel', runId)
  }
  const pending = active.filter(({ status }) => status === 'pending')
  for (const run of pending) await endPending(tx, run, action)
  await settleThreads(tx, [...new Set(pending.map(({ thread_id }) => thread_id))])
  // What waited behind them may be next.
  if (pending.length > 0) tx.wake('run', pending[0]?.run_id ?? '')
}

async function endPending(tx: StoreTransaction, run: RunRow, action: CancelAction): Promise<void> {
  if (action === 'rollback') {
    await removeRun(tx, run.run_id)
  } else {
    const ended = await tx.first<RunRow>(sql`
      update runs r set status = 'interrupted', ended_at = now(), result = (select "values" from threads where thread_id = r.thread_id)
      where r.run_id = ${run.run_id}
      returning ${runColumns(sql`r`)}`)
    if (ended !== undefined) await enqueueWebhook(tx, ended, { values: undefined, error: undefined, trace: undefined })
  }
  tx.wake('event', run.run_id)
}

/** Removes a run with what it has written, so that its thread is as if it had never been. */
export async function removeRun(tx: StoreTransaction, runId: string): Promise<void> {
  await deleteForRuns(tx, [runId])
  await tx.execute(sql`delete from runs where run_id = ${runId}`)
}
