import type { Database, Features, LockAttempt } from '../driver.ts'
import type { Connection } from './connection.ts'
import type { Engine } from './engine.ts'
import { canceled } from './session-failure.ts'
import { embeddedSession } from './session.ts'

/** What makes an embedded engine's database out of its parts. */
export interface EmbeddedParts {
  readonly engine: Engine
  readonly address: string
  readonly features: Features
  /** The engine's name as people say it. */
  readonly name: string
  readonly version: string
  readonly connection: Connection
  /** Opens it again after an interruption ended its thread; undefined when the data went with the thread. */
  readonly reopen: (() => Promise<Connection>) | undefined
  tryLock(holder: { readonly command: string }): LockAttempt | Promise<LockAttempt>
  /** Lets go of what keeps others from opening it, when the engine is closed. */
  release(): void
}

/** One open embedded database. */
export function embeddedDatabase(parts: EmbeddedParts): Database {
  const { engine, address, features, name, version } = parts
  let current = Promise.resolve(parts.connection)
  let closing: Promise<void> | undefined

  // Sessions that were open when an interruption ended the thread stay refused: what they had set is gone.
  const usable = async (): Promise<Connection> => {
    if (closing) throw new Error('The database is closed.')
    const before = current
    const connection = await before
    const { reopen } = parts
    if (connection.state !== 'stopped') return connection
    if (!reopen) throw canceled(undefined)
    if (current === before) {
      current = connection.close().then(reopen)
      // Whoever comes next may try again.
      current.catch(() => (current = before))
    }
    return current
  }
  const close = async (): Promise<void> => {
    const connection = await current.catch(() => undefined)
    await connection?.close()
    parts.release()
  }

  return {
    dialect: engine.dialect,
    features,
    address,
    server: { name, version, major: Number.parseInt(version, 10) },

    async session({ signal } = {}) {
      if (signal?.aborted) throw canceled(undefined)
      return embeddedSession(await usable(), signal)
    },

    async tryLock(holder) {
      if (closing) throw new Error('The database is closed.')
      return parts.tryLock(holder)
    },

    close() {
      closing ??= close()
      return closing
    },
    [Symbol.asyncDispose]() {
      return this.close()
    },
  }
}
