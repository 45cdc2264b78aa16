import { sql } from 'metastore/database'

/** @typedef {import('metastore/database').Transaction} Transaction */

/**
 * The id of a person's conversation, which is begun if there is none. The same in both versions.
 * @param {Transaction} tx
 * @param {string} email
 * @param {string} reference
 * @returns {Promise<string>}
 */
export async function openConversation(tx, email, reference) {
  const [user] = await tx.query(sql`
    insert into users (name, email) values (${email}, ${email})
    on conflict (email) do update set email = excluded.email
    returning id`)
  const [conversation] = await tx.query(sql`
    insert into conversations (user_id, reference) values (${String(user?.['id'])}, ${reference})
    on conflict (user_id, reference) do update set updated_at = now()
    returning id`)
  return String(conversation?.['id'])
}

/**
 * Notes that something happens in a conversation. Until the transaction ends, whoever else writes to it waits, so that
 * messages come one after another.
 * @param {Transaction} tx
 * @param {string} conversation
 */
export async function touch(tx, conversation) {
  await tx.query(sql`update conversations set updated_at = clock_timestamp() where id = ${conversation}`)
}
