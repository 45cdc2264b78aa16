import { randomUUID } from 'node:crypto'
import type { ClaimedRun, NewRun, RunKey } from '../../store/store.ts'
import { executeRun, type RunContext, type RunUnderWay } from './run-execution.ts'
import type { RunResult } from './run-finish.ts'

/** How a worker works. */
export interface WorkerOptions {
  /** How many runs it executes at a time; 10 by default. */
  readonly concurrency?: number | undefined
  /** Seconds without a sign of life after which others take a run over; 15 by default. */
  readonly leaseSeconds?: number | undefined
  /** Seconds that one attempt of a run may take; an hour by default. */
  readonly runTimeoutSeconds?: number | undefined
  /** Seconds between two looks for what no message has told; 5 by default. */
  readonly pollSeconds?: number | undefined
}

/** A place for one run, kept free for a run that is about to be made. */
export interface Place {
  readonly claim: NonNullable<NewRun['claim']>
  /** Executes the run that was made for it. */
  start(run: ClaimedRun): Promise<RunResult | undefined>
  /** There was none. */
  free(): void
}

/** Executes runs: those that it takes from the queue, and those that are made for it. */
export interface Worker {
  /** How many runs are being executed. */
  readonly load: number
  /** A place for a run that is made now; undefined when there is none. */
  reserve(): Place | undefined
  /** Takes no more runs, and waits for those under way; those that are left after so many milliseconds are given back. */
  close(patience: number): Promise<void>
}

/** Starts a worker. It hears of runs by wake-ups, and looks for what it has not heard of from time to time. */
export function startWorker(base: Omit<RunContext, 'worker' | 'timeout'>, options: WorkerOptions): Worker {
  const { concurrency = 10, leaseSeconds = 15, runTimeoutSeconds = 3600, pollSeconds = 5 } = options
  const context: RunContext = { ...base, worker: randomUUID(), timeout: runTimeoutSeconds * 1000 }
  const { store } = context
  const queue = store.admin.runQueue
  const claimant = { worker: context.worker, leaseSeconds }
  const underWay = new Map<string, RunUnderWay>()
  let reserved = 0
  let closing = false
  let claiming: Promise<void> | undefined
  // Something may have come while claiming, or while there was no place for it.
  let again = false
  let dueTimer: NodeJS.Timeout | undefined

  const logged = (work: Promise<unknown>): Promise<void> =>
    work.then(
      () => undefined,
      (error: unknown) => context.logFailure(error as Error, 'worker'),
    )
  const start = (run: ClaimedRun): Promise<RunResult | undefined> => {
    const made = executeRun(context, run)
    underWay.set(run.run_id, made)
    void made.done.finally(() => {
      underWay.delete(run.run_id)
      if (again) claim()
    })
    return made.done
  }
  const places = (): number => concurrency - underWay.size - reserved
  const claimAll = async (): Promise<void> => {
    while (again && !closing && places() > 0) {
      again = false
      const free = places()
      const taken = await queue.claim(claimant, free)
      taken.forEach((run) => void start(run))
      if (taken.length === free) again = true
      else if (taken.length === 0) await waitUntilDue()
    }
  }
  const claim = (): void => {
    again = true
    claiming ??= logged(claimAll()).then(() => {
      claiming = undefined
      // Asked for between the last look and now.
      if (again && !closing && places() > 0) claim()
    })
  }
  const waitUntilDue = async (): Promise<void> => {
    const due = await queue.nextDue()
    clearTimeout(dueTimer)
    if (due === undefined || closing) return
    // What is due later than the next look is left to that.
    const wait = due.getTime() - Date.now()
    if (wait < pollSeconds * 1000) dueTimer = setTimeout(claim, Math.max(wait, 10))
  }
  const takeOver = async (alone: boolean): Promise<void> => {
    if (closing || places() <= 0) return
    const taken = await queue.takeOver(claimant, places(), alone)
    taken.forEach((run) => void start(run))
  }
  const renew = async (): Promise<void> => {
    const keys = [...underWay.values()].map(keyOf)
    if (keys.length === 0) return
    const held = new Map((await queue.renew(claimant, keys)).map((run) => [run.run_id, run]))
    for (const { runId } of keys) {
      const { run, control } = underWay.get(runId) ?? {}
      const still = held.get(runId)
      if (still === undefined || still.attempt !== run?.attempt) control?.end({ kind: 'lost' })
      else if (still.cancel_action !== null) control?.end({ kind: 'asked', action: still.cancel_action as 'interrupt' })
    }
  }

  const offs = [
    store.wakeUps.on('run', claim),
    store.wakeUps.on('cancel', (runId) => {
      if (underWay.has(runId)) void logged(renew())
    }),
    store.wakeUps.onGap(() => {
      claim()
      void logged(renew())
    }),
  ]
  const timers = [
    setInterval(() => void logged(renew()), (leaseSeconds * 1000) / 3),
    setInterval(() => {
      claim()
      void logged(takeOver(false))
    }, pollSeconds * 1000),
  ]
  // Where nobody else can be, whoever had a run is dead.
  void logged(takeOver(!store.shared))
  claim()

  return {
    get load() {
      return underWay.size
    },
    reserve() {
      if (closing || places() <= 0) return undefined
      reserved += 1
      const free = (): void => {
        reserved -= 1
        if (again) claim()
      }
      return {
        claim: claimant,
        free,
        start(run) {
          reserved -= 1
          return start(run)
        },
      }
    },
    async close(patience) {
      closing = true
      offs.forEach((off) => off())
      clearTimeout(dueTimer)
      clearInterval(timers[1])
      await claiming
      const all = [...underWay.values()]
      await within(patience, Promise.all(all.map(({ done }) => done)))
      const left = [...underWay.values()]
      left.forEach(({ control }) => control.end({ kind: 'released' }))
      await Promise.all(left.map(({ done }) => done))
      clearInterval(timers[0])
      const released = left.filter(({ control }) => control.stop?.kind === 'released')
      await logged(queue.release(context.worker, released.map(keyOf)))
    },
  }
}

function keyOf({ run }: RunUnderWay): RunKey {
  return { tenantId: run.tenant_id, runId: run.run_id }
}

async function within(milliseconds: number, work: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const end = new Promise<void>((resolve) => (timer = setTimeout(resolve, milliseconds)))
  await Promise.race([work, end])
  clearTimeout(timer)
}
