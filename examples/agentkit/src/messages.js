import { randomUUID } from 'node:crypto'
import { sql } from 'metastore/database'
import { Refusal } from './refusal.js'
import { threadExists } from './threads.js'
import { fromStored, toStored } from './timestamps.js'

/** @typedef {import('metastore/database').Queryable} Queryable */

/** @typedef {{ role: string, content: string, artifact_data: unknown, message_metadata: unknown }} NewMessage */

/** @typedef {{
 *   id: string, thread_id: string, role: string, content: string,
 *   artifact_data: string | null, message_metadata: string | null, created_at: Date | string,
 * }} Row */

/**
 * Appends a message to a thread and returns it.
 * @param {import('metastore/database').Session} db
 * @param {string} thread
 * @param {NewMessage} message
 */
export async function addMessage(db, thread, message) {
  return db.transaction(async (tx) => {
    const time = await nextTime(tx, thread)
    const now = toStored(time)
    const row = {
      id: randomUUID(),
      thread_id: thread,
      role: message.role,
      content: message.content,
      artifact_data: toJson(message.artifact_data),
      message_metadata: toJson(message.message_metadata),
      created_at: time,
    }
    await tx.query(sql`
      insert into messages (id, thread_id, role, content, artifact_data, message_metadata, created_at)
      values (
        ${row.id}, ${thread}, ${row.role}, ${row.content}, ${row.artifact_data}, ${row.message_metadata}, ${now}
      )`)
    await tx.query(sql`update threads set updated_at = ${now} where id = ${thread}`)
    return toMessage(row)
  })
}

/**
 * A thread's messages, the oldest first, those behind the message `after`.
 * @param {Queryable} db
 * @param {string} thread
 * @param {import('./threads.js').Page} page
 */
export async function listMessages(db, thread, { limit, after }) {
  if (!(await threadExists(db, thread))) throw threadUnknown(thread)
  if (after !== undefined && !(await messageExists(db, thread, after))) {
    throw new Refusal(400, `The thread ${thread} has no message ${after} for after to name.`)
  }
  const behind =
    after === undefined ? sql`` : sql`and (created_at, id) > (select created_at, id from messages where id = ${after})`
  /** @type {Row[]} */
  const rows = await db.query(sql`
    select id, thread_id, role, content, artifact_data, message_metadata, created_at
    from messages
    where thread_id = ${thread} ${behind}
    order by created_at, id
    limit ${limit}`)
  return rows.map(toMessage)
}

/**
 * A time after every message that the thread has, so that its messages sort in the order in which they came, also when
 * several arrive in one millisecond or at servers whose clocks differ. The update locks the thread until the transaction
 * ends: two writers get two times.
 * @param {Queryable} tx
 * @param {string} thread
 */
async function nextTime(tx, thread) {
  /** @type {{ updated_at: Date | string }[]} */
  const [row] = await tx.query(sql`
    update threads set updated_at = updated_at where id = ${thread} returning updated_at`)
  if (row === undefined) throw threadUnknown(thread)
  return new Date(Math.max(Date.now(), fromStored(row.updated_at).getTime() + 1))
}

/**
 * @param {Queryable} db
 * @param {string} thread
 * @param {string} id
 */
async function messageExists(db, thread, id) {
  const rows = await db.query(sql`select id from messages where id = ${id} and thread_id = ${thread}`)
  return rows.length > 0
}

/** @param {Row} row */
function toMessage(row) {
  return {
    ...row,
    artifact_data: fromJson(row.artifact_data),
    message_metadata: fromJson(row.message_metadata),
    created_at: fromStored(row.created_at),
  }
}

/** @param {unknown} value */
function toJson(value) {
  return value === null ? null : JSON.stringify(value)
}

/**
 * @param {string | null} text
 * @returns {unknown}
 */
function fromJson(text) {
  return text === null ? null : JSON.parse(text)
}

/** @param {string} thread */
function threadUnknown(thread) {
  return new Refusal(404, `There is no thread ${thread}.`)
}
