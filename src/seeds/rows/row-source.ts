import type { Cell } from '../format/cell.ts'
import type { CellEntry, ListedRow } from '../format/seed-document.ts'
import type { ColumnForm } from '../format/value-text.ts'

/** A cell of a row: its text for the database, null, or something that has to be worked out. */
export type RowCell = string | null | Cell

/** Whether nothing of a row has to be worked out. */
export function isPlain(row: readonly RowCell[]): row is readonly (string | null)[] {
  for (const cell of row) if (cell !== null && typeof cell !== 'string') return false
  return true
}

/** Rows that have the same columns. `at` numbers them: the line of a row in its file, or its place in the list. */
export interface RowChunk {
  readonly columns: readonly string[]
  readonly rows: readonly (readonly RowCell[])[]
  readonly at: readonly number[]
}

/** Where the rows of a step come from. It can be read several times. */
export interface RowSource {
  /** Whether there may be so many that they are never all in memory. */
  readonly bulk: boolean
  /** The columns that rows can have; null when only reading all of them tells. */
  readonly columns: readonly string[] | null
  /** Reads the rows; `formOf` says how a column's values are written. */
  read(formOf: (column: string) => ColumnForm): AsyncIterable<RowChunk>
  /** `file:line:column` of a row, or of a cell of it. */
  place(row: number, column?: string): string
}

/** The rows of a data file, each with the defaults that it does not replace. */
export function listedRows(
  rows: readonly ListedRow[],
  defaults: readonly CellEntry[],
  place: (offset: number) => string,
): RowSource {
  const complete = rows.map(({ cells }) => {
    const own = new Set(cells.map(({ column }) => column))
    return [...defaults.filter(({ column }) => !own.has(column)), ...cells]
  })
  return {
    bulk: false,
    columns: [...new Set(complete.flatMap((cells) => cells.map(({ column }) => column)))],
    async *read() {
      for (const [index, cells] of complete.entries()) {
        yield { columns: cells.map(({ column }) => column), rows: [cells.map(({ cell }) => cell)], at: [index] }
      }
    },
    place(row, column) {
      const cell = complete[row]?.find((one) => one.column === column)
      return place(cell?.cell.at ?? rows[row]?.at ?? 0)
    },
  }
}
