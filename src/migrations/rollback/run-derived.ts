import type { Engine } from '../engine.ts'
import { undoSteps } from '../phases/abort-steps.ts'
import { completeSteps } from '../phases/complete-steps.ts'
import { withinLock } from '../phases/phase-run.ts'
import type { PhaseWork } from '../phases/phase-work.ts'
import { beginBatch, startSteps } from '../phases/start-steps.ts'
import type { MigrationRun, Run } from '../run.ts'
import type { BatchPhase, StoredBatch } from '../stored-batch.ts'
import type { DerivedPart } from './parts.ts'
import type { RollbackOptions } from './rollback-options.ts'

/** Takes back one migration by starting and completing what undoes it. */
export async function runDerived(
  engine: Engine,
  run: Run,
  { migration, target, rollback, base, remarks }: DerivedPart,
  options: RollbackOptions,
): Promise<readonly MigrationRun[]> {
  for (const remark of remarks) options.onWarning?.(remark)
  return within(engine, run, { ...options, base }, async (work) => {
    const { state } = await engine.look()
    const batch = await beginBatch(work, { migrations: [migration], state, complete: true, target, rollback })
    await startSteps({ ...work, batch })
    return completeSteps({ ...work, batch }, 'in_progress')
  })
}

/** Goes on with a rollback that was interrupted; one that was being taken back is, and nothing is rolled back. */
export async function resumeRollback(
  engine: Engine,
  run: Run,
  { phase, batch }: { readonly phase: BatchPhase; readonly batch: StoredBatch },
  options: RollbackOptions,
): Promise<readonly MigrationRun[]> {
  return within(engine, run, { ...options, base: batch.base }, async (work) => {
    if (phase === 'aborting') {
      await undoSteps({ ...work, batch })
      return []
    }
    if (phase === 'applying') await startSteps({ ...work, batch })
    return completeSteps({ ...work, batch }, phase === 'completing' ? phase : 'in_progress')
  })
}

function within<T>(
  engine: Engine,
  run: Run,
  options: RollbackOptions & { readonly base: string },
  work: (work: PhaseWork) => Promise<T>,
): Promise<T> {
  const { batch, onWarning, ...rest } = options
  // What the derived actions leave out is what the migration had left out.
  const phase = { ...rest, batch: { ...batch, lenient: true } }
  const warn = (message: string) => {
    if (!message.startsWith('rollback of ')) onWarning?.(message)
  }
  return withinLock(engine, run, { options: phase, warn }, work)
}
