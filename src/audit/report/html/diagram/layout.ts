import type { Box, Link, Passage, Placed } from './boxes.ts'
import { createGraph, placeGraph } from './dagre.ts'
import { type Grid, gridsOf } from './grid.ts'

/** Boxes and edges with their places; `passages` are those of the links, in their order and from left to right. */
export interface Layout {
  readonly width: number
  readonly height: number
  readonly boxes: readonly Placed[]
  readonly passages: readonly (readonly Passage[])[]
}

const gap = { between: 28, columns: 92, parts: 44, margin: 16 }

/**
 * Places boxes in columns, so that what is referred to stands to the left of what refers to it, and finds ways for the edges
 * past the boxes. What has no connection is placed apart, in rows. The same input gives the same layout. Pure.
 */
export function layOut(boxes: readonly Box[], links: readonly Link[]): Layout {
  const parts = connected(boxes, links).map((part) => layOutPart(part, boxes, links))
  const area = parts.reduce((sum, { width, height }) => sum + (width + gap.parts) * (height + gap.parts), 0)
  const width = Math.max(...parts.map((part) => part.width), Math.min(1600, Math.sqrt(area * 1.8)), 0)
  return stack(parts, width, links.length)
}

interface Part extends Layout {
  /** The links that `passages` belong to. */
  readonly links: readonly number[]
}

// Rows from the highest part to the lowest, each as wide as there is room.
function stack(parts: readonly Part[], room: number, linkNumber: number): Layout {
  const placed: Placed[] = []
  const passages: (readonly Passage[])[] = Array.from({ length: linkNumber }, () => [])
  let [x, y, rowHeight, width] = [gap.margin, gap.margin, 0, 0]
  for (const part of parts.toSorted((one, other) => other.height - one.height || other.width - one.width)) {
    if (x > gap.margin && x + part.width > room + gap.margin) {
      y += rowHeight + gap.parts
      x = gap.margin
      rowHeight = 0
    }
    for (const box of part.boxes) placed.push({ ...box, x: box.x + x, y: box.y + y })
    for (const [index, link] of part.links.entries()) {
      const own = part.passages[index] ?? []
      passages[link] = own.map((one) => ({ left: one.left + x, right: one.right + x, y: one.y + y }))
    }
    rowHeight = Math.max(rowHeight, part.height)
    width = Math.max(width, x + part.width)
    x += part.width + gap.parts
  }
  return { width: width + gap.margin, height: y + rowHeight + gap.margin, boxes: placed, passages }
}

function connected(boxes: readonly Box[], links: readonly Link[]): readonly ReadonlySet<number>[] {
  const neighbours = new Map<number, number[]>(boxes.map(({ id }) => [id, []]))
  for (const { from, to } of links) {
    neighbours.get(from)?.push(to)
    neighbours.get(to)?.push(from)
  }
  const seen = new Set<number>()
  return boxes.flatMap(({ id }) => {
    if (seen.has(id)) return []
    const part = new Set([id])
    for (const member of part) for (const next of neighbours.get(member) ?? []) part.add(next)
    for (const member of part) seen.add(member)
    return [part]
  })
}

type Indexed = readonly (readonly [number, Link])[]

function layOutPart(members: ReadonlySet<number>, boxes: readonly Box[], links: readonly Link[]): Part {
  const own = boxes.filter(({ id }) => members.has(id))
  const indexed = [...links.entries()].filter(([, { from, to }]) => from !== to && members.has(from) && members.has(to))
  const grids = gridsOf(
    own,
    indexed.map(([, link]) => link),
    limitOf(own),
  )
  const gridAt = new Map(grids.flatMap((grid) => grid.placed.map(({ id }) => [id, grid] as const)))
  const core = own.filter(({ id }) => !gridAt.has(id))
  const coreLinks = indexed.filter(([, { from }]) => !gridAt.has(from))
  const { placed: centred, points } = solveAll(core, coreLinks, grids)
  const columns = columnsOf(centred)
  // All boxes of a column are as wide as the widest.
  const placed = columns.flatMap(({ left, right, members }) =>
    members.flatMap((box) => {
      const grid = grids.find(({ id }) => id === box.id)
      if (grid === undefined) return [{ ...box, x: left, width: right - left }]
      return grid.placed.map((cell) => ({ ...cell, x: cell.x + box.x, y: cell.y + box.y }))
    }),
  )
  const passagesOf = (way: readonly Point[], { from, to }: Link): Passage[] => {
    const ends = new Set([columnAt(columns, centreOf(centred, from)), columnAt(columns, centreOf(centred, to))])
    return way
      .flatMap(({ x, y }) => {
        const column = columnAt(columns, x)
        return column === undefined || ends.has(column) ? [] : [{ left: column.left, right: column.right, y }]
      })
      .toSorted((one, other) => one.left - other.left)
  }
  return {
    width: Math.max(...placed.map(({ x, width }) => x + width)),
    height: Math.max(...placed.map(({ y, height }) => y + height)),
    boxes: placed,
    links: indexed.map(([index]) => index),
    passages: indexed.map(([index, link]) => {
      const grid = gridAt.get(link.from)
      if (grid === undefined) return passagesOf(points.get(index) ?? [], link)
      const corner = centred.find(({ id }) => id === grid.id)
      const inside = grid.passages.get(link.from) ?? []
      return [
        ...passagesOf(points.get(grid.id) ?? [], { from: grid.id, to: grid.hub }),
        ...inside.map(({ left, right, y }) => ({
          left: left + (corner?.x ?? 0),
          right: right + (corner?.x ?? 0),
          y: y + (corner?.y ?? 0),
        })),
      ]
    }),
  }
}

