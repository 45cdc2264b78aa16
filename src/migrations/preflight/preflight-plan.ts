import type { Sql } from '../../database/database.ts'
import type { MetastoreError } from '../../errors.ts'
import type { RowScope } from '../batch/row-scope.ts'
import type { Place } from '../problems.ts'

/**
 * Where SQL is to stand, which decides what it may be: the value of a column; a condition; a column's default (which sees no
 * row); a whole query that gives key columns and `value` (`backfill`); a column's type; a check constraint; a generated
 * column; the key or the condition of an index; a whole index, from USING on. These five are over one row, and bound as parts
 * of a table. A foreign key has as its text only the name of one that is there, and the columns of its rows: those that refer, and
 * those that are referred to.
 */
export type BindingKind =
  | 'value'
  | 'condition'
  | 'default'
  | 'query'
  | 'type'
  | 'check'
  | 'generated'
  | 'index_key'
  | 'index_condition'
  | 'index'
  | 'foreign_key'

/** SQL of an author that the server must understand before anything runs. */
export interface Binding {
  readonly kind: BindingKind
  readonly text: string
  /** The rows that it sees. */
  readonly rows: readonly RowScope[]
  /** The type that it must be assignable to; of a query, that of its `value`. Null where any will do. */
  readonly type: string | null
  /** Whose names it is written in: the old version's schema is looked through first, or the new one's. */
  readonly side: 'old' | 'new'
  /** It reads tables and is evaluated once per row, so its plan must not scan many rows. */
  readonly perRow: boolean
  /** Columns that a query has to give beside `value`; none by default. */
  readonly keys?: readonly string[] | undefined
  /** What to do where the server refuses it, for what the file does not say itself. */
  readonly remedy?: string | undefined
  /** The keys that lead to it, as `actions[0].up`, and its place in the file. */
  readonly key: string
  readonly place: Place
}

/** A relation as an application of the new version will see it. */
export interface PreflightTable {
  readonly name: string
  /** Made by the batch, so that expressions of old sessions find it too, under this name. */
  readonly created: boolean
  readonly columns: readonly { readonly name: string; readonly type: string }[]
}

/** An enum that the batch makes, or changes. */
export interface PreflightEnum {
  /** As types of columns name it, before the batch is complete. */
  readonly name: string
  readonly labels: readonly string[]
}

/** A question to the live data: rows mean that a step would fail. */
export interface DataCheck {
  readonly label: string
  /** Answers with a few of the offending rows, or none. */
  readonly query: Sql
  readonly problem: (rows: readonly Record<string, unknown>[]) => MetastoreError
}

/** Everything that is asked of the server before a batch starts; nothing of it is changed. */
export interface PreflightPlan {
  readonly base: string
  /** Null before the first version. */
  readonly oldSchema: string | null
  readonly tables: readonly PreflightTable[]
  readonly enums: readonly PreflightEnum[]
  readonly bindings: readonly Binding[]
  readonly checks: readonly DataCheck[]
  /** Tables of the base schema, by their names in the database, whose existing rows the batch brings up to date. */
  readonly written: readonly string[]
  /** All tables of the base schema that it changes in any way, so that the role must own them. */
  readonly changed: readonly string[]
  /** Whether it makes tables, types or indexes in the base schema. */
  readonly creates: boolean
}
