import { sql } from 'metastore/database'

/** @typedef {import('metastore').Queryable} Queryable */
/** @typedef {{ name: string, severity: string, message: string }} PolicyRule */

/**
 * The rules that bind the agent, the most important first.
 * @param {Queryable} db
 * @returns {Promise<PolicyRule[]>}
 */
export function readPolicyRules(db) {
  return db.query(sql`
    select name, severity, message
    from ai_guardrails.policy_rules
    order by priority desc, name`)
}

/**
 * How many tasks are due.
 * @param {Queryable} db
 * @returns {Promise<number>}
 */
export async function countWaitingTasks(db) {
  /** @type {{ count: number }[]} */
  const [row] = await db.query(sql`
    select count(*)::integer as count
    from ai_task_queue
    where status = 'pending' and scheduled_for <= now()`)
  return row?.count ?? 0
}

/**
 * Begins a conversation, and puts its first task into the queue.
 * @param {Queryable} db
 * @param {string} user
 */
export async function startConversation(db, user) {
  /** @type {{ id: string }[]} */
  const [conversation] = await db.query(sql`
    insert into ai_conversations (user_id, last_message_at)
    values (${user}, now())
    returning id`)
  const id = conversation?.id ?? null
  await db.query(sql`insert into ai_messages (conversation_id, role, content) values (${id}, 'user', 'Hello')`)
  await db.query(sql`insert into ai_task_queue (conversation_id, task_type) values (${id}, 'summarize')`)
}
