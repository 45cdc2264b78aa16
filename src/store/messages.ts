import { join, sql, type Sql } from '../database/database.ts'
import { notFound } from './failures.ts'
import { type Page, type Paged, readPage } from './page.ts'
import type { MessagesRow, ThreadReflectionsRow, ToolCallsRow } from './rows.ts'
import type { Run } from './runs/run.ts'
import type { StoreTransaction } from './store-transaction.ts'
import { json, type JsonObject, uuids } from './values.ts'

/** One thing that was said in a thread. Sequences are 1, 2, 3 within the thread, in the order of commits. */
export type Message = Omit<MessagesRow, 'tenant_id' | 'updated_at'>

/** A call of a tool that a message asked for, and what came of it. */
export type ToolCall = Omit<ToolCallsRow, 'tenant_id' | 'updated_at'>

/** What somebody thought about a thread, for those who go on with it. */
export type Reflection = Omit<ThreadReflectionsRow, 'tenant_id'>

/** A message that is to be added. */
export interface NewMessage {
  readonly role: 'user' | 'assistant' | 'system' | 'tool'
  readonly content?: string | null | undefined
  readonly content_json?: unknown
  readonly artifact?: unknown
  readonly metadata?: JsonObject | undefined
  /** What the client calls it: a message that is sent twice is there once. */
  readonly client_message_id?: string | undefined
  readonly tool_calls?: readonly NewToolCall[] | undefined
}

/** A call of a tool that is to be added with its message. */
export interface NewToolCall {
  readonly tool_call_id: string
  readonly title?: string | null
  readonly description?: string | null
  readonly arguments?: JsonObject
}

/** Which messages of a thread: those behind a sequence, or the last ones before one, always in their order. */
export interface MessagePage {
  readonly limit: number
  readonly after?: number | undefined
  readonly before?: number | undefined
}

/** The messages of a tenant's threads. */
export interface Messages {
  /** Adds a message; one whose client id is there already stays as it is, and is given. Throws `not_found`. */
  add(threadId: string, message: NewMessage): Promise<{ readonly message: Message; readonly added: boolean }>
  /** Without `after` and `before` the last ones. */
  list(threadId: string, page: MessagePage): Promise<Message[]>
  /** By the id that its client gave it. */
  withClientId(threadId: string, clientMessageId: string): Promise<Message | undefined>
  /** The oldest first. Throws `request_invalid` when the thread has no message to go on behind. */
  page(threadId: string, page: Page): Promise<Paged<Message>>
  toolCalls(messageIds: readonly string[]): Promise<ToolCall[]>
  /** Writes what came of a call. Throws `not_found`. */
  answerToolCall(messageId: string, toolCallId: string, answer: { response?: unknown; error?: string }): Promise<void>
  /** Remembers that messages are in the knowledge base; gives how many were not yet. */
  commitToKnowledgeBase(messageIds: readonly string[]): Promise<number>
  reflect(threadId: string, reflection: NewReflection): Promise<Reflection>
  /** The newest first. */
  reflections(threadId: string, limit: number): Promise<Reflection[]>
}

/** A reflection that is to be added. */
export interface NewReflection {
  readonly trigger: string
  readonly summary: string
  readonly risk_level?: 'low' | 'normal' | 'high' | 'critical'
  readonly recommendation?: string | null
  readonly requires_revision?: boolean
  readonly impacted_tools?: readonly string[]
  readonly metadata?: JsonObject
}

const columns = sql`
  id, thread_id, client_message_id, sequence, created_at, committed_to_knowledge_base, role, content, content_json, artifact,
  metadata`
const reflectionColumns = sql`
  id, thread_id, created_at, requires_revision, trigger, risk_level, summary, recommendation, impacted_tools, metadata`

/** The messages that transactions of `run` see. */
export function messages(run: Run): Messages {
  return {
    add: (threadId, message) => run((tx) => addMessage(tx, threadId, message)),
    list: (threadId, page) => listMessages(run, threadId, page),
    async withClientId(threadId, clientMessageId) {
      const [found] = await run.read<Message>(byClientId(threadId, clientMessageId))
      return found
    },
    page: (threadId, page) => run((tx) => pageMessages(tx, threadId, page)),
    toolCalls: (messageIds) =>
      run.read<ToolCall>(sql`
        select id, message_id, created_at, tool_call_id, title, description, error, arguments, response
        from tool_calls where message_id = any (${uuids(messageIds)}) order by message_id, id`),
    answerToolCall: (messageId, toolCallId, { response, error }) =>
      run(async (tx) => {
        const changed = await tx.execute(sql`
          update tool_calls set response = ${json(response)}, error = ${error ?? null}
          where message_id = ${messageId} and tool_call_id = ${toolCallId}`)
        if (changed === 0) throw notFound('tool call', toolCallId)
      }),
    commitToKnowledgeBase: (messageIds) =>
      run((tx) =>
        tx.execute(sql`
          update messages set committed_to_knowledge_base = true
          where id = any (${uuids(messageIds)}) and not committed_to_knowledge_base`),
      ),
    reflect: (threadId, reflection) => run((tx) => addReflection(tx, threadId, reflection)),
    reflections: (threadId, limit) =>
      run.read<Reflection>(sql`
        select ${reflectionColumns} from thread_reflections
        where thread_id = ${threadId} order by created_at desc limit ${limit}`),
  }
}

