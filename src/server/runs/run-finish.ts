import {
  type CancelAction,
  type CheckpointAccess,
  type ClaimedRun,
  type EndStatus,
  type Ending,
  type Lease,
  rollBackRun,
  type RunError,
  type RunWrites,
  type TenantStore,
} from '../../store/store.ts'
import type { ThreadState } from '../executors/executor.ts'
import { patiently } from './patience.ts'
import { findExecutor, type RunContext } from './run-context.ts'
import type { Stop } from './run-control.ts'
import { isPassing, runError } from './run-error.ts'
import type { RunLog } from './run-log.ts'
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
}

/** How a run ends that was stopped, or has failed, or neither; `timeout` is how many milliseconds it had. */
export function endOf(stop: Stop | undefined, failure: RunError | undefined, timeout: number): PlannedEnd {
  if (stop?.kind === 'asked') return { status: 'interrupted', error: undefined, asked: stop.action }
  if (stop?.kind === 'timeout') {
    const message = `The run took longer than ${timeout / 1000} seconds.`
    return { status: 'timeout', error: { error: 'TimeoutError', message }, asked: null }
  }
  const error = stop?.kind === 'failed' ? runError(stop.cause) : failure
  return { status: error === undefined ? 'success' : 'error', error, asked: null }
}

/** A run whose end is to be written, and whose it is. */
interface Ended {
  readonly context: RunContext
  readonly run: ClaimedRun
  readonly lease: Lease
  readonly tenant: TenantStore
  /** What it has written, and has still to write. */
  readonly log: RunLog
  readonly checkpoints: CheckpointAccess
}

/** What there is to write besides the end itself. */
interface Remains {
  readonly state: ThreadState | undefined
  readonly unwritten: RunWrites
  /** The place of the next event. */
  readonly next: number
}

/** Writes the end of a run. Whoever asks for another end at the last moment gets that one. */
export async function finishRun(ended: Ended, end: PlannedEnd): Promise<RunResult | undefined> {
  if (end.asked === 'rollback') return settled(ended, end, { ending: await patiently(() => rollBack(ended)), body: {} })
  // What could not be written is no state of the thread.
  const state = await stateOf(ended, ended.tenant, ended.log.failure === undefined ? ended.checkpoints : undefined)
  const remains = { state, ...(await ended.log.close()) }
  const written = await patiently(() => write(ended, end, remains)).catch((cause: unknown) => {
    const { events, checkpoints, writes } = remains.unwritten
    if (isPassing(cause) || checkpoints.length + writes.length === 0) throw cause
    return { cause, left: { ...remains, state: undefined, unwritten: { events, checkpoints: [], writes: [] } } }
  })
  if (!('cause' in written)) return settled(ended, end, written)
  // With what cannot be written it would end in no attempt.
  ended.context.logFailure(written.cause as Error, ended.run.run_id)
  const failed = endOf({ kind: 'failed', cause: written.cause }, undefined, ended.context.timeout)
  return settled(ended, failed, await patiently(() => write(ended, failed, written.left)))
}

async function settled(
  ended: Ended,
  end: PlannedEnd,
  { ending, body }: { readonly ending: Ending; readonly body: object },
): Promise<RunResult | undefined> {
  if (ending === 'lost') return undefined
  if (ending === 'ended') return { status: end.status, body }
  return finishRun(ended, { status: 'interrupted', error: undefined, asked: ending.asked })
}

async function write(
  { tenant, lease, run, context }: Ended,
  { status, error, asked }: PlannedEnd,
  { state, unwritten, next }: Remains,
): Promise<{ ending: Ending; body: object }> {
  const body = error === undefined ? resultOf(state) : failureResult(error)
  const last = error === undefined ? [] : [{ seq: next, event: 'error', data: JSON.stringify(error) }]
  const events = [...unwritten.events, ...last]
  const ending = await tenant.runs.end(lease, {
    status,
    result: body,
    error,
    state: state && stateProjection(state),
    // Nobody goes on from the state of a thread that goes with its run.
    tellsWebhook: run.webhook !== null,
    writes: run.temporary ? { events, checkpoints: [], writes: [] } : { ...unwritten, events },
    asked,
    trace: context.telemetry?.carrier(),
  })
  return { ending, body }
}

async function rollBack(ended: Ended): Promise<Ending> {
  await ended.log.close()
  return ended.tenant.transaction((store, tx) =>
    rollBackRun(tx, ended.lease, async () => {
      const state = await stateOf(ended, store, undefined)
      return state && stateProjection(state)
    }),
  )
}

async function stateOf(
  { context, run }: Ended,
  store: TenantStore,
  checkpoints: CheckpointAccess | undefined,
): Promise<ThreadState | undefined> {
  const graphId = run.kwargs['graph_id'] as string
  const executor = findExecutor(context, graphId)
  try {
    return await executor?.state({ store, threadId: run.thread_id, graphId, checkpoints })
  } catch (error) {
    context.logFailure(error instanceof Error ? error : new Error(String(error)), run.run_id)
    return undefined
  }
}
