import { sql, type Dialect, type Session } from '../database/database.ts'
import type { MigrationFile } from './migration.ts'

/** A migration that waits for extensions that the server does not have. */
export interface WaitingMigration {
  readonly name: string
  readonly path: string
  /** Those that the server lacks. */
  readonly extensions: readonly string[]
}

/** The migrations that a server can have, and those that wait until it has an extension. */
export interface MigrationsHere {
  readonly files: readonly MigrationFile[]
  readonly waiting: readonly WaitingMigration[]
}

/**
 * Leaves out what declares an extension (`-- metastore: extension=vector`) that the server does not have. Reads only, and
 * only where a file declares one. SQLite has none.
 */
export async function migrationsHere(
  { session, database }: { readonly session: Session; readonly database: { readonly dialect: Dialect } },
  files: readonly MigrationFile[],
): Promise<MigrationsHere> {
  const wanted = new Set(files.flatMap(({ extensions = [] }) => extensions))
  if (wanted.size === 0) return { files, waiting: [] }
  const available = new Set(
    database.dialect === 'sqlite'
      ? []
      : (await session.query<{ name: string }>(sql`select name from pg_catalog.pg_available_extensions`)).map(
          ({ name }) => name,
        ),
  )
  const waiting = files.flatMap(({ name, path, extensions = [] }) => {
    const lacking = extensions.filter((extension) => !available.has(extension))
    return lacking.length === 0 ? [] : [{ name, path, extensions: lacking }]
  })
  const names = new Set(waiting.map(({ name }) => name))
  return { files: files.filter(({ name }) => !names.has(name)), waiting }
}
