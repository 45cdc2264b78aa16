import type { MetastoreError } from '../../errors.ts'
import type { LoadTarget, TransactionOptions } from '../driver.ts'
import type { Dialect, SqlValue } from '../sql.ts'

/** A statement as it goes to a worker. */
export interface BoundStatement {
  readonly text: string
  readonly values: readonly SqlValue[]
}

/** Rows as plain objects. */
export type Rows = Record<string, unknown>[]

/** How a call left the session: whether it ended the transaction that was open before, and whether one is open now. */
export interface Outcome {
  readonly ended: boolean
  readonly open: boolean
}

/**
 * What both embedded engines do in their worker thread. An error that left the transaction which was open before says so in a
 * field `transaction`: `committed` where a part may have taken effect, else `rolled back`.
 */
export interface EngineCalls {
  readonly query: { request: BoundStatement; response: Outcome & { readonly rows: Rows; readonly affected: number } }
  readonly script: { request: { readonly text: string }; response: Outcome }
  /** Runs `before`, if it is not empty, and commits in one go. A transaction that had failed is rolled back instead. */
  readonly commit: { request: { readonly before: string }; response: { readonly committed: boolean } }
  /** Rolls back the transaction that is open, if there is one. */
  readonly rollBack: { request: null; response: void }
  readonly openCursor: { request: BoundStatement; response: { readonly cursor: string } }
  readonly fetch: {
    request: { readonly cursor: string; readonly count: number }
    response: { readonly rows: Rows; readonly done: boolean }
  }
  readonly closeCursor: { request: { readonly cursor: string }; response: void }
  readonly load: {
    request: { readonly target: LoadTarget; readonly rows: readonly (readonly SqlValue[])[] }
    response: void
  }
  readonly close: { request: null; response: void }
}

/** What the main thread has to know of an engine. */
export interface Engine {
  readonly dialect: Dialect
  /** The scripts that begin a transaction. */
  begin(options: TransactionOptions): readonly string[]
  /** Begins a transaction for reading rows in batches. */
  readonly beginRead: string
  /** The scripts that undo what a handle did to the settings of the one session that all handles share. */
  readonly reset: readonly string[]
  /** The engine's error as ours. */
  translate(error: unknown, statement: string | undefined): MetastoreError
}
