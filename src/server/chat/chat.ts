import { createHash } from 'node:crypto'
import { MetastoreError } from '../../errors.ts'
import type { Agent, JsonObject, Message, Owner, Session, Store, TenantStore, Verdict } from '../../store/store.ts'

/** A question that somebody asks an agent. */
export interface ChatQuestion {
  readonly store: TenantStore
  readonly session: Session
  readonly agent: Agent
  readonly message: Message
  /** What was said before it, in its order: the last messages of the session. */
  readonly history: readonly Message[]
}

/** What an agent answers. */
export interface ChatAnswer {
  readonly content: string
  readonly metadata?: JsonObject | undefined
}

/** Answers questions in chats. */
export type AnswerChat = (question: ChatQuestion) => Promise<ChatAnswer>

/** What somebody sends to a chat. */
export interface ChatTurn {
  readonly message: string
  readonly agentName: string | undefined
  readonly sessionId: string | undefined
  readonly clientMessageId: string | undefined
}

/** Where a chat is, and who chats. */
export interface ChatPlace {
  readonly all: Store
  readonly store: TenantStore
  readonly owner: Owner
  /** Whose session a new one is; null for somebody who is not known. */
  readonly userId: string | null
}

/** What comes of it. */
export interface ChatReply {
  readonly sessionId: string
  readonly agent: Agent
  readonly message: Message
  readonly verdict: Verdict
}

/** The agent that is asked when none is named. */
const supervisor = 'SupervisorAgent'

/** How many messages an agent is told of what was said before. */
const remembered = 20

/**
 * One turn of a chat: the question is kept, answered, and so is the answer. A turn that is sent again with its client id is
 * answered once. Throws `agent_unknown`, `agent_unavailable`, and `not_found` for a session that the owner may not see, before
 * anything is written.
 */
export async function takeTurn(
  { all, store, owner, userId }: ChatPlace,
  turn: ChatTurn,
  answer: AnswerChat,
): Promise<ChatReply> {
  const agent = await findAgent(all, store, turn.agentName ?? supervisor)
  const { session, message, verdict } = await keepQuestion({ store, owner, userId }, agent, turn)
  const replyId = replyIdOf(message.id)
  const replied = await store.messages.withClientId(session.thread_id, replyId)
  if (replied !== undefined) return { sessionId: session.thread_id, agent, message: replied, verdict }
  const { content, metadata } =
    verdict.decision === 'block'
      ? refusal(verdict)
      : await answer({ store, session, agent, message, history: await historyOf(store, message) }).catch(inTime)
  const reply = await store.messages.add(session.thread_id, {
    role: 'assistant',
    content,
    client_message_id: replyId,
    metadata: { ...metadata, agent_name: agent.name, in_reply_to: message.id },
  })
  return { sessionId: session.thread_id, agent, message: reply.message, verdict }
}

// A language model that takes too long is no fault of the server.
function inTime(error: unknown): never {
  if (!(error instanceof DOMException) || error.name !== 'TimeoutError') throw error
  throw new MetastoreError({
    code: 'unavailable',
    message: 'The agent has not answered in time.',
    remedy: 'Send the message again, under the same client_message_id.',
    cause: error,
  })
}

async function findAgent(all: Store, store: TenantStore, name: string): Promise<Agent> {
  const agent = await store.agents.named(name)
  if (agent?.is_active === true) return agent
  if (agent === undefined && !(await all.admin.grants.isSharedAgent(name))) {
    throw new MetastoreError({
      code: 'agent_unknown',
      message: `${JSON.stringify(name)}: agent not found.`,
      remedy: 'Name an agent of the list, with its upper and lower case.',
    })
  }
  const { name: tenant } = await store.tenant.get()
  throw new MetastoreError({
    code: 'agent_unavailable',
    message: `The agent ${name} is not available for tenant ${tenant}.`,
    remedy: 'Name another agent, or have this one granted to the tenant.',
  })
}

function keepQuestion({ store, owner, userId }: Omit<ChatPlace, 'all'>, agent: Agent, turn: ChatTurn) {
  return store.transaction(async (same) => {
    const session =
      turn.sessionId === undefined
        ? await same.sessions.create({
            user_id: userId,
            assistant_id: agent.assistant_id,
            agent_type: 'chat',
            title: titleOf(turn.message),
            metadata: { graph_id: agent.graph_id, assistant_id: agent.assistant_id },
          })
        : await same.sessions.get(turn.sessionId, owner)
    const verdict = await same.guardrails.evaluate(turn.message)
    const { message } = await same.messages.add(session.thread_id, {
      role: 'user',
      content: turn.message,
      client_message_id: turn.clientMessageId,
      metadata: verdict.decision === 'pass' ? {} : { guardrail: verdict.rule },
    })
    return { session, message, verdict }
  })
}

function historyOf(store: TenantStore, { thread_id, sequence }: Message): Promise<Message[]> {
  return store.messages.list(thread_id, { limit: remembered, before: sequence })
}

function refusal({ message, resolution, rule }: Verdict): ChatAnswer {
  return { content: [message, resolution].filter((part) => part !== null).join(' '), metadata: { guardrail: rule } }
}

// The first words of what somebody asks.
function titleOf(message: string): string {
  const [line = ''] = message.trim().split('\n')
  const letters = [...line]
  return letters.length <= 80 ? line : `${letters.slice(0, 79).join('')}…`
}

// The same for the same question (a UUID of version 5 in its name space), so that there is one reply to it.
function replyIdOf(messageId: string): string {
  const hash = createHash('sha1')
    .update(Buffer.from(messageId.replaceAll('-', ''), 'hex'))
    .update('reply')
    .digest()
  hash.writeUInt8((hash.readUInt8(6) & 0x0f) | 0x50, 6)
  hash.writeUInt8((hash.readUInt8(8) & 0x3f) | 0x80, 8)
  return hash.toString('hex', 0, 16).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}
