import type { CompiledGraph } from './graph.ts'

/** The nodes and edges of a graph, as programs draw them. */
export async function drawingOf(
  graph: CompiledGraph,
  xray: boolean | number,
): Promise<{ readonly nodes: unknown[]; readonly edges: unknown[] }> {
  const drawing = (await graph.getGraphAsync({ xray })).toJSON() as { nodes?: unknown[]; edges?: unknown[] }
  return { nodes: drawing.nodes ?? [], edges: drawing.edges ?? [] }
}
