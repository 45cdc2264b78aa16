import { MetastoreError } from '../../errors.ts'
import { sql } from '../../database/database.ts'
import { aroundFiles } from '../around.ts'
import { assertConsistent } from '../consistency.ts'
import type { Position } from '../engine.ts'
import type { Migration, MigrationFile } from '../migration.ts'
import { runMigration, type MigrationRun } from '../run.ts'
import { parseAll, recordWithoutRunning, selectPending } from '../selection.ts'
import { namesOf, type StoredBatch } from '../stored-batch.ts'
import { undoSteps } from './abort-steps.ts'
import { versionSchemaName } from '../batch/names.ts'
import { completeSteps } from './complete-steps.ts'
import { partsOfRun, type RunPart } from './parts.ts'
import type { StartOptions } from './phase-options.ts'
import type { PhaseWork } from './phase-work.ts'
import { batchUnderWay, listed, refused } from './refusals.ts'
import { beginBatch, startSteps } from './start-steps.ts'
import { moveFor, type PhaseCommand } from './transitions.ts'

/** What is to be applied, and who asks. */
export interface Application extends Pick<StartOptions, 'to' | 'allow' | 'oneByOne'> {
  readonly command: Extract<PhaseCommand, 'start' | 'migrate'>
  /** Whether everything is completed, or the last batch stays in progress. */
  readonly complete: boolean
  readonly onBegin?:
    ((migration: Migration, place: { readonly index: number; readonly total: number }) => void) | undefined
  readonly onApplied?: ((run: MigrationRun) => void) | undefined
}

/** Applies what is pending: goes on with the batch that is under way where it may, and then part by part. */
export async function applyInPhases(
  work: PhaseWork,
  position: Position,
  files: readonly MigrationFile[],
  application: Application,
): Promise<void> {
  const { engine, run } = work
  await assertConsistent(engine, files, position, application.allow)
  await recordWithoutRunning(run, files, position, application.allow)
  const wanted = selectPending(files, position, application).map(({ name }) => name)
  const go = await settle(work, position, files, wanted, application)
  if (!go) return

  const now = await engine.look()
  const applied = new Set(now.applied.map(({ name }) => name))
  const left = files.filter(({ name }) => wanted.includes(name) && !applied.has(name))
  const migrations = await parseAll(left, engine, now, files)
  const parts = partsOfRun(migrations, application.oneByOne)
  if (now.applied.length === 0 && !now.state.baseline && parts[0]?.kind === 'batch') await assertManagedOrEmpty(work)
  warnOfLateVersion(work, files, parts, new Set([...applied, ...wanted]))
  const total = migrations.length
  let index = 0
  for (const [place, part] of parts.entries()) {
    const members = part.kind === 'whole' ? [part.migration] : part.migrations
    for (const migration of members) application.onBegin?.(migration, { index: index++, total })
    await applyPart(work, part, application, application.complete || place < parts.length - 1)
  }
}

// The files say which version an application uses, and the last batch which one there is.
function warnOfLateVersion(
  { warn }: PhaseWork,
  files: readonly MigrationFile[],
  parts: readonly RunPart[],
  here: ReadonlySet<string>,
): void {
  const last = parts.findLast((part) => part.kind === 'batch')?.migrations.at(-1)?.name
  const newest = files.findLast(({ name, format }) => format === 'actions' && here.has(name))?.name
  if (last === undefined || newest === undefined || last === newest) return
  const [made, said] = [versionSchemaName(last), versionSchemaName(newest)]
  warn(
    `${last} is applied late, so the application has to use ${made}; metastore schema-query goes by the files and says ${said}, which is no more. Use metastore schema-query --applied, or rename the file so that it sorts last.`,
  )
}

