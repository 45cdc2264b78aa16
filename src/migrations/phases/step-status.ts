import type { BatchPhase, Lease } from '../stored-batch.ts'
import type { BackfillProgress } from '../backfill/progress.ts'
import type { StepNote } from './step-journal.ts'

/** What is being done to a batch. */
export interface StepStatus {
  readonly label: string
  /** Null for what serves the batch as a whole. */
  readonly migration: string | null
}

/** How far a backfill has come. */
export interface BackfillStatus {
  readonly label: string
  readonly rowsDone: number
  /** An estimate while it goes on. */
  readonly rowsTotal: number
  readonly done: boolean
}

/** The step that somebody is at, or was at when the work was cut off; null when nothing is unfinished. Pure. */
export function stepOf(phase: BatchPhase, notes: readonly StepNote[], lease: Lease | null): StepStatus | null {
  const begun = notes.findLast(({ status }) => status === 'intent')
  if (lease !== null && lease.step !== null) {
    return { label: lease.step, migration: notes.find(({ label }) => label === lease.step)?.migration ?? null }
  }
  if (phase === 'in_progress' || begun === undefined) return null
  return { label: begun.label, migration: begun.migration }
}

/** The backfills that the journal knows of. Pure. */
export function backfillsOf(notes: readonly StepNote[]): BackfillStatus[] {
  return notes.flatMap(({ label, progress, status }) =>
    isBackfillProgress(progress)
      ? [
          {
            label,
            rowsDone: progress.rows,
            rowsTotal: Math.max(progress.rows, progress.total),
            done: status === 'done',
          },
        ]
      : [],
  )
}

// Other steps note other things.
function isBackfillProgress(progress: unknown): progress is BackfillProgress {
  return typeof progress === 'object' && progress !== null && 'rows' in progress && 'total' in progress
}
