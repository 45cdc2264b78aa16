import { sql } from 'metastore/database'
import { isId } from './input.js'
import { notFound } from './refusal.js'

/** @typedef {import('metastore/database').Queryable} Queryable */
/** @typedef {{ limit: number, after: string | undefined }} Page */
/** @typedef {{ id: string, user_id: string | null, agent: string | null, created_at: Date }} Session */
/** @typedef {{ role: 'user' | 'assistant', content: string, metadata?: Record<string, unknown> }} NewMessage */
/** @typedef {{
 *   sequence: number, role: string, content: string, metadata: Record<string, unknown>, created_at: Date
 * }} Message */

const columns = sql`s.id, s.user_id, a.name as agent, s.created_at`

/**
 * Opens a session with an agent, and returns its id.
 * @param {Queryable} tx
 * @param {string} tenantId
 * @param {string} agentId
 */
export async function createSession(tx, tenantId, agentId) {
  /** @type {{ id: string }[]} */
  const [made] = await tx.query(sql`
    insert into sessions (tenant_id, agent_id) values (${tenantId}::uuid, ${agentId}::uuid) returning id`)
  return /** @type {{ id: string }} */ (made).id
}

/**
 * Holds a session until the end of the transaction, so that one request at a time adds to it.
 * @param {Queryable} tx
 * @param {string} id
 */
export async function holdSession(tx, id) {
  const found = isId(id) ? await tx.query(sql`select id from sessions where id = ${id}::uuid for no key update`) : []
  if (found.length === 0) throw notFound('session', id)
}

/**
 * Removes a session with all that was said in it.
 * @param {Queryable} tx
 * @param {string} id
 */
export async function removeSession(tx, id) {
  await holdSession(tx, id)
  await tx.query(sql`delete from sessions where id = ${id}::uuid`)
}

/**
 * Adds a message to a session that is held, and returns it.
 * @param {Queryable} tx
 * @param {string} tenantId
 * @param {string} sessionId
 * @param {NewMessage} message
 */
export async function addMessage(tx, tenantId, sessionId, { role, content, metadata = {} }) {
  /** @type {Message[]} */
  const [made] = await tx.query(sql`
    insert into messages (tenant_id, session_id, sequence, role, content, metadata)
    select ${tenantId}::uuid, ${sessionId}::uuid, coalesce(max(sequence), 0) + 1, ${role}, ${content},
      ${JSON.stringify(metadata)}::jsonb
    from messages where tenant_id = ${tenantId}::uuid and session_id = ${sessionId}::uuid
    returning sequence, role, content, metadata, created_at`)
  return /** @type {Message} */ (made)
}

/**
 * The newest sessions first. One more than `limit` may be there: then there is a next page.
 * @param {Queryable} tx
 * @param {Page} page
 */
export function listSessions(tx, { limit, after }) {
  const behind =
    after === undefined
      ? sql``
      : sql`where (s.created_at, s.id) < (select created_at, id from sessions where id = ${after}::uuid)`
  return tx.query(sql`
    select ${columns} from sessions s left join agent_configs a on a.id = s.agent_id ${behind}
    order by s.created_at desc, s.id desc
    limit ${limit + 1}`)
}

/**
 * A session with its last messages, in their order.
 * @param {Queryable} tx
 * @param {string} id
 */
export async function getSession(tx, id) {
  /** @type {Session[]} */
  const [session] = isId(id)
    ? await tx.query(sql`
        select ${columns} from sessions s left join agent_configs a on a.id = s.agent_id where s.id = ${id}::uuid`)
    : []
  if (session === undefined) throw notFound('session', id)
  /** @type {Message[]} */
  const messages = await tx.query(sql`
    select sequence, role, content, metadata, created_at from messages
    where session_id = ${id}::uuid order by sequence desc limit 100`)
  return { ...session, messages: messages.reverse() }
}
