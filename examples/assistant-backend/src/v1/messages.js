// The message store of version 1: pages by time.

import { sql } from 'metastore/database'
import { touch } from '../conversations.js'

/** @typedef {import('metastore/database').Transaction} Transaction */
/** @typedef {{ id: string, role: string, content: string }} Message */

/** The migration that this version was built for. */
export const builtFor = '002_chat_persistence'

/**
 * @param {Transaction} tx
 * @param {string} conversation
 * @param {{ role: string, content: string }} message
 */
export async function addMessage(tx, conversation, { role, content }) {
  await touch(tx, conversation)
  await tx.query(sql`
    insert into messages (conversation_id, role, content, created_at)
    values (${conversation}, ${role}, ${content}, clock_timestamp())`)
}

/**
 * The last messages of a conversation, or those before the message `before`, the oldest first.
 * @param {Transaction} tx
 * @param {string} conversation
 * @param {{ limit?: number, before?: Message | undefined }} [page]
 * @returns {Promise<Message[]>}
 */
export async function listMessages(tx, conversation, { limit = 20, before } = {}) {
  const older =
    before === undefined
      ? sql``
      : sql`and (created_at, id) < (select created_at, id from messages where id = ${before.id})`
  /** @type {Message[]} */
  const rows = await tx.query(sql`
    select id, role, content
    from messages
    where conversation_id = ${conversation} ${older}
    order by created_at desc, id desc
    limit ${limit}`)
  return rows.toReversed()
}
