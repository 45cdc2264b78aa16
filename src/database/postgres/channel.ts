import type { Client } from 'pg'
import { DatabaseError } from '../failure.ts'
import { requestCancel } from './cancel.ts'
import { canceled } from './canceled.ts'
import type { ConnectionSettings } from './connect.ts'
import type { Exchange } from './exchange.ts'
import type { PreparedStatements } from './prepared-statements.ts'
import { connectionLost, toDatabaseError } from './server-failure.ts'
import { internals, type TransactionStatus } from './wire.ts'

/** How often a server that goes on is asked again to stop, and after how long its connection is cut, in milliseconds. */
const cancelInterval = 500
const patience = 5000

/** One connection that runs one exchange at a time, and can be told to stop. */
export class Channel {
  readonly #client: Client
  readonly #settings: ConnectionSettings
  readonly #signal: AbortSignal | undefined
  readonly #prepared: PreparedStatements | undefined
  #running: Exchange | undefined
  #canceling: Promise<void> = Promise.resolve()
  #ended = false
  /** What the server, or the socket, said when it ended the connection. */
  #reason: unknown
  #closed = false

  constructor(
    client: Client,
    settings: ConnectionSettings,
    {
      signal,
      prepared,
    }: { readonly signal?: AbortSignal | undefined; readonly prepared?: PreparedStatements | undefined },
  ) {
    this.#client = client
    this.#settings = settings
    this.#signal = signal
    this.#prepared = prepared
    client.once('end', this.#onEnd)
    client.on('error', this.#onError)
    signal?.addEventListener('abort', this.#cancel)
  }

  /** How the session stands, as the server last said. */
  get status(): TransactionStatus {
    return internals(this.#client).getTransactionStatus()
  }

  /** Whether the connection is gone, so that nothing is left to undo. */
  get lost(): boolean {
    return this.#ended || this.#reason !== undefined
  }

  get closed(): boolean {
    return this.#closed
  }

  /** Aborts, with this reason, when the connection ends without having been closed here. */
  lostSignal(reason?: () => Error): AbortSignal {
    const controller = new AbortController()
    const end = (): void => {
      if (!this.#closed) controller.abort(reason?.())
    }
    this.#client.once('end', end)
    if (this.lost) end()
    return controller.signal
  }

  /** Throws what sending a request would throw before it is sent: the session is closed, interrupted or broken. */
  check(statement?: string, always = false): void {
    if (this.#closed) throw new Error('The session is closed.')
    if (this.#signal?.aborted && !always) throw canceled(statement)
    if (this.lost) throw connectionLost(this.#reason, statement, 'The connection to the database is broken.')
  }

  /**
   * Sends one request and waits for its whole answer. Throws what it failed with, as a DatabaseError about `statement`.
   * `always` is for what must happen although the work was interrupted, such as a rollback.
   */
  async run<E extends Exchange>(exchange: E, statement: string | undefined, always = false): Promise<E> {
    this.check(statement, always)
    if (statement?.includes('\0')) throw zeroByte(statement)
    this.#running = exchange
    exchange.prepared = this.#prepared
    try {
      this.#client.query(exchange as never)
      await exchange.done
      return exchange
    } catch (error) {
      throw this.#explain(error, exchange.current ?? statement)
    } finally {
      this.#running = undefined
      // A request to stop that is still on its way would hit the next statement.
      await this.#canceling
    }
  }

  /** Leaves the connection to another channel. */
  leave(): void {
    this.#closed = true
    this.#signal?.removeEventListener('abort', this.#cancel)
    this.#client.off('end', this.#onEnd)
    this.#client.off('error', this.#onError)
  }

  /** Ends the connection. Never throws, and never waits long for a server that does not answer. */
  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    this.#signal?.removeEventListener('abort', this.#cancel)
    const running = this.#running
    if (running !== undefined && !this.lost) {
      // A server notices that nobody listens only when it has an answer, and keeps the locks until then.
      await requestCancel(this.#client, this.#settings)
      await settledWithin(running.done.then(ignore, ignore), cancelInterval)
    }
    await endClient(this.#client)
  }

  #explain(error: unknown, statement: string | undefined): Error {
    const failure = toDatabaseError(error, statement)
    const stopped = failure instanceof DatabaseError && ['canceled', 'connection_lost'].includes(failure.reason)
    return (this.#closed || this.#signal?.aborted) && stopped ? canceled(statement, error) : failure
  }

  readonly #onEnd = (): void => {
    this.#ended = true
  }

  readonly #onError = (error: unknown): void => {
    this.#reason ??= error
  }

  readonly #cancel = (): void => {
    if (this.#running !== undefined) this.#canceling = this.#stop(this.#running)
  }

  // Asked more than once, because a request that arrives before the statement it is for is without effect.
  async #stop(exchange: Exchange): Promise<void> {
    exchange.stop()
    const finished = exchange.done.then(ignore, ignore)
    const deadline = Date.now() + patience
    while (this.#running === exchange) {
      if (Date.now() > deadline) return void internals(this.#client).connection.stream.destroy()
      await requestCancel(this.#client, this.#settings)
      await settledWithin(finished, cancelInterval)
    }
  }
}

/** Ends a client, politely where the server answers. */
export async function endClient(client: Client): Promise<void> {
  const { stream } = internals(client).connection
  const timer = setTimeout(() => stream.destroy(), 2000)
  await client.end().catch(ignore)
  clearTimeout(timer)
}

function ignore(): void {}

async function settledWithin(promise: Promise<void>, milliseconds: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const elapsed = new Promise<void>((resolve) => (timer = setTimeout(resolve, milliseconds)))
  await Promise.race([promise, elapsed])
  clearTimeout(timer)
}

function zeroByte(statement: string): DatabaseError {
  return new DatabaseError({
    code: 'statement_failed',
    reason: 'syntax',
    message: 'The statement holds a zero byte, which PostgreSQL cannot read.',
    remedy: 'Remove the zero byte.',
    engineCode: undefined,
    statement,
    position: statement.indexOf('\0'),
    object: undefined,
  })
}
