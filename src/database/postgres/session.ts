import type { Client } from 'pg'
import type { LoadRows, LoadTarget, RowsOfEach, Session, Transaction, TransactionOptions } from '../driver.ts'
import { DatabaseError } from '../failure.ts'
import type { Sql } from '../sql.ts'
import { Channel } from './channel.ts'
import type { ConnectionSettings } from './connect.ts'
import { Script } from './exchange.ts'
import {
  boundStatement,
  type Run,
  runExecute,
  runLoad,
  runQuery,
  runScript,
  runStream,
  runTogether,
} from './statements.ts'
import type { PreparedStatements } from './prepared-statements.ts'
import { PostgresTransaction, resetSession } from './transaction.ts'
import { Turns } from './turns.ts'

/** What a session is made with besides its connection. */
export interface SessionOptions {
  readonly signal: AbortSignal | undefined
  /** Keeps statements prepared, where that is possible. */
  readonly prepared?: PreparedStatements | undefined
  readonly onClose: (session: PostgresSession) => void
}

/** A session on a connection of its own. */
export class PostgresSession implements Session {
  readonly #channel: Channel
  readonly #turns = new Turns('session')
  readonly #onClose: SessionOptions['onClose']
  #streaming = false
  /** Whether something may have changed its settings or its role since they were last reset. */
  #touched = false

  constructor(client: Client, settings: ConnectionSettings, options: SessionOptions) {
    this.#channel = new Channel(client, settings, options)
    this.#onClose = options.onClose
  }

  get lost(): boolean {
    return this.#channel.lost
  }

  query<Row extends object = Record<string, unknown>>(statement: Sql): Promise<Row[]> {
    return this.#take(() => runQuery<Row>(this.#run, statement))
  }

  execute(statement: Sql): Promise<number> {
    return this.#take(() => runExecute(this.#run, statement))
  }

  script(text: string): Promise<void> {
    return this.#take(() => runScript(this.#run, text))
  }

  together<Each extends readonly object[]>(statements: readonly Sql[]): Promise<RowsOfEach<Each>> {
    return this.#take(
      async () => (await runTogether(this.#run, statements.map(boundStatement))).results as unknown as RowsOfEach<Each>,
    )
  }

  load(target: LoadTarget, rows: LoadRows): Promise<number> {
    return this.#lend(() => runLoad(this.#run, target, rows))
  }

  /** Runs in a transaction of its own; until the last row is read the session can do nothing else. */
  async *stream<Row extends object = Record<string, unknown>>(
    statement: Sql,
    options: { readonly batchSize?: number } = {},
  ): AsyncGenerator<Row, void> {
    const run: Run = (exchange, text) => this.#channel.run(exchange, text)
    await this.#take(async () => {
      await runScript(run, 'begin')
      this.#streaming = true
    })
    let end = 'commit'
    try {
      yield* runStream<Row>(run, statement, options.batchSize ?? 1000)
    } catch (error) {
      end = 'rollback'
      throw error
    } finally {
      this.#streaming = false
      if (!this.#channel.lost && !this.#channel.closed) await this.#channel.run(new Script(end), end, true)
    }
  }

  transaction<T>(work: (tx: Transaction) => Promise<T>, options: TransactionOptions = {}): Promise<T> {
    return this.#lend(async () => {
      if (options.resetSession && this.#touched) await this.#channel.run(new Script(resetSession), resetSession)
      this.#channel.check()
      this.#touched = true
      const tx = new PostgresTransaction(this.#channel, options)
      try {
        const result = await work(tx)
        await tx.commit()
        this.#touched = !tx.wasReset
        return result
      } catch (error) {
        await tx.rollback()
        throw error
      }
    })
  }

  async close(): Promise<void> {
    await this.#channel.close()
    this.#onClose(this)
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #take<T>(work: () => Promise<T>): Promise<T> {
    return this.#turns.take(() => this.#unlessStreaming(work))
  }

  #lend<T>(work: () => Promise<T>): Promise<T> {
    return this.#turns.lend(() => this.#unlessStreaming(work))
  }

  #unlessStreaming<T>(work: () => Promise<T>): Promise<T> {
    if (this.#streaming) throw new Error('The session is used while its rows are being streamed.')
    return work()
  }

  readonly #run: Run = async (exchange, statement) => {
    this.#touched = true
    try {
      await this.#channel.run(exchange, statement)
    } catch (error) {
      await this.#leaveTransaction()
      throw error
    }
    // What follows would run in that transaction and be undone with it, while everybody believes it done.
    if (await this.#leaveTransaction()) throw leftOpen(statement)
    return exchange
  }

  async #leaveTransaction(): Promise<boolean> {
    const { status, lost, closed } = this.#channel
    if (lost || closed || status === 'I') return false
    await this.#channel.run(new Script('rollback'), 'rollback', true)
    return true
  }
}

function leftOpen(statement: string): DatabaseError {
  return new DatabaseError({
    code: 'statement_failed',
    reason: 'other',
    message: 'The script began a transaction and did not end it, so the transaction was rolled back.',
    remedy: 'End it with COMMIT in the same script, or remove its BEGIN.',
    engineCode: undefined,
    statement,
    position: undefined,
    object: undefined,
  })
}
