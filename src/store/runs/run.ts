import type { RowsOfEach, Sql } from '../../database/database.ts'
import type { StoreTransaction } from '../store-transaction.ts'
import type { Topic } from '../wake-ups.ts'

/** Runs work in a transaction: one of its own, or the one that a caller has already begun. */
export interface Run {
  <T>(work: (tx: StoreTransaction) => Promise<T>): Promise<T>
  /** A statement that reads and is all that there is to do: one round trip where the engine can. */
  read<Row extends object>(statement: Sql): Promise<Row[]>
  /** A statement that writes and is all that there is to do, and whom it wakes up: one round trip where the engine can. */
  write<Row extends object>(statement: Sql, wake?: WakeUp): Promise<Row[]>
  /**
   * Statements that are all that there is to do, one after the other, all or none, and whom they wake up: one round trip where
   * the engine can. Returns the rows of each.
   */
  together<Each extends readonly object[]>(
    statements: readonly Sql[],
    wakes?: readonly WakeUp[],
  ): Promise<RowsOfEach<Each>>
}

/** Whom a change wakes up: those who wait for something about this. */
export interface WakeUp {
  readonly topic: Topic
  readonly id: string
  /** A condition on what is there when the change is made; without it they are always woken up. */
  readonly when?: Sql
}
