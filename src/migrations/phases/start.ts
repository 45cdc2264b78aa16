import { assertConsistent } from '../consistency.ts'
import type { Engine, Position } from '../engine.ts'
import type { Migration, MigrationFile } from '../migration.ts'
import { migrate } from '../migrate.ts'
import { runsWhole, type MigrationRun } from '../run.ts'
import { nothingToDo, parseAll, selectPending } from '../selection.ts'
import { namesOf } from '../stored-batch.ts'
import { versionSchemaName } from '../batch/names.ts'
import { applyInPhases } from './apply.ts'
import type { StartOptions, StartResult } from './phase-options.ts'
import { inPhases } from './phase-run.ts'
import type { CompileBatch } from './phase-work.ts'

/**
 * Starts what is pending, so that the old and the new version of an application can use the database at once. What has to be
 * completed before the rest can start is completed; the last batch stays in progress unless it is asked otherwise. Throws
 * `batch_…` where the state does not allow it, `database_unmanaged`, and what the files and the live data are refused for.
 */
export async function start(
  engine: Engine,
  files: readonly MigrationFile[],
  options: StartOptions = {},
  compile?: CompileBatch,
): Promise<StartResult> {
  const position = await engine.look()
  await assertConsistent(engine, files, position, options.allow)
  await options.approve?.(position)
  const warnings: string[] = []
  if (position.state.batch === null && nothingToDo(engine, files, position, options)) return result(position, [], [])

  // Files are parsed before the lock is asked for: a mistake in one is found with nobody kept waiting.
  const migrations = await parseAll(selectPending(files, position, options), engine, position, files)
  const { complete = false } = options
  const warn = (message: string) => {
    warnings.push(message)
    engine.progress({ kind: 'notice', message: `Warning: ${message}` })
  }
  if (!complete) irreversible(migrations).forEach(warn)
  if (position.state.batch === null && migrations.every(runsWhole)) {
    const { applied } = await migrate(engine, files, options)
    return result(await engine.look(), applied, warnings)
  }
  const applied: MigrationRun[] = []
  await inPhases(
    engine,
    {
      options,
      compile,
      warn,
      alreadyDone: (now) => now.state.batch === null && nothingToDo(engine, files, now, options),
    },
    async (work, locked) => {
      await options.approve?.(locked)
      await applyInPhases(work, locked, files, {
        ...options,
        command: 'start',
        complete,
        onApplied: (run) => applied.push(run),
      })
    },
  )
  return result(await engine.look(), applied, warnings)
}

// Files that run on their own are not part of a batch, so an abort does not take them back.
function irreversible(migrations: readonly Migration[]): string[] {
  return migrations
    .filter(({ up, down }) => up.kind !== 'actions' && down === undefined)
    .map(({ name, file }) => `${file.path}: ${name} has no down part, so what it does cannot be taken back.`)
}

function result({ state }: Position, applied: readonly MigrationRun[], warnings: readonly string[]): StartResult {
  const { phase, batch, version } = state
  const current = version === null ? null : versionSchemaName(version)
  return {
    state: phase ?? 'idle',
    applied,
    inProgress: batch === null ? [] : namesOf(batch),
    newSchema: batch === null ? current : versionSchemaName(batch.target),
    oldSchema: batch === null ? null : current,
    warnings,
  }
}
