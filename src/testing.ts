import { resolve } from 'node:path'
import { openDatabase, type Database } from './database/database.ts'
import { migrate, migrationsHere, openEngine, readMigrationFiles } from './migrations/migrations.ts'

/** A database for tests: empty, or brought to its newest state. */
export interface TestDatabaseOptions {
  /** Default: a PostgreSQL in this process, in memory. `sqlite::memory:` is faster where its SQL is enough. */
  readonly url?: string
  /** Directories of migrations to apply, relative to the working directory. Default: none, the database is empty. */
  readonly migrations?: readonly string[]
}

/** Opens a database that nobody else sees, with these migrations applied. Close it, or `await using` it, when done. */
export async function openTestDatabase(options: TestDatabaseOptions = {}): Promise<Database> {
  const directories = (options.migrations ?? []).map((path) => ({ path, absolute: resolve(path) }))
  const files = await readMigrationFiles(directories)
  const database = await openDatabase(options.url ?? 'pglite:memory')
  try {
    await using engine = await openEngine(database, { command: 'test' })
    // What waits for an extension that the database lacks is left out, as the command does.
    await migrate(engine, (await migrationsHere(engine, files)).files)
    return database
  } catch (error) {
    await database.close()
    throw error
  }
}
