import {
  type CancelAction,
  type ClaimedRun,
  type EndStatus,
  type Ending,
  type Lease,
  rollBackRun,
  type RunError,
  type RunEvent,
  type TenantStore,
} from '../../store/store.ts'
import type { ThreadState } from '../executors/executor.ts'
import { patiently } from './patience.ts'
import { findExecutor, type RunContext } from './run-context.ts'
import type { Stop } from './run-control.ts'
import { failureResult, resultOf, stateProjection } from './run-state.ts'

/** What a run has come to, as whoever waits for it reads it. */
export interface RunResult {
  readonly status: EndStatus
  readonly body: object
}

/** An end that is to be written. */
interface PlannedEnd {
  readonly status: EndStatus
  readonly error: RunError | undefined
  readonly asked: CancelAction | null
  readonly unwritten: readonly RunEvent[]
  /** The place of the event after them. */
  readonly next: number
}

/** How a run ends that was stopped, or has failed, or neither. */
export function endOf(
  stop: Stop | undefined,
  failure: RunError | undefined,
  {
    unwritten,
    next,
    timeout,
  }: { readonly unwritten: readonly RunEvent[]; readonly next: number; readonly timeout: number },
): PlannedEnd {
  const common = { unwritten, next, asked: null }
  if (stop?.kind === 'asked') return { ...common, status: 'interrupted', error: undefined, asked: stop.action }
  if (stop?.kind === 'timeout') {
    const message = `The run took longer than ${timeout / 1000} seconds.`
    return { ...common, status: 'timeout', error: { error: 'TimeoutError', message } }
  }
  return { ...common, status: failure === undefined ? 'success' : 'error', error: failure }
}

/** A run whose end is to be written, and whose it is. */
interface Ended {
  readonly context: RunContext
  readonly run: ClaimedRun
  readonly lease: Lease
  readonly tenant: TenantStore
}

/** Writes the end of a run. Whoever asks for another end at the last moment gets that one. */
export async function finishRun(ended: Ended, end: PlannedEnd): Promise<RunResult | undefined> {
  const outcome =
    end.asked === 'rollback'
      ? { ending: await patiently(() => rollBack(ended)), body: {} }
      : await patiently(() => write(ended, end))
  if (outcome.ending === 'lost') return undefined
  if (outcome.ending === 'ended') return { status: end.status, body: outcome.body }
  const { asked } = outcome.ending
  return finishRun(ended, { ...end, status: 'interrupted', error: undefined, asked })
}

async function write(ended: Ended, end: PlannedEnd): Promise<{ ending: Ending; body: object }> {
  const { tenant, lease } = ended
  const state = await stateOf(ended, tenant)
  const { status, error, asked, unwritten, next } = end
  const body = error === undefined ? resultOf(state) : failureResult(error)
  const last = error === undefined ? [] : [{ seq: next, event: 'error', data: JSON.stringify(error) }]
  const ending = await tenant.runs.end(lease, {
    status,
    result: body,
    error,
    state: state && stateProjection(state),
    events: [...unwritten, ...last],
    asked,
  })
  return { ending, body }
}

function rollBack(ended: Ended): Promise<Ending> {
  return ended.tenant.transaction((store, tx) =>
    rollBackRun(tx, ended.lease, async () => {
      const state = await stateOf(ended, store)
      return state && stateProjection(state)
    }),
  )
}

async function stateOf({ context, run }: Ended, store: TenantStore): Promise<ThreadState | undefined> {
  const graphId = run.kwargs['graph_id'] as string
  const executor = findExecutor(context, graphId)
  try {
    return await executor?.state({ store, threadId: run.thread_id, graphId })
  } catch (error) {
    context.logFailure(error instanceof Error ? error : new Error(String(error)), run.run_id)
    return undefined
  }
}
