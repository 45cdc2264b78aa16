import { invalid } from '../../src/store/store.ts'
import type { CheckpointReference, Executor, ThreadState } from '../../src/server/server.ts'

/**
 * An executor of the graphs `echo` and `other`, which have one node each, of the name of the graph. It keeps states in memory,
 * adds lists to lists, and runs nothing: for what is asked of assistants and threads alone.
 */
export function notebook(): Executor {
  const pages = new Map<string, ThreadState[]>()
  return {
    graphIds: ['echo', 'other'],
    async *run() {
      yield await Promise.reject(new Error('A notebook runs nothing.'))
    },
    state: ({ threadId }) => Promise.resolve(pages.get(threadId)?.at(-1)),
    async *history({ threadId }) {
      yield* await Promise.resolve((pages.get(threadId) ?? []).toReversed())
    },
    updateState({ threadId, graphId, values, asNode }) {
      if (asNode !== undefined && asNode !== graphId) {
        return Promise.reject(invalid('as_node', `The graph ${graphId} has no node ${asNode}.`))
      }
      const before = pages.get(threadId) ?? []
      const checkpoint = { thread_id: threadId, checkpoint_ns: '', checkpoint_id: String(before.length) }
      const added = withAdded(before.at(-1)?.values, values)
      pages.set(threadId, [...before, stateOf(added, checkpoint, before.length - 1)])
      return Promise.resolve(checkpoint)
    },
    schemas: (graphId) =>
      Promise.resolve({
        graph_id: graphId,
        input_schema: { type: 'object' },
        output_schema: null,
        state_schema: null,
        config_schema: null,
        context_schema: null,
      }),
    draw: (graphId, xray) => Promise.resolve({ nodes: [{ id: graphId, type: 'runnable', data: { xray } }], edges: [] }),
  }
}

function withAdded(before: unknown, values: unknown): Record<string, unknown> {
  const state = { ...(before as Record<string, unknown> | undefined) }
  for (const [key, value] of Object.entries(values as object) as [string, unknown][]) {
    const old = state[key]
    state[key] = Array.isArray(old) && Array.isArray(value) ? [...(old as unknown[]), ...(value as unknown[])] : value
  }
  return state
}

function stateOf(values: unknown, checkpoint: CheckpointReference, step: number): ThreadState {
  return {
    values,
    next: [],
    tasks: [],
    metadata: { source: 'update', step },
    created_at: null,
    checkpoint,
    parent_checkpoint: null,
    interrupts: [],
  }
}
