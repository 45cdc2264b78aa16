import type { Action, SqlText } from '../actions/action.ts'
import type { ColumnOrder } from '../batch/compiled-batch.ts'
import type { Model, ModelColumn, ModelTable } from './model.ts'

/** What undoes one migration. */
export interface Inversion {
  readonly name: string
  /** In the order in which they run. */
  readonly actions: readonly Action[]
  readonly losses: readonly PossibleLoss[]
  /** Why it cannot be undone, as sentences; none when it can. */
  readonly obstacles: readonly string[]
  /** What does not come back as it was, as sentences. */
  readonly remarks: readonly string[]
  /** How the version before saw tables that get columns back. */
  readonly columnOrder: ColumnOrder
}

/** Data that may be lost with what a migration made, or that is lost already. */
export type PossibleLoss =
  | { readonly kind: 'rows'; readonly table: ModelTable }
  | {
      readonly kind: 'values'
      readonly table: ModelTable
      readonly column: ModelColumn
      /** What a row has without anybody's doing, as SQL over the row; null where that is not known. */
      readonly made: SqlText | null
      readonly changes: number
    }
  | {
      readonly kind: 'labels'
      readonly table: ModelTable
      readonly column: ModelColumn
      readonly array: boolean
      readonly labels: readonly string[]
    }
  | {
      readonly kind: 'conversion'
      readonly table: ModelTable
      readonly column: ModelColumn
      readonly changes: number
      /** The column's name and types, and the expressions, as the action had them. */
      readonly before: { readonly name: string; readonly type: SqlText }
      readonly type: SqlText
      readonly up: SqlText
      readonly down: SqlText
    }
  | { readonly kind: 'gone'; readonly what: string }

/** One migration while its inverse is made. */
export interface Inverting {
  readonly model: Model
  readonly base: string
  readonly migration: string
  /** Adds to the model what a script has made at the start. */
  readonly afterScript: () => void
  readonly losses: PossibleLoss[]
  readonly obstacles: string[]
  readonly remarks: string[]
  /** Runs after everything else, because it refers to what comes back last. */
  readonly late: Action[]
}
