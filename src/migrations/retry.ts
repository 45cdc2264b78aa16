import { setTimeout as delay } from 'node:timers/promises'
import { DatabaseError, type FailureReason } from '../database/database.ts'
import type { Progress } from '../progress.ts'

/** How long statements wait for locks, and how long they are tried again. */
export interface RetryOptions {
  /** Milliseconds that one attempt waits for a lock, so that nobody queues behind it for longer. */
  readonly lockTimeout: number
  /** Milliseconds after which the last attempt's failure is final. */
  readonly deadline: number
  /** The same where the whole database is busy, as a SQLite file that another process writes to. */
  readonly busyDeadline: number
}

/** Milliseconds between two attempts: of the first pause, about, and of the longest. */
export interface Pauses {
  readonly first: number
  readonly longest: number
}

const usualPauses: Pauses = { first: 100, longest: 5000 }

/**
 * Runs a whole transaction, and runs it again when it lost a race for a lock, with growing pauses and jitter, until the
 * deadline. Nothing of a failed attempt is left, so every attempt begins from the same state.
 */
export async function retrying<T>(
  { retry, signal, progress }: { retry: RetryOptions; signal: AbortSignal; progress: Progress },
  attempt: () => Promise<T>,
  pauses: Pauses = usualPauses,
): Promise<T> {
  const begin = performance.now()
  for (let tries = 1; ; tries++) {
    try {
      return await attempt()
    } catch (error) {
      if (!(error instanceof DatabaseError) || signal.aborted) throw error
      if (performance.now() - begin >= patienceFor(error.reason, retry)) throw error
      if (tries === 3) progress({ kind: 'notice', message: `Still waiting for a lock: ${error.message}` })
      // An interruption only ends the pause: the next attempt is then refused, by an error that says why.
      await delay(pauseBefore(tries, pauses), undefined, { signal }).catch(() => undefined)
    }
  }
}

function pauseBefore(tries: number, { first, longest }: Pauses): number {
  return Math.min(longest, first * 2 ** Math.min(tries - 1, 6)) * (0.5 + Math.random())
}

function patienceFor(reason: FailureReason, retry: RetryOptions): number {
  switch (reason) {
    case 'lock_timeout':
    case 'deadlock':
    case 'serialization':
      return retry.deadline
    case 'busy':
      return retry.busyDeadline
    default:
      return 0
  }
}
