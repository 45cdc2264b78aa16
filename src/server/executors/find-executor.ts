import { notFound } from '../../store/store.ts'
import type { Executor } from './executor.ts'

/** Who executes a graph. Throws `not_found`. */
export function executorFor(executors: readonly Executor[], graphId: string): Executor {
  const found = executors.find(({ graphIds }) => graphIds.includes(graphId))
  if (found === undefined) throw notFound('graph', graphId)
  return found
}
