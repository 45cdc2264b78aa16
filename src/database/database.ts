import type { Database, OpenOptions } from './driver.ts'
import { drivers } from './drivers.ts'
import { parseDatabaseUrl } from './url.ts'

export type * from './driver.ts'
export { amended, withDetail } from './amended-error.ts'
export { DatabaseError, failedBecause } from './failure.ts'
export { Sql, id, join, literal, raw, sql } from './sql.ts'
export type { Dialect, SqlValue } from './sql.ts'
export { parseDatabaseUrl, redactUrl, urlOfDatabase, urlOfSchema } from './url.ts'

/**
 * Opens a database by its URL: `postgres://…`, `pglite:DIR`, `pglite:memory`, `sqlite:FILE`, `sqlite::memory:`, and the
 * SQLAlchemy spellings of these. Relative paths are relative to `directory` (default: the working directory).
 * Throws `url_invalid`, `connection_failed`, `directory_locked`.
 */
export async function openDatabase(
  url: string,
  options: OpenOptions & { readonly directory?: string } = {},
): Promise<Database> {
  const target = parseDatabaseUrl(url, options.directory)
  const driver = await drivers[target.driver]()
  return driver.open(target, options)
}
