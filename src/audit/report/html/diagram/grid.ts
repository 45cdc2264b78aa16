import type { Box, Link, Passage, Placed } from './boxes.ts'

/** Boxes that refer to one box only, and that nothing refers to, in rows; as a whole it is a box itself. */
export interface Grid extends Box {
  /** The box that all of them refer to. */
  readonly hub: number
  /** Their places within the grid. */
  readonly placed: readonly Placed[]
  /** Past what an edge goes to each, by its id, from left to right. */
  readonly passages: ReadonlyMap<number, readonly Passage[]>
}

const gap = { columns: 64, rows: 44 }
// Where the lowest edge runs in the gap above a row, and how far the next ones are from it.
const lane = { first: 8, step: 4 }

/**
 * The boxes around a box that would make a column higher than a page, as grids. The highest come first, so that those of one
 * row are about as high as each other; equal ones stay in their order. Pure.
 */
export function gridsOf(boxes: readonly Box[], links: readonly Link[], limit: number): readonly Grid[] {
  const neighbours = new Map<number, Set<number>>(boxes.map(({ id }) => [id, new Set()]))
  const referredTo = new Set(links.map(({ to }) => to))
  for (const { from, to } of links) {
    neighbours.get(from)?.add(to)
    neighbours.get(to)?.add(from)
  }
  const around = new Map<number, Box[]>()
  for (const box of boxes) {
    const [hub, ...others] = neighbours.get(box.id) ?? []
    if (hub === undefined || others.length > 0 || referredTo.has(box.id)) continue
    around.set(hub, [...(around.get(hub) ?? []), box])
  }
  return [...around].flatMap(([hub, members]) => (heightOf(members) > limit ? [gridOf(hub, members)] : []))
}

function heightOf(boxes: readonly Box[]): number {
  return boxes.reduce((sum, { height }) => sum + height + gap.rows, 0)
}

function gridOf(hub: number, members: readonly Box[]): Grid {
  const cell = Math.max(...members.map(({ width }) => width))
  const pitch = cell + gap.columns
  // Half as wide again as it is high, and as many columns at most as there are lanes for.
  const wanted = Math.round(Math.sqrt((heightOf(members) * 1.5) / pitch))
  const columns = Math.min(Math.max(2, wanted), Math.floor((gap.rows - lane.first) / lane.step))
  const sorted = members.toSorted((one, other) => other.height - one.height || one.id - other.id)
  const placed: Placed[] = []
  const passages = new Map<number, readonly Passage[]>()
  let y = gap.rows
  for (let first = 0; first < sorted.length; first += columns) {
    const row = sorted.slice(first, first + columns)
    for (const [column, box] of row.entries()) {
      placed.push({ ...box, width: cell, x: column * pitch, y })
      const above = y - lane.first - Math.max(0, column - 1) * lane.step
      passages.set(
        box.id,
        Array.from({ length: column }, (_, each) => ({ left: each * pitch, right: each * pitch + cell, y: above })),
      )
    }
    y += Math.max(...row.map(({ height }) => height)) + gap.rows
  }
  const used = Math.min(columns, sorted.length)
  return { id: -1 - hub, hub, width: used * pitch - gap.columns, height: y - gap.rows, placed, passages }
}
