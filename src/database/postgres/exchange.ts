import type { PreparedStatements, RememberedStatement } from './prepared-statements.ts'
import { isServerError } from './server-failure.ts'
import { type TypeParser, typeParsers } from './type-parsers.ts'
import type { Column, Wire, WireValue } from './wire.ts'

/**
 * One request to the server and its answer, up to the moment when the server is ready for the next. pg calls the
 * `handle…` methods. Waiting for "ready" also after an error is what makes the transaction status true afterwards.
 */
export abstract class Exchange {
  /** What the server said it has done, such as `INSERT 0 1` or `COMMIT`. */
  readonly tags: string[] = []
  /** Settles when the server is ready again, or the connection is gone. */
  readonly done: Promise<void>
  /** Those that the connection keeps prepared, if it does. */
  prepared: PreparedStatements | undefined
  protected wire: Wire | undefined
  readonly #remembered: RememberedStatement[] = []
  #failure: unknown
  #settled = false
  #resolve: () => void = () => {}
  #reject: (reason: unknown) => void = () => {}

  constructor() {
    this.done = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
    // Whoever waits for it hears of a failure.
    this.done.catch(() => {})
  }

  protected abstract send(wire: Wire): void

  /** Ends what waits for this side, when the work is canceled. */
  stop(): void {}

  /** The text that the server is at, where one message has several. */
  get current(): string | undefined {
    return undefined
  }

  /** Whether the server has answered with an error. */
  get failed(): boolean {
    return this.#failure !== undefined
  }

