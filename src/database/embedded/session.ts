import type { Session } from '../driver.ts'
import type { Sql } from '../sql.ts'
import type { Connection } from './connection.ts'
import { type Run, queryable } from './queryable.ts'
import { canceled, leftOpen } from './session-failure.ts'
import { rollBack, runTransaction } from './transaction.ts'

/**
 * A session on an engine that has only one: its handles take turns, and a transaction or a stream keeps the turn until its
 * end. What a handle did to the session's settings and role is undone when it is closed.
 */
export function embeddedSession(connection: Connection, signal: AbortSignal | undefined): Session {
  const handle = openHandle(connection, signal)
  const { inTurn, run, alone } = handle
  const { engine } = connection
  const single = queryable(engine.dialect, alone)

  const transaction: Session['transaction'] = (work, options = {}) =>
    inTurn(() => runTransaction(connection, run, work, options))

  return {
    get lost() {
      return connection.state === 'lost'
    },
    query: single.query,
    execute: single.execute,
    script: single.script,
    together: <Each extends readonly object[]>(statements: readonly Sql[]) =>
      transaction((tx) => tx.together<Each>(statements)),
    load: (target, rows) => transaction((tx) => tx.load(target, rows)),
    transaction,

    async *stream<Row extends object>(statement: Sql, options?: { readonly batchSize?: number }): AsyncIterable<Row> {
      const end = await handle.takeTurn()
      handle.streaming = true
      try {
        await run('script', { text: engine.beginRead })
        yield* queryable(engine.dialect, run).stream<Row>(statement, options)
      } catch (error) {
        await rollBack(connection)
        throw error
      } finally {
        if (connection.state === 'open') await connection.call('commit', { before: '' }).catch(() => {})
        handle.streaming = false
        end()
      }
    },

    async close() {
      if (handle.closed) return
      handle.closed = true
      // In the middle of a transaction or a stream of its own, there is its end still to come.
      if (connection.state !== 'open' || handle.streaming || connection.inside.getStore()?.open) return
      const end = await connection.turns.take()
      await rollBack(connection)
      for (const text of engine.reset) await connection.call('script', { text }).catch(() => {})
      end()
    },
    async [Symbol.asyncDispose]() {
      await this.close()
    },
  }
}

/** One handle of the session: whether it may be used, and how it calls the engine. */
interface Handle {
  closed: boolean
  streaming: boolean
  takeTurn(): Promise<() => void>
  inTurn<T>(work: () => Promise<T>): Promise<T>
  /** Calls the engine; the caller has the turn. */
  readonly run: Run
  /** Calls the engine in a turn of its own. */
  readonly alone: Run
}

function openHandle(connection: Connection, signal: AbortSignal | undefined): Handle {
  const handle: Handle = {
    closed: false,
    streaming: false,

    async takeTurn() {
      if (handle.closed) throw new Error('The session is closed.')
      // Whoever has the turn and waits for it would wait forever. There is one turn for all sessions of the database.
      if (connection.inside.getStore()?.open) {
        throw new Error('The session is used inside work that holds it and waits for that work to end.')
      }
      if (handle.streaming) throw new Error('The session is used while its rows are being streamed.')
      return connection.turns.take(signal).catch(() => Promise.reject(canceled(undefined)))
    },

    async inTurn(work) {
      const end = await handle.takeTurn()
      try {
        return await work()
      } finally {
        end()
      }
    },

    async run(name, request) {
      if (handle.closed) throw new Error('The session is closed.')
      return connection.call(name, request, signal)
    },

    alone: (name, request) =>
      handle.inTurn(async () => {
        try {
          const response = await handle.run(name, request)
          // What follows would run in that transaction and be undone with it, while everybody believes it done.
          if (response && 'open' in response && response.open) throw leftOpen((request as { text: string }).text)
          return response
        } catch (error) {
          await rollBack(connection)
          throw error
        }
      }),
  }
  return handle
}
