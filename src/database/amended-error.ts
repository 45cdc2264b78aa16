import { MetastoreError, type Failure } from '../errors.ts'
import { DatabaseError } from './failure.ts'

/** The same failure, saying something else; what a database said of it stays with it. */
export function amended(error: MetastoreError, changes: Partial<Omit<Failure, 'code'>>): MetastoreError {
  const { code, message, where, remedy, details, cause } = error
  const failure = { code, message, where, remedy, details, cause, ...changes }
  if (!(error instanceof DatabaseError)) return new MetastoreError(failure)
  const { reason, engineCode, statement, position, object, completed } = error
  return new DatabaseError({ ...failure, reason, engineCode, statement, position, object, completed })
}

/** The same failure with one more line of details; what is no MetastoreError is a bug, and stays as it is. */
export function withDetail(error: unknown, detail: string): unknown {
  return error instanceof MetastoreError ? amended(error, { details: [...error.details, detail] }) : error
}
