import { openDatabase } from '../database/database.ts'
import { MetastoreError } from '../errors.ts'
import type { Finding } from '../finding.ts'
import { openEngine } from './engine.ts'
import { findingOf } from './finding-of.ts'
import { migrate } from './migrate.ts'
import type { MigrationFile } from './migration.ts'

/**
 * Runs migrations on an empty SQLite database in memory, because SQLite has no parser that could be asked. Returns the
 * first failure as a finding; what comes after it cannot be judged.
 */
export async function replayOnSqlite(files: readonly MigrationFile[], signal?: AbortSignal): Promise<Finding[]> {
  await using database = await openDatabase('sqlite::memory:')
  await using engine = await openEngine(database, { signal, command: 'check' })
  try {
    await migrate(engine, files)
    return []
  } catch (error) {
    if (!(error instanceof MetastoreError) || error.code === 'canceled') throw error
    return [findingOf(error)]
  }
}
