import { type CheckpointAccess, type ClaimedRun, given, type JsonObject, type Lease } from '../../store/store.ts'
import type { Execution } from '../executors/executor.ts'
import { patiently } from './patience.ts'
import { findExecutor, type RunContext } from './run-context.ts'
import { runCheckpoints } from './run-checkpoints.ts'
import { type RunControl, runControl } from './run-control.ts'
import { endOf, finishRun, type RunResult } from './run-finish.ts'
import { isPassing, runError } from './run-error.ts'
import { type RunLog, runLog } from './run-log.ts'
import { runSpan } from './run-span.ts'
import { isRequested } from './stream-modes.ts'

/** How often a run is begun before it is given up. */
const attempts = 3

/** Milliseconds that a graph has to heed its signal before the run ends without it. */
const grace = 500

/** Milliseconds that events of a run wait for company; of one whose stream somebody reads, less. */
const delays = { streamed: 2, others: 50 }

/** A run that is being executed. */
export interface RunUnderWay {
  readonly run: ClaimedRun
  readonly control: RunControl
  /** What it came to; undefined when it is not at its end, or is gone. Never rejects. */
  readonly done: Promise<RunResult | undefined>
}

/** Executes a run that the worker has claimed. */
export function executeRun(context: RunContext, run: ClaimedRun): RunUnderWay {
  const control = runControl()
  if (run.cancel_action !== null) control.end({ kind: 'asked', action: run.cancel_action as 'interrupt' })
  const done = runSpan(context, run, () => execute(context, run, control)).catch((error: unknown) => {
    // It stays claimed without a sign of life, so that somebody takes it over.
    context.logFailure(error instanceof Error ? error : new Error(String(error)), run.run_id)
    return undefined
  })
  return { run, control, done }
}

async function execute(context: RunContext, run: ClaimedRun, control: RunControl): Promise<RunResult | undefined> {
  const { store, worker } = context
  const lease = { runId: run.run_id, threadId: run.thread_id, attempt: run.attempt, worker }
  const tenant = store.tenant(run.tenant_id)
  const log = openLog(context, run, control, lease)
  const checkpoints = runCheckpoints({
    threadId: run.thread_id,
    stored: tenant.checkpoints,
    log,
    newThread: run.newThread === true,
    sync: run.kwargs['durability'] === 'sync',
  })
  const timer = setTimeout(() => control.end({ kind: 'timeout' }), context.timeout)
  let failure: { readonly thrown: unknown } | undefined
  try {
    if (control.stop === undefined)
      await runGraph(context, executionOf(context, run, control, checkpoints), { run, control, log })
  } catch (thrown) {
    failure = { thrown }
  } finally {
    clearTimeout(timer)
  }
  if (control.stop?.kind === 'lost') {
    await log.close()
    return undefined
  }
  if (control.stop?.kind === 'released') {
    await patiently(() => log.flush())
    await log.close()
    return undefined
  }
  const end = endOf(control.stop, failure && runError(failure.thrown), context.timeout)
  if (failure !== undefined && end.error?.error === 'InternalError') {
    context.logFailure(failure.thrown as Error, run.run_id)
  }
  return finishRun({ context, run, lease, tenant, log, checkpoints }, end)
}

function openLog(context: RunContext, run: ClaimedRun, control: RunControl, lease: Lease): RunLog {
  const { runs } = context.store.tenant(run.tenant_id)
  return runLog({
    next: run.next_seq,
    delay: run.kwargs['streamed'] === true ? delays.streamed : delays.others,
    async write(writes) {
      if (!(await patiently(() => runs.append(lease, writes)))) control.end({ kind: 'lost' })
    },
    onFailure(cause) {
      context.logFailure(cause instanceof Error ? cause : new Error(String(cause)), run.run_id)
      // What would fail again in another attempt ends the run.
      control.end(isPassing(cause) ? { kind: 'lost' } : { kind: 'failed', cause })
    },
  })
}

// Returns early, without the graph, when the run is stopped.
async function runGraph(
  context: RunContext,
  execution: Execution,
  { run, control, log }: { readonly run: ClaimedRun; readonly control: RunControl; readonly log: RunLog },
): Promise<void> {
  const { graphId } = execution
  const executor = findExecutor(context, graphId)
  if (executor === undefined) throw named('GraphMissing', `There is no graph ${graphId} on this server.`)
  if (run.attempt > attempts) {
    throw named('WorkerLost', `The run was given up: its worker was lost ${attempts} times.`)
  }
  if (run.resumed) await log.event('metadata', { run_id: run.run_id, attempt: run.attempt })
  await refuseMissingCheckpoint(execution)
  const consumed = (async (): Promise<void> => {
    for await (const { event, data } of executor.run(execution)) {
      if (control.signal.aborted) return
      if (isRequested(event, execution.streamModes)) await log.event(event, data)
    }
  })()
  const stopped = new Promise<void>((resolve) => {
    control.signal.addEventListener('abort', () => resolve(), { once: true })
  })
  await Promise.race([consumed, stopped])
  if (!control.signal.aborted) return
  let timer: NodeJS.Timeout | undefined
  const tired = new Promise<void>((resolve) => (timer = setTimeout(resolve, grace)))
  await Promise.race([consumed.catch(() => {}), tired])
  clearTimeout(timer)
}

// LangGraph would begin with nothing, and what comes of that would be the newest state of the thread.
async function refuseMissingCheckpoint({ checkpoint, checkpoints, threadId }: Execution): Promise<void> {
  if (checkpoint === undefined) return
  const { checkpoint_id: checkpointId, checkpoint_ns: namespace } = checkpoint
  if ((await checkpoints.newest({ threadId, namespace, checkpointId })) !== undefined) return
  const of = namespace === '' ? '' : ` of ${namespace}`
  throw named('CheckpointMissing', `The thread ${threadId} has no checkpoint ${checkpointId}${of}.`)
}

function executionOf(
  context: RunContext,
  run: ClaimedRun,
  control: RunControl,
  checkpoints: CheckpointAccess,
): Execution {
  const { kwargs } = run
  const configurable = { ...((kwargs['config'] as JsonObject)['configurable'] as JsonObject), run_id: run.run_id }
  return {
    store: context.store.tenant(run.tenant_id),
    runId: run.run_id,
    threadId: run.thread_id,
    assistantId: run.assistant_id,
    graphId: kwargs['graph_id'] as string,
    // Given back, it counts no attempt, and goes on all the same.
    attempt: run.resumed ? Math.max(2, run.attempt) : run.attempt,
    input: given(kwargs, 'input') ?? null,
    command: given(kwargs, 'command') as Execution['command'],
    config: { ...(kwargs['config'] as JsonObject), configurable },
    context: kwargs['context'] as JsonObject,
    metadata: run.metadata,
    checkpoint: kwargs['checkpoint'] as Execution['checkpoint'],
    interruptBefore: kwargs['interrupt_before'] as Execution['interruptBefore'],
    interruptAfter: kwargs['interrupt_after'] as Execution['interruptAfter'],
    streamModes: kwargs['stream_mode'] as readonly string[],
    streamSubgraphs: kwargs['stream_subgraphs'] === true,
    durability: kwargs['durability'] as Execution['durability'],
    signal: control.signal,
    checkpoints,
  }
}

function named(name: string, message: string): Error {
  return Object.assign(new Error(message), { name })
}
