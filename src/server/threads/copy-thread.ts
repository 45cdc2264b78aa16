import type { TenantStore, Thread } from '../../store/store.ts'
import type { Executor } from '../executors/executor.ts'
import { projectionOf } from './thread-state.ts'

/**
 * Copies a thread with its history. What is known of the state of a busy one is what it was before its run: of the copy, which has
 * no run, it is what the newest checkpoint says. Throws `not_found`.
 */
export function copyThread(store: TenantStore, executors: readonly Executor[], threadId: string): Promise<Thread> {
  return store.transaction(async (within) => {
    const original = await within.threads.get(threadId)
    const copy = await within.threads.copy(threadId)
    const graphId = original.status === 'busy' ? copy.graph_id : null
    const executor = executors.find(({ graphIds }) => graphId !== null && graphIds.includes(graphId))
    if (executor === undefined || graphId === null) return copy
    const state = await executor.state({ store: within, threadId: copy.thread_id, graphId })
    if (state === undefined) return copy
    await within.threads.saveState(copy.thread_id, projectionOf(state))
    return within.threads.get(copy.thread_id)
  })
}
