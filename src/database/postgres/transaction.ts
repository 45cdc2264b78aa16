import type { LoadRows, LoadTarget, RowsOfEach, Transaction, TransactionOptions } from '../driver.ts'
import { DatabaseError } from '../failure.ts'
import type { Sql } from '../sql.ts'
import type { Channel } from './channel.ts'
import { type BoundStatement, type Exchange, Pipeline, Script, Statement } from './exchange.ts'
import { connectionLost } from './server-failure.ts'
import { affectedRows } from './affected-rows.ts'
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
import { Turns } from './turns.ts'

/** What undoes `SET` and `SET ROLE`; what the connection was started with stays. */
export const resetSession = 'reset session authorization; reset role; reset all'

// Set for the transaction only: a `ROLLBACK; BEGIN` inside a script leaves a session that looks as if nothing had happened.
const mark = 'set local metastore.transaction = on'

/** A transaction that is begun, worked in and ended by the session that made it. */
export class PostgresTransaction implements Transaction {
  readonly #channel: Channel
  readonly #options: TransactionOptions
  readonly #turns = new Turns('transaction')
  readonly #beforeCommit: Sql[] = []
  #failure: Error | undefined
  /** What a statement has ended it with, after which nothing of it can be trusted. */
  #ended: DatabaseError | undefined
  #begun = false
  /** Whether the script that was to begin it was refused whole. */
  #refused = false
  #over = false
  #committed = false
  /** Whether its end has also undone what was set in the session. */
  wasReset = false

  constructor(channel: Channel, options: TransactionOptions) {
    this.#channel = channel
    this.#options = options
  }

  // What begins it, settings and all. It travels with the first script, or with the commit, or alone where neither can carry it.
  get #opening(): readonly string[] {
    const { opening } = this.#options
    return [...this.#beginning, ...(opening === undefined ? [] : [opening.inline('postgres')])]
  }

