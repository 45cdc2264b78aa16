// The message store of version 2: every message has a number in its conversation, and pages begin after one.

import { sql } from 'metastore/database'
import { touch } from '../conversations.js'

/** @typedef {import('metastore/database').Transaction} Transaction */
/** @typedef {{ id: string, sequence: number, role: string, content: string }} Message */

/** The migration that this version was built for. */
export const builtFor = '003_message_sequence_pagination'

/**
 * Version 1 goes by time: so a message is always later than the one before it, however coarse the clock is.
 * @param {Transaction} tx
 * @param {string} conversation
 * @param {{ role: string, content: string }} message
 */
export async function addMessage(tx, conversation, { role, content }) {
  await touch(tx, conversation)
  await tx.query(sql`
    insert into messages (conversation_id, role, content, created_at, sequence)
    select ${conversation}::uuid, ${role}, ${content},
      greatest(clock_timestamp(), max(created_at) + interval '1 microsecond'), coalesce(max(sequence), 0) + 1
    from messages
    where conversation_id = ${conversation}`)
}

/**
 * The last messages of a conversation, or those before the message `before`, the oldest first.
 * @param {Transaction} tx
 * @param {string} conversation
 * @param {{ limit?: number, before?: Message | undefined }} [page]
 * @returns {Promise<Message[]>}
 */
export async function listMessages(tx, conversation, { limit = 20, before } = {}) {
  const older = before === undefined ? sql`` : sql`and sequence < ${before.sequence}`
  /** @type {Message[]} */
  const rows = await tx.query(sql`
    select id, sequence, role, content
    from messages
    where conversation_id = ${conversation} ${older}
    order by sequence desc
    limit ${limit}`)
  return rows.toReversed()
}
