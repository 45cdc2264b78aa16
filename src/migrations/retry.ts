import { setTimeout as delay } from 'node:timers/promises'
import { failedBecause } from '../database/database.ts'
import type { Progress } from '../progress.ts'

/** How long statements wait for locks, and how long they are tried again. */
export interface RetryOptions {
  /** Milliseconds that one attempt waits for a lock, so that nobody queues behind it for longer. */
  readonly lockTimeout: number
  /** Milliseconds after which the last attempt's failure is final. */
  readonly deadline: number
}

/**
 * Runs a whole transaction, and runs it again when it lost a race for a lock, with growing pauses and jitter, until the
 * deadline. Nothing of a failed attempt is left, so every attempt begins from the same state.
 */
export async function retrying<T>(
  { retry, signal, progress }: { retry: RetryOptions; signal: AbortSignal; progress: Progress },
  attempt: () => Promise<T>,
): Promise<T> {
  const deadline = performance.now() + retry.deadline
  for (let tries = 1; ; tries++) {
    try {
      return await attempt()
    } catch (error) {
      const lostRace = failedBecause(error, 'lock_timeout', 'deadlock', 'serialization', 'busy')
      if (!lostRace || signal.aborted || performance.now() >= deadline) throw error
      if (tries === 3) progress({ kind: 'notice', message: `Still waiting for a lock: ${error.message}` })
      await delay(Math.min(5000, 100 * 2 ** Math.min(tries - 1, 6)) * (0.5 + Math.random()))
    }
  }
}