async function addMessage(tx: StoreTransaction, threadId: string, message: NewMessage) {
  await lockThread(tx, threadId)
  const { role, content, content_json, artifact, metadata, client_message_id: clientId } = message
  const made = await tx.first<Message>(sql`
    insert into messages (tenant_id, thread_id, client_message_id, role, content, content_json, artifact, metadata)
    values (
      ${tx.tenantId}, ${threadId}, ${clientId ?? null}, ${role}, ${content ?? null}, ${json(content_json ?? undefined)},
      ${json(artifact ?? undefined)}, ${json(metadata ?? {})})
    on conflict (tenant_id, thread_id, client_message_id) where client_message_id is not null do nothing
    returning ${columns}`)
  if (made === undefined) {
    // Only a client id can be in the way, and the thread is locked.
    return { message: (await tx.first<Message>(byClientId(threadId, clientId ?? ''))) as Message, added: false }
  }
  const { tool_calls: calls = [] } = message
  if (calls.length > 0) await tx.execute(insertToolCalls(tx.tenantId, made.id, calls))
  return { message: made, added: true }
}

// What numbers messages takes the same lock; here it also tells whether there is such a thread.
async function lockThread(tx: StoreTransaction, threadId: string): Promise<void> {
  const found = await tx.first(sql`
    select from threads
    where thread_id = ${threadId} and (expires_at is null or expires_at > now())
    for no key update`)
  if (found === undefined) throw notFound('thread', threadId)
}

function byClientId(threadId: string, clientId: string): Sql {
  return sql`select ${columns} from messages where thread_id = ${threadId} and client_message_id = ${clientId}`
}

function insertToolCalls(tenantId: string, messageId: string, calls: readonly NewToolCall[]): Sql {
  const rows = calls.map(
    ({ tool_call_id, title, description, arguments: given }) => sql`
      (${tenantId}, ${messageId}, ${tool_call_id}, ${title ?? null}, ${description ?? null}, ${json(given ?? {})})`,
  )
  return sql`
    insert into tool_calls (tenant_id, message_id, tool_call_id, title, description, arguments) values ${join(rows)}`
}

async function listMessages(run: Run, threadId: string, page: MessagePage): Promise<Message[]> {
  const { limit, after, before } = page
  const onward = after !== undefined
  const rows = await run.read<Message>(sql`
    select ${columns} from messages
    where thread_id = ${threadId}
      ${after === undefined ? sql`` : sql`and sequence > ${after}`}
      ${before === undefined ? sql`` : sql`and sequence < ${before}`}
    order by sequence ${onward ? sql`asc` : sql`desc`}
    limit ${limit}`)
  return onward ? rows : rows.toReversed()
}

function pageMessages(tx: StoreTransaction, threadId: string, page: Page): Promise<Paged<Message>> {
  const sequenceOf = (id: string): Sql =>
    sql`select sequence from messages where thread_id = ${threadId} and id = ${id}`
  const select = (limit: number): Sql => sql`
    select ${columns} from messages
    where thread_id = ${threadId} ${page.after === undefined ? sql`` : sql`and sequence > (${sequenceOf(page.after)})`}
    order by sequence
    limit ${limit}`
  return readPage<Message>(tx, page, { select, cursor: sequenceOf }, ({ id }) => id)
}

async function addReflection(tx: StoreTransaction, threadId: string, given: NewReflection): Promise<Reflection> {
  await lockThread(tx, threadId)
  const [made] = await tx.query<Reflection>(sql`
    insert into thread_reflections
      (tenant_id, thread_id, requires_revision, trigger, risk_level, summary, recommendation, impacted_tools, metadata)
    values (
      ${tx.tenantId}, ${threadId}, ${given.requires_revision ?? false}, ${given.trigger}, ${given.risk_level ?? 'normal'},
      ${given.summary}, ${given.recommendation ?? null}, ${json(given.impacted_tools ?? [])}, ${json(given.metadata ?? {})})
    returning ${reflectionColumns}`)
  return made as Reflection
}
