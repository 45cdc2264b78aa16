import type { SizeFigures } from './backfill-rounds.ts'
import type { Finish } from './backfill-contest.ts'
import { describeMachine, type Machine, type ServerFacts } from './machine.ts'
import { median, pairedRatio, pairedRatios } from './statistics.ts'
import { table } from './table.ts'

/** All that `bench/backfill.ts` measures, as `--json` prints it. */
export interface BackfillFigures {
  readonly machine: Machine
  readonly postgres: ServerFacts
  readonly sizes: readonly SizeFigures[]
}

/** The table for docs/benchmarks.md. */
export function backfillReport({ machine, postgres, sizes }: BackfillFigures): string {
  return [
    describeMachine(machine, postgres),
    table(
      [
        'rows',
        'rounds',
        'rows/s by hand',
        'rows/s',
        'speed to by hand',
        'lowest to highest',
        'CPU to by hand',
        'batches',
        'peak MiB',
        'peak MiB by hand',
      ],
      sizes.map(row),
    ),
    spread(sizes),
  ].join('\n\n')
}

const seconds = ({ seconds: taken }: Finish) => taken

function speeds({ own, floor }: SizeFigures): number[] {
  return pairedRatios(floor.map(seconds), own.map(seconds))
}

function row(figures: SizeFigures): string[] {
  const { rows, own, floor, memory } = figures
  const ratios = speeds(figures)
  const [ownCpu, floorCpu] = [own, floor].map((finishes) => finishes.flatMap(({ cpu }) => cpu ?? []))
  const known = ownCpu?.length === own.length && floorCpu?.length === floor.length
  const speed = (finishes: readonly Finish[]) => (rows / median(finishes.map(seconds))).toFixed(0)
  return [
    String(rows),
    String(own.length),
    speed(floor),
    speed(own),
    median(ratios).toFixed(2),
    `${Math.min(...ratios).toFixed(2)} to ${Math.max(...ratios).toFixed(2)}`,
    known ? pairedRatio(ownCpu, floorCpu).toFixed(2) : '',
    String(median(own.map(({ batches }) => batches))),
    (memory.own / 2 ** 20).toFixed(0),
    (memory.floor / 2 ** 20).toFixed(0),
  ]
}

// Steady: the same ratio, whatever the size; flat: the same memory.
function spread(sizes: readonly SizeFigures[]): string {
  const ratios = sizes.map((size) => median(speeds(size)))
  const peaks = sizes.map(({ memory }) => memory.own)
  const apart = Math.max(...ratios) / Math.min(...ratios) - 1
  const grown = (peaks.at(-1) ?? 0) - (peaks[0] ?? 0)
  return `From the smallest to the largest, the ratios of speed are within ${(apart * 100).toFixed(0)} % of each other, and the peak of memory has grown by ${(grown / 2 ** 20).toFixed(0)} MiB.`
}
