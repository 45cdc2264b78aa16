import { MetastoreError, type Failure } from '../errors.ts'
import type { FailureReason } from './driver.ts'

/** What a database said when it refused a statement. */
export interface ServerFailure extends Failure {
  readonly reason: FailureReason
  /** The engine's own code: an SQLSTATE, or a name such as SQLITE_BUSY. */
  readonly engineCode: string | undefined
  /** The statement or script that was sent, with placeholders and without values. */
  readonly statement: string | undefined
  /** Where in the statement, as an offset in UTF-16 code units from 0; undefined when the engine does not say. */
  readonly position: number | undefined
  /** The object that the server names (`table public.runs`, `constraint runs_pkey`). */
  readonly object: string | undefined
  /** How many statements of a script had completed before the one that failed; undefined when the engine does not say. */
  readonly completed?: number | undefined
}

/** A statement that failed on the server. Whoever knows which file it came from adds file, line and column. */
export class DatabaseError extends MetastoreError {
  override readonly name = 'DatabaseError'
  readonly reason: FailureReason
  readonly engineCode: string | undefined
  readonly statement: string | undefined
  readonly position: number | undefined
  readonly object: string | undefined
  readonly completed: number | undefined

  constructor(failure: ServerFailure) {
    super(failure)
    this.reason = failure.reason
    this.engineCode = failure.engineCode
    this.statement = failure.statement
    this.position = failure.position
    this.object = failure.object
    this.completed = failure.completed
  }
}

/** Whether something thrown is a statement's failure for one of these reasons. */
export function failedBecause(error: unknown, ...reasons: readonly FailureReason[]): error is DatabaseError {
  return error instanceof DatabaseError && reasons.includes(error.reason)
}
