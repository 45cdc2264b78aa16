import type { Sql } from '../../database/database.ts'

/** Existing rows of one table to be brought up to date by one pass over its blocks (`ctid` ranges). */
export type BackfillPlan = UpdatePlan | DerivePlan

/** Rows that carry the pending mark get their new columns. */
export interface UpdatePlan {
  readonly kind: 'update'
  readonly schema: string
  readonly table: string
  /** The alias that the assignments call the row by. */
  readonly alias: string
  /** The hidden boolean column: true until the row is in step. */
  readonly pending: string
  /** Column and value, each over the row as it is before the update. Never a key, an identity or a generated column. */
  readonly assignments: readonly { readonly column: string; readonly value: Sql; readonly type: string }[]
  /** A query `key columns…, value` run once into a side table; its value then stands for the assignment of its column. */
  readonly queries: readonly { readonly column: string; readonly type: string; readonly query: Sql }[]
  /** For the message of a failure: the migration that a column of the assignments is for, and what its author calls it. */
  readonly origins: readonly {
    readonly column: string
    readonly migration: string
    /** As in the assignment, unless given. */
    readonly name?: string
  }[]
  /** `defer`: a row whose values cannot be computed stays pending and is counted. By default it fails the backfill. */
  readonly errors?: 'fail' | 'defer'
  /** Names of the primary key's columns, to name a row in a message; empty when there is none. */
  readonly key: readonly string[]
}

/** Rows of a new table made from those of a source. */
export interface DerivePlan {
  readonly kind: 'derive'
  readonly schema: string
  /** The source, whose blocks are passed over. */
  readonly table: string
  readonly alias: string
  readonly into: string
  readonly values: readonly { readonly column: string; readonly value: Sql }[]
  /** The columns of the new table that recognise a row. */
  readonly conflict: readonly string[]
  /** Whether source rows are locked against deletion while they are copied. */
  readonly lockSource: boolean
  readonly migration: string
}
