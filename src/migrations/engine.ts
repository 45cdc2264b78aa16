import { randomUUID } from 'node:crypto'
import { hostname, userInfo } from 'node:os'
import { failedBecause, type Database, type Lock, type Session } from '../database/database.ts'
import { MetastoreError } from '../errors.ts'
import { silent, type Progress } from '../progress.ts'
import { bookkeepingOf, ensureBookkeeping, readState, type Bookkeeping, type BookkeepingState } from './bookkeeping.ts'
import { aroundFiles } from './around.ts'
import { readApplied, type Actor, type AppliedMigration } from './history.ts'
import { takeLock, type LockOptions } from './lock.ts'
import { batchUnderWay } from './phases/refusals.ts'
import { retrying } from './retry.ts'
import type { Run } from './run.ts'
import type { InterruptedPolicy } from './run-outside.ts'
import { noTelemetry, type Telemetry } from '../telemetry/telemetry.ts'
import { toolVersion } from '../version.ts'
import { assertWritable } from './writable.ts'

/** How the engine works on one database; everything has a default. */
export interface EngineOptions {
  /** The schema (a prefix, on SQLite) of the bookkeeping. Default `metastore`. */
  readonly stateSchema?: string
  /** A view that shows the history under another tool's table name, such as `schema_migrations`; null removes it. */
  readonly historyView?: string | null | undefined
  /** Milliseconds that one attempt of a statement waits for a lock. Default 500. */
  readonly lockTimeout?: number
  /** Milliseconds after which a statement that found no lock is given up. Default 10 minutes. */
  readonly lockDeadline?: number
  /** Milliseconds to wait for another runner. Default 10 minutes. */
  readonly lockWait?: number
  /** What to do with a statement whose outcome nobody can tell. Default `ask`: an error that says so. */
  readonly interrupted?: InterruptedPolicy
  readonly signal?: AbortSignal | undefined
  readonly progress?: Progress
  /** Who is recorded in the history, as `user@host`. Default: the operating system's user and host. */
  readonly user?: string
  /** The command that holders of the lock are known by. Default `metastore`. */
  readonly command?: string
  /** The part of the database that is migrated on its own, beside others; the whole unless said. */
  readonly part?: string | undefined
  readonly telemetry?: Telemetry | undefined
  /** Who has a say before the database is changed; nobody by default. */
  readonly guard?: Guard | undefined
}

/** Has a say where there is something to change, and is not asked where there is nothing. */
export interface Guard {
  /** Asked before the lock is asked for; throws where the database may not be changed now. */
  mayChange(session: Session): Promise<void>
  /** Done under the lock, before the first change; throws where nothing may be changed then. */
  beforeChange(): Promise<void>
}

/** What a look at the bookkeeping finds. */
export interface Position {
  readonly state: BookkeepingState
  readonly applied: readonly AppliedMigration[]
}

/** How work under the lock is done. */
export interface LockedOptions {
  readonly alreadyDone?: (position: Position) => boolean | Promise<boolean>
  /** Whether the work knows what to do about a batch that is under way. */
  readonly batches?: boolean
}

/** One session on a database with its bookkeeping, and the means to change it under the lock. */
export interface Engine extends AsyncDisposable {
  readonly database: Database
  readonly session: Session
  readonly bookkeeping: Bookkeeping
  readonly progress: Progress
  /** The history view that there should be; null for none, undefined for whatever there is. */
  readonly historyView: string | null | undefined
  /** Two reads, no write, no lock. */
  look(): Promise<Position>
  /**
   * Takes the lock, looks again, makes the bookkeeping what it should be, and does `work`. Returns undefined without having
   * locked anything when `alreadyDone` finds, while waiting, that there is nothing left to do. Throws `lock_held`, and
   * `batch_…` for work that has nothing to do with the batch that is under way.
   */
  locked<T>(work: (run: Run, position: Position) => Promise<T>, options?: LockedOptions): Promise<T | undefined>
}

/** Looks at the bookkeeping: two reads, no write, no lock. Throws `privilege_missing`. */
export async function readPosition({
  session,
  bookkeeping,
}: Pick<Engine, 'session' | 'bookkeeping'>): Promise<Position> {
  return permitted(bookkeeping, 'read', async () => {
    const state = await readState(session, bookkeeping)
    return { state, applied: state.layout === null ? [] : await readApplied(session, bookkeeping) }
  })
}

