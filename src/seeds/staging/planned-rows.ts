/** A row that a step is going to write, by the step's number and the row's in it. */
export interface PlannedRow {
  readonly step: number
  readonly row: number
}

/** A value as far as it is known before anything is written. */
export type KnownValue = string | null | { readonly planned: PlannedRow }

/** Rows that the run is going to write, so that later ones can refer to them. */
export interface PlannedRows {
  add(table: string, row: PlannedRow, values: ReadonlyMap<string, KnownValue>): void
  find(table: string, by: readonly { readonly column: string; readonly value: KnownValue }[]): PlannedRow | undefined
}

interface Kept {
  readonly row: PlannedRow
  readonly values: ReadonlyMap<string, KnownValue>
}

interface KeptTable {
  readonly rows: Kept[]
  readonly indexes: Map<string, { until: number; readonly rows: Map<string, PlannedRow> }>
}

/** Makes an empty collection. */
export function plannedRows(): PlannedRows {
  const tables = new Map<string, KeptTable>()
  return {
    add(table, row, values) {
      const kept: KeptTable = tables.get(table) ?? { rows: [], indexes: new Map() }
      kept.rows.push({ row, values })
      tables.set(table, kept)
    },
    find(table, by) {
      const kept = tables.get(table)
      if (kept === undefined) return undefined
      const columns = by.map(({ column }) => column)
      const name = JSON.stringify(columns)
      const index = kept.indexes.get(name) ?? { until: 0, rows: new Map<string, PlannedRow>() }
      // Rows that came since the index was made.
      for (const { row, values } of kept.rows.slice(index.until)) {
        const found = columns.map((column) => values.get(column))
        if (found.every((value) => value !== undefined)) index.rows.set(keyOf(found), row)
      }
      index.until = kept.rows.length
      kept.indexes.set(name, index)
      return index.rows.get(keyOf(by.map(({ value }) => value)))
    },
  }
}

function keyOf(values: readonly KnownValue[]): string {
  return JSON.stringify(values)
}