// False when nothing more is to be done: the batch stays in progress.
async function settle(
  work: PhaseWork,
  { state }: Position,
  files: readonly MigrationFile[],
  wanted: readonly string[],
  application: Application,
): Promise<boolean> {
  const { phase, batch } = state
  if (phase === null || batch === null) return true
  // What was begun to go back is not gone on with by who wants to go forward.
  if (batch.rollback !== undefined) throw batchUnderWay(phase, batch)
  const waiting = wanted.filter((name) => !namesOf(batch).includes(name))
  const { command, complete } = application
  const decision = moveFor({ phase, batch, command, complete, waiting: waiting.length > 0 })
  if ('refusal' in decision) throw refused(decision.refusal, batch, waiting)
  const batchWork = { ...work, batch }
  switch (decision.move) {
    case 'nothing':
      assertUnchanged(batch, files, [])
      return false
    case 'resume': {
      assertUnchanged(batch, files, batch.complete ? [] : waiting)
      await startSteps(batchWork)
      if (!batch.complete && !complete) return false
      tellApplied(await completeSteps(batchWork, 'in_progress'), application)
      return true
    }
    case 'complete':
      tellApplied(await completeSteps(batchWork, phase), application)
      return true
    case 'abort':
      await undoSteps(batchWork)
      return true
    case 'apply':
      return true
  }
}

async function applyPart(work: PhaseWork, part: RunPart, application: Application, complete: boolean): Promise<void> {
  const { engine, run } = work
  const { state } = await engine.look()
  if (part.kind === 'whole') {
    const around = await aroundFiles(run.database, state)
    tellApplied([await runMigration({ ...run, around }, part.migration, 'up')], application)
    return
  }
  const batch = await beginBatch(work, { migrations: part.migrations, state, complete })
  await startSteps({ ...work, batch })
  if (complete) tellApplied(await completeSteps({ ...work, batch }, 'in_progress'), application)
}

function tellApplied(runs: readonly MigrationRun[], { onApplied }: Application): void {
  for (const run of runs) onApplied?.(run)
}

// What runs is the text that was stored, so files that say something else must not pass for it.
function assertUnchanged(batch: StoredBatch, files: readonly MigrationFile[], added: readonly string[]): void {
  const changed = batch.migrations.filter(
    ({ name, checksum }) => files.find((file) => file.name === name)?.checksum !== checksum,
  )
  if (changed.length === 0 && added.length === 0) return
  const [first] = changed
  throw new MetastoreError({
    code: 'batch_files_changed',
    message:
      first === undefined
        ? `${listed(added)} came after ${listed(namesOf(batch))} was started, so it is not part of that batch.`
        : `The ${changed.length === 1 ? 'file' : 'files'} of ${listed(changed.map(({ name }) => name))} changed after the batch was started.`,
    where: first?.path,
    remedy:
      first === undefined
        ? `Go on with metastore start --migration ${batch.target}, or take the batch back with metastore abort and start again.`
        : 'Restore the files and run again, or take the batch back with metastore abort and start again.',
  })
}

async function assertManagedOrEmpty({ run, options }: PhaseWork): Promise<void> {
  const base = options.base ?? 'public'
  const tables = await run.session.query<{ name: string }>(sql`
    select c.relname as name
    from pg_catalog.pg_class c
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where n.nspname = ${base} and c.relkind in ('r', 'p') and not exists (
      select from pg_catalog.pg_depend d
      where d.classid = 'pg_catalog.pg_class'::regclass and d.objid = c.oid and d.deptype = 'e')
    order by c.relname`)
  if (tables.length === 0) return
  const names = tables.map(({ name }) => name)
  const shown = names.length > 3 ? [...names.slice(0, 3), `${names.length - 3} more`] : names
  throw new MetastoreError({
    code: 'database_unmanaged',
    message: `Schema ${base} has ${names.length === 1 ? 'a table' : 'tables'} (${listed(shown)}), and metastore has never migrated this database.`,
    where: run.database.address,
    remedy:
      'Take it over with metastore baseline, or with metastore adopt where another tool has migrated it; or name an empty database.',
  })
}
