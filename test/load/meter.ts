import { performance } from 'node:perf_hooks'

/** A statement that failed, or a row that was not what its writer had written. */
export interface Failure {
  readonly phase: string
  readonly writer: string
  readonly statement: string
  readonly error: string
}

/** What the writers' statements came to, by the phase they ended in. */
export interface Meter {
  readonly failures: readonly Failure[]
  /** Says that a phase begins. */
  enter(phase: string): void
  /** Runs and times one statement; undefined when it failed. */
  statement<T>(writer: string, statement: string, run: () => Promise<T>): Promise<T | undefined>
  fail(writer: string, statement: string, error: string): void
  /** Waits until there have been so many statements from here on. */
  more(count: number): Promise<void>
  /** One line for each phase. */
  lines(title: string): string[]
}

/** A meter that stands at no phase yet. */
export function openMeter(): Meter {
  const failures: Failure[] = []
  const phases = new Map<string, { times: number[]; began: number; ended: number }>()
  const waiting: { left: number; done: () => void }[] = []
  let current = ''
  const fail = (writer: string, statement: string, error: string) =>
    void failures.push({ phase: current, writer, statement, error })
  const count = (took: number) => {
    phases.get(current)?.times.push(took)
    for (const one of waiting.splice(0)) {
      one.left -= 1
      if (one.left > 0) waiting.push(one)
      else one.done()
    }
  }
  return {
    failures,
    enter(phase) {
      const now = performance.now()
      const before = phases.get(current)
      if (before !== undefined) before.ended = now
      current = phase
      phases.set(phase, { times: [], began: now, ended: now })
    },
    async statement(writer, statement, run) {
      const began = performance.now()
      try {
        return await run()
      } catch (error) {
        fail(writer, statement, describe(error))
        return undefined
      } finally {
        count(performance.now() - began)
      }
    },
    fail,
    more: (left) => new Promise((done) => void waiting.push({ left, done })),
    lines: (title) =>
      [...phases].map(([phase, { times, began, ended }]) => {
        const sorted = times.toSorted((a, b) => a - b)
        const at = (part: number) => (sorted[Math.floor((sorted.length - 1) * part)] ?? 0).toFixed(1)
        const seconds = ((ended - began) / 1000).toFixed(1)
        return `${title}, ${phase}: ${times.length} statements in ${seconds} s, p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, longest ${at(1)} ms`
      }),
  }
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const code = 'code' in error ? `${String(error.code)} ` : ''
  const detail = 'detail' in error && typeof error.detail === 'string' ? ` (${error.detail})` : ''
  return `${code}${error.message}${detail}`
}