// The server names what is denied; that it is the history, and who can grant it, only we know.
async function permitted<T>({ schema }: Bookkeeping, what: 'read' | 'make', work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (schema === null || !failedBecause(error, 'permission')) throw error
    throw new MetastoreError({
      code: 'privilege_missing',
      message: `The role of the connection may not ${what} the history in schema ${schema}: ${error.message}`,
      where: `schema ${schema}`,
      remedy: 'Connect as the role that migrates, or grant this one what metastore doctor names.',
      cause: error,
    })
  }
}

/** Opens a session for the engine; close it (or `await using`) when done. The database stays open. */
export async function openEngine(database: Database, options: EngineOptions = {}): Promise<Engine> {
  const stop = new AbortController()
  const signal = options.signal === undefined ? stop.signal : AbortSignal.any([options.signal, stop.signal])
  const session = await database.session({ signal })
  const bookkeeping = bookkeepingOf(database, options.stateSchema ?? 'metastore')
  const progress = options.progress ?? silent
  const look = () => readPosition({ session, bookkeeping })
  return {
    database,
    session,
    bookkeeping,
    progress,
    historyView: options.historyView,
    look,
    [Symbol.asyncDispose]: () => session.close(),

    async locked(work, { alreadyDone, batches = false } = {}) {
      await assertWritable(database, session)
      await options.guard?.mayChange(session)
      const lock = await takeLockMeasured(database, options.telemetry, {
        wait: options.lockWait ?? 600_000,
        command: options.command ?? 'metastore',
        part: options.part,
        signal,
        progress,
        ...(alreadyDone && { alreadyDone: async () => alreadyDone(await look()) }),
      })
      if (lock === undefined) return undefined
      const onLost = () => stop.abort()
      lock.lost.addEventListener('abort', onLost)
      try {
        const position = await look()
        const { phase, batch } = position.state
        if (phase !== null && batch !== null && !batches) throw batchUnderWay(phase, batch)
        if (options.guard !== undefined) {
          // Another runner may have done it between our look and our lock; then nothing has to be guarded.
          if ((await alreadyDone?.(position)) === true) return undefined
          await options.guard.beforeChange()
        }
        const around = await aroundFiles(database, position.state)
        const run: Run = { database, session, bookkeeping, signal, progress, around, ...conductOf(options) }
        await permitted(bookkeeping, 'make', () =>
          retrying(run, () => ensureBookkeeping(session, database, bookkeeping, position.state, options.historyView)),
        )
        return await work(run, position)
      } catch (error) {
        if (lock.lost.aborted && !options.signal?.aborted) throw lockLost(database.address, error)
        throw error
      } finally {
        lock.lost.removeEventListener('abort', onLost)
        await lock.release()
      }
    },
  }
}

async function takeLockMeasured(
  database: Database,
  telemetry: Telemetry = noTelemetry,
  options: LockOptions,
): Promise<Lock | undefined> {
  const begin = performance.now()
  const lock = await telemetry.span('metastore.lock', {}, () => takeLock(database, options))
  telemetry.measure('metastore.lock.wait.duration', (performance.now() - begin) / 1000)
  return lock
}

function conductOf(options: EngineOptions): Pick<Run, 'actor' | 'retry' | 'interrupted' | 'telemetry'> {
  return {
    actor: actorOf(options),
    retry: {
      lockTimeout: options.lockTimeout ?? 500,
      deadline: options.lockDeadline ?? 600_000,
      busyDeadline: options.lockWait ?? 600_000,
    },
    interrupted: options.interrupted ?? 'ask',
    telemetry: options.telemetry,
  }
}

function actorOf(options: EngineOptions): Actor {
  return {
    user: options.user ?? currentUser(),
    command: options.command ?? 'metastore',
    toolVersion,
    batch: randomUUID(),
  }
}

// userInfo throws for a user id without an entry, which is usual in containers.
function currentUser(): string {
  try {
    return `${userInfo().username}@${hostname()}`
  } catch {
    return `uid${process.getuid?.() ?? ''}@${hostname()}`
  }
}

function lockLost(address: string, cause: unknown): MetastoreError {
  return new MetastoreError({
    code: 'lock_lost',
    message: `The connection that holds the migration lock of ${address} broke, so the work was stopped.`,
    where: address,
    remedy: 'Run the same command again: what was finished is recorded, and the rest goes on from there.',
    cause,
  })
}
