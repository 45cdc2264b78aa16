import { MetastoreError } from '../../errors.ts'
import type { FailureReason } from '../driver.ts'
import { DatabaseError } from '../failure.ts'

/** The fields of an ErrorResponse, as pg and PGlite both name them. */
interface ServerError {
  readonly message: string
  readonly severity: string
  readonly code: string
  readonly detail?: string
  readonly hint?: string
  readonly position?: string
  readonly internalQuery?: string
  readonly where?: string
  readonly schema?: string
  readonly table?: string
  readonly column?: string
  readonly dataType?: string
  readonly constraint?: string
  /** Added by us: how many statements of the script had completed before. */
  readonly completed?: number
  /** Added by us: whether a plan that was kept is to blame. */
  readonly stale?: boolean
}

/**
 * What a failed statement is to the rest of metastore, whether PostgreSQL refused it or the connection broke.
 * `statement` is what was sent, with placeholders. Used for PostgreSQL and for PGlite.
 */
export function toDatabaseError(error: unknown, statement: string | undefined): MetastoreError {
  if (error instanceof MetastoreError) return error
  if (isServerError(error)) return serverFailure(error, statement)
  const message = error instanceof Error ? error.message : String(error)
  return isNetworkError(error) ? connectionLost(error, statement) : unexplained(message, error, statement)
}

/** Whether something thrown is an ErrorResponse of a PostgreSQL server. */
export function isServerError(error: unknown): error is ServerError {
  // The severity tells it from Node's own errors: EPIPE looks like an SQLSTATE.
  return error instanceof Error && 'severity' in error && 'code' in error && /^[0-9A-Z]{5}$/.test(String(error.code))
}

/** The failure of a statement whose connection broke. */
export function connectionLost(cause: unknown, statement: string | undefined, message?: string): DatabaseError {
  return new DatabaseError({
    code: 'connection_lost',
    reason: 'connection_lost',
    message: message ?? 'The connection to the database broke while a statement was running.',
    remedy: 'Look in the log of the database server for the reason, then run the same command again.',
    engineCode: isServerError(cause) ? cause.code : undefined,
    statement,
    position: undefined,
    object: undefined,
    cause,
    details: cause instanceof Error ? [cause.message] : [],
  })
}

function serverFailure(error: ServerError, statement: string | undefined): DatabaseError {
  const reason = error.stale === true ? 'stale_plan' : reasonOf(error.code)
  const object = objectOf(error)
  return new DatabaseError({
    code: reason === 'connection_lost' ? 'connection_lost' : 'statement_failed',
    reason,
    message: sentence(error.message),
    where: object,
    remedy: remedyOf(error.code, reason),
    details: detailsOf(error),
    engineCode: error.code,
    statement,
    position: statement === undefined ? undefined : offsetOf(error.position, statement),
    object,
    completed: error.completed,
    cause: error,
  })
}

const reasons: Record<string, FailureReason> = {
  '55P03': 'lock_timeout',
  '40P01': 'deadlock',
  '40001': 'serialization',
  '53300': 'busy',
  '55006': 'busy',
  '57014': 'canceled',
  '25P03': 'connection_lost',
  '25P04': 'connection_lost',
  '57P01': 'connection_lost',
  '57P02': 'connection_lost',
  '57P05': 'connection_lost',
  '3D000': 'missing_object',
  '3F000': 'missing_object',
  '42703': 'missing_object',
  '42704': 'missing_object',
  '42883': 'missing_object',
  '42P01': 'missing_object',
  '42701': 'duplicate_object',
  '42710': 'duplicate_object',
  '42723': 'duplicate_object',
  '42P04': 'duplicate_object',
  '42P06': 'duplicate_object',
  '42P07': 'duplicate_object',
  '42601': 'syntax',
  '42501': 'permission',
}

function reasonOf(code: string): FailureReason {
  const known = reasons[code]
  if (known !== undefined) return known
  if (code.startsWith('23')) return 'constraint'
  if (code.startsWith('08') && code !== '08P01') return 'connection_lost'
  // 08P01 is a message that the server does not understand; the connection lives.
  return code.startsWith('28') ? 'permission' : 'other'
}

