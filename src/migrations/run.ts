import type { Database, Session, Sql, Transaction } from '../database/database.ts'
import type { Progress } from '../progress.ts'
import { noTelemetry, type Telemetry } from '../telemetry/telemetry.ts'
import { clearJournal, forgetStep, noteStep, readJournal, type Direction, type JournalEntry } from './journal.ts'
import type { Bookkeeping } from './bookkeeping.ts'
import { compilePart, type WholePart } from './compile.ts'
import { recordApplied, recordRolledBack, type Actor } from './history.ts'
import { runScript } from './run-script.ts'
import { runSql } from './run-sql.ts'
import { runOutside, type InterruptedPolicy } from './run-outside.ts'
import { stepFailed } from './run-errors.ts'
import { retrying, type RetryOptions } from './retry.ts'
import type { Migration } from './migration.ts'
import type { CompiledPart, Step } from './step.ts'

/** Everything that running migrations needs. */
export interface Run {
  readonly database: Database
  readonly session: Session
  readonly bookkeeping: Bookkeeping
  readonly actor: Actor
  readonly retry: RetryOptions
  readonly interrupted: InterruptedPolicy
  readonly signal: AbortSignal
  readonly progress: Progress
  readonly telemetry?: Telemetry | undefined
  /** What a transaction of a file is wrapped in where version schemas show the tables that it changes. */
  readonly around?: Around | undefined
}

/** Does work in a transaction so that the views which show its tables are right afterwards; may try it twice. */
export type Around = (tx: Transaction, work: () => Promise<void>) => Promise<void>

/** A migration that runs on its own, as it is written; those of actions run in phases, as a batch. */
export interface WholeMigration extends Migration {
  readonly up: WholePart
  readonly down: WholePart | undefined
}

/** Whether a migration runs on its own. */
export function runsWhole(migration: Migration): migration is WholeMigration {
  return migration.up.kind !== 'actions' && migration.down?.kind !== 'actions'
}

/** One migration that has just run. */
export interface MigrationRun {
  readonly name: string
  /** In milliseconds, as the history has it. */
  readonly durationMs: number
}

/**
 * Runs one direction of a migration and records it in the history. A migration in one transaction takes effect as a whole
 * or not at all; any other is journalled step by step and goes on where it stopped when it is run again.
 * Throws DatabaseError, `script_failed`, `step_outcome_unknown`, `canceled`.
 */
export async function runMigration(run: Run, migration: WholeMigration, direction: Direction): Promise<MigrationRun> {
  const { span, measure } = run.telemetry ?? noTelemetry
  const attributes = { 'metastore.migration': migration.name, 'metastore.direction': direction }
  const result = await span('metastore.migration', attributes, () => runWhole(run, migration, direction))
  measure('metastore.migrations', 1, { 'metastore.direction': direction })
  measure('metastore.migration.duration', result.durationMs / 1000, { 'metastore.direction': direction })
  return result
}

async function runWhole(run: Run, migration: WholeMigration, direction: Direction): Promise<MigrationRun> {
  const part = direction === 'up' ? migration.up : migration.down
  if (part === undefined) throw new RangeError(`Migration ${migration.name} has no ${direction} part.`)
  const compiled = await compilePart(part, run.database.dialect)
  const startedAt = new Date()
  const begin = performance.now()
  let durationMs = 0
  const record = () => {
    durationMs = Math.round(performance.now() - begin)
    const statement =
      direction === 'up'
        ? recordApplied(run.bookkeeping, migration, run.actor, { how: 'migrated', startedAt, durationMs })
        : recordRolledBack(run.bookkeeping, migration.name, run.actor)
    return [statement, clearJournal(run.bookkeeping, migration.name)]
  }
  if (compiled.atomic) await runAtomically(run, migration, direction, compiled, record)
  else await runStepByStep(run, migration, direction, compiled, record)
  return { name: migration.name, durationMs }
}

async function runAtomically(
  run: Run,
  migration: Migration,
  direction: Direction,
  { steps }: CompiledPart,
  record: () => Sql[],
): Promise<void> {
  let current: Step | undefined
  try {
    await inTransaction(run, async (tx) => {
      await around(run, tx, async () => {
        for (const step of steps) {
          current = step
          await runInTransaction(run, tx, step)
        }
      })
      // An atomic migration never has journal rows of its own, so only the history changes.
      const [history] = record()
      if (history) tx.beforeCommit(history)
    })
  } catch (error) {
    throw stepFailed(error, { migration: migration.name, direction, step: current, kept: 'nothing' })
  }
}

async function runStepByStep(
  run: Run,
  migration: Migration,
  direction: Direction,
  { steps }: CompiledPart,
  record: () => Sql[],
): Promise<void> {
  const journal = await readJournal(run.session, run.bookkeeping)
  const noted = new Map(
    journal
      .filter((entry) => entry.migration === migration.name && entry.direction === direction)
      .map((entry) => [entry.step, entry]),
  )
  for (const step of steps) {
    const entry: JournalEntry = {
      migration: migration.name,
      direction,
      step: step.key,
      label: step.label,
      status: noted.get(step.key)?.status ?? 'intent',
    }
    try {
      await runJournalled(run, step, entry, noted.has(step.key))
    } catch (error) {
      throw stepFailed(error, { migration: migration.name, direction, step, kept: 'earlier steps' })
    }
  }
  await run.session.transaction(async (tx) => record().forEach((statement) => tx.beforeCommit(statement)), {
    resetSession: true,
  })
}

async function runJournalled(run: Run, step: Step, entry: JournalEntry, noted: boolean): Promise<void> {
  if (step.kind === 'setting') return runSql(run.session, step.sql, run.database.dialect)
  if (entry.status === 'done') return
  if (step.kind === 'transaction') {
    return inTransaction(
      run,
      async (tx) => {
        await around(run, tx, () => runInTransaction(run, tx, step))
        tx.beforeCommit(noteStep(run.bookkeeping, { ...entry, status: 'done' }, run.actor.batch))
      },
      { resetSession: false },
    )
  }
  await note(run, entry, 'intent')
  if (step.kind === 'code') await runScript(run.session, step.part, run)
  else {
    await runOutside(run, step, {
      migration: entry.migration,
      interruptedBefore: noted,
      forget: forgetStep(run.bookkeeping, entry),
    })
  }
  await note(run, entry, 'done')
}

async function note(run: Run, entry: JournalEntry, status: JournalEntry['status']): Promise<void> {
  await run.session.query(noteStep(run.bookkeeping, { ...entry, status }, run.actor.batch))
}

async function inTransaction(
  run: Run,
  work: (tx: Transaction) => Promise<void>,
  { resetSession }: { resetSession: boolean } = { resetSession: true },
): Promise<void> {
  await retrying(run, () => run.session.transaction(work, { lockTimeout: run.retry.lockTimeout, resetSession }))
}

async function around(run: Run, tx: Transaction, work: () => Promise<void>): Promise<void> {
  await (run.around === undefined ? work() : run.around(tx, work))
}

async function runInTransaction(run: Run, tx: Transaction, step: Step): Promise<void> {
  switch (step.kind) {
    case 'transaction':
      return runSql(tx, step.sql, run.database.dialect)
    case 'code':
      return runScript(tx, step.part, run)
    case 'setting':
    case 'outside':
      throw new RangeError(`Step ${step.label} cannot be part of a transaction.`)
  }
}
