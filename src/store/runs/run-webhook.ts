import { sql } from '../../database/database.ts'
import { type RunRow, runForm } from './run-rows.ts'
import type { StoreTransaction } from '../store-transaction.ts'

/** What a run that failed says to clients. */
export interface RunError {
  readonly error: string
  readonly message: string
}

/** What a run came to, and what tells receivers of the trace of its end: where it never began, that of whoever made it. */
interface WebhookContent {
  readonly values: unknown
  readonly error: RunError | undefined
  readonly trace: Readonly<Record<string, string>> | undefined
}

/** Leaves the message to a webhook that a run has ended, to be sent when that is committed. */
export async function enqueueWebhook(
  tx: StoreTransaction,
  run: RunRow,
  { values, error, trace }: WebhookContent,
): Promise<void> {
  if (run.webhook === null) return
  const body = {
    ...runForm(run),
    values: values ?? null,
    ...(error === undefined ? {} : { error }),
    run_started_at: run.started_at?.toISOString() ?? null,
    run_ended_at: run.ended_at?.toISOString() ?? null,
  }
  const traced = trace ?? run.kwargs['trace']
  await tx.execute(sql`
    insert into outbox (tenant_id, run_id, url, trace, body)
    values (
      ${tx.tenantId}, ${run.run_id}, ${run.webhook},
      ${traced === undefined ? null : JSON.stringify(traced)}::jsonb, ${Buffer.from(JSON.stringify(body))})`)
  tx.wake('webhook', run.run_id)
}
