import { type Database, DatabaseError, type Session } from '../database/database.ts'

/** Sessions that are kept open and lent out, at most so many at a time. */
export interface SessionPool {
  /** Runs `work` with a session of its own, waiting for one to be free. A session whose connection broke is not lent again. */
  use<T>(work: (session: Session) => Promise<T>): Promise<T>
  /** How many sessions are open, how many of them are lent, and how many callers wait. */
  readonly load: { readonly open: number; readonly busy: number; readonly waiting: number }
  /** Waits for those who have a session, and ends all of them. */
  close(): Promise<void>
}

/** A pool of at most `maximum` sessions; an engine that has only one session needs no more than one. */
export function sessionPool(database: Database, maximum: number): SessionPool {
  const most = database.features.manySessions ? maximum : 1
  const idle: Session[] = []
  const waiting: (() => void)[] = []
  let lent = 0
  let closing: (() => void) | undefined

  const take = async (): Promise<Session> => {
    if (closing !== undefined) throw new Error('The store is closed.')
    if (lent >= most) await new Promise<void>((resolve) => waiting.push(resolve))
    else lent += 1
    for (let session = idle.pop(); session !== undefined; session = idle.pop()) {
      if (!session.lost) return session
      await session.close()
    }
    return database.session({ prepare: true }).catch(released)
  }
  const release = (): void => {
    const next = waiting.shift()
    // Whoever waits takes over the place of whoever goes.
    if (next !== undefined) next()
    else if (--lent === 0) closing?.()
  }
  const released = (error: unknown): never => {
    release()
    throw error
  }

  return {
    async use(work) {
      const session = await take()
      let broken = false
      try {
        return await work(session)
      } catch (error) {
        broken = isLost(error)
        throw error
      } finally {
        if (broken) await session.close()
        else idle.push(session)
        release()
      }
    },
    get load() {
      return { open: idle.length + lent, busy: lent, waiting: waiting.length }
    },
    async close() {
      if (lent > 0) await new Promise<void>((resolve) => (closing = resolve))
      else closing = () => {}
      await Promise.all(idle.splice(0).map((session) => session.close()))
    },
  }
}

/** Whether a connection is gone, so that its session is of no more use. */
export function isLost(error: unknown): boolean {
  return error instanceof DatabaseError && error.reason === 'connection_lost'
}
