import type { JsonObject, RunError, StateProjection } from '../../store/store.ts'
import type { ThreadState } from '../executors/executor.ts'

/** What a thread's row tells of a state. */
export function stateProjection(state: ThreadState): StateProjection {
  const asking = state.tasks.filter(({ interrupts }) => interrupts.length > 0)
  const interrupts = Object.fromEntries(asking.map((task) => [task.id, task.interrupts])) as unknown as JsonObject
  return { values: state.values, next: state.next, interrupts }
}

/** What whoever waits for a run reads: the values, with the questions that are open. It is always an object. */
export function resultOf(state: ThreadState | undefined): object {
  const { values } = state ?? { values: null }
  const result = typeof values === 'object' && values !== null ? values : {}
  const questions = state?.tasks.flatMap(({ interrupts }) => interrupts) ?? []
  return questions.length === 0 || Array.isArray(result) ? result : { ...result, __interrupt__: questions }
}

/** What whoever waits for a run reads when it has failed. */
export function failureResult(error: RunError): object {
  return { __error__: error }
}

/** The same from what is stored. */
export function resultBody(result: unknown, error: RunError | null): object {
  if (typeof result === 'object' && result !== null) return result
  return error === null ? {} : failureResult(error)
}
