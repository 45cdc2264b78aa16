import { createHash } from 'node:crypto'
import { MetastoreError } from '../../errors.ts'
import type { JsonObject, Message, RunRow } from '../../store/store.ts'
import type { MadeRun, RunService } from '../runs/run-service.ts'
import { newRun, type RunOrigin } from '../runs/run-request.ts'
import type { ChatAnswer, ChatQuestion } from './chat.ts'

/** How long the graph of an agent may take for an answer, in milliseconds. The run goes on; whoever asks again waits for it. */
const patience = 120_000

const failures: readonly string[] = ['error', 'timeout', 'interrupted']

/** From where a chat is asked. */
export type ChatOrigin = Pick<RunOrigin, 'headers' | 'trace'>

/**
 * Answers with the graph of the agent: by a run in the thread of the session, like any other. The graph gets the question, and what
 * was said in the session before and it does not know yet, as `messages`; its last message is the answer. When it stops at a
 * question of its own, that is the answer, and the next message is what it goes on with.
 */
export async function answerByGraph(runs: RunService, origin: ChatOrigin, question: ChatQuestion): Promise<ChatAnswer> {
  const { store, agent, message } = question
  const { runId, done } = await runOf(runs, origin, question)
  const late = AbortSignal.timeout(patience)
  const signal = AbortSignal.any([late, runs.closing])
  const end = async () => (await done) ?? (await runs.end(store, runId, signal))
  const result = await Promise.race([runs.track(end()), aborted(signal)])
  if (late.aborted) throw late.reason
  if (result?.status !== 'success') throw failed(agent.name)
  const content = contentOf(result.body as Readonly<Record<string, unknown>>, message.id)
  if (content === undefined) throw silent(agent.name, agent.graph_id)
  return { content, metadata: { run_id: runId } }
}

// A message that is sent again is answered by the run that it has, unless that has failed.
async function runOf(
  runs: RunService,
  origin: ChatOrigin,
  question: ChatQuestion,
): Promise<{ readonly runId: string; readonly done: MadeRun['done'] }> {
  const { store, session, agent, message } = question
  const { thread_id: threadId } = session
  const columns = ['run_id', 'assistant_id', 'status', 'metadata']
  const { runs: newest } = await store.runs.list(threadId, { limit: 1, offset: 0, columns })
  const last = newest[0] as Pick<RunRow, 'run_id' | 'assistant_id' | 'status' | 'metadata'> | undefined
  const isOfMessage = last?.metadata['message_id'] === message.id
  if (isOfMessage && !failures.includes(last.status)) return { runId: last.run_id, done: undefined }
  const { interrupts } = await store.threads.get(threadId)
  // What another graph has asked is nothing to this one.
  const asks = last?.assistant_id === agent.assistant_id && Object.keys(interrupts as JsonObject).length > 0
  const key = `${message.id} ${last?.run_id ?? ''}`
  const request = {
    assistant_id: agent.assistant_id,
    ...(asks ? { command: { resume: message.content } } : { input: { messages: messagesOf(question) } }),
    config: agent.prompt === null ? {} : { configurable: { system_prompt: agent.prompt } },
    metadata: { message_id: message.id },
  }
  const { run, done } = await runs.make(
    store,
    newRun(request, {
      ...origin,
      threadId,
      userId: undefined,
      streamed: false,
      key: { scope: `chat ${threadId}`, key, fingerprint: createHash('sha256').update(key).digest() },
    }),
  )
  return { runId: run.run_id, done }
}

// What was said since the last answer of a graph, which has what came before in its state.
function messagesOf({ history, message }: ChatQuestion): object[] {
  const known = history.findLastIndex(({ metadata }) => (metadata as JsonObject)['run_id'] !== undefined)
  const said = history.slice(known + 1).filter(({ id }) => id !== message.id)
  return [...said, message].flatMap(({ id, role, content }: Message) =>
    content === null || role === 'tool' ? [] : [{ id, role, content }],
  )
}

/** The last message after the question, or what the graph asks itself; undefined when it says nothing. */
function contentOf(values: Readonly<Record<string, unknown>>, questionId: string): string | undefined {
  const asked = values['__interrupt__'] as readonly { readonly value?: unknown }[] | undefined
  if (asked !== undefined) return asked.map(({ value }) => textOf(value)).join('\n')
  const all = Array.isArray(values['messages']) ? (values['messages'] as readonly SaidMessage[]) : []
  const after = all.slice(all.findIndex(({ id }) => id === questionId) + 1)
  const last = after.findLast(({ type }) => type === 'ai')
  return last === undefined ? undefined : textOf(last.content)
}

interface SaidMessage {
  readonly id?: unknown
  readonly type?: unknown
  readonly content?: unknown
}

// Of a message in parts, those that are text.
function textOf(content: unknown): string {
  if (typeof content === 'string') return content
  if (!Array.isArray(content)) return JSON.stringify(content ?? null)
  return content.map((part: { readonly text?: unknown }) => (typeof part.text === 'string' ? part.text : '')).join('')
}

function aborted(signal: AbortSignal): Promise<undefined> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(undefined)
    else signal.addEventListener('abort', () => resolve(undefined), { once: true })
  })
}

// What the graph says of its failure is for those who see its runs.
function failed(name: string): MetastoreError {
  return new MetastoreError({
    code: 'unavailable',
    message: `The agent ${name} has not come to an answer.`,
    remedy: 'Send the message again, under the same client_message_id.',
  })
}

function silent(name: string, graphId: string): MetastoreError {
  return new MetastoreError({
    code: 'agent_unavailable',
    message: `The agent ${name} cannot chat: its graph ${graphId} has added no message to its state.`,
    remedy: 'Have the graph answer in the list `messages` of its state, or ask another agent.',
  })
}
