import { failedBecause, type DatabaseError, type Sql, type Transaction } from '../../database/database.ts'
import type { Run } from '../run.ts'
import type { BackfillOptions } from './options.ts'
import type { BackfillPlan } from './plan.ts'
import type { BackfillProgress } from './progress.ts'
import type { Scans } from './rows.ts'
import type { SideTable } from './side-table.ts'

/** What a backfill runs in. */
export type BackfillContext = Pick<
  Run,
  'database' | 'session' | 'bookkeeping' | 'retry' | 'signal' | 'progress' | 'telemetry'
>

/** One backfill under way. */
export interface Job<Plan extends BackfillPlan = BackfillPlan> {
  readonly context: BackfillContext
  readonly plan: Plan
  readonly options: BackfillOptions
  readonly scans: Scans
  readonly sides: readonly SideTable[]
  /** The settings that each transaction begins with. */
  readonly settings: string
  /** The statement that journals progress. */
  readonly save: (progress: BackfillProgress) => Sql
  /** Tells whoever watches how far it is. */
  readonly tell: (progress: BackfillProgress) => void
  /** Milliseconds of a clock that only goes forward. */
  readonly now: () => number
}

// Rows are locked by a transaction that writes to one and goes on with another only for a moment; who waits longer for them
// holds those that it has got already.
const momentary = 50

/** How long a transaction waits for a lock: for a moment where the work can do without, else as long as the run says. */
export type Patience = 'moment' | 'usual'

/** Runs work in a transaction with the settings of the backfill. */
export function transact<T>(job: Job, patience: Patience, work: (tx: Transaction) => Promise<T>): Promise<T> {
  const { session, retry } = job.context
  const lockTimeout = patience === 'moment' ? Math.min(momentary, retry.lockTimeout) : retry.lockTimeout
  return session.transaction(
    async (tx) => {
      await tx.script(job.settings)
      return work(tx)
    },
    { lockTimeout },
  )
}

/** Whether somebody else's locks were in the way, so that the same work may succeed without their rows, or later. */
export function isContended(error: unknown): boolean {
  return failedBecause(error, 'lock_timeout', 'deadlock', 'serialization')
}

// Classes of SQLSTATE that are about the server, its disk or the transaction.
const notOfRows = /^(?:25|53|55|57|58|F0|XX)/

/** Whether a statement failed for what it found in a row, and not for the state of the database or the connection. */
export function isRowFailure(error: unknown): error is DatabaseError {
  if (!failedBecause(error, 'constraint', 'other', 'syntax', 'missing_object', 'duplicate_object')) return false
  return error.engineCode !== undefined && !notOfRows.test(error.engineCode)
}
