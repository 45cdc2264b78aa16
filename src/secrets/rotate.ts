import { setTimeout } from 'node:timers/promises'
import { failedBecause, id, join, literal, sql, type Dialect, type Session, type Sql } from '../database/database.ts'
import type { Progress } from '../progress.ts'
import { countTokens, outdated, seeAllRows, type TokenCount } from './count-tokens.ts'
import type { Keyring } from './keyring.ts'
import { createJournal, forgetPosition, readPosition, writePosition, type Place } from './rotation-journal.ts'
import type { TokenColumn } from './token-columns.ts'

/** What a rotation works on and with. */
export interface Rotation {
  readonly session: Session
  readonly dialect: Dialect
  readonly ring: Keyring
  /** The schema of the journal; on SQLite the prefix of its table. */
  readonly stateSchema: string
  readonly progress: Progress
}

/** What came of rotating a column. */
export interface RotatedColumn {
  /** How many tokens were made anew, in this run. */
  readonly rotated: number
  /** Whether an interrupted run was gone on with. */
  readonly resumed: boolean
  /** What is there now. */
  readonly count: TokenCount
}

const batchSize = 500
const mostPasses = 5
const mostTries = 50

/** Whether there is anything to do is known only after the columns are counted; so this begins with a table of its own. */
export async function prepareRotation({ session, dialect, stateSchema }: Rotation): Promise<void> {
  await createJournal(session, dialect, stateSchema)
}

/**
 * Encrypts every token of a column with the newest key, in batches by primary key. A row is written only while it still
 * holds the token that was read, so what an application writes meanwhile stays. The position is journalled with each batch:
 * a run that is cut off goes on there. At the end every row is looked at, and what came in with an old key is done too.
 */
export async function rotateColumn(rotation: Rotation, column: TokenColumn): Promise<RotatedColumn> {
  const { session, dialect, ring, stateSchema } = rotation
  const marked = { column: column.name, fingerprint: ring.fingerprint('key rotation') }
  const journal = { dialect, stateSchema, ...marked }
  let after = await readPosition(session, journal)
  const resumed = after !== undefined
  let rotated = 0
  for (let pass = 1; ; pass++) {
    rotated += await rotateFrom(rotation, column, journal, after)
    after = undefined
    await forgetPosition(session, journal)
    const count = await countTokens(session, dialect, column, ring)
    if (outdated(count) === 0 || pass === mostPasses) return { rotated, resumed, count }
  }
}

async function rotateFrom(
  rotation: Rotation,
  column: TokenColumn,
  journal: Place,
  start: readonly string[] | undefined,
): Promise<number> {
  const { progress } = rotation
  const task = `keys rotate ${column.name}`
  let after = start
  let rotated = 0
  let seen = 0
  progress({ kind: 'begin', task, total: null, unit: 'rows' })
  try {
    for (;;) {
      const batch = await tryingAgain(() => rotateBatch(rotation, column, journal, after))
      rotated += batch.rotated
      seen += batch.seen
      progress({ kind: 'advance', task, done: seen, label: column.name })
      if (batch.last === undefined) return rotated
      after = batch.last
    }
  } finally {
    progress({ kind: 'end', task })
  }
}

interface Batch {
  readonly seen: number
  readonly rotated: number
  /** The key of its last row; undefined when there are no rows behind it. */
  readonly last: readonly string[] | undefined
}

function rotateBatch(
  { session, dialect, ring }: Rotation,
  column: TokenColumn,
  journal: Place,
  after: readonly string[] | undefined,
): Promise<Batch> {
  return session.transaction(async (tx) => {
    await seeAllRows(tx, dialect)
    const rows = await tx.query<Record<string, string>>(selectBatch(column, after))
    const updates = rows.flatMap((row) => {
      const opened = ring.open(row['token'] ?? '')
      if ('fault' in opened || opened.key === 1) return []
      return [updateRow(column, keyValues(row, column), row['token'] ?? '', ring.encrypt(opened.text))]
    })
    // One message, and rows in the order of their key, so that two rotations cannot wait for each other.
    if (updates.length > 0) await tx.script(updates.map((update) => update.inline(dialect)).join(';\n'))
    const lastRow = rows.length < batchSize ? undefined : rows.at(-1)
    const last = lastRow && keyValues(lastRow, column)
    if (last) await writePosition(tx, journal, last)
    return { seen: rows.length, rotated: updates.length, last }
  })
}

// Values are literals without a type, which take that of the column that they are compared with, so its index is used.
function selectBatch({ table, column, key }: TokenColumn, after: readonly string[] | undefined): Sql {
  const keys = key.map((part, index) => sql`cast(${part} as text) as ${id(`k${index}`)}`)
  const behind =
    after === undefined ? sql`` : sql` and (${join(key)}) > (${join(after.map((value) => literal(value)))})`
  return sql`
    select ${join(keys)}, cast(${column} as text) as token
    from ${table}
    where ${column} is not null${behind}
    order by ${join(key)}
    limit ${literal(batchSize)}`
}

function updateRow({ table, column, key }: TokenColumn, values: readonly string[], old: string, token: string): Sql {
  const conditions = key.map((part, index) => sql`${part} = ${literal(values[index] ?? '')}`)
  return sql`
    update ${table} set ${column} = ${literal(token)}
    where ${join(conditions, ' and ')} and ${column} = ${literal(old)}`
}

function keyValues(row: Readonly<Record<string, string>>, { key }: TokenColumn): string[] {
  return key.map((_, index) => row[`k${index}`] ?? '')
}

// An application holds locks on rows, and another rotation may be under way; both are over soon.
async function tryingAgain<T>(work: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await work()
    } catch (error) {
      const passing = failedBecause(error, 'deadlock', 'serialization', 'lock_timeout', 'busy')
      if (!passing || tries === mostTries) throw error
      await setTimeout(Math.random() * Math.min(50 * tries, 500))
    }
  }
}
