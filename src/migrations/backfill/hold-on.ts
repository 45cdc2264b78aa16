import { setTimeout as delay } from 'node:timers/promises'
import type { BackfillContext } from './job.ts'
import type { Hold } from './options.ts'

/** Milliseconds until a hold is asked again. */
const interval = 1000

/** Waits between two batches as long as one of the holds says so, and tells why; no row is locked meanwhile. */
export async function holdOn(
  { session, signal, progress, telemetry }: Pick<BackfillContext, 'session' | 'signal' | 'progress' | 'telemetry'>,
  holds: readonly Hold[],
): Promise<void> {
  const begin = performance.now()
  let told = false
  for (;;) {
    const reason = signal.aborted ? undefined : await reasonToHold(session, holds)
    if (reason === undefined) break
    // Once: the number in the next reason would only be another one.
    if (!told) progress({ kind: 'notice', message: `The backfill pauses: ${reason}` })
    told = true
    await delay(interval, undefined, { signal }).catch(() => undefined)
  }
  if (told) telemetry?.measure('metastore.backfill.pause.duration', (performance.now() - begin) / 1000)
  if (told && !signal.aborted) progress({ kind: 'notice', message: 'The backfill goes on.' })
}

async function reasonToHold(session: BackfillContext['session'], holds: readonly Hold[]): Promise<string | undefined> {
  for (const hold of holds) {
    const reason = await hold(session)
    if (reason !== null) return reason
  }
  return undefined
}
