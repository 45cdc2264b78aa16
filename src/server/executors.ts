import type { Executor } from './executor.ts'

/** What executors are made of. */
export interface ExecutorOptions {
  /** The absolute path of a langgraph.json, if there is one. */
  readonly graphs: string | undefined
}

/** The executors of a server. */
export function loadExecutors(_options: ExecutorOptions): Promise<readonly Executor[]> {
  return Promise.resolve([])
}
