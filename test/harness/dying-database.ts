import type { Database, Session, Sql, Transaction } from '../../src/database/database.ts'

/**
 * A database whose user dies at a moment: before anything is sent to it, in a transaction or outside. What dies after something
 * dies before what follows it, as the database sees it: who dies in a transaction has it rolled back.
 */
export interface DyingDatabase {
  readonly database: Database
  /** How many moments there have been. */
  moments(): number
}

/** What the user dies of. */
class Died extends Error {
  override readonly name = 'Died'
}

/** Wraps a database so that its user dies at the n-th moment, and does nothing from there on; with 0 it lives. */
export function dyingDatabase(real: Database, moment: number): DyingDatabase {
  let moments = 0
  let dead = false
  const pass = () => {
    moments++
    if (moments === moment) dead = true
    if (dead) throw new Died()
  }
  const passing = async <T>(work: () => Promise<T>): Promise<T> => {
    pass()
    return work()
  }
  const watchTransaction = (tx: Transaction): Transaction => ({
    query: (statement) => passing(() => tx.query(statement)),
    execute: (statement) => passing(() => tx.execute(statement)),
    script: (text) => passing(() => tx.script(text)),
    together: <Each extends readonly object[]>(statements: readonly Sql[]) =>
      passing(() => tx.together<Each>(statements)),
    stream: (statement, options) => tx.stream(statement, options),
    load: (target, rows) => passing(() => tx.load(target, rows)),
    beforeCommit: (statement) => tx.beforeCommit(statement),
    last: (statement) => passing(() => tx.last(statement)),
  })
  const watchSession = (session: Session): Session => ({
    get lost() {
      return session.lost
    },
    query: (statement) => passing(() => session.query(statement)),
    execute: (statement) => passing(() => session.execute(statement)),
    script: (text) => passing(() => session.script(text)),
    together: <Each extends readonly object[]>(statements: readonly Sql[]) =>
      passing(() => session.together<Each>(statements)),
    stream: (statement, options) => session.stream(statement, options),
    load: (target, rows) => passing(() => session.load(target, rows)),
    transaction: (work, options) => passing(() => session.transaction((tx) => work(watchTransaction(tx)), options)),
    close: () => session.close(),
    [Symbol.asyncDispose]: () => session.close(),
  })
  const database: Database = {
    dialect: real.dialect,
    features: real.features,
    address: real.address,
    server: real.server,
    session: async (options) => watchSession(await real.session(options)),
    tryLock: (holder) => real.tryLock(holder),
    close: () => Promise.resolve(),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  }
  return { database, moments: () => moments }
}
