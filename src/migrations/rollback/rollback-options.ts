import type { Migration } from '../migration.ts'
import type { PhaseOptions } from '../phases/phase-options.ts'
import type { Destination } from '../resolve.ts'
import type { MigrationRun } from '../run.ts'

/** How far to go back, and what to put up with. */
export interface RollbackOptions extends Omit<PhaseOptions, 'base'> {
  /** `base` for everything, a name that stays applied, or a negative number of steps. Default: one step. */
  readonly to?: Destination
  /** Go on where data is lost, which is refused otherwise. */
  readonly allowDataLoss?: boolean
  readonly onBegin?: (migration: Migration) => void
  readonly onRolledBack?: (run: MigrationRun) => void
  /** Told what does not come back as it was, and what else is worth knowing. */
  readonly onWarning?: (message: string) => void
}

/** What rolling back came to. */
export interface RollbackResult {
  readonly rolledBack: readonly MigrationRun[]
  /** The newest migration in effect afterwards; null when there is none. */
  readonly current: string | null
}
