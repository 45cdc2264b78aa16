import type { CommandTime } from './eight-migrations.ts'
import { middle, type Stretch } from './live-messages.ts'
import { type Felt, livePhases } from './live-phases.ts'
import { describeMachine, type Machine, type ServerFacts } from './machine.ts'
import { table } from './table.ts'
import type { WriteCost } from './write-cost.ts'

/** What the load felt of one action, in each round. */
export interface ActionFelt {
  readonly name: string
  readonly rounds: readonly Felt[]
}

/** All that `bench/live.ts` measures, as `--json` prints it. */
export interface LiveFigures {
  readonly machine: Machine
  readonly postgres: ServerFacts
  readonly rows: number
  readonly rounds: number
  readonly actions: readonly ActionFelt[]
  readonly costs: readonly WriteCost[]
  readonly commands: readonly CommandTime[]
}

/** The tables for docs/benchmarks.md. */
export function liveReport({ machine, postgres, rows, rounds, actions, costs, commands }: LiveFigures): string {
  return [
    describeMachine(machine, postgres),
    `${rows} rows; rounds: ${rounds}; milliseconds, 99th percentile / longest.`,
    table(['action', 'load alone', ...livePhases, 'failed', 'plain statement', 'failed'], actions.map(actionRow)),
    worst(actions),
    table(
      ['what is written while both versions are kept in step', 'to a plain table'],
      costs.map(({ name, ratio }) => [name, ratio.toFixed(2)]),
    ),
    table(
      ['eight small migrations, the whole process', 'ms'],
      commands.map(({ command, milliseconds }) => [command, milliseconds.toFixed(0)]),
    ),
  ].join('\n\n')
}

/** A stretch of time as the load felt it: 99th percentile / longest. */
export function stretchCell({ p99, longest }: Stretch): string {
  return `${p99.toFixed(1)} / ${longest.toFixed(0)}`
}

function actionRow({ name, rounds }: ActionFelt): string[] {
  const of = (key: keyof Felt) => middle(rounds.map((round) => round[key]))
  const failed = livePhases.reduce((sum, phase) => sum + of(phase).failures, 0)
  const phases = livePhases.map((phase) => stretchCell(of(phase)))
  return [
    name,
    stretchCell(of('alone')),
    ...phases,
    String(failed),
    stretchCell(of('plain')),
    String(of('plain').failures),
  ]
}

function worst(actions: readonly ActionFelt[]): string {
  const all = actions.flatMap(({ name, rounds }) =>
    livePhases.map((phase) => {
      const added =
        middle(rounds.map((round) => round[phase])).longest - middle(rounds.map(({ alone }) => alone)).longest
      return { name, phase, added }
    }),
  )
  const [first] = all.toSorted((a, b) => b.added - a.added)
  if (first === undefined) return 'No action was measured.'
  const { name, phase, added } = first
  return `The longest stall grew most in ${phase} of ${name}: by ${Math.max(0, added).toFixed(0)} ms over the load alone.`
}
