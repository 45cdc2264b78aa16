import { DatabaseError } from '../failure.ts'

/** What a call comes to when its signal aborts: before it runs, while it waits and while it runs. */
export function canceled(statement: string | undefined): DatabaseError {
  return failure({
    code: 'canceled',
    reason: 'canceled',
    message: 'The work on the database was interrupted.',
    remedy: 'Run the same command again to go on.',
    statement,
  })
}

/** The thread in which the engine runs has ended, for `reason`. */
export function engineGone(address: string, reason: string, statement: string | undefined): DatabaseError {
  return failure({
    code: 'connection_lost',
    reason: 'connection_lost',
    message: `The engine of ${address} has stopped.`,
    where: address,
    remedy: 'Run the same command again; what had not been committed is rolled back.',
    details: [reason],
    statement,
  })
}

/** A script or query, run by itself, began a transaction. */
export function leftOpen(statement: string): DatabaseError {
  return failure({
    message: 'The script began a transaction and did not end it, so the transaction was rolled back.',
    remedy: 'End it with COMMIT in the same script, or remove its BEGIN.',
    statement,
  })
}

/** A statement ended the transaction that it ran in; `cause` is what failed after that. */
export function endedInside(statement: string | undefined, cause?: Error): DatabaseError {
  return failure({
    message: 'A statement has ended the transaction that it ran in, so a part of the work may be committed already.',
    remedy:
      'Remove COMMIT, ROLLBACK and PREPARE TRANSACTION, or run the file outside a transaction; then look at what is already done.',
    details: cause ? [cause.message] : [],
    statement,
    cause,
  })
}

/** The transaction had failed before, so that it was rolled back and not committed. */
export function hasFailed(cause: Error | undefined): DatabaseError {
  const said = cause ? ` (${cause.message})` : ''
  return failure({
    message: `The transaction cannot be committed, because a statement in it has failed${said}; it was rolled back.`,
    remedy: 'Correct the statement that failed first.',
    cause,
  })
}

type Parts = Pick<DatabaseError, 'message' | 'remedy'> & Partial<ConstructorParameters<typeof DatabaseError>[0]>

function failure(parts: Parts): DatabaseError {
  return new DatabaseError({
    code: 'statement_failed',
    reason: 'other',
    engineCode: undefined,
    statement: undefined,
    position: undefined,
    object: undefined,
    ...parts,
  })
}