// How high a column may be.
function limitOf(boxes: readonly Box[]): number {
  const area = boxes.reduce((sum, { width, height }) => sum + (width + gap.columns) * (height + gap.between), 0)
  return Math.max(900, Math.sqrt(area))
}

// Grids stand to the right of all other boxes: one is as wide as several columns.
function solveAll(boxes: readonly Box[], links: Indexed, grids: readonly Grid[]): Solution {
  const first = solve(boxes, links, new Map())
  const wide = spread(first, boxes, links)
  if (grids.length === 0) return wide === null ? first : solve(boxes, links, wide)
  const second = wide === null ? first : solve(boxes, links, wide)
  const columns = columnsOf(second.placed).toSorted((one, other) => one.left - other.left)
  const lengths = new Map(wide)
  for (const { id, hub } of grids) {
    const place = columns.findIndex(({ members }) => members.some((box) => box.id === hub))
    lengths.set(id, columns.length - place)
  }
  const gridLinks = grids.map(({ id, hub }) => [id, { from: id, to: hub }] as const)
  return solve([...boxes, ...grids], [...links, ...gridLinks], lengths)
}

interface Point {
  readonly x: number
  readonly y: number
}

interface Solution {
  readonly placed: readonly Placed[]
  readonly points: ReadonlyMap<number, readonly Point[]>
}

// `lengths` says how many columns at least the links into a box span.
function solve(boxes: readonly Box[], links: Indexed, lengths: ReadonlyMap<number, number>): Solution {
  const graph = createGraph()
  graph.setGraph({ rankdir: 'LR', nodesep: gap.between, edgesep: 18, ranksep: gap.columns, marginx: 0, marginy: 0 })
  for (const { id, width, height } of boxes) graph.setNode(String(id), { width, height })
  for (const [index, { from, to }] of links) {
    graph.setEdge(String(to), String(from), { minlen: lengths.get(from) ?? 1 }, String(index))
  }
  placeGraph(graph)
  const placed = boxes.map((box) => {
    const { x = 0, y = 0 } = graph.node(String(box.id))
    return { ...box, x: x - box.width / 2, y: y - box.height / 2 }
  })
  const points = new Map(
    links.map(([index, { from, to }]) => [
      index,
      graph.edge({ v: String(to), w: String(from), name: String(index) }).points ?? [],
    ]),
  )
  return { placed, points }
}

// Boxes that nothing refers to make a long column where many refer to one; they are dealt out to several.
function spread({ placed }: Solution, boxes: readonly Box[], links: Indexed): ReadonlyMap<number, number> | null {
  const limit = limitOf(boxes)
  const referredTo = new Set(links.map(([, { to }]) => to))
  const lengths = new Map<number, number>()
  for (const { members } of columnsOf(placed)) {
    const ends = members.filter(({ id }) => !referredTo.has(id)).toSorted((one, other) => one.y - other.y)
    const total = members.reduce((sum, { height }) => sum + height + gap.between, 0)
    if (total <= limit || ends.length < 2) continue
    let used = members.reduce((sum, { id, height }) => sum + (referredTo.has(id) ? height + gap.between : 0), 0)
    for (const { id, height } of ends) {
      used += height + gap.between
      const length = 1 + Math.floor(used / limit)
      if (length > 1) lengths.set(id, length)
    }
  }
  return lengths.size === 0 ? null : lengths
}

interface ColumnOfBoxes {
  readonly left: number
  readonly right: number
  readonly members: readonly Placed[]
}

// Boxes of one column have one centre; columns do not overlap.
function columnsOf(placed: readonly Placed[]): readonly ColumnOfBoxes[] {
  const byCentre = new Map<number, Placed[]>()
  for (const box of placed) {
    const centre = Math.round(box.x + box.width / 2)
    byCentre.set(centre, [...(byCentre.get(centre) ?? []), box])
  }
  return [...byCentre.values()].map((members) => ({
    left: Math.min(...members.map(({ x }) => x)),
    right: Math.max(...members.map(({ x, width }) => x + width)),
    members,
  }))
}

function columnAt(columns: readonly ColumnOfBoxes[], x: number): ColumnOfBoxes | undefined {
  return columns.find(({ left, right }) => x >= left - 1 && x <= right + 1)
}

function centreOf(placed: readonly Placed[], id: number): number {
  const box = placed.find((one) => one.id === id)
  return box === undefined ? 0 : box.x + box.width / 2
}
