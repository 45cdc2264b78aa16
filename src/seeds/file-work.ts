import type { Progress } from '../progress.ts'
import type { StepDiff } from './staging/diff.ts'
import type { DirectlyLoaded } from './writing/load-directly.ts'
import type { LoadedSeed } from './load-seed.ts'
import type { PlannedRows } from './staging/planned-rows.ts'
import type { FileResult, SeedOptions, StatementResult, StepResult } from './seed-options.ts'
import type { Staged } from './staging/staged.ts'
import type { CellWorld } from './world.ts'

/** What the files of a run share. */
export interface FileWork {
  readonly options: SeedOptions
  readonly cells: CellWorld
  readonly progress: Progress
  readonly planned: PlannedRows
  /** Staged steps whose rows are too many to be remembered. */
  readonly bulk: Staged[]
  /** Every staged step so far. */
  readonly earlier: Staged[]
  /** Tables of which rows are not staged because something is wrong with them. */
  readonly spoiled: Set<string>
  /** How many steps have been numbered. */
  steps: number
}

/** A step that does nothing. */
export const nothing: StepDiff = { inserted: 0, updated: 0, unchanged: 0, removed: 0, rows: [] }

/** A step of which the plan has left the rows: staged, or in their table already. */
export type ReadyStep = Staged | DirectlyLoaded

/** What a file has come to so far. */
interface Outcome {
  readonly steps: readonly StepResult[]
  readonly statements: readonly StatementResult[]
  readonly durationMs: number
}

/** Sums up what a file does, or did. */
export function fileResult({ file }: LoadedSeed, state: FileResult['state'], outcome: Outcome): FileResult {
  const sum = (count: (step: StepDiff) => number) => outcome.steps.reduce((total, step) => total + count(step), 0)
  const counts = {
    inserted: sum(({ inserted }) => inserted),
    updated: sum(({ updated }) => updated),
    unchanged: sum(({ unchanged }) => unchanged),
    removed: sum(({ removed }) => removed),
  }
  return { file: file.path, state, counts, ...outcome, durationMs: Math.round(outcome.durationMs) }
}
