import type { Expression } from '../batch/expression.ts'
import type { RowScope } from '../batch/row-scope.ts'

/** Which sessions a rule is for: `up` follows what old sessions write, `down` what new sessions write. */
export type SyncDirection = 'up' | 'down'

/** Where a rule comes from, for the message of a write that it fails. */
export interface RuleOrigin {
  readonly migration: string
  /** Its place among the migration's actions, from 0. */
  readonly action: number
  /** The column as the author calls it. */
  readonly column: string
}

/** A column computed from its own row. */
export interface ComputeRule {
  readonly kind: 'compute'
  readonly direction: SyncDirection
  /** Names of the database, in the base schema, as all of a rule but its scope. */
  readonly table: string
  readonly column: string
  readonly type: string
  readonly expression: Expression
  /** What rows get when they are inserted, where the expression reads its own table. */
  readonly onInsert: Expression | null
  readonly scope: RowScope
  /** Gives another value each time, so it is computed once for a row and never again. */
  readonly volatile: boolean
  /** The column on the other side that this one mirrors (`alter_column`); null where there is none. */
  readonly counterpart: string | null
  /** `defer`: a row whose value cannot be computed stays pending instead of failing the write. */
  readonly errors: 'fail' | 'defer'
  /** A query of keys and values for the rows that exist, instead of the expression. */
  readonly backfill: string | null
  readonly origin: RuleOrigin
}

/** A column that comes from a row of another table. */
export interface LookupRule {
  readonly kind: 'lookup'
  readonly direction: SyncDirection
  readonly table: string
  readonly column: string
  readonly type: string
  /** The row that has the column. */
  readonly target: RowScope
  /** The table it comes from; `key` orders its rows where several match. */
  readonly source: { readonly table: string; readonly scope: RowScope; readonly key: readonly string[] }
  readonly value: Expression
  readonly where: Expression
  readonly origin: RuleOrigin
}

/** Rows of a new table that follow those of a source (`create_table.up`); for old sessions. */
export interface DeriveRule {
  readonly kind: 'derive'
  readonly direction: 'up'
  /** The new table. */
  readonly table: string
  readonly source: { readonly table: string; readonly scope: RowScope }
  readonly values: readonly { readonly column: string; readonly expression: Expression }[]
  /** The columns that recognise a row: those of its primary key or of another unique constraint. */
  readonly conflict: readonly string[]
  /** Columns with a value that take their numbers from a sequence where they are given none; none by default. */
  readonly numbered?: readonly string[] | undefined
  readonly onSourceDelete: 'keep' | 'delete'
  readonly origin: RuleOrigin
}

/** A column that old sessions may not leave null although the database allows it meanwhile. */
export interface RequireRule {
  readonly kind: 'require'
  readonly direction: 'up'
  readonly table: string
  readonly column: string
  readonly origin: RuleOrigin
}

/** One thing that keeps both versions in step. In the order of the batch; `down` rules apply in reverse. */
export type SyncRule = ComputeRule | LookupRule | DeriveRule | RequireRule
