import { withDetail } from '../../database/database.ts'
import { versionSchemaName } from '../batch/names.ts'
import { setState } from '../bookkeeping.ts'
import { recordApplied, recordRolledBack } from '../history.ts'
import type { Migration } from '../migration.ts'
import type { MigrationRun } from '../run.ts'
import { dropSnapshots, keepSnapshot } from '../snapshot.ts'
import { namesOf, type BatchPhase, type StoredBatch } from '../stored-batch.ts'
import { dropVersionSchema } from '../versions/version-schema.ts'
import { endBatch } from './abort-steps.ts'
import { loadBatch } from './load-batch.ts'
import { inPhaseTransaction } from './phase-transaction.ts'
import type { BatchWork } from './phase-work.ts'
import { listed } from './refusals.ts'
import { runSteps } from './run-steps.ts'
import { readSteps, type StepNote } from './step-journal.ts'

/**
 * Completes a batch that is in progress, or goes on with a completion. Until the old version is taken away, a failure leaves
 * everything as it was; after that the completion can only go on.
 */
export async function completeSteps(work: BatchWork, phase: BatchPhase): Promise<MigrationRun[]> {
  const { batch } = work
  const { compiled, notes, migrations } = await loadBatch(work)
  if (phase === 'in_progress') {
    try {
      await runSteps(work, { phase: 'prepare', steps: compiled.prepare, notes, last: [] })
      await leaveOldVersion(work)
    } catch (error) {
      throw withDetail(error, `${whatOf(batch)} is still in progress: both versions are in use, and it can be aborted.`)
    }
  }
  try {
    await runSteps(work, { phase: 'complete', steps: compiled.complete, notes, last: [] })
    const runs = await finish(work, migrations)
    measureRuns(work, runs)
    return runs
  } catch (error) {
    throw withDetail(
      error,
      batch.rollback === undefined
        ? `The old version is gone already: run metastore complete to go on with ${batch.target}.`
        : `The version that is rolled back is gone already: run metastore rollback to go on.`,
    )
  }
}

function measureRuns({ run, batch }: BatchWork, runs: readonly MigrationRun[]): void {
  const attributes = { 'metastore.direction': batch.rollback === undefined ? 'up' : 'down' }
  for (const { durationMs } of runs) {
    run.telemetry?.measure('metastore.migrations', 1, attributes)
    run.telemetry?.measure('metastore.migration.duration', durationMs / 1000, attributes)
  }
}

function whatOf({ rollback, target, migrations }: StoredBatch): string {
  return rollback === undefined ? target : `The rollback of ${listed(namesOf({ migrations }))}`
}

async function leaveOldVersion({ run, batch }: BatchWork): Promise<void> {
  const old = batch.oldVersion === null ? undefined : versionSchemaName(batch.oldVersion)
  await inPhaseTransaction(run, batch.base, {
    locks: [],
    // Its views are locked, and everybody who reads them would wait behind us.
    brief: true,
    locksSchema: old,
    statements: old === undefined ? [] : dropVersionSchema(old),
    last: () => [setState(run.bookkeeping, 'phase', 'completing')],
  })
}

async function finish({ run, batch }: BatchWork, migrations: readonly Migration[]): Promise<MigrationRun[]> {
  const { bookkeeping } = run
  const durations = durationsOf(batch, await readSteps(run.session, bookkeeping))
  const actor = { ...run.actor, batch: batch.id }
  const startedAt = new Date(batch.startedAt)
  if (batch.rollback !== undefined) await finishRollback({ run, batch }, batch.rollback)
  else
    await inPhaseTransaction(run, batch.base, {
      locks: [],
      last: () => [
        ...migrations.map((migration) => {
          const durationMs = durations.get(migration.name) ?? 0
          return recordApplied(bookkeeping, migration, actor, { how: 'migrated', startedAt, durationMs })
        }),
        keepSnapshot(bookkeeping, batch),
        setState(bookkeeping, 'version', batch.target),
        setState(bookkeeping, 'base', batch.base),
        ...endBatch(bookkeeping),
      ],
    })
  return migrations.map(({ name }) => ({ name, durationMs: durations.get(name) ?? 0 }))
}

// Before the first migration of actions there was no version schema.
async function finishRollback(
  { run, batch }: Pick<BatchWork, 'run' | 'batch'>,
  { last }: NonNullable<StoredBatch['rollback']>,
): Promise<void> {
  const { bookkeeping } = run
  const schema = versionSchemaName(batch.target)
  await inPhaseTransaction(run, batch.base, {
    locks: [],
    ...(last && { brief: true, locksSchema: schema, statements: dropVersionSchema(schema) }),
    last: () => [
      ...namesOf(batch).map((name) => recordRolledBack(bookkeeping, name, run.actor)),
      setState(bookkeeping, 'version', last ? null : batch.target),
      dropSnapshots(bookkeeping),
      ...endBatch(bookkeeping),
    ],
  })
}

// What serves the batch as a whole counts for its last migration.
function durationsOf({ migrations, target }: StoredBatch, notes: readonly StepNote[]): ReadonlyMap<string, number> {
  const durations = new Map<string, number>()
  for (const { migration, durationMs } of notes) {
    const name = migration ?? migrations.at(-1)?.name ?? target
    durations.set(name, (durations.get(name) ?? 0) + durationMs)
  }
  return durations
}
