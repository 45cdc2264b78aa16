import { DatabaseError } from '../../database/database.ts'
import { MetastoreError } from '../../errors.ts'
import type { RunError } from '../../store/store.ts'

/** What clients read of a failure of a graph: its own words. What the database says is for the log. */
export function runError(thrown: unknown): RunError {
  if (isOurs(thrown)) return { error: 'InternalError', message: 'The server has failed at this run. Its log says why.' }
  if (thrown instanceof Error) return { error: thrown.name, message: thrown.message }
  return {
    error: 'Error',
    message: typeof thrown === 'string' ? thrown : 'The graph threw something that is no error.',
  }
}

/** Whether a failure is the server's rather than the graph's, so that its words stay in the log. */
function isOurs(thrown: unknown): thrown is Error {
  if (thrown instanceof DatabaseError) return true
  return thrown instanceof MetastoreError && ['connection_failed', 'connection_lost'].includes(thrown.code)
}

/** Whether the same work may go well a moment later. */
export function isPassing(thrown: unknown): boolean {
  if (thrown instanceof DatabaseError) {
    return ['connection_lost', 'lock_timeout', 'deadlock', 'serialization', 'busy', 'canceled'].includes(thrown.reason)
  }
  return thrown instanceof MetastoreError && thrown.code === 'connection_failed'
}
