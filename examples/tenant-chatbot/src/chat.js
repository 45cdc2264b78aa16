import { sql } from 'metastore/database'
import { searchKnowledge } from './knowledge.js'
import { Refusal } from './refusal.js'
import { addMessage, createSession, holdSession } from './sessions.js'

/** @typedef {import('metastore/database').Queryable} Queryable */
/** @typedef {import('./transactions.js').Tenant} Tenant */
/** @typedef {{ id: string, name: string }} Agent */
/** @typedef {{ message: string, agentName: string | undefined, sessionId: string | undefined }} Turn */

/** The agent that is asked when none is named. */
const supervisor = 'SupervisorAgent'

/**
 * One turn of a chat: the question is kept, answered, and so is the answer; or nothing is written.
 * @param {Queryable} tx
 * @param {Tenant} tenant
 * @param {Turn} turn
 */
export async function takeTurn(tx, tenant, { message, agentName = supervisor, sessionId }) {
  const agent = await findAgent(tx, tenant, agentName)
  if (sessionId !== undefined) await holdSession(tx, sessionId)
  const session = sessionId ?? (await createSession(tx, tenant.id, agent.id))
  await addMessage(tx, tenant.id, session, { role: 'user', content: message })
  const { content, metadata } = await answer(tx, message)
  const reply = { role: /** @type {const} */ ('assistant'), content, metadata: { ...metadata, agent_name: agent.name } }
  return {
    session_id: session,
    agent_used: agent.name,
    response: content,
    message: await addMessage(tx, tenant.id, session, reply),
  }
}

/**
 * The agent of this very name, if the tenant may use it.
 * @param {Queryable} tx
 * @param {Tenant} tenant
 * @param {string} name
 */
async function findAgent(tx, tenant, name) {
  // Of the permissions only the tenant's own are there to join.
  /** @type {(Agent & { available: boolean })[]} */
  const [agent] = await tx.query(sql`
    select a.id, a.name, a.is_active and coalesce(p.enabled, false) as available
    from agent_configs a left join tenant_agent_permissions p on p.agent_id = a.id
    where a.name = ${name}`)
  if (agent === undefined) throw new Refusal(400, 'agent_unknown', `${JSON.stringify(name)}: agent not found.`)
  if (agent.available) return agent
  throw new Refusal(400, 'agent_unavailable', `The agent ${name} is not available for tenant ${tenant.name}.`)
}

/**
 * What the tenant's documents say. An agent with a language model asks it here, with the passages that were found; as that takes
 * its time, between two transactions: one that keeps the question, one that keeps the answer.
 * @param {Queryable} tx
 * @param {string} question
 * @returns {Promise<{ content: string, metadata?: Record<string, unknown> }>}
 */
async function answer(tx, question) {
  const [best] = await searchKnowledge(tx, question, 1)
  if (best === undefined) return { content: 'I have found nothing on that. Ask for a person, and somebody will help.' }
  return { content: `${best.content}\n\nFrom: ${best.title}`, metadata: { document_id: best.document_id } }
}
