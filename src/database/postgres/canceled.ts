import { DatabaseError } from '../failure.ts'

/** The failure of work that its caller has interrupted. */
export function canceled(statement: string | undefined, cause?: unknown): DatabaseError {
  return new DatabaseError({
    code: 'canceled',
    reason: 'canceled',
    message: 'The work on the database was interrupted.',
    remedy: 'Run the same command again to go on.',
    engineCode: undefined,
    statement,
    position: undefined,
    object: undefined,
    cause,
  })
}
