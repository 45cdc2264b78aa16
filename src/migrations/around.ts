import type { Database } from '../database/database.ts'
import type { BookkeepingState } from './bookkeeping.ts'
import type { Around } from './run.ts'

/** What a file's transaction is wrapped in on a database with version schemas; undefined where there is none. */
export async function aroundFiles(
  { server }: Pick<Database, 'server'>,
  { version, base }: Pick<BookkeepingState, 'version' | 'base'>,
): Promise<Around | undefined> {
  if (version === null) return undefined
  const { aroundFile } = await import('./versions/around-file.ts')
  const { versionSchemaName } = await import('./batch/names.ts')
  const views = { versionSchema: versionSchemaName(version), base, serverMajor: server.major }
  return (tx, work) => aroundFile(tx, views, work)
}
