import type { Engine, LockedOptions, Position } from '../engine.ts'
import type { Run } from '../run.ts'
import { takeLease } from './lease.ts'
import type { PhaseOptions } from './phase-options.ts'
import type { CompileBatch, PhaseWork } from './phase-work.ts'

/** What phases are run with. */
export interface PhaseRunOptions extends LockedOptions {
  readonly options: PhaseOptions
  /** What turns batches into steps; `compileBatch` by default. */
  readonly compile?: CompileBatch | undefined
  /** Collects what is worth knowing and stops nothing. */
  readonly warn?: (message: string) => void
}

/** Does work on batches under the lock, with a lease that tells others who it is. Undefined as `locked` says. */
export async function inPhases<T>(
  engine: Engine,
  { options, compile, warn = () => {}, ...locked }: PhaseRunOptions,
  work: (work: PhaseWork, position: Position) => Promise<T>,
): Promise<T | undefined> {
  return engine.locked(
    async (run, position) => withinLock(engine, run, { options, compile, warn }, (within) => work(within, position)),
    { ...locked, batches: true },
  )
}

/** The same under a lock that is held already. */
export async function withinLock<T>(
  engine: Engine,
  run: Run,
  { options, compile, warn = () => {} }: PhaseRunOptions,
  work: (work: PhaseWork) => Promise<T>,
): Promise<T> {
  await using lease = await takeLease(run)
  return await work({ engine, run, options, compile: compile ?? (await theCompiler()), lease, warn })
}

// With the grammar and all that compiles actions; who has none pays nothing for it.
async function theCompiler(): Promise<CompileBatch> {
  return (await import('../batch/compile-batch.ts')).compileBatch
}
