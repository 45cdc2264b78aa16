import { pino } from 'pino'
import { MetastoreError } from '../../errors.ts'
import { DatabaseError } from '../../database/database.ts'

/** How much a server writes to its log. */
export type LogLevel = 'info' | 'warn' | 'error' | 'silent'

/** What a log says of a request that was answered. Neither bodies nor headers nor queries. */
export interface AnsweredRequest {
  readonly requestId: string
  readonly method: string
  readonly path: string
  readonly status: number
  readonly milliseconds: number
  readonly tenantId: string | undefined
  /** By which its span is found; undefined where none is recorded. */
  readonly traceId?: string | undefined
}

/** The log of a server: a line of JSON for each thing. */
export interface ServerLog {
  request(answered: AnsweredRequest): void
  failure(error: unknown, about?: Readonly<Record<string, unknown>>): void
  event(message: string, about?: Readonly<Record<string, unknown>>): void
}

/** A log that writes its lines by `write`. */
export function serverLog(level: LogLevel, write: (line: string) => void): ServerLog {
  const log = pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime }, { write })
  return {
    request: ({ status, ...answered }) =>
      log[status >= 500 ? 'error' : 'info']({ ...answered, status }, 'request answered'),
    failure: (error, about = {}) => log.error({ ...about, error: described(error) }, 'failure'),
    event: (message, about = {}) => log.info({ ...about }, message),
  }
}

// What the database says may quote values, so of that only what kind of failure it is, and at what.
function described(error: unknown): Readonly<Record<string, unknown>> {
  if (!(error instanceof Error)) return { name: typeof error }
  const at = { stack: stackWithoutMessage(error) }
  if (error instanceof DatabaseError) {
    const { name, reason, engineCode, object, statement } = error
    return { name, reason, engineCode, object, statement, ...at }
  }
  if (error instanceof MetastoreError) {
    const { name, code, message, remedy } = error
    return { name, code, message, remedy, ...at }
  }
  return { name: error.name, message: error.message, ...at }
}

function stackWithoutMessage({ stack = '' }: Error): string {
  return (stack.match(/^ {4}at .*$/gm) ?? []).join('\n')
}
