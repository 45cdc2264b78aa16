import type { ClaimedRun, NewRun } from '../../store/store.ts'
import type { RunContext } from './run-context.ts'
import { executeRun, type RunUnderWay } from './run-execution.ts'
import type { RunResult } from './run-finish.ts'

/** A place for one run, kept free for a run that is about to be made. */
export interface Place {
  readonly claim: NonNullable<NewRun['claim']>
  /** Executes the run that was made for it. */
  start(run: ClaimedRun): Promise<RunResult | undefined>
  /** There was none. */
  free(): void
}

/** The places of a worker, and the runs that it executes in them. */
export interface Slots {
  readonly underWay: ReadonlyMap<string, RunUnderWay>
  /** How many more runs there is a place for. */
  readonly free: number
  start(run: ClaimedRun): Promise<RunResult | undefined>
  reserve(claim: Place['claim']): Place | undefined
  /** Calls `handler` whenever a place becomes free. */
  onFree(handler: () => void): void
}

/** As many places as runs may be executed at a time. */
export function openSlots(context: RunContext, concurrency: number): Slots {
  const underWay = new Map<string, RunUnderWay>()
  let reserved = 0
  let onFree = (): void => {}
  const places = (): number => concurrency - underWay.size - reserved

  const start = (run: ClaimedRun): Promise<RunResult | undefined> => {
    const made = executeRun(context, run)
    underWay.set(run.run_id, made)
    void made.done.finally(() => {
      underWay.delete(run.run_id)
      onFree()
    })
    return made.done
  }
  return {
    underWay,
    get free() {
      return places()
    },
    start,
    reserve(claim) {
      if (places() <= 0) return undefined
      reserved += 1
      return {
        claim,
        start(run) {
          reserved -= 1
          return start(run)
        },
        free() {
          reserved -= 1
          onFree()
        },
      }
    },
    onFree(handler) {
      onFree = handler
    },
  }
}
