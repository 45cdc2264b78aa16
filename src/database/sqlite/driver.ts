import type { Database, DatabaseTarget, Driver, LockAttempt, OpenOptions } from '../driver.ts'
import { connect } from '../embedded/connection.ts'
import { embeddedDatabase } from '../embedded/embedded-database.ts'
import type { Engine } from '../embedded/engine.ts'
import { heldLock, localLock } from '../embedded/local-lock.ts'
import { canceled } from '../embedded/session-failure.ts'
import { unlessAborted } from '../embedded/turns.ts'
import { workerFile } from '../embedded/worker-file.ts'
import { startWorker } from '../embedded/worker-host.ts'
import { type FileLock, tryFileLock } from '../file-lock.ts'
import { cannotOpen, toSqliteError } from './sqlite-failure.ts'
import type { SqliteCalls } from './worker.ts'

type Target = Extract<DatabaseTarget, { driver: 'sqlite' }>

/** SQLite, in a thread of this process, with its data in a file or in memory. */
export const sqliteDriver: Driver = {
  name: 'sqlite',
  async open(target, options) {
    if (target.driver !== 'sqlite') throw new TypeError(`A target of ${target.driver} was given to SQLite.`)
    return open(target, options)
  },
}

/** Milliseconds that a statement waits for another connection's lock, unless the transaction says otherwise. */
const patience = 5_000

// What a script may have changed for the whole connection.
const defaults = [
  `pragma busy_timeout = ${patience}`,
  'pragma foreign_keys = on',
  'pragma query_only = off',
  'pragma ignore_check_constraints = off',
  'pragma legacy_alter_table = off',
  'pragma writable_schema = off',
].join(';')

function sqliteEngine(address: string): Engine {
  return {
    dialect: 'sqlite',
    begin: ({ lockTimeout, resetSession }) => [
      ...(resetSession ? [defaults] : []),
      `pragma busy_timeout = ${lockTimeout === undefined ? patience : Math.max(0, Math.round(lockTimeout))}`,
      // A transaction that begins with a read and writes later fails at once when another connection has written meanwhile.
      'begin immediate',
    ],
    beginRead: 'begin',
    reset: [defaults],
    translate: (error, statement) => toSqliteError(error, statement, address),
  }
}

async function open({ file, address }: Target, { signal }: OpenOptions): Promise<Database> {
  const engine = sqliteEngine(address)
  const worker = startWorker<SqliteCalls>(await workerFile('sqlite'), { stopAtExit: true })
  try {
    const { version } = await unlessAborted(worker.call('open', { file }), signal)
    const lock = file === null ? { ...localLock(), close: () => {} } : sharedLock(`${file}.lock`)
    return embeddedDatabase({
      engine,
      address,
      name: 'SQLite',
      version,
      // Ending the thread in the middle of a statement would end the whole process.
      connection: connect(worker, engine, address, () => worker.interrupt()),
      features: {
        manySessions: false,
        schemas: false,
        concurrentIndexes: false,
        lockTimeout: false,
        cancelOnServer: false,
        roles: false,
      },
      reopen: undefined,
      tryLock: (holder) => lock.tryLock(holder),
      release: () => lock.close(),
    })
  } catch (error) {
    await worker.terminate()
    throw signal?.aborted ? canceled(undefined) : cannotOpen(file, address, error)
  }
}

/** The lock of a file that other processes have open too. */
function sharedLock(path: string): {
  tryLock(holder: { readonly command: string }): Promise<LockAttempt>
  close(): void
} {
  const held = new Set<FileLock>()
  return {
    async tryLock(holder) {
      const attempt = await tryFileLock(path, holder)
      if (!('lock' in attempt)) return attempt
      const { lock } = attempt
      held.add(lock)
      return {
        lock: heldLock(() => {
          held.delete(lock)
          lock.release()
        }),
      }
    },
    close() {
      for (const lock of held) lock.release()
      held.clear()
    },
  }
}
