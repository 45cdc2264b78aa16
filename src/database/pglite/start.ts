import { existsSync, readFileSync, readdirSync, renameSync, rmSync, rmdirSync } from 'node:fs'
import path from 'node:path'
import { PGlite } from '@electric-sql/pglite'
import { MetastoreError } from '../../errors.ts'
import { readSnapshot, takeSnapshot } from './snapshot.ts'
import { extractTar } from './tar.ts'

const major = '18'

/** Starts PGlite on a directory, which it makes where there is none, or in memory for null. */
export async function startPglite(directory: string | null): Promise<PGlite> {
  if (directory === null) return startInMemory()
  const version = path.join(directory, 'PG_VERSION')
  if (!existsSync(version)) await makeDirectory(directory)
  const found = readFileSync(version, 'utf8').trim()
  if (found !== major) throw otherVersion(directory, found)
  const log: string[] = []
  try {
    return await PGlite.create({ dataDir: directory, ...loggingTo(log) })
  } catch (error) {
    throw cannotStart(directory, error, log)
  }
}

async function startInMemory(): Promise<PGlite> {
  const snapshot = readSnapshot()
  if (snapshot) return PGlite.create({ loadDataDir: new Blob([new Uint8Array(snapshot)]) })
  const db = await PGlite.create()
  await takeSnapshot(db)
  return db
}

// Beside its place and then moved there, so that a directory is either complete or not there. initdb and PGlite's own copying
// take 3 s; this takes 0.2 s.
async function makeDirectory(directory: string): Promise<void> {
  if (existsSync(directory) && readdirSync(directory).length > 0) throw notADatabase(directory)
  const unfinished = `${directory}.new`
  // The directory's lock is held: it can only be what a process left that was killed.
  rmSync(unfinished, { recursive: true, force: true })
  extractTar(readSnapshot() ?? (await makeSnapshot()), unfinished)
  if (existsSync(directory)) rmdirSync(directory)
  renameSync(unfinished, directory)
}

async function makeSnapshot(): Promise<Buffer> {
  const db = await PGlite.create()
  try {
    return await takeSnapshot(db)
  } finally {
    await db.close()
  }
}

function loggingTo(log: string[]): { onStderr(text: string): boolean } {
  return {
    onStderr: (text) => {
      log.push(text)
      return false
    },
  }
}

function notADatabase(directory: string): MetastoreError {
  return new MetastoreError({
    code: 'connection_failed',
    message: `The directory ${directory} holds files, but no PGlite database.`,
    where: directory,
    remedy: 'Name an empty directory or one that does not exist yet, or remove what is in it.',
  })
}

function otherVersion(directory: string, found: string): MetastoreError {
  return new MetastoreError({
    code: 'connection_failed',
    message: `The directory ${directory} holds the data of PostgreSQL ${found}, and this PGlite is PostgreSQL ${major}.`,
    where: directory,
    remedy: `Dump it with the version of PGlite that made it, and load the dump into a new directory.`,
  })
}

function cannotStart(directory: string, cause: unknown, log: readonly string[]): MetastoreError {
  return new MetastoreError({
    code: 'connection_failed',
    message: `PGlite cannot start on the directory ${directory}.`,
    where: directory,
    remedy: 'Restore the directory from a backup, or remove it to begin with an empty database.',
    details: [...log.slice(-5), cause instanceof Error ? cause.message : String(cause)],
    cause,
  })
}
