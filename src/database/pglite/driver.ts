import { MetastoreError } from '../../errors.ts'
import type { Database, DatabaseTarget, Driver, LockHolder, OpenOptions } from '../driver.ts'
import { type Connection, connect } from '../embedded/connection.ts'
import { embeddedDatabase } from '../embedded/embedded-database.ts'
import type { Engine } from '../embedded/engine.ts'
import { localLock } from '../embedded/local-lock.ts'
import { canceled } from '../embedded/session-failure.ts'
import { unlessAborted } from '../embedded/turns.ts'
import { workerFile } from '../embedded/worker-file.ts'
import { startWorker } from '../embedded/worker-host.ts'
import { type FileLock, tryFileLock } from '../file-lock.ts'
import { toDatabaseError } from '../postgres/server-failure.ts'
import type { PgliteCalls } from './worker.ts'

type Target = Extract<DatabaseTarget, { driver: 'pglite' }>

/** PGlite: PostgreSQL in WebAssembly, in a thread of this process, with its data in a directory or in memory. */
export const pgliteDriver: Driver = {
  name: 'pglite',
  async open(target, options) {
    if (target.driver !== 'pglite') throw new TypeError(`A target of ${target.driver} was given to PGlite.`)
    const lock = target.directory === null ? undefined : await lockDirectory(target.directory)
    try {
      return await open(target, options, lock)
    } catch (error) {
      lock?.release()
      throw error
    }
  },
}

// In PGlite neither RESET SESSION AUTHORIZATION nor DEFAULT leads back to the user it was started with.
const bootUser = 'set session authorization postgres'

const engine: Engine = {
  dialect: 'postgres',
  begin: ({ lockTimeout, resetSession }) => [
    ...(resetSession ? [`${bootUser}; reset role; reset all`] : []),
    lockTimeout === undefined ? 'begin' : `begin; set local lock_timeout = ${Math.max(1, Math.round(lockTimeout))}`,
  ],
  beginRead: 'begin',
  // DISCARD ALL must be alone in its message.
  reset: [bootUser, 'discard all'],
  translate: toDatabaseError,
}

async function open(
  { directory, address }: Target,
  { signal }: OpenOptions,
  lock: FileLock | undefined,
): Promise<Database> {
  const { connection, version } = await start(directory, address, signal)
  const migrationLock = localLock()
  return embeddedDatabase({
    engine,
    address,
    name: 'PGlite (PostgreSQL)',
    version,
    connection,
    features: {
      manySessions: false,
      schemas: true,
      concurrentIndexes: true,
      lockTimeout: true,
      cancelOnServer: false,
      roles: true,
    },
    reopen: directory === null ? undefined : async () => (await start(directory, address, undefined)).connection,
    // The directory's lock keeps other processes out, so this one keeps out the rest.
    tryLock: (holder) => migrationLock.tryLock(holder),
    release: () => lock?.release(),
  })
}

async function start(
  directory: string | null,
  address: string,
  signal: AbortSignal | undefined,
): Promise<{ connection: Connection; version: string }> {
  const worker = startWorker<PgliteCalls>(await workerFile('pglite'))
  try {
    const { version } = await unlessAborted(worker.call('open', { directory }), signal)
    // Nothing else ends a statement in PGlite: it ignores statement_timeout and takes no requests to cancel.
    return { connection: connect(worker, engine, address, () => void worker.terminate()), version }
  } catch (error) {
    await worker.terminate()
    throw signal?.aborted ? canceled(undefined) : cannotOpen(address, error)
  }
}

async function lockDirectory(directory: string): Promise<FileLock> {
  const attempt = await tryFileLock(`${directory}.lock`, { command: null })
  if ('lock' in attempt) return attempt.lock
  throw directoryLocked(directory, attempt.heldBy)
}

function directoryLocked(directory: string, holder: LockHolder | undefined): MetastoreError {
  const since = holder?.since ? ` since ${holder.since}` : ''
  const mine = holder?.pid === process.pid
  const who = mine
    ? 'this process itself'
    : `process ${holder?.pid ?? '(unknown)'}${holder?.host ? ` on ${holder.host}` : ''}`
  return new MetastoreError({
    code: 'directory_locked',
    message: `The PGlite database in ${directory} has been open in ${who}${since}; only one may have it open at a time.`,
    where: directory,
    remedy: mine
      ? 'Close it before it is opened again, or share the one that is open.'
      : 'Wait until that process has ended, or end it; for several processes at once, use a PostgreSQL server.',
  })
}

function cannotOpen(address: string, error: unknown): Error {
  if (error instanceof MetastoreError) return error
  const reason = error instanceof Error ? error.message : String(error)
  return new MetastoreError({
    code: 'connection_failed',
    message: `The database ${address} cannot be opened.`,
    where: address,
    remedy: 'Make sure that its directory exists and that this user may write to it.',
    details: [reason],
    cause: error,
  })
}
