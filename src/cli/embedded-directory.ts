import { existsSync } from 'node:fs'
import { dirname } from 'node:path'
import { parseDatabaseUrl } from '../database/database.ts'
import type { DatabaseEntry } from './context.ts'

/** The directory that holds an embedded database, or will; null for a server and for one in memory. */
export function embeddedDirectory({ settings }: DatabaseEntry): string | null {
  const target = parseDatabaseUrl(settings.url, settings.urlDirectory)
  if (target.driver === 'postgres') return null
  const path = target.driver === 'pglite' ? target.directory : target.file
  return path === null || !existsSync(dirname(path)) ? null : dirname(path)
}
