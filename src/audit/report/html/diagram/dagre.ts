import * as library from '@dagrejs/dagre'

/** A graph that the layout puts coordinates into: of nodes their centres, of edges the points that they pass. */
export interface LayoutGraph {
  setGraph(options: Readonly<Record<string, string | number>>): void
  setNode(id: string, node: { width: number; height: number }): void
  setEdge(from: string, to: string, edge: { minlen: number }, name: string): void
  node(id: string): { readonly x?: number; readonly y?: number }
  edge(edge: { v: string; w: string; name: string }): {
    readonly points?: readonly { readonly x: number; readonly y: number }[]
  }
}

// Its own declarations refer to files in a way that only bundlers find.
const dagre = library as unknown as {
  readonly Graph: new (options: { multigraph: boolean }) => LayoutGraph
  readonly layout: (graph: LayoutGraph) => void
}

/** An empty graph in which two nodes may be joined by several edges. */
export function createGraph(): LayoutGraph {
  return new dagre.Graph({ multigraph: true })
}

/** Gives every node and edge its place. */
export function placeGraph(graph: LayoutGraph): void {
  dagre.layout(graph)
}
