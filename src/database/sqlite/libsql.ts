import LibsqlDatabase from 'libsql/promise'
import type { Bindable } from './values.ts'

/** The part of libsql that is used; its own types are of `any`. */
export interface Libsql {
  prepare(text: string): Promise<Prepared>
  /** Ends the statements that are running, whose callers get SQLITE_INTERRUPT. */
  interrupt(): void
  close(): void
  readonly inTransaction: boolean
}

/** A prepared statement. */
export interface Prepared {
  /** Whether it has columns; `raw` and `columns` throw for one that has none. */
  readonly reader: boolean
  raw(): Prepared
  safeIntegers(): Prepared
  columns(): readonly { readonly name: string }[]
  /** Runs it in this thread. */
  run(values: readonly Bindable[]): unknown
  /**
   * Begins it: the work up to the first row is done by another thread, so that it can be interrupted. The later rows, of which
   * most statements that take long have none, are read in this thread, a hundred at a time.
   */
  iterate(values: readonly Bindable[]): Promise<Iterator<unknown, unknown>>
}

/** Opens a file, which is made if there is none, or `:memory:`. */
export function openLibsql(file: string): Libsql {
  return new LibsqlDatabase(file, {}) as unknown as Libsql
}
