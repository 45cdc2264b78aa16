import type { RunnableConfig } from '@langchain/core/runnables'
import type { CheckpointLibrary, ItemLibrary } from '../../langgraph/langgraph.ts'
import type { Snapshot } from './snapshot.ts'

/** A compiled graph of LangGraph.js: what is used of it. Its types depend on its state, which is nobody's business here. */
export interface CompiledGraph {
  readonly nodes: Readonly<Record<string, unknown>>
  stream(input: unknown, options: object): Promise<AsyncIterable<unknown>>
  streamEvents(input: unknown, options: object): AsyncIterable<unknown>
  getState(config: RunnableConfig, options?: { readonly subgraphs?: boolean }): Promise<Snapshot>
  getStateHistory(config: RunnableConfig, options?: object): AsyncIterable<Snapshot>
  updateState(config: RunnableConfig, values: unknown, asNode?: string): Promise<RunnableConfig>
  getGraphAsync(config: { readonly xray?: boolean | number }): Promise<{ toJSON(): object }>
}

/** A graph, or a function that makes one for the configuration of a run. */
export type GraphSource = CompiledGraph | ((config: RunnableConfig) => CompiledGraph | Promise<CompiledGraph>)

/** The parts of LangGraph.js that an executor uses: of the graphs' own installation, so that classes are the same. */
export interface LangGraphLibrary extends CheckpointLibrary, ItemLibrary {
  readonly Command: new (fields: never) => object
}
