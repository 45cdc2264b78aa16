import { openDatabase, type Dialect } from '../database/database.ts'
import {
  migrate,
  migrationsHere,
  openEngine,
  type MigrateOptions,
  type MigrationFile,
} from '../migrations/migrations.ts'
import { applySeeds, type SeedOptions } from '../seeds/seeds.ts'
import { countRows, type RowCounts } from './row-counts.ts'

/** How many rows there are after the migrations alone, and after the seeds. */
export interface Rehearsal {
  readonly migrated: RowCounts
  readonly seeded: RowCounts
}

/** What is rehearsed. */
export interface RehearsalOptions {
  readonly dialect: Dialect
  readonly files: readonly MigrationFile[]
  readonly stateSchema: string
  readonly migrate: MigrateOptions
  readonly seeds: Omit<SeedOptions, 'database' | 'session' | 'position'>
  readonly signal?: AbortSignal | undefined
}

/**
 * Migrates and seeds a throw-away database in memory, and counts. So it is known which rows nobody but them can have made,
 * and that what is taken away can be made again, before anything is.
 */
export async function rehearse(options: RehearsalOptions): Promise<Rehearsal> {
  const { dialect, files, stateSchema, signal } = options
  await using database = await openDatabase(dialect === 'sqlite' ? 'sqlite::memory:' : 'pglite:memory', { signal })
  await using engine = await openEngine(database, { stateSchema, signal, command: 'reset' })
  const here = await migrationsHere(engine, files)
  const { current } = await migrate(engine, here.files, options.migrate)
  const migrated = await countRows(engine, stateSchema)
  if (options.seeds.files.length === 0) return { migrated, seeded: migrated }
  await applySeeds({ ...options.seeds, database, session: engine.session, position: current })
  return { migrated, seeded: await countRows(engine, stateSchema) }
}
