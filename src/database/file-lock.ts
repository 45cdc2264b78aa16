import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import Libsql from 'libsql'
import { MetastoreError } from '../errors.ts'
import type { LockHolder } from './driver.ts'

/** A lock on a file, held. The operating system lets go of it when the process ends, however it ends. */
export interface FileLock {
  release(): void
}

// A connection that nobody refers to is closed by the garbage collector, and the lock with it.
const held = new Set<Libsql.Database>()

/**
 * Tries once to take an exclusive lock: an open write transaction on an empty SQLite file, because that is the one lock on
 * files that Node can reach on every system and that dies with its process. Another attempt in the same process is refused as well.
 *
 * Nobody may remove the lock file, not even its holder: of two processes that opened it before and after that, both would
 * have it. Nobody may open it by other means than SQLite either: closing any handle on a file ends the process's locks on it
 * (POSIX). So who holds it is written to a second file, `<path>.holder`.
 */
export async function tryFileLock(
  file: string,
  holder: { readonly command: string | null },
): Promise<{ readonly lock: FileLock } | { readonly heldBy: LockHolder | undefined }> {
  const notes = `${file}.holder`
  const db = open(file)
  if (!lock(db, file)) return { heldBy: await readHolder(notes) }
  held.add(db)
  const since = new Date().toISOString()
  writeFileSync(notes, JSON.stringify({ pid: process.pid, host: hostname(), command: holder.command, since }))
  return {
    lock: {
      release() {
        if (!held.delete(db)) return
        // First, so that whoever comes next never reads of us.
        writeFileSync(notes, '')
        db.exec('rollback')
        db.close()
      },
    },
  }
}

function open(file: string): Libsql.Database {
  try {
    mkdirSync(path.dirname(file), { recursive: true })
    return new Libsql(file)
  } catch (error) {
    throw unusable(file, error)
  }
}

function lock(db: Libsql.Database, file: string): boolean {
  try {
    // Nothing is ever written to it, so it needs no journal beside it.
    db.exec('pragma journal_mode = memory')
    db.exec('begin immediate')
    return true
  } catch (error) {
    db.close()
    if (error instanceof Libsql.SqliteError && error.code === 'SQLITE_BUSY') return false
    throw unusable(file, error)
  }
}

// The holder writes it right after it has the lock, and a holder that was killed left what it wrote.
async function readHolder(file: string): Promise<LockHolder | undefined> {
  for (let attempt = 0; attempt < 100; attempt++) {
    const holder = parseHolder(file)
    if (holder && (holder.host !== hostname() || isAlive(holder.pid))) return holder
    await delay(5)
  }
  return undefined
}

function parseHolder(file: string): (LockHolder & { readonly pid: number }) | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as LockHolder & { readonly pid: number }
  } catch {
    return undefined
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // EPERM: alive, and another user's.
    return (error as NodeJS.ErrnoException).code !== 'ESRCH'
  }
}

function unusable(file: string, cause: unknown): MetastoreError {
  return new MetastoreError({
    code: 'connection_failed',
    message: `The lock file ${file} cannot be used.`,
    where: file,
    remedy: 'Make sure that this user may write to its directory, and that the file is an empty one made by metastore.',
    details: [cause instanceof Error ? cause.message : String(cause)],
    cause,
  })
}
