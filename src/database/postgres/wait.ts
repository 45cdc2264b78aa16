import { setTimeout as sleep } from 'node:timers/promises'
import { DatabaseError } from '../failure.ts'
import type { OpenOptions, PostgresTarget } from '../driver.ts'
import { canceled } from './canceled.ts'
import { mayPass } from './connection-failure.ts'

/** Tries until it succeeds, for as long as the server may only be starting and the time to wait is not over. */
export async function retryWhileStarting<T>(
  target: PostgresTarget,
  { wait = 0, signal, progress }: OpenOptions,
  attempt: () => Promise<T>,
): Promise<T> {
  const deadline = performance.now() + wait
  for (let pause = 100; ; pause = Math.min(pause * 1.6, 2000)) {
    try {
      return await attempt()
    } catch (error) {
      const left = deadline - performance.now()
      if (!mayPass(error)) throw error
      if (left <= 0) throw wait > 0 ? waitedInVain(error, wait) : error
      if (pause === 100) {
        progress?.({ kind: 'notice', message: `Waiting up to ${seconds(wait)} for the server of ${target.address}.` })
      }
      // Not all at the same moment, where many processes wait for one server.
      await sleep(Math.min(left, pause * (0.5 + Math.random())), undefined, { signal }).catch((cause: unknown) => {
        throw canceled(undefined, cause)
      })
    }
  }
}

function waitedInVain(error: unknown, wait: number): unknown {
  if (!(error instanceof DatabaseError)) return error
  return new DatabaseError({
    ...error,
    message: `${error.message} It was tried for ${seconds(wait)}.`,
    cause: error.cause,
  })
}

function seconds(milliseconds: number): string {
  return `${Number((milliseconds / 1000).toFixed(1))} s`
}
