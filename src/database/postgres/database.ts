import type {
  Database,
  Features,
  Listener,
  LockAttempt,
  LockRequest,
  PostgresTarget,
  Session,
  SessionOptions,
} from '../driver.ts'
import { canceled } from './canceled.ts'
import { endClient } from './channel.ts'
import { connect, type Connected } from './connect.ts'
import { listenOn, type PostgresListener } from './listener.ts'
import { holderName } from './lock-holder.ts'
import { type PostgresLock, tryLock } from './lock.ts'
import { type Preparation, PreparedStatements } from './prepared-statements.ts'
import { PostgresSession } from './session.ts'
import { internals } from './wire.ts'

const features: Features = {
  manySessions: true,
  schemas: true,
  concurrentIndexes: true,
  lockTimeout: true,
  cancelOnServer: true,
  roles: true,
}

/** A database on a PostgreSQL server. It opens a connection for every session, and keeps none open otherwise. */
export class PostgresDatabase implements Database {
  readonly dialect = 'postgres'
  readonly features = features
  readonly address: string
  readonly server: Database['server']
  readonly #target: PostgresTarget
  readonly #settings: Connected['settings']
  readonly #open = new Set<PostgresSession | PostgresLock | PostgresListener>()
  /** The connection that the database was opened with, for its first session. */
  #first: Connected | undefined
  /** The connection of a failed try to lock, for the next one. */
  #waiting: Connected | undefined
  #waitingFor: string | undefined
  readonly #preparation: Preparation = { possible: true, epoch: 0 }
  #closed = false

  constructor(target: PostgresTarget, connected: Connected) {
    const version = /^\S+/.exec(connected.version)?.[0] ?? ''
    this.address = target.address
    this.server = { name: 'PostgreSQL', version, major: Number.parseInt(version, 10) }
    this.#target = target
    this.#settings = connected.settings
    this.#first = connected
  }

  async session(options: SessionOptions = {}): Promise<Session> {
    this.#check()
    const { signal, prepare = false } = options
    if (signal?.aborted) throw canceled(undefined, signal.reason)
    const kept = this.#first
    this.#first = undefined
    const { client, settings } =
      kept !== undefined && isUsable(kept) ? kept : await connect(this.#target, { ssl: this.#settings.ssl, signal })
    const prepared = prepare ? new PreparedStatements(this.#preparation) : undefined
    const session = new PostgresSession(client, settings, { signal, prepared, onClose: this.#forget })
    this.#open.add(session)
    return session
  }

  async tryLock(holder: LockRequest): Promise<LockAttempt> {
    this.#check()
    const connected = await this.#lockConnection(holderName(holder.command))
    const attempt = await tryLock(connected, holder, this.#forget)
    if ('lock' in attempt) {
      this.#open.add(attempt.lock as PostgresLock)
      return { lock: attempt.lock }
    }
    if (this.#closed || this.#waiting !== undefined) await endClient(connected.client)
    else this.#waiting = connected
    return { heldBy: attempt.heldBy }
  }

  async listen(channel: string, onMessage: (payload: string) => void): Promise<Listener> {
    this.#check()
    const connected = await connect(this.#target, { ssl: this.#settings.ssl })
    const listener = await listenOn(connected, channel, onMessage, this.#forget)
    this.#open.add(listener)
    return listener
  }

  async close(): Promise<void> {
    this.#closed = true
    const idle = [this.#first, this.#waiting].filter((each) => each !== undefined)
    this.#first = this.#waiting = undefined
    const ends = [...this.#open].map((each) => ('release' in each ? each.release() : each.close()))
    await Promise.all([...ends, ...idle.map(({ client }) => endClient(client))])
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #lockConnection(applicationName: string): Promise<Connected> {
    const kept = this.#waiting
    this.#waiting = undefined
    if (kept !== undefined) {
      if (isUsable(kept) && this.#waitingFor === applicationName) return kept
      await endClient(kept.client)
    }
    this.#waitingFor = applicationName
    return connect(this.#target, { ssl: this.#settings.ssl, applicationName })
  }

  #check(): void {
    if (this.#closed) throw new Error('The database is closed.')
  }

  readonly #forget = (each: PostgresSession | PostgresLock | PostgresListener): void => {
    this.#open.delete(each)
  }
}

// A pooler or a server that restarts may have ended it in the meantime.
function isUsable({ client }: Connected): boolean {
  const { stream } = internals(client).connection
  return stream.readable && stream.writable
}
