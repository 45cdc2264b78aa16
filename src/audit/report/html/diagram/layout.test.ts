import { describe, expect, test } from 'vitest'
import { fc } from '../../../../../test/harness/properties.ts'
import type { Box, Link } from './boxes.ts'
import { layOut, type Layout } from './layout.ts'

function overlaps({ boxes }: Layout): string[] {
  return boxes.flatMap((one, index) =>
    boxes
      .slice(index + 1)
      .filter(
        (other) =>
          one.x < other.x + other.width &&
          other.x < one.x + one.width &&
          one.y < other.y + other.height &&
          other.y < one.y + one.height,
      )
      .map((other) => `${one.id} and ${other.id}`),
  )
}

function outside({ boxes, width, height }: Layout): number[] {
  return boxes
    .filter((box) => box.x < 0 || box.y < 0 || box.x + box.width > width || box.y + box.height > height)
    .map(({ id }) => id)
}

/** The level parts of edges that run through a box. */
function crossed({ boxes, passages }: Layout): string[] {
  return passages.flatMap((way, link) =>
    way.flatMap(({ left, right, y }) =>
      boxes
        .filter((box) => box.y < y && y < box.y + box.height && box.x < right && left < box.x + box.width)
        .map(({ id }) => `link ${link} through ${id}`),
    ),
  )
}

function boxes(number: number): Box[] {
  return Array.from({ length: number }, (_, id) => ({
    id,
    width: 150 + ((id * 37) % 140),
    height: 55 + ((id * 53) % 330),
  }))
}

/** Each box refers to some of those before it, and the last ones to one of those after it, which makes circles. */
function links(number: number): Link[] {
  return Array.from({ length: number }, (_, from) => from).flatMap((from) => [
    ...(from % 5 === 4
      ? []
      : [
          { from, to: Math.floor(from / 3) },
          { from, to: (from * 7) % Math.max(1, from) },
        ]),
    ...(from % 11 === 10 ? [{ from: from - 6, to: from }] : []),
  ])
}

describe('layout', () => {
  test('forty tables do not overlap, lie within the picture, and no edge runs through one', () => {
    const layout = layOut(boxes(40), links(40))
    expect(layout.boxes.map(({ id }) => id).toSorted((one, other) => one - other)).toEqual(
      boxes(40).map(({ id }) => id),
    )
    expect(overlaps(layout)).toEqual([])
    expect(outside(layout)).toEqual([])
    expect(layout.passages.flat().length).toBeGreaterThan(10)
    expect(crossed(layout)).toEqual([])
  })

  test('any tables and foreign keys have a layout without overlaps, and the same one each time', () => {
    const graph = fc.integer({ min: 1, max: 14 }).chain((number) =>
      fc.record({
        boxes: fc.array(
          fc.record({ width: fc.integer({ min: 150, max: 500 }), height: fc.integer({ min: 36, max: 500 }) }),
          {
            minLength: number,
            maxLength: number,
          },
        ),
        links: fc.array(fc.record({ from: fc.nat(number - 1), to: fc.nat(number - 1) }), { maxLength: 24 }),
      }),
    )
    fc.assert(
      fc.property(graph, (one) => {
        const numbered = one.boxes.map((box, id) => ({ ...box, id }))
        const layout = layOut(numbered, one.links)
        expect([overlaps(layout), outside(layout), crossed(layout)]).toEqual([[], [], []])
        expect(layout.passages.length).toBe(one.links.length)
        expect(layOut(structuredClone(numbered), structuredClone(one.links))).toEqual(layout)
      }),
      { numRuns: 60 },
    )
  })

  test('what is referred to stands to the left of what refers to it', () => {
    const { boxes: placed } = layOut(boxes(3), [
      { from: 2, to: 1 },
      { from: 1, to: 0 },
    ])
    const x = new Map(placed.map((box) => [box.id, box.x]))
    expect([0, 1, 2].map((id) => x.get(id))).toEqual([0, 1, 2].map((id) => x.get(id)).toSorted((a = 0, b = 0) => a - b))
    expect(new Set(x.values()).size).toBe(3)
  })

  test('forty tables that refer to one stand in rows to the right of it and of what else there is', () => {
    const star = Array.from({ length: 40 }, (_, index) => ({ from: index + 1, to: 0 }))
    const layout = layOut(boxes(43), [...star, { from: 41, to: 0 }, { from: 42, to: 41 }])
    expect(overlaps(layout)).toEqual([])
    expect(outside(layout)).toEqual([])
    expect(crossed(layout)).toEqual([])
    const [hub, near, far, ...leaves] = [0, 41, 42, ...star.map(({ from }) => from)].map((id) =>
      layout.boxes.find((box) => box.id === id),
    )
    const left = Math.min(...leaves.map((box) => box?.x ?? 0))
    expect([hub, near, far].map((box) => box !== undefined && box.x + box.width < left)).toEqual([true, true, true])
    expect(new Set(leaves.map((box) => box?.x)).size).toBeLessThan(10)
    expect(new Set(leaves.map((box) => box?.y)).size).toBeLessThan(10)
    expect(layout.width / layout.height).toBeGreaterThan(0.8)
    expect(layout.width / layout.height).toBeLessThan(2.5)
  })

  test('no tables make an empty picture', () => {
    expect(layOut([], [])).toEqual({ width: 16, height: 32, boxes: [], passages: [] })
  })
})
