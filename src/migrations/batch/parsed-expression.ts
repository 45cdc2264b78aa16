/** A place of an expression that names a column: `cost` or `runs.cost`. */
export interface ColumnUse {
  /** The table's name where it is qualified. */
  readonly qualifier: string | null
  readonly name: string
  /** Offsets in the expression's text, in UTF-16 code units. */
  readonly start: number
  readonly end: number
  /** It stands in a sub-query, where the name may belong to a table that is read there. */
  readonly nested: boolean
}

/** SQL that gives one value, understood far enough to move it to another row. */
export interface Expression {
  readonly text: string
  /** Every place that may name a column of the row, those within sub-queries included. `runs.*` is a use of `runs`. */
  readonly uses: readonly ColumnUse[]
  /** It reads tables, or names the row as a whole; then it is evaluated as it stands over a row of its own. */
  readonly opaque: boolean
  /** It contains a sub-query. */
  readonly readsTables: boolean
  /** Names of the tables that its sub-queries read, as written, without a schema. */
  readonly tables: readonly string[]
  /** Functions that it calls, as paths of names; `current_user` and its like are among them. */
  readonly functions: readonly (readonly string[])[]
}
