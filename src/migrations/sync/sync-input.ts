import type { Expression } from '../batch/expression.ts'
import type { RowScope } from '../batch/row-scope.ts'
import type { SyncRule } from './rule.ts'

/** What the triggers of a batch are made from. Tables and columns by their names in the database. */
export interface SyncInput {
  /** In the order of the batch. */
  readonly rules: readonly SyncRule[]
  readonly base: string
  /** Null before the first version. */
  readonly oldSchema: string | null
  readonly versionSchema: string
  /** The last migration of the batch. */
  readonly target: string
  readonly stateSchema: string
  /** Whether row-level security binds owners of some table, so that their own policies must stay in force. */
  readonly forcedRowSecurity: boolean
  /** Names of a table's BEFORE row triggers that are not ours. */
  readonly userTriggers: (table: string) => readonly string[]
  /** Tables whose rows carry the pending mark. */
  readonly pendingTables: ReadonlySet<string>
  /** The columns of a table's primary key, which name a row whose value was put off. */
  readonly keyOf?: ((table: string) => readonly string[]) | undefined
  /**
   * The default of a column that the batch added, null for none. Where it is known that there is none, an old session that
   * inserts a value is refused; where there is one, a look-up that finds nothing gives it.
   */
  readonly defaultOf?: ((table: string, column: string) => string | null | undefined) | undefined
  /** What a generated column is computed from: triggers that run before a write do not see its value. */
  readonly generated?: ((table: string, column: string) => GeneratedValue | undefined) | undefined
}

/** The expression of a generated column, over the row of its table. */
export interface GeneratedValue {
  readonly expression: Expression
  readonly scope: RowScope
}
