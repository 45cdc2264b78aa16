import { mkdirSync } from 'node:fs'
import path from 'node:path'
import { setImmediate as otherEvents } from 'node:timers/promises'
import type { EngineCalls, Outcome, Rows } from '../embedded/engine.ts'
import { type Handlers, serve } from '../embedded/worker-port.ts'
import { id, join, raw, sql } from '../sql.ts'
import { type Libsql, openLibsql } from './libsql.ts'
import { positionOf } from './position.ts'
import { type Statement, splitStatements } from './statements.ts'
import { fromSqlite, toBindable } from './values.ts'

/** What SQLite's thread can be asked for. */
export interface SqliteCalls extends EngineCalls {
  readonly open: { request: { readonly file: string | null }; response: { readonly version: string } }
}

interface Cursor {
  readonly rows: Iterator<unknown, unknown>
  readonly names: readonly string[]
  readonly statement: Statement
  done: boolean
}

// What SQLite counts the rows of; after any other statement it still has the count of the last of these.
const writes = /^\s*(?:insert|update|delete|replace|with)\b/i

let db: Libsql | undefined
let cursors = 0
const open = new Map<string, Cursor>()

function connection(): Libsql {
  if (!db) throw new Error('The database is not open.')
  return db
}

/** Starts a statement; its first row, and with it the work of nearly every statement that takes long, comes from another thread. */
async function start(statement: Statement, values: readonly Parameters<typeof toBindable>[0][]): Promise<Cursor> {
  if (statement.text.includes('\0'))
    throw failure(
      'The statement holds a zero byte, which SQLite cannot read',
      statement.start + statement.text.indexOf('\0'),
    )
  try {
    const prepared = await connection().prepare(statement.text)
    const names = prepared.reader
      ? prepared
          .raw()
          .safeIntegers()
          .columns()
          .map(({ name }) => name)
      : []
    return { rows: await prepared.iterate(values.map(toBindable)), names, statement, done: false }
  } catch (error) {
    throw placed(error, statement)
  }
}

async function read(cursor: Cursor, count: number): Promise<Rows> {
  const rows: Rows = []
  try {
    while (!cursor.done && rows.length < count) {
      const { done, value } = cursor.rows.next()
      cursor.done = done === true
      if (Array.isArray(value)) {
        rows.push(Object.fromEntries(cursor.names.map((name, index) => [name, fromSqlite(value[index])])))
      }
      // An interruption can only be heard between two batches of libsql's.
      if (rows.length % 100 === 0) await otherEvents()
    }
    return rows
  } catch (error) {
    cursor.done = true
    if (isBusy(error)) abandon(cursor)
    throw placed(error, cursor.statement)
  }
}

// A statement that found the file locked stays ready to be tried again, and while it does, nothing can be committed. An
// interruption is all that ends it.
function abandon(cursor: Cursor): void {
  connection().interrupt()
  try {
    cursor.rows.next()
  } catch {
    // SQLITE_INTERRUPT, as it was asked for.
  }
}

function isBusy(error: unknown): boolean {
  return error instanceof Error && 'code' in error && String(error.code).startsWith('SQLITE_BUSY')
}

/** Runs statements one after another, up to one that ends the transaction that was open before. */
async function run(statements: readonly Statement[]): Promise<Outcome> {
  return watched(async () => {
    const before = connection().inTransaction
    for (const [completed, statement] of statements.entries()) {
      try {
        const cursor = await start(statement, [])
        while (!cursor.done) await read(cursor, 1_000)
      } catch (error) {
        throw Object.assign(error as Error, { completed })
      }
      if (before && !connection().inTransaction) return
    }
  })
}

/** What `work` did to the transaction that was open before. */
async function watched(work: () => Promise<void>): Promise<Outcome> {
  const before = connection().inTransaction
  try {
    await work()
    const open = connection().inTransaction
    return { ended: before && !open, open }
  } catch (error) {
    // Some failures roll back the whole transaction: a full disk, RAISE(ROLLBACK), an interruption.
    if (before && !connection().inTransaction) Object.assign(error as object, { transaction: 'rolled back' })
    throw error
  }
}

// One level only: a path that is mistyped further up must not become a new, empty database.
function makeDirectory(directory: string): void {
  try {
    mkdirSync(directory)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
}

const handlers: Handlers<SqliteCalls> = {
  async open({ file }) {
    if (file !== null) makeDirectory(path.dirname(file))
    db = openLibsql(file ?? ':memory:')
    await run(splitStatements('pragma busy_timeout = 5000; pragma foreign_keys = on; pragma schema_version'))
    const [row] = await read(await start({ text: 'select sqlite_version() as version', start: 0 }, []), 1)
    return { version: String(row?.['version']) }
  },

  async query({ text, values }) {
    const [statement, second] = splitStatements(text)
    if (second) throw failure('A query is one statement, and this holds more than one', second.start)
    if (!statement) return { rows: [], affected: 0, ended: false, open: connection().inTransaction }
    let rows: Rows = []
    let affected = 0
    const outcome = await watched(async () => {
      rows = await read(await start(statement, values), Infinity)
      if (rows.length > 0) affected = rows.length
      else if (writes.test(statement.text)) {
        const [row] = await read(await start({ text: 'select changes() as affected', start: 0 }, []), 1)
        affected = Number(row?.['affected'])
      }
    })
    return { rows, affected, ...outcome }
  },

  script: ({ text }) => run(splitStatements(text)),

  async commit({ before }) {
    if (!connection().inTransaction) return { committed: false }
    await run(splitStatements(before))
    await run([{ text: 'commit', start: 0 }])
    return { committed: true }
  },

  async rollBack() {
    if (connection().inTransaction) await run([{ text: 'rollback', start: 0 }])
  },

  async openCursor({ text, values }) {
    const [statement, second] = splitStatements(text)
    if (!statement || second) throw failure('A query is one statement', second?.start ?? 0)
    const cursor = String(++cursors)
    open.set(cursor, await start(statement, values))
    return { cursor }
  },

  async fetch({ cursor, count }) {
    const found = open.get(cursor)
    if (!found) throw new Error(`There is no cursor ${cursor}.`)
    const rows = await read(found, count)
    return { rows, done: found.done }
  },

  async closeCursor({ cursor }) {
    const found = open.get(cursor)
    open.delete(cursor)
    if (!found || found.done) return
    // A statement that has not come to its end keeps its table locked, and libsql has no other way to end it. Where another one
    // is being read, that would be ended too.
    if ([...open.values()].every(({ done }) => done)) connection().interrupt()
    while (!found.done) await read(found, 1_000).catch(() => {})
  },

  async load({ target, rows }) {
    if (rows.length === 0) return
    const names = join(target.columns.map((column) => id(column)))
    const marks = join(target.columns.map(() => raw('?')))
    const { text } = sql`insert into ${id(...target.table)} (${names}) values (${marks})`.bind('sqlite')
    try {
      const statement = await connection().prepare(text)
      for (const row of rows) statement.run(row.map(toBindable))
    } catch (error) {
      throw placed(error, { text, start: 0 })
    }
  },

  async close() {
    await handlers.rollBack(null)
    connection().close()
  },
}

function placed(error: unknown, { text, start: offset }: Statement): unknown {
  if (!(error instanceof Error) || !('code' in error)) return error
  return Object.assign(error, { position: offset + positionOf(error.message, text) })
}

function failure(message: string, position: number): Error {
  return Object.assign(new Error(message), { code: 'SQLITE_MISUSE', position })
}

serve<SqliteCalls>(handlers, () => db?.interrupt())
