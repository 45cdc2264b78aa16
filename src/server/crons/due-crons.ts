import { MetastoreError } from '../../errors.ts'
import type { Cron, DueCron, NewRun, RunRow, Store } from '../../store/store.ts'
import { noTelemetry, type Telemetry, type TraceCarrier } from '../../telemetry/telemetry.ts'
import { newRun, type RunRequest } from '../runs/run-request.ts'
import { nextOccurrence } from './schedule.ts'

/** How many crons are made runs of at a time. */
const batch = 100

/** What a look at the crons came to. */
export interface FiredCrons {
  readonly runs: readonly RunRow[]
  /** Those of which no run was made, with the reason. */
  readonly failures: readonly { readonly cron: DueCron; readonly error: Error }[]
  /** Whether more may be due. */
  readonly more: boolean
}

/**
 * Makes a run of each cron that is due. Several processes may do it at once: in the transaction that makes the run, one of them
 * takes the time that is due. Times that nobody was there for make one run together.
 */
export async function fireDueCrons(store: Store, telemetry: Telemetry = noTelemetry): Promise<FiredCrons> {
  const due = await store.admin.cronQueue.due(batch)
  const runs: RunRow[] = []
  const failures: FiredCrons['failures'][number][] = []
  for (const cron of due) {
    try {
      const run = await inSpan(cron, telemetry, () => fire(store, cron, telemetry))
      if (run !== undefined) runs.push(run)
    } catch (error) {
      failures.push({ cron, error: error instanceof Error ? error : new Error(String(error)) })
    }
  }
  return { runs, failures, more: due.length === batch }
}

// Of a look that others begin, such as a request that makes a cron, it is no part.
function inSpan(
  { tenant_id, cron_id }: DueCron,
  telemetry: Telemetry,
  work: () => Promise<RunRow | undefined>,
): Promise<RunRow | undefined> {
  return telemetry.span(
    'metastore.cron',
    { 'metastore.cron.id': cron_id, 'metastore.tenant.id': tenant_id },
    async ({ set }) => {
      const run = await work()
      if (run !== undefined) set({ 'metastore.run.id': run.run_id })
      return run
    },
    { apart: true },
  )
}

async function fire(store: Store, due: DueCron, telemetry: Telemetry): Promise<RunRow | undefined> {
  const { cron_id, occurrence_seq, end_time, now } = due
  const tenant = store.tenant(due.tenant_id)
  const next = nextOccurrence({ ...due, endTime: end_time }, now)
  try {
    return await tenant.transaction(async ({ crons, runs }) => {
      const cron = await crons.take(cron_id, occurrence_seq, next)
      return cron && runs.create(runOf(cron, telemetry.carrier()))
    })
  } catch (error) {
    // It cannot be made, now or later: its next one may be.
    if (isRefusal(error)) await tenant.crons.take(cron_id, occurrence_seq, next)
    throw error
  }
}

function runOf(cron: Cron, trace: TraceCarrier | undefined): NewRun {
  const request: RunRequest = {
    ...(cron.payload as Partial<RunRequest>),
    assistant_id: cron.assistant_id,
    metadata: { ...cron.metadata, cron_id: cron.cron_id },
    on_completion: cron.on_run_completed === 'keep' ? 'keep' : 'delete',
  }
  return newRun(request, {
    threadId: cron.thread_id ?? undefined,
    headers: new Headers(),
    userId: cron.user_id ?? undefined,
    streamed: false,
    trace,
  })
}

function isRefusal(error: unknown): boolean {
  return (
    error instanceof MetastoreError &&
    ['not_found', 'conflict', 'thread_status_mismatch', 'request_invalid'].includes(error.code)
  )
}
