import type { BackfillOptions } from './options.ts'

// A batch that takes longer holds its rows' locks for too long for whoever writes to them.
const tooSlow = 250

/** How many rows the next batch is to have, about. */
export type Goal = number

/** The first batch is small, because nobody knows yet what a row costs. */
export function firstGoal({ batchSize }: BackfillOptions): Goal {
  return Math.max(1, Math.floor(batchSize / 10))
}

/** The next batch after one that took so many milliseconds: half after a slow one, more after a fast one. */
export function nextGoal(goal: Goal, elapsed: number, { batchSize }: BackfillOptions): Goal {
  if (elapsed > tooSlow) return Math.max(1, Math.floor(goal / 2))
  // What fits half of the time, so that a batch that is a little slower is not too slow.
  const fitting = Math.floor((goal * tooSlow) / 2 / Math.max(elapsed, 1))
  return Math.min(batchSize, Math.max(goal, fitting))
}

/** Whether a batch that found less than it was to have goes on looking: elsewhere the table may be denser. */
export function goesOn(rows: number, goal: Goal, elapsed: number): boolean {
  return rows < goal * 0.9 && elapsed < tooSlow / 2
}

/** How many rows the blocks hold that were seen: lately, and at most. */
export interface Density {
  readonly recent: number
  readonly highest: number
}

/** Rows of a block as long as nobody knows better: such of about 150 bytes. */
export const assumedDensity = 50

/** How many blocks hold as many rows as are wanted, about; at least one. */
export function blocksFor(wanted: number, density: Density | undefined): number {
  if (density === undefined) return Math.ceil(wanted / assumedDensity)
  // After sparse blocks dense ones may come, and then the batch would be many times too large.
  const most = 4 * Math.ceil(wanted / density.highest)
  return Math.min(most, Math.ceil(wanted / density.recent))
}

/** The density after so many rows were found in so many blocks. */
export function seen(density: Density | undefined, rows: number, blocks: number): Density {
  const here = Math.max(rows, 0.1) / blocks
  if (density === undefined) return { recent: here, highest: here }
  return { recent: (density.recent + here) / 2, highest: Math.max(density.highest, here) }
}

/** Milliseconds to wait after a batch. */
export function pauseAfter(elapsed: number, { batchDelay, throttle }: BackfillOptions): number {
  return Math.max(batchDelay, throttle === 0 ? 0 : (elapsed * throttle) / (1 - throttle))
}
