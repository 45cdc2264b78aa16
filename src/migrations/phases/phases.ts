import type { Engine } from '../engine.ts'
import type { MigrationFile } from '../migration.ts'
import type {
  AbortOptions,
  AbortResult,
  CompleteResult,
  PhaseOptions,
  StartOptions,
  StartResult,
} from './phase-options.ts'

export type * from './phase-options.ts'

// Imported when they are called: a command that has nothing to do with batches does not load what they need.

/**
 * Makes the schema of the pending migrations usable beside the present one. What has to be complete before the rest can start
 * is completed on the way. Throws `batch_…` where the state does not allow it, `database_unmanaged`, `table_busy`, and what
 * files and live data are refused for.
 */
export async function startBatch(
  engine: Engine,
  files: readonly MigrationFile[],
  options: StartOptions = {},
): Promise<StartResult> {
  return (await import('./start.ts')).start(engine, files, options)
}

/** Takes the old version away and leaves the new one; goes on with a completion that was interrupted. */
export async function completeBatch(engine: Engine, options: PhaseOptions = {}): Promise<CompleteResult> {
  return (await import('./complete.ts')).complete(engine, options)
}

/** Takes the new version away and leaves the old one; goes on with an abort that was interrupted. Throws `abort_blocked`. */
export async function abortBatch(engine: Engine, options: AbortOptions = {}): Promise<AbortResult> {
  return (await import('./abort.ts')).abort(engine, options)
}
