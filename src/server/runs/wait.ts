import type { RunResult } from './run-finish.ts'

/** Milliseconds between two signs of life to whoever waits for a run. */
const pause = 1000

/** What whoever waits reads: line breaks while the run is under way, then what it came to as JSON. */
export async function* waiting(result: Promise<RunResult | undefined>): AsyncGenerator<string> {
  for (;;) {
    const settled = await soon(result)
    if (settled !== undefined) return yield JSON.stringify(settled.result?.body ?? {})
    yield '\n'
  }
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
