import type { GraphSchemas } from './executor.ts'
import type { CompiledGraph } from './graph.ts'

/** The JSON Schemas of a graph. A state that is declared by annotations, without a schema library, has none. */
export function schemasOf(graphId: string, _graph: CompiledGraph): GraphSchemas {
  return {
    graph_id: graphId,
    input_schema: null,
    output_schema: null,
    state_schema: null,
    config_schema: null,
    context_schema: null,
  }
}
