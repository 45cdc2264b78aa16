import type { Sql } from '../../database/database.ts'
import type { BatchWork } from './phase-work.ts'
import type { StepChange, StepNote } from './step-journal.ts'

/** One body of a step, with its place in the journal. */
export interface BodyRun {
  readonly work: BatchWork
  readonly label: string
  readonly migration: string | null
  /** What an earlier run noted of it. */
  readonly note: StepNote | undefined
  /** The statement that notes it. */
  readonly noting: (change: StepChange) => Sql
  /** Statements that commit together with the end of it. */
  readonly last: () => readonly Sql[]
}
