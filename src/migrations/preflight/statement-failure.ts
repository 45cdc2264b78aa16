import { DatabaseError } from '../../database/database.ts'

/** Whether something thrown says that a statement is wrong, rather than that the moment or the connection is. */
export function isAboutTheStatement(error: unknown): error is DatabaseError {
  if (!(error instanceof DatabaseError)) return false
  switch (error.reason) {
    case 'missing_object':
    case 'duplicate_object':
    case 'constraint':
    case 'syntax':
    case 'permission':
    case 'other':
      return true
    case 'lock_timeout':
    case 'deadlock':
    case 'serialization':
    case 'busy':
    case 'canceled':
    case 'connection_lost':
    case 'stale_plan':
      return false
  }
}
