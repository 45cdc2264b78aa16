import type { RunnableConfig } from '@langchain/core/runnables'
import type { Saver, SaverOptions, WriteWatch } from '../../langgraph/langgraph.ts'
import { itemStoreClass, saverClass, written } from '../../langgraph/langgraph.ts'
import { invalid, notFound, type TenantStore } from '../../store/store.ts'
import type {
  CheckpointReference,
  Execution,
  ExecutionEvent,
  Executor,
  HistoryQuery,
  StateQuery,
  StateUpdate,
  ThreadState,
} from './executor.ts'
import { drawingOf } from './drawing.ts'
import type { CompiledGraph, GraphSource, LangGraphLibrary } from './graph.ts'
import { runGraph } from './run-graph.ts'
import { idsOf } from './run-ids.ts'
import { schemasOf } from './graph-schemas.ts'
import { checkpointReference, threadState } from './snapshot.ts'
import { readable, readFailure, updateFailure } from './graph-failures.ts'

/** What LangGraph graphs are executed with. */
export interface LangGraphOptions {
  readonly library: LangGraphLibrary
  readonly graphs: Readonly<Record<string, GraphSource>>
}

/** Executes graphs of LangGraph.js, with their checkpoints in the assistant schema. */
export function langGraphExecutor({ library, graphs }: LangGraphOptions): Executor {
  const MetastoreSaver = saverClass(library)
  const ItemStore = itemStoreClass(library)
  const saverOf = (store: TenantStore, options: Partial<SaverOptions> = {}): Saver =>
    new MetastoreSaver({ store: () => Promise.resolve(store), makesThreads: false, ...options })

  /** The graph with the checkpoints and the items of a tenant: a copy, since runs of several tenants use it at a time. */
  const graphOf = async (
    graphId: string,
    store: TenantStore | undefined,
    { saver, config = {} }: { readonly saver?: Saver; readonly config?: RunnableConfig } = {},
  ): Promise<CompiledGraph> => {
    const source = graphs[graphId]
    if (source === undefined) throw notFound('graph', graphId)
    const graph = typeof source === 'function' ? await source(config) : source
    if (store === undefined) return graph
    return new (graph.constructor as new (fields: object) => CompiledGraph)({
      ...graph,
      checkpointer: saver ?? saverOf(store),
      store: new ItemStore(() => Promise.resolve(store)),
    })
  }

  return {
    graphIds: Object.keys(graphs),

    async *run(execution: Execution): AsyncGenerator<ExecutionEvent> {
      const { store, runId } = execution
      const metadata = { ...execution.metadata, ...idsOf(execution) }
      const watch = watchWrites()
      const saver = saverOf(store, { runId, metadata, watch, checkpoints: execution.checkpoints })
      const signal = AbortSignal.any([execution.signal, watch.broken])
      const events = runGraph({ ...execution, signal }, library, (config) =>
        graphOf(execution.graphId, store, { saver, config }),
      )
      yield* untilBroken(events, watch)
    },

    async state(query: StateQuery): Promise<ThreadState | undefined> {
      const { graphId, store, checkpoints, subgraphs = false } = query
      const graph = await graphOf(graphId, store, { saver: saverOf(store, { checkpoints }) })
      const snapshot = await graph.getState(configOf(query), { subgraphs }).catch(readFailure)
      return snapshot.createdAt === undefined ? undefined : threadState(snapshot)
    },

    async *history({ limit, before, metadata, ...query }: HistoryQuery): AsyncGenerator<ThreadState> {
      const graph = await graphOf(query.graphId, query.store)
      const options = {
        limit,
        ...(before !== undefined && { before: { configurable: { checkpoint_id: before } } }),
        ...(metadata !== undefined && { filter: metadata }),
      }
      for await (const snapshot of readable(graph.getStateHistory(configOf(query), options)))
        yield threadState(snapshot)
    },

    async updateState({ values, asNode, ...query }: StateUpdate): Promise<CheckpointReference> {
      const graph = await graphOf(query.graphId, query.store)
      if (asNode !== undefined) refuseUnknownNode(graph, asNode, query.graphId)
      const written = await graph.updateState(configOf(query), values, asNode).catch(updateFailure)
      return checkpointReference(written) as CheckpointReference
    },

    schemas: async (graphId) => schemasOf(graphId, await graphOf(graphId, undefined)),
    draw: async (graphId, xray) => drawingOf(await graphOf(graphId, undefined), xray),
  }
}

/** Looks after the writes of one run; `broken` aborts with the failure of the first that fails. */
interface RunWatch extends WriteWatch {
  readonly broken: AbortSignal
}

function watchWrites(): RunWatch {
  const broken = new AbortController()
  return { writing: new Set(), failed: (error) => broken.abort(error), broken: broken.signal }
}

/** What a run tells. A write that fails breaks it off, and is what the run fails with. */
async function* untilBroken(
  events: AsyncIterable<ExecutionEvent>,
  { broken, writing }: RunWatch,
): AsyncGenerator<ExecutionEvent> {
  try {
    yield* events
  } catch (error) {
    throw broken.aborted ? broken.reason : error
  } finally {
    // A state that is read now has all that the run has come to.
    await written(writing)
  }
  broken.throwIfAborted()
}

function refuseUnknownNode({ nodes }: CompiledGraph, name: string, graphId: string): void {
  if (Object.hasOwn(nodes, name) || ['__start__', '__end__', '__copy__', '__input__'].includes(name)) return
  throw invalid('as_node', `The graph ${graphId} has no node ${JSON.stringify(name)}.`)
}

function configOf({ threadId, checkpoint }: StateQuery): RunnableConfig {
  return { configurable: { ...checkpoint, checkpoint_ns: checkpoint?.checkpoint_ns ?? '', thread_id: threadId } }
}
