import path from 'node:path'
import { sql, type Database } from '../../src/database/database.ts'
import {
  migrate,
  migrationsHere,
  openEngine,
  readMigrationFiles,
  type MigrationFile,
} from '../../src/migrations/migrations.ts'

/** Where the shipped schema is. */
export const schemaDirectory = path.resolve(import.meta.dirname, '../../schema')

/** The modules of the shipped schema; the first three are those that others need. */
export const modules = [
  'tenancy',
  'catalogue',
  'threads',
  'runs',
  'memory',
  'knowledge',
  'work',
  'support',
  'skills',
  'telemetry',
  'guardrails',
  'settings',
] as const

/** The files of these modules, in order. */
export function shippedFiles(chosen: readonly string[] = modules): Promise<readonly MigrationFile[]> {
  return readMigrationFiles(chosen.map((name) => ({ path: name, absolute: path.join(schemaDirectory, name) })))
}

/** Brings a database to the newest state of these modules, and says which version schema applications use. */
export async function migrateShipped(database: Database, chosen?: readonly string[]): Promise<string> {
  await using engine = await openEngine(database, { command: 'test' })
  await migrate(engine, (await migrationsHere(engine, await shippedFiles(chosen))).files)
  const [row] = await engine.session.query<{ name: string }>(
    sql`select nspname as name from pg_namespace where starts_with(nspname, 'migration_')`,
  )
  return row?.name ?? ''
}
