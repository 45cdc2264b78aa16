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
  const { engine } = connection
  let closed = false
  let streaming = false

  const takeTurn = async (): Promise<() => void> => {
    if (closed) throw new Error('The session is closed.')
    // Whoever has the turn and waits for it would wait forever. There is one turn for all sessions of the database.
    if (connection.inside.getStore()?.open) {
      throw new Error('The session is used inside work that holds it and waits for that work to end.')
    }
    if (streaming) throw new Error('The session is used while its rows are being streamed.')
    return connection.turns.take(signal).catch(() => Promise.reject(canceled(undefined)))
  }
  const inTurn = async <T>(work: () => Promise<T>): Promise<T> => {
    const end = await takeTurn()
    try {
      return await work()
    } finally {
      end()
    }
  }

  const run: Run = async (name, request) => {
    if (closed) throw new Error('The session is closed.')
    return connection.call(name, request, signal)
  }
  // What follows would run in a transaction that was left open, and be undone with it while everybody believes it done.
  const alone: Run = (name, request) =>
    inTurn(async () => {
      try {
        const response = await run(name, request)
        if (response && 'open' in response && response.open) throw leftOpen((request as { text: string }).text)
        return response
      } catch (error) {
        await rollBack(connection)
        throw error
      }
    })
  const single = queryable(engine.dialect, alone)

  const transaction: Session['transaction'] = (work, options = {}) =>
    inTurn(() => runTransaction(connection, run, work, options))

  return {
    query: single.query,
    script: single.script,
    load: (target, rows) => transaction((tx) => tx.load(target, rows)),
    transaction,

    async *stream<Row extends object>(statement: Sql, options?: { readonly batchSize?: number }): AsyncIterable<Row> {
      const end = await takeTurn()
      streaming = true
      try {
        await run('script', { text: engine.beginRead })
        yield* queryable(engine.dialect, run).stream<Row>(statement, options)
      } catch (error) {
        await rollBack(connection)
        throw error
      } finally {
        if (connection.state === 'open') await connection.call('commit', { before: '' }).catch(() => {})
        streaming = false
        end()
      }
    },

    async close() {
      if (closed) return
      closed = true
      // In the middle of a transaction or a stream of its own, there is its end still to come.
      if (connection.state !== 'open' || streaming || connection.inside.getStore()?.open) return
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
