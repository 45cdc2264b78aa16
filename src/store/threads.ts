import { sql } from '../database/database.ts'
import { notFound } from './failures.ts'
import type { Run } from './run.ts'
import { columnsOf, present, type Thread } from './thread.ts'

/** The threads of a tenant. One whose time is over is not there. */
export interface Threads {
  /** Throws `not_found`. */
  get(threadId: string): Promise<Thread>
}

/** The threads that transactions of `run` see. */
export function threads(run: Run): Threads {
  return {
    get: (threadId) =>
      run(async (tx) => {
        const found = await tx.first<Thread>(sql`
          select ${columnsOf()} from threads where ${present} and threads.thread_id = ${threadId}`)
        if (found === undefined) throw notFound('thread', threadId)
        return found
      }),
  }
}
