import type { BackfillOptions } from '../backfill/options.ts'
import type { BatchOptions } from '../batch/compiled-batch.ts'
import type { Loss } from '../batch/compiled-batch.ts'
import type { Position } from '../engine.ts'
import type { Allowances } from '../pending.ts'
import type { Destination } from '../resolve.ts'
import type { MigrationRun } from '../run.ts'

/** The states of a database that is migrated in phases, the only ones there are. */
export type PhaseState = 'idle' | 'applying' | 'in_progress' | 'completing' | 'aborting'

/** How a batch is started, completed or aborted; everything has a default. */
export interface PhaseOptions {
  /** The schema that holds the real tables. Default `public`. */
  readonly base?: string
  readonly batch?: Partial<BatchOptions>
  readonly backfill?: Partial<BackfillOptions>
  /** Told of each step that has run. */
  readonly onStep?: (step: { readonly label: string; readonly migration: string | null }) => void
}

/** How a start chooses its migrations. */
export interface StartOptions extends PhaseOptions {
  /** How far; to the newest by default. */
  readonly to?: Destination
  readonly allow?: Allowances
  /** Complete right after starting, and what was in progress before. */
  readonly complete?: boolean
  /** Start and complete one migration after another instead of all as one batch. */
  readonly oneByOne?: boolean
  /** Asked before anything is done, and again under the lock, where the database stands; throws where that will not do. */
  readonly approve?: (position: Position) => Promise<void>
}

/** What a start came to. */
export interface StartResult {
  readonly state: PhaseState
  /** Migrations that are complete now and were not before, in order. */
  readonly applied: readonly MigrationRun[]
  /** Names of the batch that is in progress; none when everything is complete. */
  readonly inProgress: readonly string[]
  /** The schema of the new version, and of the old one; null where there is none. */
  readonly newSchema: string | null
  readonly oldSchema: string | null
  /** Things that the files say and that do nothing, and what the live data makes worth knowing. */
  readonly warnings: readonly string[]
}

/** What completing came to. */
export interface CompleteResult {
  /** `nothing` when there was no batch. */
  readonly outcome: 'completed' | 'nothing'
  readonly applied: readonly MigrationRun[]
  /** What was rolled back, where it was a rollback that was interrupted. */
  readonly rolledBack?: readonly MigrationRun[]
  /** The schema that applications use now. */
  readonly schema: string | null
}

/** What an abort may do with data that only the new version has. */
export interface AbortOptions extends PhaseOptions {
  /** A table in which to keep what would be lost; one for each thing lost, numbered, when there are several. */
  readonly saveLost?: string
  /** SQL that fills a column that old sessions may not find null, where new sessions left it so. */
  readonly fill?: string
  /** Told what will be lost, with counts, before anything is done; false keeps everything as it is. */
  readonly confirm?: (losses: readonly LossCount[]) => Promise<boolean>
}

/** How much of something an abort loses. */
export interface LossCount extends Pick<Loss, 'what'> {
  readonly rows: number
}

/** What an abort came to. */
export interface AbortResult {
  readonly outcome: 'aborted' | 'nothing' | 'kept'
  readonly migrations: readonly string[]
  readonly lost: readonly LossCount[]
  /** Tables that hold what was lost. */
  readonly saved: readonly string[]
}
