import picocolors from 'picocolors'

/** How parts of a text stand out on a terminal; plain text elsewhere. */
export interface Palette {
  readonly good: (text: string) => string
  readonly bad: (text: string) => string
  readonly warn: (text: string) => string
  readonly strong: (text: string) => string
  readonly faint: (text: string) => string
}

/** The palette for a stream that is a terminal, or for one that is not. */
export function palette(coloured: boolean): Palette {
  const colours = picocolors.createColors(coloured)
  return {
    good: colours.green,
    bad: colours.red,
    warn: colours.yellow,
    strong: colours.bold,
    faint: colours.dim,
  }
}