  get #beginning(): readonly string[] {
    const { lockTimeout } = this.#options
    const timeout = lockTimeout === undefined ? [] : [`set local lock_timeout = ${Math.max(1, Math.ceil(lockTimeout))}`]
    return ['begin', ...timeout, mark]
  }

  query<Row extends object = Record<string, unknown>>(statement: Sql): Promise<Row[]> {
    return this.#turns.take(async () => {
      if (this.#begun) return runQuery<Row>(this.#run, statement)
      return (await this.#beginTogether([statement])).results.at(-1) as Row[]
    })
  }

  execute(statement: Sql): Promise<number> {
    return this.#turns.take(async () => {
      if (this.#begun) return runExecute(this.#run, statement)
      return affectedRows((await this.#beginTogether([statement])).tags.at(-1))
    })
  }

  together<Each extends readonly object[]>(statements: readonly Sql[]): Promise<RowsOfEach<Each>> {
    return this.#turns.take(async () => {
      const { results } = this.#begun
        ? await runTogether(this.#run, statements.map(boundStatement))
        : await this.#beginTogether(statements)
      return results.slice(-statements.length) as unknown as RowsOfEach<Each>
    })
  }

  script(text: string): Promise<void> {
    return this.#turns.take(() => (this.#begun ? runScript(this.#run, text) : this.#beginWith(text)))
  }

  stream<Row extends object = Record<string, unknown>>(
    statement: Sql,
    options: { readonly batchSize?: number } = {},
  ): AsyncIterable<Row> {
    const run: Run = (exchange, text) => this.#turns.take(() => this.#run(exchange, text))
    return runStream<Row>(run, statement, options.batchSize ?? 1000)
  }

  load(target: LoadTarget, rows: LoadRows): Promise<number> {
    return this.#turns.lend(() => runLoad(this.#run, target, rows))
  }

  beforeCommit(statement: Sql): void {
    this.#beforeCommit.push(statement)
  }

  async last<Row extends object = Record<string, unknown>>(statement: Sql): Promise<Row[]> {
    // What resets the session is no statement that can travel with others.
    if (!this.#begun || this.#options.resetSession === true) return this.query<Row>(statement)
    return this.#turns.take(async () => {
      if (this.#ended !== undefined) throw this.#ended
      const commit: BoundStatement = { text: 'commit', values: [] }
      const exchange = new Pipeline([...[statement, ...this.#beforeCommit].map(boundStatement), commit])
      const { text } = statement.bind('postgres')
      const failure = await this.#channel.run(exchange, text).then(() => undefined, commitFailure)
      this.#committed = exchange.tags.at(-1) === 'COMMIT'
      this.#over = this.#committed
      if (this.#committed && failure === undefined) return exchange.results[0] as Row[]
      throw (this.#failure = failure ?? hasFailed(this.#failure))
    })
  }

  /** Commits, in one round trip with what was to run before it. Throws unless the server says that it has. */
  commit(): Promise<void> {
    return this.#turns.last(async () => {
      if (this.#committed) return
      this.#over = true
      if (this.#ended !== undefined) throw this.#ended
      if (this.#channel.status === 'E' || this.#refused) throw hasFailed(this.#failure)
      if (!this.#begun && this.#beforeCommit.length === 0) return this.#channel.check()
      // Each on a line of its own: one may end with a comment.
      const reset = this.#options.resetSession ? [resetSession] : []
      const opening = this.#begun ? [] : this.#opening
      const before = this.#beforeCommit.map((each) => each.inline('postgres'))
      const text = [...opening, ...before, 'commit', ...reset].join('\n;\n')
      const exchange = new Script(text)
      const failure = await this.#channel.run(exchange, text).then(() => undefined, commitFailure)
      const committed = exchange.tags.includes('COMMIT')
      this.wasReset = this.#options.resetSession === true && failure === undefined
      if (!committed) throw failure ?? hasFailed(this.#failure)
    })
  }

  /** Undoes it, whatever state it is in. Where that is impossible the connection is ended, which undoes it as well. */
  rollback(): Promise<void> {
    return this.#turns.last(async () => {
      this.#over = true
      if (this.#channel.lost || this.#channel.closed || this.#channel.status === 'I') return
      await this.#channel.run(new Script('rollback'), 'rollback', true).catch(() => this.#channel.close())
    })
  }

  readonly #run: Run = async (exchange, statement) => {
    if (this.#over) throw new Error('The transaction is over.')
    if (this.#ended !== undefined) throw this.#ended
    if (this.#refused) throw hasFailed(this.#failure)
    if (!this.#begun) await this.#begin()
    const failure = await this.#channel.run(exchange, statement).then(() => undefined, asError)
    if (await this.#wasEndedBy(exchange)) throw (this.#ended = endedInside(failure, statement))
    if (failure === undefined) return exchange
    this.#failure ??= failure
    throw failure
  }

  async #begin(): Promise<void> {
    const text = this.#opening.join('; ')
    await this.#channel.run(new Script(text), text)
    this.#begun = true
  }

  // What begins it and the first statements in one round trip. Before it is begun there is nothing that could have ended it.
  async #beginTogether(statements: readonly Sql[]): Promise<Pipeline> {
    if (this.#over) throw new Error('The transaction is over.')
    if (this.#refused) throw hasFailed(this.#failure)
    const { opening } = this.#options
    const exchange = new Pipeline([
      ...this.#beginning.map((text): BoundStatement => ({ text, values: [] })),
      ...(opening === undefined ? [] : [boundStatement(opening)]),
      ...statements.map(boundStatement),
    ])
    const texts = statements.map((each) => each.bind('postgres').text)
    const failure = await this.#channel.run(exchange, texts.join('\n;\n')).then(() => undefined, asError)
    this.#begun = exchange.tags.includes('BEGIN')
    if (this.#begun && (await this.#wasEndedBy(exchange))) throw (this.#ended = endedInside(failure, texts.at(-1)))
    if (failure === undefined) return exchange
    if (this.#begun) this.#failure ??= failure
    throw failure
  }

  async #beginWith(text: string): Promise<void> {
    if (this.#over) throw new Error('The transaction is over.')
    if (this.#refused) throw hasFailed(this.#failure)
    const opening = this.#opening
    const prefix = `${opening.join('; ')};\n`
    const exchange = new Script(prefix + text)
    const failure = await this.#channel.run(exchange, prefix + text).then(
      () => undefined,
      (error: unknown) => withoutPrefix(asError(error), text, prefix.length, opening.length),
    )
    this.#begun = exchange.tags.length > 0
    if (this.#begun && (await this.#wasEndedBy(exchange))) throw (this.#ended = endedInside(failure, text))
    if (failure === undefined) return
    this.#failure ??= failure
    // The server could not read the message, so nothing of it was done, and nothing after it may be.
    this.#refused = !this.#begun
    throw failure
  }

  async #wasEndedBy({ tags }: Exchange): Promise<boolean> {
    if (this.#channel.lost) return false
    if (this.#channel.status === 'I' || tags.includes('COMMIT') || tags.includes('PREPARE TRANSACTION')) return true
    // `ROLLBACK TO savepoint` has the same tag.
    if (!tags.includes('ROLLBACK') || this.#channel.status === 'E') return false
    const text = `select current_setting('metastore.transaction', true) as mark`
    const { rows } = await this.#channel.run(new Statement(text, []), text)
    return rows[0]?.['mark'] !== 'on'
  }
}

// The failure as if the script had been sent by itself.
function withoutPrefix(error: Error, text: string, length: number, statements: number): Error {
  if (!(error instanceof DatabaseError)) return error
  const { position, completed } = error
  return new DatabaseError({
    code: error.code,
    message: error.message,
    where: error.where,
    remedy: error.remedy,
    details: error.details,
    cause: error.cause,
    reason: error.reason,
    engineCode: error.engineCode,
    statement: text,
    position: position === undefined || position < length ? undefined : position - length,
    object: error.object,
    completed: completed === undefined ? undefined : Math.max(0, completed - statements),
  })
}

function commitFailure(error: unknown): Error {
  if (!(error instanceof DatabaseError) || error.reason !== 'connection_lost') return asError(error)
  return connectionLost(
    error.cause,
    error.statement,
    'The connection to the database broke during COMMIT, so whether the transaction took effect is not known.',
  )
}

function hasFailed(cause: Error | undefined): DatabaseError {
  const said = cause ? ` (${cause.message})` : ''
  return new DatabaseError({
    code: 'statement_failed',
    reason: 'other',
    message: `The transaction cannot be committed, because a statement in it has failed${said}; it was rolled back.`,
    remedy: 'Correct the statement that failed first.',
    engineCode: '25P02',
    statement: undefined,
    position: undefined,
    object: undefined,
    cause,
  })
}

function endedInside(cause: unknown, statement?: string): DatabaseError {
  return new DatabaseError({
    code: 'statement_failed',
    reason: 'other',
    message: 'A statement has ended the transaction that it ran in, so a part of the work may be committed already.',
    remedy:
      'Remove COMMIT, ROLLBACK and PREPARE TRANSACTION, or run the file outside a transaction; then look at what is already done.',
    engineCode: undefined,
    statement,
    position: undefined,
    object: undefined,
    details: cause instanceof Error ? [cause.message] : [],
    cause,
  })
}

function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown))
}
