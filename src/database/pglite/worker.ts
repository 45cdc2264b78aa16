import { type PGlite, protocol } from '@electric-sql/pglite'
import type { EngineCalls, Outcome } from '../embedded/engine.ts'
import { type Handlers, serve } from '../embedded/worker-port.ts'
import { affectedRows } from '../postgres/affected-rows.ts'
import { copyLine } from '../postgres/copy-text.ts'
import { toWire } from '../postgres/values.ts'
import { id, join, sql } from '../sql.ts'
import { type Answer, type Column, exchange, portalMessages, readRows, statementMessages } from './exchange.ts'
import { addExtensions, mentionsExtensions } from './extensions.ts'
import { refuseWhatHangs } from './refused.ts'
import { startPglite } from './start.ts'

/** What PGlite's thread can be asked for. */
export interface PgliteCalls extends EngineCalls {
  readonly open: { request: { readonly directory: string | null }; response: { readonly version: string } }
}

const { serialize } = protocol

let db: PGlite
let status: Answer['status'] = 'I'
let hasExtensions = false
let cursors = 0
const columnsOf = new Map<string, readonly Column[]>()

async function send(...parts: readonly Uint8Array[]): Promise<Answer> {
  const answer = await receive(...parts)
  if (answer.error) throw answer.error
  return answer
}

async function receive(...parts: readonly Uint8Array[]): Promise<Answer> {
  const answer = await exchange(db, ...parts)
  status = answer.status
  return answer
}

/** Sends what the user wrote, and tells what that did to the transaction that was open before. */
async function watched(text: string, parts: readonly Uint8Array[]): Promise<{ answer: Answer; outcome: Outcome }> {
  const before = status
  // ROLLBACK TO SAVEPOINT has the same tag as ROLLBACK, and ROLLBACK AND CHAIN leaves a transaction open.
  const mayRollBack = before === 'T' && /\b(?:rollback|abort)\b/i.test(text)
  const transaction = mayRollBack ? await virtualTransaction() : undefined
  const answer = await receive(...parts)
  const open = status !== 'I'
  const ended =
    before !== 'I' &&
    (!open ||
      answer.tags.includes('COMMIT') ||
      (mayRollBack && status === 'T' && (await virtualTransaction()) !== transaction))
  if (answer.error) throw Object.assign(answer.error, ended ? { transaction: 'committed' } : {})
  return { answer, outcome: { ended, open } }
}

async function virtualTransaction(): Promise<unknown> {
  const text = "select virtualtransaction from pg_catalog.pg_locks where locktype = 'virtualxid'"
  return (await send(serialize.query(text))).rows[0]?.[0]
}

async function prepare(text: string): Promise<void> {
  await refuseWhatHangs(text)
  if (hasExtensions || !mentionsExtensions(text)) return
  addExtensions(db)
  hasExtensions = true
}

const handlers: Handlers<PgliteCalls> = {
  async open({ directory }) {
    db = await startPglite(directory)
    const { rows } = await send(
      serialize.query(`
        select current_setting('server_version'), string_agg(extname, ' ') from pg_catalog.pg_extension
        where extname <> 'plpgsql'`),
    )
    const [version, extensions] = rows[0] ?? []
    if (extensions) addExtensions(db, new Set(extensions.split(' ')))
    return { version: version ?? '' }
  },

  async query({ text, values }) {
    await prepare(text)
    const { answer, outcome } = await watched(text, statementMessages(text, values.map(toWire)))
    return { rows: readRows(answer.columns, answer.rows), affected: affectedRows(answer.tags.at(-1)), ...outcome }
  },

  async script({ text }) {
    await prepare(text)
    return (await watched(text, [serialize.query(text)])).outcome
  },

  async commit({ before }) {
    if (status !== 'T') return { committed: false }
    if (before !== '') await prepare(before)
    const { tags } = await send(serialize.query(before === '' ? 'commit' : `${before};\ncommit`))
    return { committed: tags.at(-1) === 'COMMIT' }
  },

  async rollBack() {
    if (status !== 'I') await send(serialize.query('rollback'))
  },

  async openCursor({ text, values }) {
    await prepare(text)
    const cursor = `metastore_${++cursors}`
    const { columns } = await send(...portalMessages(cursor, text, values.map(toWire)))
    columnsOf.set(cursor, columns)
    return { cursor }
  },

  async fetch({ cursor, count }) {
    const { rows, suspended } = await send(serialize.execute({ portal: cursor, rows: count }), serialize.sync())
    return { rows: readRows(columnsOf.get(cursor) ?? [], rows), done: !suspended }
  },

  async closeCursor({ cursor }) {
    columnsOf.delete(cursor)
    await send(serialize.close({ type: 'P', name: cursor }), serialize.sync())
  },

  async load({ target, rows }) {
    const table = id(...target.table)
    const columns = join(target.columns.map((column) => id(column)))
    if (await mayCopy()) {
      // COPY from a file is the one that PGlite can run: /dev/blob is what it was handed.
      const copy = sql`copy ${table} (${columns}) from '/dev/blob' with (format text, encoding 'UTF8')`.inline(
        'postgres',
      )
      await db._handleBlob(new Blob([rows.map(copyLine).join('')]))
      try {
        await send(serialize.query(copy))
      } finally {
        await db._cleanupBlob()
      }
      return
    }
    // The protocol counts a statement's values in 16 bits.
    const most = Math.max(1, Math.floor(65_535 / target.columns.length))
    for (let start = 0; start < rows.length; start += most) {
      const tuples = rows.slice(start, start + most).map((row) => sql`(${join(row.map((value) => sql`${value}`))})`)
      const { text, values } = sql`insert into ${table} (${columns}) values ${join(tuples)}`.bind('postgres')
      await send(...statementMessages(text, values.map(toWire)))
    }
  },

  async close() {
    await handlers.rollBack(null)
    await db.close()
  },
}

/** A role that may not read the server's files may not COPY from one. */
async function mayCopy(): Promise<boolean> {
  const { rows } = await send(
    serialize.query("select pg_catalog.pg_has_role(current_user, 'pg_read_server_files', 'usage')"),
  )
  return rows[0]?.[0] === 't'
}

serve<PgliteCalls>(handlers)
