import { versionSchemaName } from '../batch/names.ts'
import type { Engine } from '../engine.ts'
import { completeSteps } from './complete-steps.ts'
import type { CompleteResult, PhaseOptions } from './phase-options.ts'
import { inPhases } from './phase-run.ts'
import type { CompileBatch } from './phase-work.ts'
import { refused } from './refusals.ts'
import { moveFor } from './transitions.ts'

/**
 * Completes the batch that is in progress: from then on there is only the new version. Run again after an interruption or a
 * failure, it goes on. Throws `batch_applying`, `batch_aborting`, and what the steps fail for.
 */
export async function complete(
  engine: Engine,
  options: PhaseOptions = {},
  compile?: CompileBatch,
): Promise<CompleteResult> {
  const { state } = await engine.look()
  if (state.batch === null) return nothing(state.version)
  const outcome = await inPhases(
    engine,
    { options, compile, alreadyDone: (now) => now.state.batch === null },
    async (work, { state: { phase, batch, version } }): Promise<CompleteResult> => {
      if (phase === null || batch === null) return nothing(version)
      const decision = moveFor({ phase, batch, command: 'complete', complete: true, waiting: false })
      if ('refusal' in decision) throw refused(decision.refusal, batch)
      const applied = await completeSteps({ ...work, batch }, phase)
      const schema = versionSchemaName(batch.target)
      if (batch.rollback === undefined) return { outcome: 'completed', applied, schema }
      return { outcome: 'completed', applied: [], rolledBack: applied, schema: batch.rollback.last ? null : schema }
    },
  )
  return outcome ?? nothing((await engine.look()).state.version)
}

function nothing(version: string | null): CompleteResult {
  return { outcome: 'nothing', applied: [], schema: version === null ? null : versionSchemaName(version) }
}
