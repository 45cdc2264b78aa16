import { usualBatchOptions } from '../batch/compiled-batch.ts'
import { randomUUID } from 'node:crypto'
import { withDetail, failedBecause, sql } from '../../database/database.ts'
import { MetastoreError } from '../../errors.ts'
import type { CompiledBatch } from '../batch/compiled-batch.ts'
import { setState, type BookkeepingState } from '../bookkeeping.ts'
import type { Migration } from '../migration.ts'
import { preflight } from '../preflight/preflight.ts'
import { combineProblems } from '../problems.ts'
import { namesOf, type StoredBatch } from '../stored-batch.ts'
import { toolVersion } from '../../version.ts'
import { undoSteps } from './abort-steps.ts'
import { inputOf, loadBatch, partsOf } from './load-batch.ts'
import { inPhaseTransaction } from './phase-transaction.ts'
import type { BatchWork, PhaseWork } from './phase-work.ts'
import { readCatalog } from './reintrospect.ts'
import { listed } from './refusals.ts'
import { runSteps } from './run-steps.ts'
import { forgetAllSteps } from './step-journal.ts'

/** What a batch is begun with. */
export interface NewBatch {
  readonly migrations: readonly Migration[]
  readonly state: Pick<BookkeepingState, 'version'>
  /** Whether this run means to complete it as well. */
  readonly complete: boolean
  /** What the version schema is named after. Default: the last migration. */
  readonly target?: string
  readonly rollback?: StoredBatch['rollback']
}

/**
 * Looks at everything that could go wrong and changes nothing; then notes the batch, which is `applying` from there on.
 * Throws the problems of its files and of the live data.
 */
export async function beginBatch(work: PhaseWork, begun: NewBatch): Promise<StoredBatch> {
  const { run, options } = work
  const { migrations, state, complete, rollback } = begun
  const batch: StoredBatch = {
    id: randomUUID(),
    migrations: migrations.map(({ file, description, priority }) => {
      const { name, version, path, format, source, checksum, unknownKeys } = file
      return { name, version, path, format, source, checksum, unknownKeys, description, priority }
    }),
    base: options.base ?? 'public',
    oldVersion: state.version,
    target: begun.target ?? migrations.at(-1)?.name ?? '',
    ...(rollback && { rollback }),
    options: { ...usualBatchOptions, ...options.batch },
    complete,
    startedAt: new Date().toISOString(),
    toolVersion,
  }
  const catalog = JSON.stringify(await readCatalog(run.session, batch))
  const input = await inputOf(batch, {
    parts: partsOf(migrations),
    catalogs: [JSON.parse(catalog)],
    stateSchema: run.bookkeeping.schema ?? '',
    serverMajor: run.database.server.major,
  })
  const compiled = work.compile(input)
  for (const warning of [...migrations.flatMap(({ warnings = [] }) => warnings), ...compiled.warnings])
    tell(work, warning)
  await look(work, compiled)
  await inPhaseTransaction(run, batch.base, {
    locks: [],
    last: () => [
      forgetAllSteps(run.bookkeeping),
      sql`delete from ${run.bookkeeping.state} where key like 'catalog:%'`,
      setState(run.bookkeeping, 'catalog:0', catalog),
      setState(run.bookkeeping, 'batch', JSON.stringify(batch)),
      setState(run.bookkeeping, 'phase', 'applying'),
    ],
  })
  return batch
}

/**
 * Runs the start steps that are not done yet, until the batch is in progress. A step that fails for good takes everything
 * back; an interruption leaves the batch as it is, to go on with.
 */
export async function startSteps(work: BatchWork): Promise<void> {
  try {
    for (let pass = 0; ; pass++) {
      const { compiled, notes } = await loadBatch(work)
      // What follows an opaque step could not be looked at before it had run.
      if (pass > 0) await look(work, compiled)
      const { start: steps, incomplete } = compiled
      const last = incomplete ? [] : [setState(work.run.bookkeeping, 'phase', 'in_progress')]
      await runSteps(work, { phase: 'start', steps, notes, last })
      if (!incomplete) return
    }
  } catch (error) {
    if (isInterruption(work, error)) throw resumable(error, work)
    await undoAfter(work, error)
    throw undone(error, work)
  }
}

async function look(work: PhaseWork, { problems, preflight: plan }: CompiledBatch): Promise<void> {
  const wrong = combineProblems(problems)
  if (wrong !== undefined) throw wrong
  const found = await preflight(work.run, plan)
  const live = combineProblems(found.problems)
  if (live !== undefined) throw live
  for (const warning of found.warnings) tell(work, warning)
}

function tell({ warn }: PhaseWork, { where, message }: MetastoreError): void {
  warn(where === undefined ? message : `${where}: ${message}`)
}

/** Whether the work was broken off, rather than refused: what is done stays, and the same command goes on. */
function isInterruption({ run }: PhaseWork, error: unknown): boolean {
  if (run.signal.aborted || failedBecause(error, 'connection_lost', 'canceled')) return true
  return error instanceof MetastoreError && interruptions.has(error.code)
}

// The outcome of a statement that nobody knows is for a person to find out, before anything goes on or back.
const interruptions: ReadonlySet<MetastoreError['code']> = new Set([
  'canceled',
  'connection_lost',
  'lock_lost',
  'step_outcome_unknown',
  'batch_incompatible',
])

async function undoAfter(work: BatchWork, error: unknown): Promise<void> {
  const { run, batch } = work
  try {
    await inPhaseTransaction(run, batch.base, {
      locks: [],
      last: () => [setState(run.bookkeeping, 'phase', 'aborting')],
    })
    await undoSteps(work)
  } catch (second) {
    if (isInterruption(work, second)) {
      throw withDetail(error, `Taking back what was done was interrupted: finish it with metastore abort.`)
    }
    throw notUndone(error, second, batch)
  }
}

function undone(error: unknown, { batch }: BatchWork): unknown {
  return withDetail(error, `Everything that ${startOf(batch)} had done was taken back.`)
}

function resumable(error: unknown, { batch }: BatchWork): unknown {
  const it = startOf(batch)
  return withDetail(
    error,
    `${it.charAt(0).toUpperCase()}${it.slice(1)} is not finished: run the same command again to go on, or metastore abort to take it back.`,
  )
}

function startOf({ rollback, target, migrations }: StoredBatch): string {
  return rollback === undefined ? `the start of ${target}` : `the rollback of ${listed(namesOf({ migrations }))}`
}

function notUndone(first: unknown, second: unknown, { target }: StoredBatch): MetastoreError {
  const said = (error: unknown) => (error instanceof Error ? error.message : String(error))
  const details = (error: unknown) => (error instanceof MetastoreError ? error.details : [])
  return new MetastoreError({
    code: 'batch_failed',
    message: `The start of ${target} failed and could not be taken back: ${said(second)}`,
    where: target,
    remedy: 'Remove what is in the way, and take it back with metastore abort.',
    details: [...details(second), `What made the start fail: ${said(first)}`, ...details(first)],
    cause: first,
  })
}
