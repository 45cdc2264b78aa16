import { randomUUID } from 'node:crypto'
import { sql } from 'metastore/database'
import { Refusal } from './refusal.js'
import { fromStored, toStored } from './timestamps.js'

/** @typedef {import('metastore/database').Queryable} Queryable */
/** @typedef {{ limit: number, after: string | undefined }} Page */

/** @typedef {{
 *   id: string, title: string | null, agent_type: string, model: string | null, provider: string | null,
 *   created_at: Date | string, updated_at: Date | string,
 * }} Row */

/**
 * Creates a thread and returns it.
 * @param {Queryable} db
 * @param {{ title: string | null, agent_type: string, model: string | null, provider: string | null }} thread
 */
export async function createThread(db, thread) {
  const time = new Date()
  const row = { id: randomUUID(), ...thread, created_at: time, updated_at: time }
  const now = toStored(time)
  await db.query(sql`
    insert into threads (id, title, agent_type, model, provider, created_at, updated_at)
    values (${row.id}, ${row.title}, ${row.agent_type}, ${row.model}, ${row.provider}, ${now}, ${now})`)
  return row
}

/**
 * The newest threads first, those behind the thread `after`. One more than `limit` may be there: then there is a next page.
 * @param {Queryable} db
 * @param {Page} page
 */
export async function listThreads(db, { limit, after }) {
  if (after !== undefined && !(await threadExists(db, after))) {
    throw new Refusal(400, `There is no thread ${after} for after to name.`)
  }
  const behind =
    after === undefined ? sql`` : sql`where (created_at, id) < (select created_at, id from threads where id = ${after})`
  /** @type {Row[]} */
  const rows = await db.query(sql`
    select id, title, agent_type, model, provider, created_at, updated_at
    from threads
    ${behind}
    order by created_at desc, id desc
    limit ${limit}`)
  return rows.map(toThread)
}

/**
 * Whether there is a thread of that id.
 * @param {Queryable} db
 * @param {string} id
 */
export async function threadExists(db, id) {
  const rows = await db.query(sql`select id from threads where id = ${id}`)
  return rows.length > 0
}

/** @param {Row} row */
function toThread(row) {
  return { ...row, created_at: fromStored(row.created_at), updated_at: fromStored(row.updated_at) }
}
