import { MetastoreError } from '../../errors.ts'
import type { FailureReason } from '../driver.ts'
import { DatabaseError } from '../failure.ts'

/** What libsql says, with the position that the worker has found. */
interface SqliteFailure extends Error {
  readonly code: string
  readonly position?: number
  /** Added by the worker: how many statements of the script had completed before. */
  readonly completed?: number
}

/** A statement that SQLite refused, as an error of ours. `address` names the database for people. */
export function toSqliteError(error: unknown, statement: string | undefined, address: string): MetastoreError {
  if (error instanceof MetastoreError) return error
  const failure = isSqliteFailure(error) ? error : undefined
  const code = failure?.code
  const message = error instanceof Error ? error.message : String(error)
  const reason = reasonOf(code ?? '', message)
  const object = objectOf(message)
  return new DatabaseError({
    code: reason === 'canceled' ? 'canceled' : reason === 'busy' ? 'database_locked' : 'statement_failed',
    reason,
    message: messageOf(code ?? '', message, address),
    where: object,
    remedy: remedyOf(code ?? '', reason),
    engineCode: code,
    statement,
    position: statement === undefined ? undefined : failure?.position,
    completed: failure?.completed,
    object,
    cause: error,
  })
}

/** A file that cannot be opened as an SQLite database. */
export function cannotOpen(file: string | null, address: string, error: unknown): MetastoreError {
  if (error instanceof MetastoreError) return error
  const reason = error instanceof Error ? error.message : String(error)
  const code = isSqliteFailure(error) ? error.code : ''
  if (code.startsWith('SQLITE_BUSY')) return toSqliteError(error, undefined, address)
  const notADatabase = code === 'SQLITE_NOTADB'
  return new MetastoreError({
    code: 'connection_failed',
    message: notADatabase
      ? `The file ${file} is not an SQLite database, or it is encrypted.`
      : `The SQLite database ${file ?? address} cannot be opened.`,
    where: file ?? address,
    remedy: notADatabase
      ? 'Name another file, or move this one away to begin with an empty database.'
      : 'Make sure that its directory exists, that it is a file itself, and that this user may read and write both.',
    details: notADatabase ? [] : [reason],
    cause: error,
  })
}

function isSqliteFailure(error: unknown): error is SqliteFailure {
  return error instanceof Error && 'code' in error && typeof error.code === 'string'
}

function reasonOf(code: string, message: string): FailureReason {
  if (/^SQLITE_(?:BUSY|LOCKED)/.test(code)) return 'busy'
  if (code.startsWith('SQLITE_CONSTRAINT')) return 'constraint'
  if (/^SQLITE_(?:READONLY|PERM|AUTH)/.test(code)) return 'permission'
  if (code === 'SQLITE_INTERRUPT') return 'canceled'
  if (code === 'SQLITE_MISUSE') return 'syntax'
  if (/syntax error|^unrecognized token|^incomplete input/.test(message)) return 'syntax'
  if (/^no such /.test(message)) return 'missing_object'
  if (/already exists|^there is already |^duplicate column name/.test(message)) return 'duplicate_object'
  return 'other'
}

function messageOf(code: string, message: string, address: string): string {
  if (code.startsWith('SQLITE_BUSY')) return `The database ${address} stayed locked by another connection.`
  if (code === 'SQLITE_INTERRUPT') return 'The statement was canceled.'
  return /[.!?]$/.test(message) ? message : `${message}.`
}

const remediesByCode: readonly (readonly [RegExp, string])[] = [
  [
    /^SQLITE_BUSY/,
    'Wait until the program that is writing to the file is done, or close it (an application or a database browser), and run it again.',
  ],
  [/^SQLITE_LOCKED/, 'Read the stream that is open on the table to its end first, then run it again.'],
  [/^SQLITE_READONLY/, 'Give this user the right to write to the file and its directory.'],
  [/^SQLITE_FULL/, 'Free space on the disk, then run the same command again.'],
  [/^SQLITE_(?:CORRUPT|NOTADB)/, 'The file is damaged: restore it from a backup.'],
  [
    /^SQLITE_IOERR/,
    'Look for a failing disk or a network file system, which SQLite cannot rely on; then run it again.',
  ],
]

const remediesByReason: Partial<Record<FailureReason, string>> = {
  canceled: 'Run the command again; what had not been committed is rolled back.',
  constraint: 'Correct the rows that violate it, or the statement.',
  duplicate_object: 'Choose another name, or drop or rename what already has it.',
  missing_object: 'Check the name, and whether what creates it has been run.',
  permission: 'Give this user the right to do it.',
  syntax: 'Correct the statement.',
}

function remedyOf(code: string, reason: FailureReason): string {
  const known = remediesByCode.find(([pattern]) => pattern.test(code))?.[1]
  return known ?? remediesByReason[reason] ?? 'Correct the statement, or what it works on, and run it again.'
}

function objectOf(message: string): string | undefined {
  const [, kind, name] =
    /^no such (table|column|index|view|trigger|function): ([^]+)$/.exec(message) ??
    /^(table|index|view|trigger) "?([^"]+?)"? already exists$/.exec(message) ??
    []
  if (kind !== undefined) return `${kind} ${name}`
  const columns = /^(?:UNIQUE|NOT NULL) constraint failed: ([^]+)$/.exec(message)?.[1]
  if (columns !== undefined) return `column ${columns}`
  const check = /^CHECK constraint failed: ([^]+)$/.exec(message)?.[1]
  return check === undefined ? undefined : `constraint ${check}`
}
