import { MetastoreError } from '../errors.ts'
import { assertConsistent } from './consistency.ts'
import type { Engine, Position } from './engine.ts'
import { parseMigration } from './formats.ts'
import { recordApplied, recordChanged } from './history.ts'
import type { Migration, MigrationFile } from './migration.ts'
import { compareWithHistory, type Allowances, type Comparison } from './pending.ts'
import type { Destination } from './resolve.ts'
import { runMigration, type MigrationRun, type Run } from './run.ts'

/** Which migrations to apply, and what to put up with. */
export interface MigrateOptions {
  /** How far: to the newest (the default), to one by name, or a number of steps. */
  readonly to?: Destination
  readonly allow?: Allowances
  /** Told of each migration when it begins, with its place among those to come. */
  readonly onBegin?: (migration: Migration, place: { readonly index: number; readonly total: number }) => void
  /** Told of each migration when it is applied and recorded. */
  readonly onApplied?: (run: MigrationRun) => void
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
 * `migration_unmet` and the files' own errors before anything is changed; afterwards what `runMigration` throws.
 */
export async function migrate(
  engine: Engine,
  files: readonly MigrationFile[],
  options: MigrateOptions = {},
): Promise<MigrateResult> {
  const selectFrom = (position: Position) => selectPending(files, position, options)
  const position = await engine.look()
  await assertConsistent(engine, files, position, options.allow)
  if (nothingToDo(engine, files, position, options)) return summary(files, position, [])

  // Files are parsed before the lock is asked for: a mistake in one is found with nobody kept waiting.
  await parseAll(selectFrom(position), engine, position, files)
  const applied: MigrationRun[] = []
  await engine.locked(
    async (run, locked) => {
      await assertConsistent(engine, files, locked, options.allow)
      await recordWithoutRunning(run, files, locked, options.allow)
      applied.push(...(await applyAll(run, await parseAll(selectFrom(locked), engine, locked, files), options)))
    },
    { alreadyDone: (now) => nothingToDo(engine, files, now, options) },
  )
  return summary(files, await engine.look(), applied)
}

/** The files that a migrate would apply, in order. Throws `usage` when the destination lies behind. */
export function selectPending(
  files: readonly MigrationFile[],
  { applied }: Pick<Position, 'applied'>,
  { to = { kind: 'head' }, allow }: Pick<MigrateOptions, 'to' | 'allow'>,
): readonly MigrationFile[] {
  const { pending } = compareWithHistory(files, applied, allow)
  switch (to.kind) {
    case 'head':
      return pending
    case 'base':
      throw behind('base')
    case 'steps':
      if (to.count < 0) throw behind(String(to.count))
      return pending.slice(0, to.count)
    case 'name': {
      const index = pending.findIndex(({ name }) => name === to.name)
      return index === -1 ? [] : pending.slice(0, index + 1)
    }
  }
}

function nothingToDo(
  { historyView }: Pick<Engine, 'historyView'>,
  files: readonly MigrationFile[],
  position: Position,
  options: MigrateOptions,
): boolean {
  const { state, applied } = position
  const viewIsWrong = historyView !== undefined && state.layout !== null && historyView !== state.historyView
  return (
    !viewIsWrong &&
    selectPending(files, position, options).length === 0 &&
    !hasToRecord(compareWithHistory(files, applied, options.allow))
  )
}

/**
 * Reads each file's migration and checks that what it requires comes before it, itself or in a squashed file that replaces it.
 * `known` is every file there is. Throws `migration_unmet` and the files' own errors.
 */
export async function parseAll(
  files: readonly MigrationFile[],
  { database }: Pick<Engine, 'database'>,
  { applied }: Pick<Position, 'applied'>,
  known: readonly MigrationFile[],
): Promise<Migration[]> {
  const before = new Set(applied.map(({ name }) => name))
  for (const { name, replaces = [] } of known) if (before.has(name)) replaces.forEach((one) => before.add(one))
  const migrations: Migration[] = []
  for (const file of files) {
    const migration = await parseMigration(file, database.dialect)
    const unmet = migration.requires.find((required) => !before.has(required))
    if (unmet !== undefined) throw requirementUnmet(migration, unmet)
    for (const name of [migration.name, ...(file.replaces ?? [])]) before.add(name)
    migrations.push(migration)
  }
  return migrations
}

async function applyAll(run: Run, migrations: readonly Migration[], options: MigrateOptions): Promise<MigrationRun[]> {
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

function hasToRecord({ accepted, standIns }: Comparison): boolean {
  return accepted.length > 0 || standIns.length > 0
}

async function recordWithoutRunning(
  run: Run,
  files: readonly MigrationFile[],
  position: Position,
  allow: Allowances | undefined,
): Promise<void> {
  const comparison = compareWithHistory(files, position.applied, allow)
  if (!hasToRecord(comparison)) return
  const standIns = await Promise.all(comparison.standIns.map((file) => parseMigration(file, run.database.dialect)))
  const how = { how: 'stamped', durationMs: 0, startedAt: new Date() } as const
  await run.session.transaction(
    async (tx) => {
      for (const file of comparison.accepted) tx.beforeCommit(recordChanged(run.bookkeeping, file))
      for (const migration of standIns) tx.beforeCommit(recordApplied(run.bookkeeping, migration, run.actor, how))
    },
    { resetSession: true },
  )
}

function summary(files: readonly MigrationFile[], position: Position, applied: readonly MigrationRun[]): MigrateResult {
  return {
    applied,
    pending: compareWithHistory(files, position.applied).pending.map(({ name }) => name),
    current: position.applied.at(-1)?.name ?? null,
  }
}

function behind(destination: string): MetastoreError {
  return new MetastoreError({
    code: 'usage',
    message: `${destination} lies behind: migrating only goes forward.`,
    remedy: `Go back with metastore rollback ${destination}.`,
  })
}

function requirementUnmet({ name, file }: Migration, required: string): MetastoreError {
  return new MetastoreError({
    code: 'migration_unmet',
    message: `Migration ${name} requires ${required}, which is neither applied nor due before it.`,
    where: file.path,
    remedy: `Add ${required} or rename one of the two so that ${required} sorts first.`,
  })
}
