import type { Store } from '../../store/store.ts'
import type { Telemetry } from '../../telemetry/telemetry.ts'
import type { Executor } from '../executors/executor.ts'

/** What runs are executed with. */
export interface RunContext {
  readonly store: Store
  readonly executors: readonly Executor[]
  /** The name under which runs are claimed. */
  readonly worker: string
  /** Milliseconds that one attempt may take. */
  readonly timeout: number
  readonly logFailure: (error: Error, about: string) => void
  readonly telemetry?: Telemetry | undefined
}

/** The executor of a graph, if this server has one. */
export function findExecutor({ executors }: RunContext, graphId: string): Executor | undefined {
  return executors.find(({ graphIds }) => graphIds.includes(graphId))
}
