import type { Cell } from './cell.ts'
import type { ValueNode } from './nodes/value-node.ts'

/** What is done with rows that are there already, and with those that are there and not listed. */
export type SeedMode = 'upsert' | 'insert-only' | 'sync'

/** A seed file as data: what to write, and what must be true afterwards. */
export interface SeedDocument {
  /** The environments that it is for; null for all. */
  readonly environments: readonly string[] | null
  readonly steps: readonly DataStep[]
  readonly expectations: readonly Expectation[]
}

/** The rows of one table. */
export interface DataStep {
  readonly table: string
  /** Where the table is named, as an offset. */
  readonly at: number
  /** The columns that tell rows apart; null for the table's own key. */
  readonly key: readonly NamedPlace[] | null
  readonly mode: SeedMode
  /** Cells that every row has unless it says otherwise. */
  readonly defaults: readonly CellEntry[]
  readonly rows: StepRows
}

/** A name, and where it stands. */
export interface NamedPlace {
  readonly name: string
  readonly at: number
}

/** The rows: as they stand in the file, in a file beside it, or made by a script. */
export type StepRows =
  | { readonly kind: 'listed'; readonly rows: readonly ListedRow[] }
  | { readonly kind: 'file'; readonly path: string; readonly at: number; readonly nullText: string }
  | { readonly kind: 'made'; readonly rows: () => AsyncIterable<unknown> }

/** One row of a data file. */
export interface ListedRow {
  readonly at: number
  readonly cells: readonly CellEntry[]
}

/** A cell with its column. */
export interface CellEntry {
  readonly column: string
  /** Where the column is named. */
  readonly at: number
  readonly cell: Cell
}

/** Something that must be true after the set was applied. */
export interface Expectation {
  readonly at: number
  readonly name: string
  readonly check:
    | { readonly kind: 'count'; readonly table: string; readonly where: string | null; readonly count: number }
    | { readonly kind: 'equals'; readonly query: string; readonly value: ValueNode }
    | { readonly kind: 'rows'; readonly query: string; readonly rows: ValueNode }
}
