import { sql } from 'metastore/database'
import { isId } from './input.js'
import { notFound, Refusal } from './refusal.js'
import { holdSession } from './sessions.js'

/** @typedef {import('metastore/database').Queryable} Queryable */
/** @typedef {'pending' | 'assigned' | 'in_progress' | 'on_hold' | 'resolved' | 'closed'} Status */
/** @typedef {{
 *   id: string, session_id: string, supporter_id: string | null, reason: string, status: Status,
 *   created_at: Date, updated_at: Date,
 * }} Escalation */

/** What may become of an escalation, by what it is. @type {Readonly<Record<Status, readonly Status[]>>} */
const steps = {
  pending: ['assigned', 'closed'],
  assigned: ['pending', 'in_progress', 'on_hold', 'resolved', 'closed'],
  in_progress: ['assigned', 'on_hold', 'resolved', 'closed'],
  on_hold: ['assigned', 'in_progress', 'resolved', 'closed'],
  resolved: ['in_progress', 'closed'],
  closed: [],
}

/** What an escalation can be. */
export const statuses = /** @type {readonly Status[]} */ (Object.keys(steps))

const columns = sql`id, session_id, supporter_id, reason, status, created_at, updated_at`
const busy = sql`('assigned', 'in_progress', 'on_hold')`

/**
 * Hands a session to the available supporter who has the least to do; one that is handed over already stays where it is.
 * @param {Queryable} tx
 * @param {string} tenantId
 * @param {{ sessionId: string, reason: string }} request
 * @returns {Promise<{ escalation: Escalation, added: boolean }>}
 */
export async function escalate(tx, tenantId, { sessionId, reason }) {
  await holdSession(tx, sessionId)
  /** @type {Escalation[]} */
  const [open] = await tx.query(sql`
    select ${columns} from escalations
    where session_id = ${sessionId}::uuid and status not in ('resolved', 'closed') limit 1`)
  if (open !== undefined) return { escalation: open, added: false }
  const supporterId = await leastBusy(tx)
  /** @type {Escalation[]} */
  const [made] = await tx.query(sql`
    insert into escalations (tenant_id, session_id, supporter_id, reason, status)
    values (${tenantId}::uuid, ${sessionId}::uuid, ${supporterId}::uuid, ${reason}, 'assigned')
    returning ${columns}`)
  return { escalation: /** @type {Escalation} */ (made), added: true }
}

/**
 * The newest escalations first. One more than `limit` may be there: then there is a next page.
 * @param {Queryable} tx
 * @param {import('./sessions.js').Page} page
 */
export function listEscalations(tx, { limit, after }) {
  const behind =
    after === undefined
      ? sql``
      : sql`where (created_at, id) < (select created_at, id from escalations where id = ${after}::uuid)`
  return tx.query(sql`
    select ${columns} from escalations ${behind} order by created_at desc, id desc limit ${limit + 1}`)
}

/**
 * Takes an escalation a step on.
 * @param {Queryable} tx
 * @param {string} id
 * @param {Status} status
 */
export async function setStatus(tx, id, status) {
  /** @type {Escalation[]} */
  const [found] = isId(id)
    ? await tx.query(sql`select ${columns} from escalations where id = ${id}::uuid for update`)
    : []
  if (found === undefined) throw notFound('escalation', id)
  if (status !== found.status && !steps[found.status].includes(status)) {
    throw new Refusal(409, 'conflict', `An escalation that is ${found.status} cannot become ${status}.`)
  }
  const kept = status === 'pending' ? null : found.supporter_id
  const supporterId = status === 'assigned' && kept === null ? await leastBusy(tx) : kept
  const [changed] = await tx.query(sql`
    update escalations set status = ${status}, supporter_id = ${supporterId}::uuid, updated_at = now()
    where id = ${id}::uuid returning ${columns}`)
  return changed
}

/**
 * Who there is to help, and how much each has to do.
 * @param {Queryable} tx
 */
export function listSupporters(tx) {
  return tx.query(sql`
    select u.id as user_id, u.username as name, u.email,
      case when u.is_available then 'available' else 'offline' end as availability,
      (select count(*)::int from escalations e
        where e.tenant_id = u.tenant_id and e.supporter_id = u.id and e.status in ${busy}) as active
    from users u where u.role = 'supporter' order by u.email`)
}

/**
 * Says whether a supporter takes escalations.
 * @param {Queryable} tx
 * @param {string} id
 * @param {'available' | 'offline'} availability
 */
export async function setAvailability(tx, id, availability) {
  const changed = isId(id)
    ? await tx.execute(sql`
        update users set is_available = ${availability === 'available'} where id = ${id}::uuid and role = 'supporter'`)
    : 0
  if (changed === 0) throw notFound('supporter', id)
  return { user_id: id, availability }
}

/**
 * Whoever assigns has all available supporters locked, always in the same order: of two requests at the same time the second
 * waits here, and counts what the first has assigned.
 * @param {Queryable} tx
 */
async function leastBusy(tx) {
  const available = sql`u.role = 'supporter' and u.is_available`
  await tx.query(sql`select u.id from users u where ${available} order by u.id for no key update`)
  /** @type {{ id: string }[]} */
  const [chosen] = await tx.query(sql`
    select u.id
    from users u left join escalations e on e.tenant_id = u.tenant_id and e.supporter_id = u.id and e.status in ${busy}
    where ${available}
    group by u.id
    order by count(e.id), max(e.created_at) nulls first, u.id
    limit 1`)
  if (chosen !== undefined) return chosen.id
  throw new Refusal(503, 'unavailable', 'No supporter is available.', { 'retry-after': '5' })
}
