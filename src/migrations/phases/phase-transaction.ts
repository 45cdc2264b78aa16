import { seeEveryRow } from '../../catalog/catalog.ts'
import {
  withDetail,
  DatabaseError,
  failedBecause,
  id,
  join,
  literal,
  raw,
  sql,
  type Sql,
  type Transaction,
} from '../../database/database.ts'
import { MetastoreError } from '../../errors.ts'
import type { LockMode, TableLock } from '../batch/phase-step.ts'
import { retrying, type Pauses } from '../retry.ts'
import type { Run } from '../run.ts'
import { describeBlocker, findBlockers } from './blockers.ts'

// Who waits for a lock makes everybody wait who comes after, so it gives way soon and comes back soon.
const blockingLockTimeout = 40
const blockingPauses: Pauses = { first: 50, longest: 500 }

// This mode makes no reader or writer wait, however long it is waited for; and the server lets an autovacuum give way only to
// who has waited for deadlock_timeout, which is 1 s: longer than anybody may wait for a stronger lock.
const patientLockTimeout = 3000

/** Runs something in a transaction of a phase. */
export interface PhaseTransaction {
  /** Taken before anything else, each mode by one statement. */
  readonly locks: readonly TableLock[]
  /** It locks something besides that readers need, so it gives way as soon as one with such locks. */
  readonly brief?: boolean
  /** The schema whose relations its statements lock, to find who is in the way. */
  readonly locksSchema?: string | undefined
  /** Statements of ours, sent in one message with the locks, so that these are held for as short as can be. */
  readonly statements?: readonly Sql[]
  /** What follows them. */
  readonly work?: (tx: Transaction) => Promise<void>
  /** Statements that note what was done, when the transaction commits. */
  readonly last: () => readonly Sql[]
}

/**
 * Runs a transaction as all transactions of a phase run: names are looked up in the base schema, row-level security raises
 * errors instead of hiding rows, and who is in the way is waited for by trying again until the deadline. Throws `table_busy`.
 */
export async function inPhaseTransaction(run: Run, base: string, transaction: PhaseTransaction): Promise<void> {
  const { locks, brief = false, statements = [], work, last } = transaction
  const blocking = brief || locks.some(({ mode }) => mode !== 'share update exclusive')
  let tries = 0
  // Asked before, not in the message with the locks, whose text is what the server shows of a session that waits.
  const [rowSecurity] = await run.session.query<{ set_config: string }>(seeEveryRow())
  const attempt = () => {
    const opening = [...settings(base, rowSecurity?.set_config), ...lockStatements(inTurn(locks, tries)), ...statements]
    const texts = opening.map((statement) => statement.inline('postgres'))
    tries += 1
    return run.session.transaction(
      async (tx) => {
        await runAll(tx, texts)
        await work?.(tx)
        // An author's SQL may have taken another role, which need not have a right to our journal.
        if (work !== undefined) tx.beforeCommit(sql`reset role`)
        for (const statement of last()) tx.beforeCommit(statement)
      },
      { lockTimeout: blocking ? blockingLockTimeout : run.retry.lockTimeout, resetSession: true },
    )
  }
  try {
    await (blocking ? retrying(run, attempt, blockingPauses) : retrying(run, attempt))
  } catch (error) {
    if (!failedBecause(error, 'lock_timeout')) throw error
    throw await tableBusy(run, transaction, error)
  }
}

async function runAll(tx: Transaction, texts: readonly string[]): Promise<void> {
  try {
    await tx.script(texts.join(separator))
  } catch (error) {
    const failed = error instanceof DatabaseError ? failedStatement(error, texts) : undefined
    throw failed === undefined ? error : withDetail(error, `The statement was: ${failed.trim()}`)
  }
}

// Each on a line of its own: one may end with a comment.
const separator = '\n;\n'

// What cannot be parsed is refused as a whole, so its place says more than how many statements have run.
function failedStatement({ position, completed }: DatabaseError, texts: readonly string[]): string | undefined {
  if (position === undefined) return completed === undefined ? undefined : texts[completed]
  let end = 0
  return texts.find((text) => {
    end += text.length + separator.length
    return position < end
  })
}

/** What every session of a phase is set to, for one transaction. `rowSecurity` is what `seeEveryRow` has answered before. */
export function settings(base: string, rowSecurity?: string): Sql[] {
  return [
    sql`set local search_path to ${id(base)}`,
    rowSecurity === undefined ? seeEveryRow() : sql`set local row_security to ${literal(rowSecurity)}`,
    sql`set local statement_timeout to 0`,
  ]
}

/**
 * The order in which locks are taken at a try. A session that holds one of the tables and wants another stands in the way of
 * one order of the two, and a busy application always has such a session. Which order it has is not known, so each is tried
 * in turn: backwards every second time, and from another one on.
 */
export function inTurn(locks: readonly TableLock[], tries: number): readonly TableLock[] {
  const from = Math.floor(tries / 2) % Math.max(locks.length, 1)
  const turned = [...locks.slice(from), ...locks.slice(0, from)]
  return tries % 2 === 0 ? turned : turned.toReversed()
}

function lockStatements(locks: readonly TableLock[]): Sql[] {
  if (locks.length === 0) return []
  const strongest: readonly LockMode[] = ['access exclusive', 'share row exclusive']
  const modes = strongest.filter((mode) => locks.some((lock) => lock.mode === mode))
  return [
    sql`set local lock_timeout to ${raw(String(patientLockTimeout))}`,
    lockTables(locks, 'share update exclusive'),
    sql`set local lock_timeout to ${raw(String(blockingLockTimeout))}`,
    ...modes.map((mode) =>
      lockTables(
        locks.filter((lock) => lock.mode === mode),
        mode,
      ),
    ),
  ]
}

function lockTables(locks: readonly TableLock[], mode: LockMode): Sql {
  const names = [...new Set(locks.map(({ view, ...table }) => idOf(view ?? table).inline('postgres')))]
  return sql`lock table ${join(names.map(raw))} in ${raw(mode)} mode`
}

function idOf({ schema, name }: { readonly schema: string; readonly name: string }): Sql {
  return id(schema, name)
}

async function tableBusy(
  run: Run,
  { locks, locksSchema }: PhaseTransaction,
  cause: MetastoreError,
): Promise<MetastoreError> {
  const blockers = await findBlockers(run.session, locks, locksSchema).catch(() => [])
  const tables = [...new Set(locks.map(({ name }) => name))]
  const what =
    tables.length === 0 ? 'A lock' : `The lock on ${tables.length === 1 ? 'table' : 'tables'} ${tables.join(', ')}`
  return new MetastoreError({
    code: 'table_busy',
    message: `${what} could not be had within ${duration(run.retry.deadline)}, because other sessions were in the way.`,
    remedy:
      'Wait for the transactions that use it to end, or end them (select pg_terminate_backend(PID)), and run again; --lock-deadline gives more time.',
    details: blockers.map(describeBlocker),
    cause,
  })
}

function duration(milliseconds: number): string {
  return milliseconds < 1000 ? `${milliseconds} ms` : `${Math.round(milliseconds / 1000)} s`
}
