import type { StoreTransaction } from './transaction.ts'

/** Runs work in a transaction: one of its own, or the one that a caller has already begun. */
export type Run = <T>(work: (tx: StoreTransaction) => Promise<T>) => Promise<T>
