/** A box to be placed. */
export interface Box {
  readonly id: number
  readonly width: number
  readonly height: number
}

/** An edge to be led from one box to another one. */
export interface Link {
  readonly from: number
  readonly to: number
}

/** Where a box is: its upper left corner. */
export interface Placed extends Box {
  readonly x: number
  readonly y: number
}

/** A column of boxes that an edge passes through, and where it does so. */
export interface Passage {
  readonly left: number
  readonly right: number
  readonly y: number
}
