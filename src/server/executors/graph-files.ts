import { readFile } from 'node:fs/promises'
import { dirname, relative, resolve } from 'node:path'
import { type ErrorCode, MetastoreError } from '../../errors.ts'
import type { Executor } from './executor.ts'
import type { GraphSource, LangGraphLibrary } from './graph.ts'
import { type GraphFile, readGraphConfig } from './graph-config.ts'
import { langGraphExecutor } from './langgraph.ts'

/** Loads a module of TypeScript or JavaScript, with what it imports. */
export type LoadModule = (
  file: { readonly path: string; readonly absolutePath: string; readonly source: string },
  failure: { readonly code: ErrorCode; readonly subject: string },
) => Promise<Readonly<Record<string, unknown>>>

/** What graphs of files are executed with. */
export interface GraphFileOptions {
  readonly load: LoadModule
}

/**
 * The executors of the graphs that a `langgraph.json` names, each with the LangGraph.js that its file finds. Throws
 * `graph_invalid`, `langgraph_missing`.
 */
export async function graphFileExecutors(configPath: string, options: GraphFileOptions): Promise<Executor[]> {
  const absolute = resolve(configPath)
  const source = await readFile(absolute, 'utf8').catch((cause: unknown) => {
    throw graphInvalid(configPath, 'There is no such file, or it cannot be read.', cause)
  })
  const files = readGraphConfig(source, configPath)
  return Promise.all(files.map((file) => executorOf(file, dirname(absolute), options)))
}

async function executorOf(file: GraphFile, directory: string, options: GraphFileOptions): Promise<Executor> {
  const absolutePath = resolve(directory, file.path)
  const path = relative(process.cwd(), absolutePath)
  const source = await readFile(absolutePath, 'utf8').catch((cause: unknown) => {
    throw graphInvalid(path, 'There is no such file, or it cannot be read.', cause)
  })
  const exports = await loaded({ path, absolutePath, source }, options.load)
  const graphs = Object.entries(file.graphs).map(([graphId, name]) => [graphId, graphOf(exports, name, path)] as const)
  const library = exports['metastore__langgraph'] as LangGraphLibrary
  return langGraphExecutor({ library, graphs: Object.fromEntries(graphs) })
}

// Appended, so that no line of the file changes its number: the graph's own LangGraph, whose classes its values are of.
const appended = `\nexport * as metastore__langgraph from '@langchain/langgraph'\n`

async function loaded(
  file: { readonly path: string; readonly absolutePath: string; readonly source: string },
  load: LoadModule,
): Promise<Readonly<Record<string, unknown>>> {
  try {
    return await load({ ...file, source: file.source + appended }, { code: 'graph_invalid', subject: 'The graph' })
  } catch (error) {
    if (!(error instanceof MetastoreError)) throw error
    const said = [error.message, ...error.details].join('\n')
    if (!/(Could not resolve|Cannot find package) ['"]@langchain\/langgraph['"/]/.test(said)) throw error
    throw new MetastoreError({
      code: 'langgraph_missing',
      message: 'The graph needs @langchain/langgraph, and it is not installed where it is.',
      where: file.path,
      remedy: 'Install it in your project: npm install @langchain/langgraph @langchain/core.',
      cause: error,
    })
  }
}

function graphOf(exports: Readonly<Record<string, unknown>>, name: string, path: string): GraphSource {
  const found = exports[name]
  if (typeof found === 'function') return found as GraphSource
  if (typeof found === 'object' && found !== null) {
    if ('getState' in found && 'stream' in found) return found as unknown as GraphSource
    if ('compile' in found && typeof found.compile === 'function') return (found.compile as () => GraphSource)()
  }
  const there = Object.keys(exports).filter((key) => key !== 'metastore__langgraph')
  throw graphInvalid(
    path,
    found === undefined
      ? `The file exports no ${JSON.stringify(name)}; it exports ${there.join(', ') || 'nothing'}.`
      : `The export ${JSON.stringify(name)} is no graph, and no function that makes one.`,
  )
}

function graphInvalid(where: string, message: string, cause?: unknown): MetastoreError {
  return new MetastoreError({
    code: 'graph_invalid',
    message,
    where,
    remedy: 'Name graphs in langgraph.json as { "graphs": { "agent": "./src/agent.ts:graph" } }.',
    cause,
  })
}
