import { MetastoreError } from '../../errors.ts'
import type { RunResult } from './run-finish.ts'

/** Milliseconds between two signs of life to whoever waits for a run. */
const pause = 1000

/** What whoever has waited for a moment reads: line breaks while the run is under way, then what it came to as JSON. */
export async function* waiting(result: Promise<RunResult | undefined>, closing: AbortSignal): AsyncGenerator<string> {
  for (;;) {
    yield '\n'
    const settled = await soon(result)
    // A run that is gone came to nothing; one whose end this server does not see comes to its end elsewhere.
    if (settled !== undefined) {
      if (settled.result !== undefined || !closing.aborted) yield JSON.stringify(settled.result?.body ?? {})
      return
    }
  }
}

/** The same for a run that has ended already. Throws `unavailable` when the server ends before it. */
export function waited(result: RunResult | undefined, closing: AbortSignal): string {
  if (result === undefined && closing.aborted) {
    throw new MetastoreError({
      code: 'unavailable',
      message: 'The server ends before the run does.',
      remedy: 'Join the run at its Content-Location.',
    })
  }
  return JSON.stringify(result?.body ?? {})
}

/** What a promise resolves to, or undefined when it takes longer than a moment. */
export async function soon(
  result: Promise<RunResult | undefined>,
): Promise<{ readonly result: RunResult | undefined } | undefined> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<undefined>((resolve) => (timer = setTimeout(() => resolve(undefined), pause)))
  const settled = await Promise.race([result.then((value) => ({ result: value })), late])
  clearTimeout(timer)
  return settled
}
