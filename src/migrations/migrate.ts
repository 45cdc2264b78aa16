import { assertConsistent } from './consistency.ts'
import type { Engine, Position } from './engine.ts'
import type { Migration, MigrationFile } from './migration.ts'
import { compareWithHistory } from './pending.ts'
import type { StartOptions } from './phases/phase-options.ts'
import { batchUnderWay } from './phases/refusals.ts'
import { runMigration, runsWhole, type MigrationRun, type Run, type WholeMigration } from './run.ts'
import { nothingToDo, parseAll, recordWithoutRunning, selectPending } from './selection.ts'

/** Which migrations to apply, and what to put up with. */
export interface MigrateOptions extends Omit<StartOptions, 'complete'> {
  /** Told of each migration when it begins, with its place among those to come. */
  readonly onBegin?: (migration: Migration, place: { readonly index: number; readonly total: number }) => void
  /** Told of each migration when it is applied and recorded. */
  readonly onApplied?: (run: MigrationRun) => void
  /** Told what is worth knowing and stops nothing. */
  readonly onWarning?: (message: string) => void
}

/** What migrating came to. */
export interface MigrateResult {
  readonly applied: readonly MigrationRun[]
  /** Names of files that are still not applied, because the destination lies before them. */
  readonly pending: readonly string[]
  /** The newest migration in effect; null when there is none. */
  readonly current: string | null
}

/**
 * Brings a database to a destination by applying pending migrations in order, each exactly once however many runners there
 * are. With nothing to do it only reads. Throws `migration_edited`, `migration_missing`, `migration_out_of_order`,
 * `migration_unmet`, `batch_…` and the files' own errors before anything is changed; afterwards what `runMigration` and the
 * phases of batches throw.
 */
export async function migrate(
  engine: Engine,
  files: readonly MigrationFile[],
  options: MigrateOptions = {},
): Promise<MigrateResult> {
  const selectFrom = (position: Position) => selectPending(files, position, options)
  const position = await engine.look()
  await assertConsistent(engine, files, position, options.allow)
  await options.approve?.(position)
  const { phase, batch } = position.state
  if (phase !== null && batch?.rollback !== undefined) throw batchUnderWay(phase, batch)
  if (nothingToDo(engine, files, position, options)) return summary(files, position, [])

  // Files are parsed before the lock is asked for: a mistake in one is found with nobody kept waiting.
  await parseAll(selectFrom(position), engine, position, files)
  const applied: MigrationRun[] = []
  await engine.locked(
    async (run, locked) => {
      await assertConsistent(engine, files, locked, options.allow)
      await options.approve?.(locked)
      const migrations = await parseAll(selectFrom(locked), engine, locked, files)
      if (locked.state.batch !== null || !migrations.every(runsWhole)) {
        applied.push(...(await migrateInPhases(engine, run, locked, files, options)))
      } else {
        await recordWithoutRunning(run, files, locked, options.allow)
        applied.push(...(await applyAll(run, migrations, options)))
      }
    },
    { alreadyDone: (now) => nothingToDo(engine, files, now, options), batches: true },
  )
  return summary(files, await engine.look(), applied)
}

// With actions among them, or with what is left of an earlier run of them.
async function migrateInPhases(
  engine: Engine,
  run: Run,
  position: Position,
  files: readonly MigrationFile[],
  options: MigrateOptions,
): Promise<MigrationRun[]> {
  const { applyInPhases } = await import('./phases/apply.ts')
  const { withinLock } = await import('./phases/phase-run.ts')
  const applied: MigrationRun[] = []
  const onApplied = (result: MigrationRun) => {
    applied.push(result)
    options.onApplied?.(result)
  }
  const say = (message: string) => engine.progress({ kind: 'notice', message: `Warning: ${message}` })
  await withinLock(engine, run, { options, warn: options.onWarning ?? say }, (work) =>
    applyInPhases(work, position, files, { ...options, command: 'migrate', complete: true, onApplied }),
  )
  return applied
}

async function applyAll(
  run: Run,
  migrations: readonly WholeMigration[],
  options: MigrateOptions,
): Promise<MigrationRun[]> {
  const applied: MigrationRun[] = []
  const task = 'migrate'
  run.progress({ kind: 'begin', task, total: migrations.length })
  try {
    for (const [index, migration] of migrations.entries()) {
      run.progress({ kind: 'advance', task, done: index, label: migration.name })
      options.onBegin?.(migration, { index, total: migrations.length })
      const result = await runMigration(run, migration, 'up')
      applied.push(result)
      options.onApplied?.(result)
    }
    run.progress({ kind: 'advance', task, done: migrations.length })
  } finally {
    run.progress({ kind: 'end', task })
  }
  return applied
}

function summary(files: readonly MigrationFile[], position: Position, applied: readonly MigrationRun[]): MigrateResult {
  return {
    applied,
    pending: compareWithHistory(files, position.applied).pending.map(({ name }) => name),
    current: position.applied.at(-1)?.name ?? null,
  }
}
