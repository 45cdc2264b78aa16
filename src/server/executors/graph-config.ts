import { MetastoreError } from '../../errors.ts'

/** A file, and the graphs that are taken from it: by the id of each, the name under which the file exports it. */
export interface GraphFile {
  readonly path: string
  readonly graphs: Readonly<Record<string, string>>
}

/** The graphs of a `langgraph.json`, by their files. Throws `graph_invalid`. */
export function readGraphConfig(source: string, where: string): GraphFile[] {
  const refuse = (message: string, cause?: unknown): MetastoreError =>
    new MetastoreError({
      code: 'graph_invalid',
      message,
      where,
      remedy: 'Name graphs as { "graphs": { "agent": "./src/agent.ts:graph" } }.',
      cause,
    })
  const files = new Map<string, Record<string, string>>()
  for (const [graphId, said] of Object.entries(graphsOf(source, refuse))) {
    const place = typeof said === 'object' && said !== null && 'path' in said ? said.path : said
    const [, path = '', name = ''] = /^(.+?\.\w+)(?::([^:]+))?$/.exec(typeof place === 'string' ? place : '') ?? []
    if (path === '') throw refuse(`The graph ${JSON.stringify(graphId)} names no file.`)
    if (!/\.[mc]?[jt]sx?$/.test(path)) {
      throw refuse(
        `The graph ${JSON.stringify(graphId)} is in ${path}, and only TypeScript and JavaScript are executed.`,
      )
    }
    files.set(path, { ...files.get(path), [graphId]: name === '' ? 'default' : name })
  }
  return [...files].map(([path, graphs]) => ({ path, graphs }))
}

function graphsOf(source: string, refuse: (message: string, cause?: unknown) => MetastoreError): object {
  let config: unknown
  try {
    config = JSON.parse(source)
  } catch (error) {
    throw refuse(`The file is no JSON: ${(error as Error).message}.`, error)
  }
  const graphs = typeof config === 'object' && config !== null && 'graphs' in config ? config.graphs : undefined
  if (typeof graphs !== 'object' || graphs === null || Object.keys(graphs).length === 0) {
    throw refuse('The file names no graphs.')
  }
  return graphs
}
