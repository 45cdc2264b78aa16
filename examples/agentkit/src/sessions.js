import { failedBecause } from 'metastore/database'

/** @typedef {import('metastore/database').Session} Session */
/** @typedef {<T>(work: (session: Session) => Promise<T>) => Promise<T>} WithSession */

/**
 * Lends sessions to requests. They are opened when they are first needed and then kept, so that a request neither connects
 * anew nor waits for another one; at most `most` are open, and who comes when all are lent waits for the next.
 * @param {import('metastore/database').Database} database
 * @returns {WithSession}
 */
export function lendSessions(database, most = database.features.manySessions ? 10 : 1) {
  /** @typedef {{ session: Session | undefined }} Slot */
  /** @type {Slot[]} */
  const free = Array.from({ length: most }, () => ({ session: undefined }))
  /** @type {((slot: Slot) => void)[]} */
  const waiting = []

  return async (work) => {
    const slot =
      free.pop() ?? (await new Promise((/** @type {(slot: Slot) => void} */ resolve) => waiting.push(resolve)))
    try {
      slot.session ??= await database.session()
      return await work(slot.session)
    } catch (error) {
      // A server that went away took the other connections with it.
      if (failedBecause(error, 'connection_lost')) await forget([slot, ...free])
      throw error
    } finally {
      const next = waiting.shift()
      if (next) next(slot)
      else free.push(slot)
    }
  }
}

/** @param {readonly { session: Session | undefined }[]} slots */
async function forget(slots) {
  const sessions = slots.flatMap(({ session }) => session ?? [])
  for (const slot of slots) slot.session = undefined
  await Promise.all(sessions.map((session) => session.close()))
}
