import type { LockMode, StepBody } from './batch/phase-step.ts'
import type { StepForecast } from './forecast/forecast-statement.ts'
import type { Direction } from './journal.ts'
import type { Step } from './step.ts'

/** One step as a plan shows it. */
export interface PlannedStep {
  readonly kind: Step['kind'] | StepBody['kind']
  readonly label: string
  /** The SQL that would run; null for a step that is code, or that only looks. */
  readonly sql: string | null
  /** Of a batch: what it is part of; `prepare` is the part of completing that leaves both versions in use. */
  readonly phase?: 'start' | 'prepare' | 'complete'
  /** Of a batch: the migration that it is for; null for what serves the batch as a whole. */
  readonly migration?: string | null
  /** Of a batch: the tables that it locks first. */
  readonly locks?: readonly { readonly table: string; readonly mode: LockMode }[]
  /** What it will do to others, where that was looked at. */
  readonly forecast?: StepForecast | undefined
}

/** One migration, or one batch of them, as a plan shows it. */
export interface PlannedMigration {
  /** Of a batch, its last migration's. */
  readonly name: string
  readonly path: string
  readonly direction: Direction
  /** Whether all of it takes effect as one transaction. */
  readonly atomic: boolean
  readonly steps: readonly PlannedStep[]
  /** The names of a batch. */
  readonly batch?: readonly string[]
  /** Why steps are missing. */
  readonly remark?: string
}