  submit(wire: Wire): void {
    this.wire = wire
    wire.once('end', this.#ended)
    this.send(wire)
  }

  handleRowDescription(_message: { readonly fields: readonly Column[] }): void {}
  handleDataRow(_message: { readonly fields: readonly (string | null)[] }): void {}
  handlePortalSuspended(_wire: Wire): void {}
  handleEmptyQuery(_wire: Wire): void {}
  handleCopyData(): void {}

  handleCommandComplete(message: { readonly text: string }): void {
    this.tags.push(message.text)
  }

  handleCopyInResponse(wire: Wire): void {
    wire.sendCopyFail('COPY FROM STDIN needs data that does not stand in the statement')
  }

  handleError(error: unknown): void {
    if (isServerError(error)) Object.assign(error, { completed: this.tags.length })
    if (this.#remembered.length > 0 && this.prepared?.isStale(error) === true)
      Object.assign(error as Error, { stale: true })
    this.fail(error)
    if (isServerError(error) && this.wire !== undefined) this.wire.once('readyForQuery', this.#settle)
    else this.#settle()
  }

  handleReadyForQuery(): void {
    this.#settle()
  }

  /** Sends a statement up to its execution. */
  protected begin(wire: Wire, { text, values }: BoundStatement): void {
    const remembered = this.prepared?.send(wire, text, values)
    if (remembered !== undefined) this.#remembered.push(remembered)
    if (this.prepared !== undefined) return
    wire.parse({ text })
    wire.bind({ values })
  }

  /** Makes the exchange fail when the server is ready, whatever the server says. The first failure counts. */
  protected fail(error: unknown): void {
    this.#failure ??= error
  }

  readonly #ended = (): void => {
    this.fail(new Error('Connection terminated unexpectedly'))
    this.#settle()
  }

  readonly #settle = (): void => {
    if (this.#settled) return
    this.#settled = true
    this.wire?.removeListener('end', this.#ended)
    this.wire?.removeListener('readyForQuery', this.#settle)
    if (this.#failure === undefined) {
      this.prepared?.sent(this.#remembered)
      this.#resolve()
    } else this.#reject(this.#failure)
  }
}

/** Any number of statements in one message, as their author wrote them. Their rows are dropped. */
export class Script extends Exchange {
  readonly #text: string

  constructor(text: string) {
    super()
    this.#text = text
  }

  protected override send(wire: Wire): void {
    wire.query(this.#text)
  }
}

/** What reads rows: one statement, or the next batch of one that is being streamed. */
abstract class Reader extends Exchange {
  readonly rows: Record<string, unknown>[] = []
  columns: readonly Column[] = []
  #parsers: readonly (TypeParser | undefined)[] = []

  override handleRowDescription({ fields }: { readonly fields: readonly Column[] }): void {
    this.describe(fields)
  }

  override handleDataRow({ fields }: { readonly fields: readonly (string | null)[] }): void {
    if (this.failed) return
    const row: Record<string, unknown> = {}
    try {
      for (let index = 0; index < this.columns.length; index++) {
        const text = fields[index] ?? null
        const parse = this.#parsers[index]
        put(row, this.columns[index]?.name ?? '', text === null || parse === undefined ? text : parse(text))
      }
      this.rows.push(row)
    } catch (error) {
      this.fail(error)
    }
  }

  // The Sync that was sent with the statement is not read while the server waits for COPY data, so it takes another.
  override handleCopyInResponse(wire: Wire): void {
    super.handleCopyInResponse(wire)
    wire.sync()
  }

  protected describe(columns: readonly Column[]): void {
    this.columns = columns
    this.#parsers = columns.map((column) => typeParsers.get(column.dataTypeID))
  }
}

// An assignment to `__proto__` would change the row's prototype instead of giving it a column.
function put(row: Record<string, unknown>, name: string, value: unknown): void {
  if (name === '__proto__')
    Object.defineProperty(row, name, { value, enumerable: true, writable: true, configurable: true })
  else row[name] = value
}

/** A statement and its values, as they go over the wire. */
export interface BoundStatement {
  readonly text: string
  readonly values: readonly WireValue[]
}

/**
 * Statements with bound values, one after the other, of which none is run after one that has failed. Outside a transaction they
 * are one of their own (PostgreSQL manual, Pipelining).
 */
export class Pipeline extends Reader {
  /** The rows of each. */
  readonly results: Record<string, unknown>[][] = []
  readonly #statements: readonly BoundStatement[]

  constructor(statements: readonly BoundStatement[]) {
    super()
    this.#statements = statements
  }

  /** The text of the one that the server is at. */
  override get current(): string | undefined {
    return this.#statements[this.results.length]?.text
  }

  override handleCommandComplete(message: { readonly text: string }): void {
    super.handleCommandComplete(message)
    this.#next()
  }

  override handleEmptyQuery(): void {
    this.#next()
  }

  protected override send(wire: Wire): void {
    wire.stream.cork()
    for (const { text, values } of this.#statements) {
      this.begin(wire, { text, values })
      wire.describe({ type: 'P', name: '' })
      wire.execute({ portal: '', rows: 0 })
    }
    wire.sync()
    wire.stream.uncork()
  }

  #next(): void {
    this.results.push(this.rows.splice(0))
  }
}

/** One statement with bound values. It is never given a name, so that it works behind a transaction pooler. */
export class Statement extends Reader {
  readonly #text: string
  readonly #values: readonly WireValue[]

  constructor(text: string, values: readonly WireValue[]) {
    super()
    this.#text = text
    this.#values = values
  }

  protected override send(wire: Wire): void {
    wire.stream.cork()
    this.begin(wire, { text: this.#text, values: this.#values })
    wire.describe({ type: 'P', name: '' })
    wire.execute({ portal: '', rows: 0 })
    wire.sync()
    wire.stream.uncork()
  }
}

/**
 * A script of which one statement returns rows. Unlike a statement with bound values it leaves no portal open, and so no
 * snapshot, in a transaction that then stands idle.
 */
export class ScriptWithRows extends Reader {
  readonly #text: string

  constructor(text: string) {
    super()
    this.#text = text
  }

  protected override send(wire: Wire): void {
    wire.query(this.#text)
  }
}

/** Some rows of a statement whose rows are read piece by piece; its portal stays open in the transaction. */
export abstract class Batch extends Reader {
  /** Whether rows may be left after these. */
  more = false
  protected readonly portal: string
  protected readonly size: number

  constructor(portal: string, size: number) {
    super()
    this.portal = portal
    this.size = size
  }

  override handlePortalSuspended(): void {
    this.more = true
  }
}

/** The statement itself, and its first rows. */
export class FirstBatch extends Batch {
  readonly #statement: { readonly text: string; readonly values: readonly WireValue[] }

  constructor(portal: string, statement: { text: string; values: readonly WireValue[] }, size: number) {
    super(portal, size)
    this.#statement = statement
  }

  protected override send(wire: Wire): void {
    wire.stream.cork()
    wire.parse({ text: this.#statement.text })
    wire.bind({ portal: this.portal, values: this.#statement.values })
    wire.describe({ type: 'P', name: this.portal })
    wire.execute({ portal: this.portal, rows: this.size })
    wire.sync()
    wire.stream.uncork()
  }
}

/** Its next rows. */
export class NextBatch extends Batch {
  constructor(portal: string, columns: readonly Column[], size: number) {
    super(portal, size)
    this.describe(columns)
  }

  protected override send(wire: Wire): void {
    wire.execute({ portal: this.portal, rows: this.size })
    wire.sync()
  }
}

/** Gives up a portal whose remaining rows nobody wants. */
export class ClosePortal extends Exchange {
  readonly #portal: string

  constructor(portal: string) {
    super()
    this.#portal = portal
  }

  protected override send(wire: Wire): void {
    wire.close({ type: 'P', name: this.#portal })
    wire.sync()
  }
}
