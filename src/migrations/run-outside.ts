import { failedBecause, type Dialect, type Session, type Sql } from '../database/database.ts'
import type { Progress } from '../progress.ts'
import { dropInvalidIndex, prepareIndex } from './concurrent-index.ts'
import { outcomeUnknown } from './run-errors.ts'
import { runSql } from './run-sql.ts'
import type { OutsideStep } from './step.ts'

/** What to do with a statement that was interrupted outside a transaction when nobody can tell whether it took effect. */
export type InterruptedPolicy = 'ask' | 'rerun' | 'skip'

/** What such a statement is run with. */
interface OutsideRun {
  readonly database: { readonly dialect: Dialect }
  readonly session: Session
  readonly interrupted: InterruptedPolicy
  readonly signal: AbortSignal
  readonly progress: Progress
}

/** What the journal says of a statement that runs outside a transaction, before it runs. */
export interface OutsideStanding {
  readonly migration: string
  /** Whether an earlier run began it, and nobody noted its end. */
  readonly interruptedBefore: boolean
  /** The statement that takes the note of its beginning back, for when it is known to have failed. */
  readonly forget: Sql
}

/** Runs a statement that the server refuses in a transaction, once or again. Throws `step_outcome_unknown`, DatabaseError. */
export async function runOutside(
  run: OutsideRun,
  step: OutsideStep,
  { migration, interruptedBefore, forget }: OutsideStanding,
): Promise<void> {
  if (step.index !== undefined) {
    const { happened } = await prepareIndex(run, step.index, interruptedBefore)
    if (happened) return
  } else if (interruptedBefore && !step.repeatable) {
    if (run.interrupted === 'skip') return
    if (run.interrupted === 'ask') throw outcomeUnknown(migration, step)
  }
  try {
    await runSql(run.session, step.sql, run.database.dialect)
  } catch (error) {
    if (interruptedBefore && showsThatItHappened(error, step)) return
    await forgetFailure(run, step, forget)
    throw error
  }
}

// An attempt that failed is forgotten, so this one was cut off: what stands in the way now is what it made, or what is
// missing now is what it removed.
function showsThatItHappened(error: unknown, step: OutsideStep): boolean {
  if (/^drop\b/i.test(step.label)) return failedBecause(error, 'missing_object')
  return /^create\b/i.test(step.label) && failedBecause(error, 'duplicate_object')
}

// The statement is known to have failed, so its intent must not make the next run ask; and a failed concurrent build leaves
// an invalid index that slows every write. After a lost connection or an interruption neither can be done now: the next
// run finds the intent and looks at the catalog.
async function forgetFailure(run: OutsideRun, step: OutsideStep, forget: Sql): Promise<void> {
  if (run.signal.aborted) return
  try {
    if (step.index?.operation === 'create') await dropInvalidIndex(run, step.index)
    await run.session.query(forget)
  } catch {
    // The failure that brought us here is the one to report.
  }
}
