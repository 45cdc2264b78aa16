import { DatabaseError } from '../database/database.ts'
import { MetastoreError } from '../errors.ts'

/** One thing that is wrong with what was given: where (`metadata.tags[2]`; empty for the whole), and what. */
export interface Problem {
  readonly path: string
  readonly message: string
}

/** What was given cannot be taken as it stands. */
export class RequestInvalid extends MetastoreError {
  readonly problems: readonly Problem[]

  constructor(problems: readonly Problem[]) {
    super({
      code: 'request_invalid',
      message: problems.map(({ path, message }) => (path === '' ? message : `${path}: ${message}`)).join(' '),
      remedy: 'Correct what is named, and send it again.',
    })
    this.problems = problems
  }
}

/** Refuses one field. */
export function invalid(path: string, message: string): RequestInvalid {
  return new RequestInvalid([{ path, message }])
}

/** There is no such thing for this tenant; whether another has it does not show. */
export function notFound(what: string, id: string): MetastoreError {
  return new MetastoreError({
    code: 'not_found',
    message: `There is no ${what} ${id}.`,
    remedy: `Look for the ${what} in the list of those that are there.`,
  })
}

/** What is asked for does not go with what is there. */
export function conflict(message: string, remedy: string, cause?: unknown): MetastoreError {
  return new MetastoreError({ code: 'conflict', message, remedy, cause })
}

/** Whether a statement failed on this constraint (or unique index). */
export function violates(error: unknown, constraint: string): boolean {
  if (!(error instanceof DatabaseError) || error.reason !== 'constraint') return false
  return error.object?.split(' of table ')[0] === `constraint ${constraint}`
}
