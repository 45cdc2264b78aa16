import type { Sql } from '../database/database.ts'
import type { StoreTransaction } from './store-transaction.ts'
import type { Topic } from './wake-ups.ts'

/** Runs work in a transaction: one of its own, or the one that a caller has already begun. */
export interface Run {
  <T>(work: (tx: StoreTransaction) => Promise<T>): Promise<T>
  /** A statement that reads and is all that there is to do: one round trip where the engine can. */
  read<Row extends object>(statement: Sql): Promise<Row[]>
  /** A statement that writes and is all that there is to do, and whom it wakes up: one round trip where the engine can. */
  write<Row extends object>(statement: Sql, wake?: WakeUp): Promise<Row[]>
}

/** Whom a change wakes up: those who wait for something about this. */
export interface WakeUp {
  readonly topic: Topic
  readonly id: string
}
