import { failedBecause, sql } from 'metastore/database'
import { notFound } from './refusal.js'

/** @typedef {import('metastore/database').Session} Session */
/** @typedef {import('metastore/database').Queryable} Queryable */
/** @typedef {{ id: string, name: string }} Tenant */
/** @typedef {<T>(named: string, work: (tx: Queryable, tenant: Tenant) => Promise<T>) => Promise<T>} ForTenant */

/**
 * What makes the application keep tenants apart: each request is one transaction, as a role that row-level security binds, for
 * one tenant. A query that forgets the tenant sees nothing of the others.
 * @param {import('metastore/database').Database} database
 * @returns {ForTenant}
 */
export function transactionsOf(database) {
  const withSession = lendSessions(database)
  return (named, work) =>
    withSession((session) =>
      session.transaction(async (tx) => {
        await tx.query(sql`set local role chatbot_app`)
        const tenant = await findTenant(tx, named)
        await tx.query(sql`select set_config('app.tenant_id', ${tenant.id}, true)`)
        return work(tx, tenant)
      }),
    )
}

/**
 * A tenant by its id, its name or its domain.
 * @param {Queryable} tx
 * @param {string} named
 */
async function findTenant(tx, named) {
  /** @type {Tenant[]} */
  const [tenant] = await tx.query(sql`
    select id, name from tenants
    where (id::text = ${named.toLowerCase()} or name = ${named} or domain = ${named}) and status = 'active'
    order by name = ${named} desc, domain = ${named} desc
    limit 1`)
  if (tenant === undefined) throw notFound('tenant', named)
  return tenant
}

/**
 * Lends sessions to requests. They are opened when they are first needed and then kept; at most `most` are open, and who comes
 * when all are lent waits for the next.
 * @param {import('metastore/database').Database} database
 */
function lendSessions(database, most = database.features.manySessions ? 10 : 1) {
  /** @typedef {{ session: Session | undefined }} Slot */
  /** @type {Slot[]} */
  const free = Array.from({ length: most }, () => ({ session: undefined }))
  /** @type {((slot: Slot) => void)[]} */
  const waiting = []

  /**
   * @template T
   * @param {(session: Session) => Promise<T>} work
   * @returns {Promise<T>}
   */
  return async (work) => {
    const slot =
      free.pop() ?? (await new Promise((/** @type {(slot: Slot) => void} */ resolve) => waiting.push(resolve)))
    try {
      slot.session ??= await database.session()
      return await work(slot.session)
    } catch (error) {
      // A server that went away took the connection with it.
      if (failedBecause(error, 'connection_lost')) {
        await slot.session?.close()
        slot.session = undefined
      }
      throw error
    } finally {
      const next = waiting.shift()
      if (next) next(slot)
      else free.push(slot)
    }
  }
}
