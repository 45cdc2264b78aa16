import type { RowCounts } from './row-counts.ts'

/** Rows of a table that neither a migration nor a seed has made. */
export interface OthersRows {
  readonly table: string
  readonly rows: number
}

/** The tables that hold more rows than migrations and seeds make, with how many more. */
export function othersRows(live: RowCounts, made: RowCounts, tables?: ReadonlySet<string>): OthersRows[] {
  return [...live]
    .filter(([table]) => tables === undefined || tables.has(table))
    .map(([table, rows]) => ({ table, rows: rows - (made.get(table) ?? 0) }))
    .filter(({ rows }) => rows > 0)
    .sort((a, b) => (a.table < b.table ? -1 : 1))
}
