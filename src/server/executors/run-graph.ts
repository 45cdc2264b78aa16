import type { RunnableConfig } from '@langchain/core/runnables'
import type { Execution, ExecutionEvent } from './executor.ts'
import type { CompiledGraph, LangGraphLibrary } from './graph.ts'
import { messageEvents } from './message-events.ts'
import { plain } from './plain.ts'
import { runnableConfig } from './run-config.ts'
import { idsOf } from './run-ids.ts'

/** Modes of LangGraph's streams by those of the protocol; the others have the same name. */
const graphModes: Readonly<Record<string, string>> = { 'messages-tuple': 'messages' }

/** Runs a graph, and tells what it streams. Throws what the graph throws. */
export async function* runGraph(
  execution: Execution,
  library: LangGraphLibrary,
  graphFor: (config: RunnableConfig) => Promise<CompiledGraph>,
): AsyncGenerator<ExecutionEvent> {
  const config = configOf(execution)
  const graph = await graphFor(config)
  const options = { ...config, ...streamOptions(execution) }
  const input = await inputOf(execution, library, graph)
  const tell = teller(execution)
  if (!execution.streamModes.includes('events')) {
    for await (const chunk of await graph.stream(input, options)) yield* tell(chunk)
    return
  }
  const events = graph.streamEvents(input, { ...options, version: 'v2' }) as AsyncIterable<GraphEvent>
  for await (const event of events) {
    yield { event: 'events', data: plain(event) }
    // What the graph itself streams comes as events of its own run.
    if (event.event === 'on_chain_stream' && event.run_id === execution.runId) yield* tell(event.data.chunk)
  }
}

interface GraphEvent {
  readonly event: string
  readonly run_id: string
  readonly data: { readonly chunk?: unknown }
}

function configOf(execution: Execution): RunnableConfig {
  const { config, runId, checkpoint } = execution
  const { configurable, metadata, ...rest } = runnableConfig(config)
  const { run_attempt, ...ids } = idsOf(execution)
  return {
    ...rest,
    runId,
    metadata: { ...metadata, ...execution.metadata, ...ids, run_attempt },
    configurable: { ...configurable, ...checkpoint, ...ids },
  }
}

function streamOptions(execution: Execution): object {
  const modes = execution.streamModes.filter((mode) => mode !== 'events').map((mode) => graphModes[mode] ?? mode)
  return {
    context: execution.context,
    signal: execution.signal,
    durability: execution.durability,
    // A list, so that each chunk says of which mode it is.
    streamMode: [...new Set(modes.length > 0 ? modes : ['values'])],
    subgraphs: execution.streamSubgraphs,
    ...(execution.interruptBefore && { interruptBefore: execution.interruptBefore }),
    ...(execution.interruptAfter && { interruptAfter: execution.interruptAfter }),
  }
}

// A second attempt goes on where the first has come to: its input is in the checkpoints already.
async function inputOf(
  { attempt, runId, threadId, command, input }: Execution,
  library: LangGraphLibrary,
  graph: CompiledGraph,
): Promise<unknown> {
  if (attempt > 1) {
    const newest = await graph.getState({ configurable: { thread_id: threadId } })
    const metadata = newest.metadata as Readonly<Record<string, unknown>> | undefined
    if (metadata?.['run_id'] === runId) return null
  }
  return command === undefined ? input : new library.Command(command as never)
}

function teller({ streamModes, streamSubgraphs }: Execution): (chunk: unknown) => Iterable<ExecutionEvent> {
  const wanted = new Set(streamModes)
  const messages = messageEvents()
  return function* (chunk) {
    const [namespace, mode, data] = streamSubgraphs
      ? (chunk as [string[], string, unknown])
      : ([[], ...(chunk as [string, unknown])] as [string[], string, unknown])
    const suffix = namespace.map((name) => `|${name}`).join('')
    if (mode === 'messages') {
      if (wanted.has('messages-tuple')) yield { event: `messages${suffix}`, data: plain(data) }
      if (wanted.has('messages')) {
        for (const { event, data: told } of messages(data)) yield { event: `${event}${suffix}`, data: told }
      }
    } else if (wanted.has(mode)) yield { event: `${mode}${suffix}`, data: plain(data) }
  }
}
