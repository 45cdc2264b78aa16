import type { BatchRow } from './prepare-rows.ts'
import type { ResolvedStep, StageWorld } from './staged.ts'

/** From each row to the rows of the same step that must be written before it. */
type Edges = ReadonlyMap<number, readonly number[]>

function edgesOf(step: ResolvedStep, rows: readonly BatchRow[]): Edges {
  return new Map(
    rows.map(({ row, values }) => [
      row,
      values.flatMap((value) => {
        if (typeof value !== 'object' || value === null || !('late' in value) || value.late !== 'ref') return []
        return value.planned?.step === step.number ? [value.planned.row] : []
      }),
    ]),
  )
}

/** Reports rows of a step that refer to each other in a circle, so that none of them can be the first. */
export function reportCycle({ problems }: StageWorld, step: ResolvedStep, rows: readonly BatchRow[]): void {
  const { source } = step
  const edges = edgesOf(step, rows)
  const done = new Set<number>()
  for (const start of edges.keys()) {
    const path: number[] = []
    // Depth first, without recursion: rows may refer to each other in a chain of any length.
    const stack = [{ row: start, leave: false }]
    for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
      if (next.leave) {
        done.add(path.pop() ?? next.row)
        continue
      }
      if (done.has(next.row)) continue
      if (path.includes(next.row)) {
        const places = path.slice(path.indexOf(next.row)).map((row) => source.place(row))
        const others = places.slice(1)
        const message =
          others.length === 0
            ? 'The row refers to itself.'
            : `The rows refer to each other in a circle: ${places.join(', ')}.`
        problems.add(
          places[0] ?? source.place(next.row),
          message,
          'Leave one of the references out, and set it in a later step.',
        )
        return
      }
      path.push(next.row)
      stack.push({ row: next.row, leave: true })
      for (const row of edges.get(next.row) ?? []) stack.push({ row, leave: false })
    }
  }
}
