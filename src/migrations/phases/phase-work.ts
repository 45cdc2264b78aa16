import type { BatchInput, CompiledBatch } from '../batch/compiled-batch.ts'
import type { Engine } from '../engine.ts'
import type { Run } from '../run.ts'
import type { StoredBatch } from '../stored-batch.ts'
import type { HeldLease } from './lease.ts'
import type { PhaseOptions } from './phase-options.ts'

/** Turns a batch into steps: `compileBatch`. */
export type CompileBatch = (input: BatchInput) => CompiledBatch

/** Everything that the work on a batch needs, under the lock. */
export interface PhaseWork {
  readonly engine: Engine
  readonly run: Run
  readonly options: PhaseOptions
  readonly compile: CompileBatch
  readonly lease: HeldLease
  /** Collects what is worth knowing and stops nothing. */
  readonly warn: (message: string) => void
}

/** The same, for one batch. */
export interface BatchWork extends PhaseWork {
  readonly batch: StoredBatch
}
