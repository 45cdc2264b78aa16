import type { Context } from 'hono'
import { HTTPException } from 'hono/http-exception'
import { DatabaseError } from '../../database/database.ts'
import { type ErrorCode, MetastoreError } from '../../errors.ts'
import { RequestInvalid } from '../../store/store.ts'
import { missingModule } from './missing-module.ts'
import { RateLimited } from './rate-limited.ts'

/** The statuses with which clients do not try again, and those with which they do. */
type Status = 400 | 401 | 403 | 404 | 409 | 422 | 429 | 500 | 503

const statusOf: Partial<Record<ErrorCode, Status>> = {
  request_invalid: 422,
  unauthenticated: 401,
  forbidden: 403,
  agent_unknown: 400,
  agent_unavailable: 400,
  not_found: 404,
  conflict: 409,
  thread_status_mismatch: 409,
  rate_limited: 429,
  unavailable: 503,
}

/** What clients may read of a failure: `message` and `detail` say the same to clients of different kinds. */
interface Body {
  readonly error: string
  readonly message: string
  readonly detail: unknown
}

/**
 * The answer to a request that failed. What the database or the code of an application says stays in the log. Statuses other
 * than 400 to 409 and 422 make SDKs send the request again, so that they stand for what may be better the next time.
 */
export function failureResponse(error: Error, c: Context, log: (error: Error) => void): Response {
  if (error instanceof HTTPException) return answer(c, error.status as Status, body('request_invalid', error.message))
  const status = error instanceof MetastoreError ? statusOf[error.code] : undefined
  if (error instanceof MetastoreError && status !== undefined) {
    const detail = error instanceof RequestInvalid ? error.problems : error.message
    if (error instanceof RateLimited) c.header('Retry-After', String(error.seconds))
    else if (status === 503) c.header('Retry-After', '5')
    return answer(c, status, { error: error.code, message: error.message, detail })
  }
  if (error instanceof DatabaseError && error.engineCode?.startsWith('22') === true) {
    // A value that no column takes: a number that is too large, a text that is no date, U+0000.
    return answer(c, 422, body('request_invalid', 'A value has a form or a size that cannot be stored.'))
  }
  const module = error instanceof DatabaseError ? missingModule(error) : undefined
  if (module !== undefined) {
    const message = `This database has been made without the module ${module} of the schema, which the route needs.`
    return answer(c, 404, body('not_found', message))
  }
  log(error)
  if (isTemporary(error)) {
    c.header('Retry-After', '5')
    return answer(c, 503, body('unavailable', 'The database cannot answer at the moment. Try again in a few seconds.'))
  }
  return answer(c, 500, body('internal', 'The server has failed at this request. Its log says why.'))
}

function isTemporary(error: Error): boolean {
  if (error instanceof DatabaseError) {
    return ['connection_lost', 'lock_timeout', 'deadlock', 'serialization', 'busy', 'canceled'].includes(error.reason)
  }
  return error instanceof MetastoreError && error.code === 'connection_failed'
}

function body(error: string, message: string): Body {
  return { error, message, detail: message }
}

function answer(c: Context, status: Status, content: Body): Response {
  return c.json(content, status)
}
