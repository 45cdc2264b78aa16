/** How far a backfill has got: plain data for the journal, so that another run goes on there. */
export interface BackfillProgress {
  /** Rows brought up to date. */
  readonly rows: number
  /** An estimate of how many there are. */
  readonly total: number
  readonly batches: number
  /** Where the walk over the blocks goes on; null when it is over and only stragglers may be left. */
  readonly at: Place | null
  /** Ranges to be passed over once more, because rows in them were locked. */
  readonly revisit: readonly Range[]
  /** How many rows each side table was filled with, in the order of the plan's queries. */
  readonly sides: readonly number[]
}

/** A place of the walk. */
export interface Place {
  /** The object id of the table or partition; they are walked in this order. */
  readonly relation: number
  /** The file that the rows are in. Another one means that they have been moved. */
  readonly file: number
  /** The next slot: blocks times the slots of a block, plus the place in the block. */
  readonly next: number
  /** Where the table ended when the walk over it began. */
  readonly end: number
}

/** Slots of a table or partition, from `from` to before `to`. */
export interface Range {
  readonly relation: number
  readonly from: number
  readonly to: number
}
