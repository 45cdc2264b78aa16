import { MetastoreError } from '../errors.ts'
import type { Engine, Position } from './engine.ts'
import { parseMigration } from './formats.ts'
import { readAppliedSource } from './history.ts'
import type { Migration, MigrationFile } from './migration.ts'
import type { Destination } from './resolve.ts'
import { runMigration, runsWhole, type MigrationRun, type WholeMigration } from './run.ts'

/** How far to go back. */
export interface RollbackOptions {
  /** `base` for everything, a name that stays applied, or a negative number of steps. Default: one step. */
  readonly to?: Destination
  readonly onBegin?: (migration: Migration) => void
  readonly onRolledBack?: (run: MigrationRun) => void
}

/** What rolling back came to. */
export interface RollbackResult {
  readonly rolledBack: readonly MigrationRun[]
  /** The newest migration in effect afterwards; null when there is none. */
  readonly current: string | null
}

/**
 * Takes back applied migrations, the newest first, by their down parts. All of them are checked before the first one runs:
 * one without a down part makes the whole rollback impossible. Throws `migration_irreversible`, `usage`.
 */
export async function rollback(
  engine: Engine,
  files: readonly MigrationFile[],
  options: RollbackOptions = {},
): Promise<RollbackResult> {
  const position = await engine.look()
  if (selectRollback(position, options.to).length === 0) {
    return { rolledBack: [], current: position.applied.at(-1)?.name ?? null }
  }
  const rolledBack: MigrationRun[] = []
  await engine.locked(async (run, locked) => {
    const migrations = await readRollback(engine, files, selectRollback(locked, options.to))
    for (const migration of migrations) {
      options.onBegin?.(migration)
      const result = await runMigration(run, migration, 'down')
      rolledBack.push(result)
      options.onRolledBack?.(result)
    }
  })
  return { rolledBack, current: (await engine.look()).applied.at(-1)?.name ?? null }
}

/** The names that a rollback would take back, the newest first. Throws `usage` for a destination that is not behind. */
export function selectRollback(
  { applied }: Pick<Position, 'applied'>,
  to: Destination = { kind: 'steps', count: -1 },
): readonly string[] {
  const newestFirst = applied.map(({ name }) => name).reverse()
  switch (to.kind) {
    case 'base':
      return newestFirst
    case 'head':
      throw ahead('head')
    case 'steps':
      if (to.count > 0) throw ahead(`+${to.count}`)
      return newestFirst.slice(0, -to.count)
    case 'name': {
      const index = newestFirst.indexOf(to.name)
      if (index === -1) throw ahead(to.name)
      return newestFirst.slice(0, index)
    }
  }
}

/**
 * The migrations to take back, each with a down part: from its file as it stands, or from the history where the file is gone.
 * Throws `migration_irreversible` naming every one that cannot go back.
 */
export async function readRollback(
  engine: Pick<Engine, 'database' | 'session' | 'bookkeeping'>,
  files: readonly MigrationFile[],
  names: readonly string[],
): Promise<WholeMigration[]> {
  const byName = new Map(files.map((file) => [file.name, file]))
  const migrations: Migration[] = []
  for (const name of names) {
    const file = byName.get(name) ?? (await storedFile(engine, name))
    migrations.push(await parseMigration(file, engine.database.dialect))
  }
  const reversible = migrations.filter(runsWhole).filter(({ down }) => down !== undefined)
  if (reversible.length < migrations.length) {
    throw cannotGoBack(migrations.filter((migration) => !reversible.some(({ name }) => name === migration.name)))
  }
  return reversible
}

async function storedFile(
  { session, bookkeeping }: Pick<Engine, 'session' | 'bookkeeping'>,
  name: string,
): Promise<MigrationFile> {
  const stored = await readAppliedSource(session, bookkeeping, name)
  const path = `${name} (from the history)`
  if (stored === undefined || stored.format !== 'sql') {
    throw new MetastoreError({
      code: 'migration_missing',
      message: `Migration ${name} cannot be rolled back: its file is gone.`,
      where: name,
      remedy: 'Restore the file and run again.',
    })
  }
  return {
    name,
    version: null,
    path,
    absolutePath: path,
    format: stored.format,
    source: stored.source,
    checksum: '',
    ...(stored.downSource !== null && { down: { path: `${path} (down)`, source: stored.downSource } }),
  }
}

function ahead(destination: string): MetastoreError {
  return new MetastoreError({
    code: 'usage',
    message: `${destination} does not lie behind: a rollback only goes back.`,
    remedy: 'Name a migration that is applied, a number such as 2, or base; metastore history lists what is applied.',
  })
}

function cannotGoBack(irreversible: readonly Migration[]): MetastoreError {
  const [first] = irreversible as [Migration, ...Migration[]]
  const others = irreversible.slice(1).map(({ file }) => `Also without a down part: ${file.path}`)
  return new MetastoreError({
    code: 'migration_irreversible',
    message: `Migration ${first.name} has no down part, so it cannot be rolled back. Nothing was changed.`,
    where: first.file.path,
    remedy:
      'Add a down part to the file (-- metastore:down, then the SQL that undoes it) and run again, or undo it by a new migration.',
    details: others,
  })
}
