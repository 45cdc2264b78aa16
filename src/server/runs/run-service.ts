import type { NewRun, RunOutcome, RunRow, TenantStore } from '../../store/store.ts'
import { hasEnded } from '../../store/store.ts'
import type { RunContext } from './run-context.ts'
import type { RunResult } from './run-finish.ts'
import { resultBody } from './run-state.ts'
import { type TemporaryThreads, temporaryThreads } from './temporary-threads.ts'
import { openWatches, type Watches } from './watches.ts'
import { startWorker, type WorkerOptions } from './worker.ts'

/** How a server executes and streams runs. */
export interface RunOptions extends WorkerOptions {
  /** Seconds that runs and streams get when the server is told to end; 10 by default. */
  readonly drainSeconds?: number | undefined
  /** Seconds between two signs of life of a stream; 5 by default. */
  readonly heartbeatSeconds?: number | undefined
}

/** A run that was made, and its end where this process executes it. */
export interface MadeRun {
  readonly run: RunRow
  /** Undefined, or of nothing: the end is to be looked for in the store. */
  readonly done: Promise<RunResult | undefined> | undefined
}

/** Executes the runs of a server, and tells of them. */
export interface RunService {
  readonly watches: Watches
  readonly temporaryThreads: TemporaryThreads
  /** Milliseconds between two signs of life of a stream. */
  readonly heartbeat: number
  /** Aborts when streams have to close. */
  readonly closing: AbortSignal
  /** Makes a run, and executes it here and now where that is possible. Throws what `Runs.create` throws. */
  make(store: TenantStore, run: NewRun): Promise<MadeRun>
  /** Waits for the end of a run; undefined when it is gone, or when the signal aborts. */
  end(store: TenantStore, runId: string, signal: AbortSignal): Promise<RunResult | undefined>
  /** Counts a response that is open until its end, so that the server waits for it. */
  track<T>(response: Promise<T>): Promise<T>
  close(): Promise<void>
}

/** Starts to execute runs. */
export function startRuns(context: Omit<RunContext, 'worker' | 'timeout'>, options: RunOptions = {}): RunService {
  const { drainSeconds = 10, heartbeatSeconds = 5 } = options
  const watches = openWatches(context.store.wakeUps)
  const worker = startWorker(context, options)
  const closing = new AbortController()
  const gone = temporaryThreads((error) => context.logFailure(error, 'temporary threads'))
  const open = new Set<Promise<unknown>>()
  const heartbeat = heartbeatSeconds * 1000
  return {
    watches,
    temporaryThreads: gone,
    heartbeat,
    closing: closing.signal,
    async make(store, wanted) {
      const place = worker.reserve()
      try {
        const run = await store.runs.create({ ...wanted, claim: place?.claim })
        if (place === undefined || run.status === 'pending' || run.isRepeated === true) {
          place?.free()
          return { run, done: undefined }
        }
        return {
          run,
          done: place.start({ ...run, next_seq: 1, resumed: false, newThread: wanted.threadId === undefined }),
        }
      } catch (error) {
        place?.free()
        throw error
      }
    },
    async end(store, runId, signal) {
      using watch = watches.open(runId)
      while (!signal.aborted) {
        const outcome = await store.runs.outcome(runId, undefined)
        if (outcome === undefined) return undefined
        if (hasEnded(outcome.status)) return storedResult(outcome)
        await watch.changed(heartbeat, signal)
      }
      return undefined
    },
    track(response) {
      open.add(response)
      const forget = (): void => void open.delete(response)
      response.then(forget, forget)
      return response
    },
    async close() {
      const end = Date.now() + drainSeconds * 1000
      await worker.close(drainSeconds * 1000)
      let timer: NodeJS.Timeout | undefined
      const patience = new Promise((resolve) => (timer = setTimeout(resolve, Math.max(0, end - Date.now()))))
      await Promise.race([allAnswered(open), patience])
      clearTimeout(timer)
      await gone.close()
      closing.abort()
      watches[Symbol.dispose]()
    },
  }
}

// Also those that begin meanwhile.
async function allAnswered(open: ReadonlySet<Promise<unknown>>): Promise<void> {
  while (open.size > 0) await Promise.allSettled(open)
}

/** What a run that has ended came to. */
export function storedResult({ status, result, error }: RunOutcome): RunResult {
  return { status: status as RunResult['status'], body: resultBody(result, error) }
}
