import { aroundFiles } from '../around.ts'
import type { Engine, Position } from '../engine.ts'
import type { MigrationFile } from '../migration.ts'
import { batchUnderWay } from '../phases/refusals.ts'
import { runMigration, type MigrationRun, type Run } from '../run.ts'
import { countLosses, refuseLosses } from './losses.ts'
import { readRollback, type DerivedPart, type RollbackPart } from './parts.ts'
import type { RollbackOptions, RollbackResult } from './rollback-options.ts'
import { selectRollback } from './select.ts'

/**
 * Takes back applied migrations, the newest first: by their down parts, and those of actions by actions that are derived from
 * theirs, without downtime. All of them are looked at before the first one runs: one that cannot go back makes the whole
 * rollback impossible. Run again after an interruption, it goes on. Throws `migration_irreversible`, `rollback_loses_data`,
 * `usage`, and `batch_…` where the state does not allow it.
 */
export async function rollback(
  engine: Engine,
  files: readonly MigrationFile[],
  options: RollbackOptions = {},
): Promise<RollbackResult> {
  const position = await engine.look()
  const { batch } = position.state
  if (batch === null && selectRollback(position, options.to).length === 0) {
    return { rolledBack: [], current: position.applied.at(-1)?.name ?? null }
  }
  const rolledBack: MigrationRun[] = []
  await engine.locked(
    async (run, locked) => {
      const done = (runs: readonly MigrationRun[]) => {
        for (const one of runs) {
          rolledBack.push(one)
          options.onRolledBack?.(one)
        }
      }
      const names = selectRollback(locked, options.to)
      done(await goOn(engine, run, locked, options))
      const left = names.filter((name) => !rolledBack.some((one) => one.name === name))
      const parts = await readRollback(engine, files, left)
      if (options.allowDataLoss !== true) await assertNothingLost(run, parts)
      for (const part of parts) {
        options.onBegin?.(part.migration)
        done(await runPart(engine, run, part, options))
      }
    },
    { batches: true },
  )
  return { rolledBack, current: (await engine.look()).applied.at(-1)?.name ?? null }
}

// With what is left of an earlier rollback.
async function goOn(
  engine: Engine,
  run: Run,
  { state: { phase, batch } }: Position,
  options: RollbackOptions,
): Promise<readonly MigrationRun[]> {
  if (phase === null || batch === null) return []
  if (batch.rollback === undefined) throw batchUnderWay(phase, batch)
  const { resumeRollback } = await import('./run-derived.ts')
  return resumeRollback(engine, run, { phase, batch }, options)
}

async function runPart(
  engine: Engine,
  run: Run,
  part: RollbackPart,
  options: RollbackOptions,
): Promise<readonly MigrationRun[]> {
  const { state } = await engine.look()
  if (part.kind === 'whole') {
    const around = await aroundFiles(run.database, state)
    return [await runMigration({ ...run, around }, part.migration, 'down')]
  }
  // The older ones could not be asked about while the newer ones were there.
  if (options.allowDataLoss !== true) {
    refuseLosses([part.name], await countLosses(run.session, part.base, part.ownLosses), [], false)
  }
  const { runDerived } = await import('./run-derived.ts')
  return runDerived(engine, run, part, options)
}

async function assertNothingLost(run: Run, parts: readonly RollbackPart[]): Promise<void> {
  const derived = parts.filter((part): part is DerivedPart => part.kind === 'batch')
  const counts = []
  for (const { base, losses } of derived) counts.push(...(await countLosses(run.session, base, losses)))
  const gone = derived.flatMap(({ losses }) => losses.flatMap(({ what, count }) => (count === null ? [what] : [])))
  refuseLosses(
    derived.map(({ name }) => name),
    counts,
    gone,
    true,
  )
}