const remedies: Record<string, string> = {
  '25006':
    'Connect to the primary server with a role that may write; a standby, or a server with default_transaction_read_only, refuses.',
  '25P02': 'Correct the statement that failed first in this transaction.',
  '25P03': 'Raise idle_in_transaction_session_timeout for this role, then run the same command again.',
  '25P04': 'Raise transaction_timeout for this role, then run the same command again.',
  '53100': 'Free space on the disk of the database server, then run the same command again.',
  '53200': 'Give the database server more memory, or lower work_mem and maintenance_work_mem, then run it again.',
  '53300': 'Close connections that are not needed, or raise max_connections on the server, then run it again.',
  '57014': 'If it was the statement_timeout, raise that for this role; otherwise ask who canceled the statement.',
  '2BP01': 'Change or drop what depends on it first.',
  '42P01': 'Check the name, the search_path, and whether the migration that creates it has been applied.',
  '42703': 'Check the name, and whether the migration that adds the column has been applied.',
  '3F000': 'Create the schema first, or correct the search_path.',
  '58P01': 'Install what the server lacks (the package of the extension), or use a server that has it.',
  '0A000': 'Write it without what this server does not support, or use a version that does.',
}

const remediesByReason: Partial<Record<FailureReason, string>> = {
  lock_timeout: 'Another transaction holds a lock on it: end that one, or run again when the table is less busy.',
  deadlock: 'Run the same command again; if it happens often, keep other writers away meanwhile.',
  serialization: 'Run the same command again.',
  busy: 'End the other sessions that use it, then run the same command again.',
  connection_lost: 'Look in the log of the database server for the reason, then run the same command again.',
  missing_object: 'Check the name, and whether what creates it has been run.',
  duplicate_object: 'Choose another name, or drop or rename what already has it.',
  constraint: 'Correct the rows that violate it, or the statement.',
  syntax: 'Correct the statement.',
  permission: 'Grant the role what it lacks, or connect as a role that has it.',
}

function remedyOf(code: string, reason: FailureReason): string {
  return remedies[code] ?? remediesByReason[reason] ?? 'Correct the statement, or what it works on, and run it again.'
}

// The context of a COPY ends with the value or the whole row that it stands at.
const copiedValue = /^(COPY [^\n]+?, line \d+(?:, column [^:\n]*)?): .*$/ms

function detailsOf(error: ServerError): string[] {
  const lines: [string, string | undefined][] = [
    ['DETAIL', error.detail],
    ['HINT', error.hint],
    ['QUERY', error.internalQuery],
    ['CONTEXT', error.where?.replace(copiedValue, '$1')],
  ]
  return lines.flatMap(([label, text]) => (text ? `${label}: ${text}`.split('\n') : []))
}

function objectOf({ schema, table, column, constraint, dataType }: ServerError): string | undefined {
  const within = (name: string): string => (schema ? `${schema}.${name}` : name)
  if (constraint) return `constraint ${constraint}${table ? ` of table ${within(table)}` : ''}`
  if (column && table) return `column ${within(table)}.${column}`
  if (table) return `table ${within(table)}`
  if (dataType) return `type ${within(dataType)}`
  return schema ? `schema ${schema}` : undefined
}

/** The server counts characters from 1; JavaScript counts UTF-16 code units, of which an emoji has two. */
function offsetOf(position: string | undefined, statement: string): number | undefined {
  if (position === undefined) return undefined
  let offset = 0
  for (let character = 1; character < Number(position) && offset < statement.length; character++) {
    offset += (statement.codePointAt(offset) ?? 0) > 0xffff ? 2 : 1
  }
  return offset
}

// The server's own words, so that they can be searched for.
function sentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`
}

const networkErrors = [
  'ECONNRESET',
  'ECONNREFUSED',
  'ECONNABORTED',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENETDOWN',
]

function isNetworkError(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  if ('code' in error && networkErrors.includes(String(error.code))) return true
  return /^Connection terminated|connection error and is not queryable|^Client was closed/.test(error.message)
}

function unexplained(message: string, cause: unknown, statement: string | undefined): DatabaseError {
  return new DatabaseError({
    code: 'statement_failed',
    reason: 'other',
    message: sentence(message),
    remedy: 'Correct the statement, or what it works on, and run it again.',
    engineCode: undefined,
    statement,
    position: undefined,
    object: undefined,
    cause,
  })
}
