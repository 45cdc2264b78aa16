import { randomUUID } from 'node:crypto'
import { invalid, type StoredCheckpoint, type TenantStore } from '../../../store/store.ts'
import type { CheckpointReference, Execution, ExecutionEvent, Executor, StateUpdate } from '../executor.ts'
import { idsOf } from '../run-ids.ts'
import { conversationSchemas, conversationDrawing } from './conversation-shape.ts'
import {
  type Conversation,
  conversationAt,
  node,
  readConversation,
  stateOf,
  writeConversation,
} from './conversation-state.ts'
import { merged, type Message, messagesOf } from './messages.ts'

/** What an assistant answers with. */
export interface ReplyRequest {
  readonly store: TenantStore
  readonly messages: readonly Message[]
  readonly config: Execution['config']
  readonly context: Execution['context']
  readonly signal: AbortSignal
}

/** Gives an answer, piece by piece. */
export type Reply = (request: ReplyRequest) => AsyncIterable<string>

/**
 * Executes graphs of one node, which answers the messages of a thread. It needs no LangGraph, and keeps its state in
 * checkpoints as LangGraph's graphs do, so that history and forks work alike.
 */
export function conversationExecutor(replies: Readonly<Record<string, Reply>>): Executor {
  return {
    graphIds: Object.keys(replies),
    run: (execution) => converse(execution, replies[execution.graphId] as Reply),

    async state({ store, checkpoints = store.checkpoints, threadId, checkpoint }) {
      const found = await checkpoints.newest({ threadId, namespace: '', checkpointId: checkpoint?.checkpoint_id })
      return found && stateAt(found)
    },

    async *history({ store, threadId, limit, before, metadata, checkpoint }) {
      const query = { threadId, namespace: '', checkpointId: checkpoint?.checkpoint_id, before, metadata }
      for await (const found of store.checkpoints.list(query, limit)) yield stateAt(found)
    },

    updateState: (update) => update.store.transaction((store) => write(store, update)),
    schemas: (graphId) => Promise.resolve(conversationSchemas(graphId)),
    draw: () => Promise.resolve(conversationDrawing),
  }
}

function stateAt(found: StoredCheckpoint): ReturnType<typeof stateOf> {
  return stateOf({ ...conversationAt(found), at: found })
}

async function* converse(execution: Execution, reply: Reply): AsyncGenerator<ExecutionEvent> {
  const begun = await begin(execution)
  const wanted = new Set(execution.streamModes)
  const values = (conversation: Conversation): ExecutionEvent[] =>
    wanted.has('values') ? [{ event: 'values', data: { messages: conversation.messages } }] : []
  yield* values(begun)
  if (!begun.waits || stopsBefore(execution, begun)) return

  const id = randomUUID()
  const metadata = { langgraph_node: node, ...idsOf(execution) }
  const { store, config, context, signal } = execution
  let content = ''
  for await (const piece of reply({ store, messages: begun.messages, config, context, signal })) {
    signal.throwIfAborted()
    if (content === '' && wanted.has('messages')) yield { event: 'messages/metadata', data: { [id]: { metadata } } }
    content += piece
    const part = { id, type: 'AIMessageChunk', content: piece }
    if (wanted.has('messages-tuple')) yield { event: 'messages', data: [part, metadata] }
    if (wanted.has('messages')) yield { event: 'messages/partial', data: [{ id, type: 'ai', content }] }
  }
  signal.throwIfAborted()
  const answer: Message = { id, type: 'ai', content }
  if (wanted.has('messages')) yield { event: 'messages/complete', data: [answer] }
  const done = await goOn(execution, begun, { messages: [...begun.messages, answer], waits: false, source: 'loop' })
  if (wanted.has('updates')) yield { event: 'updates', data: { [node]: { messages: [answer] } } }
  yield* values(done)
}

// Only where the run has come to: one that goes on from there has been stopped already.
function stopsBefore({ interruptBefore, runId }: Execution, { at }: Conversation): boolean {
  const named = interruptBefore === '*' || interruptBefore?.includes(node) === true
  return named && at?.metadata['run_id'] === runId
}

// A second attempt finds its input in the checkpoint that the first has written.
async function begin(execution: Execution): Promise<Conversation> {
  const { attempt, runId, checkpoints, threadId, command, input } = execution
  if (attempt > 1) {
    const newest = await readConversation({ checkpoints, threadId })
    if (newest.at?.metadata['run_id'] === runId) return newest
  }
  if (command?.resume !== undefined) throw invalid('command.resume', `The graph ${execution.graphId} asks nothing.`)
  const before = await readConversation(execution)
  const added = command === undefined ? messagesOf(input) : messagesOf(command.update, 'command.update')
  const goesOn = command?.goto === node || before.waits
  if (added.length === 0 && !goesOn) return before
  if (added.length === 0 && before.waits) return before
  return goOn(execution, before, { messages: merged(before.messages, added), waits: true, source: 'input' })
}

function goOn(
  execution: Execution,
  before: Conversation,
  step: { readonly messages: readonly Message[]; readonly waits: boolean; readonly source: 'input' | 'loop' },
): Promise<Conversation> {
  const { threadId, runId } = execution
  const metadata = { ...execution.metadata, ...idsOf(execution) }
  return writeConversation(execution.checkpoints, { ...step, threadId, before, runId, metadata })
}

// As the assistant: it has answered. As anybody else: it is to answer.
async function write(store: TenantStore, update: StateUpdate): Promise<CheckpointReference> {
  const { threadId, graphId, values, asNode } = update
  if (asNode !== undefined && asNode !== node && asNode !== '__start__') {
    throw invalid('as_node', `The graph ${graphId} has no node ${JSON.stringify(asNode)}.`)
  }
  const before = await readConversation({ ...update, checkpoints: store.checkpoints })
  const messages = merged(before.messages, messagesOf(values, 'values'))
  const asked = messages.at(-1)?.type === 'human'
  const waits = asNode === '__start__' || (asNode === undefined && asked)
  const metadata = { graph_id: graphId, thread_id: threadId }
  const written = await writeConversation(store.checkpoints, {
    threadId,
    before,
    messages,
    waits,
    source: 'update',
    metadata,
  })
  return { thread_id: threadId, checkpoint_ns: '', checkpoint_id: written.at?.checkpoint_id ?? '' }
}
