/** What an expression can name: one row, by the name of its table and the names that its columns have at that place of the batch. */
export interface RowScope {
  /** The table's logical name, which may qualify a column. */
  readonly alias: string
  readonly columns: readonly ScopeColumn[]
}

/** One column of a row, as an expression calls it and as the database does. */
export interface ScopeColumn {
  readonly name: string
  /** The column that holds it while the batch is under way. */
  readonly physical: string
  readonly type: string
}
