import { MetastoreError } from '../errors.ts'
import type { Engine, Position } from './engine.ts'
import { parseMigration } from './formats.ts'
import { recordApplied, recordChanged } from './history.ts'
import type { Migration, MigrationFile } from './migration.ts'
import { compareWithHistory, type Allowances, type Comparison } from './pending.ts'
import type { Destination } from './resolve.ts'
import type { Run } from './run.ts'

/** How far to go, and what to put up with. */
export interface Selection {
  /** To the newest by default. */
  readonly to?: Destination
  readonly allow?: Allowances
}

/** The files that a migrate would apply, in order. Throws `usage` when the destination lies behind. */
export function selectPending(
  files: readonly MigrationFile[],
  { applied }: Pick<Position, 'applied'>,
  { to = { kind: 'head' }, allow }: Selection,
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

/** Whether files and history are as a migrate would leave them. */
export function nothingToDo(
  { historyView }: Pick<Engine, 'historyView'>,
  files: readonly MigrationFile[],
  position: Position,
  options: Selection,
): boolean {
  const { state, applied } = position
  const viewIsWrong = historyView !== undefined && state.layout !== null && historyView !== state.historyView
  return (
    !viewIsWrong &&
    selectPending(files, position, options).length === 0 &&
    !hasToRecord(compareWithHistory(files, applied, options.allow))
  )
}

function hasToRecord({ accepted, standIns }: Comparison): boolean {
  return accepted.length > 0 || standIns.length > 0
}

/** Records what needs no running: edited files that were accepted, and squashed files whose content is in effect. */
export async function recordWithoutRunning(
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
