import { floors } from './contenders.ts'
import { describeMachine } from './machine.ts'
import type { Usage } from './measure.ts'
import type { Result } from './no-op.ts'
import type { RaceResult } from './race.ts'
import type { Figures } from './run.ts'
import type { Startup } from './startup.ts'
import { median, pairedRatio } from './statistics.ts'
import { table } from './table.ts'

/** The tables for docs/benchmarks.md. */
export function report(figures: Figures): string {
  const { machine, postgres, size, noOp, apply, startup, races } = figures
  return [
    describeMachine(machine, postgres),
    `### Nothing to do\n\nA database with ${size.files} applied files; ${size.noOpRounds} rounds.`,
    usageTable(noOp),
    `metastore sent, and also did so in a database where nothing can be written:`,
    ['```sql', ...figures.noOpStatements.map(({ text }) => text), '```'].join('\n'),
    `### Applying ${size.files} files\n\nAn empty database, a new one for each run; ${size.applyRounds} rounds.`,
    usageTable(apply),
    `### Starting\n\n${size.startupRounds} rounds.`,
    startupTable(startup),
    `### Four at once, one of them killed`,
    raceTable(races),
    `### How each is run`,
    table(
      ['', ''],
      noOp.map(({ contender }) => [contender.name, contender.note]),
    ),
  ].join('\n\n')
}

/** A figure in all rounds, of everybody, with the floor that counts. */
type Figure = (usage: Usage) => number

const cpu: Figure = (usage) => usage.cpu ?? Number.NaN
const wall: Figure = (usage) => usage.wall

function usageTable(results: readonly Result[]): string {
  const count = ({ statements }: Result, kind: string) => statements.filter((each) => each.kind === kind).length
  return table(
    ['', 'CPU ms', 'to the floor', 'wall ms', 'to the floor', 'peak MiB', 'reads', 'writes', 'locks', 'other'],
    results.map((result) => [
      result.contender.name,
      ...compared(result, results, cpu),
      ...compared(result, results, wall),
      peak(result),
      ...['read', 'write', 'lock', 'session'].map((kind) => String(count(result, kind))),
    ]),
  )
}

function peak({ usages }: Result): string {
  const known = usages.flatMap(({ memory }) => (memory === null ? [] : [memory]))
  return known.length === usages.length ? (median(known) / 2 ** 20).toFixed(0) : 'less than Node'
}

function compared({ usages }: Result, results: readonly Result[], figure: Figure): [string, string] {
  const own = usages.map(figure)
  const candidates = results.filter(({ contender }) => floors.includes(contender.name))
  const [floor] = candidates.map((each) => each.usages.map(figure)).sort((a, b) => median(a) - median(b))
  return [median(own).toFixed(0), floor === undefined ? '' : pairedRatio(own, floor).toFixed(2)]
}

function startupTable({ node, version }: Startup): string {
  const row = (name: string, usages: readonly Usage[]) => [
    name,
    median(usages.map(cpu)).toFixed(0),
    median(usages.map(wall)).toFixed(0),
  ]
  const more = (figure: Figure) => median(version.map(figure)) - median(node.map(figure))
  return table(
    ['', 'CPU ms', 'wall ms'],
    [
      row('`node -e 0`', node),
      row('`metastore --version`', version),
      ['more', more(cpu).toFixed(0), more(wall).toFixed(0)],
    ],
  )
}

function raceTable(results: readonly RaceResult[]): string {
  return table(
    ['', 'all others exit 0, all is there once', 'so it is after one more run', 'what went wrong'],
    results.map(({ contender, races, won, mended, failures }) => [
      contender.name,
      `${won} of ${races}`,
      `${mended} of ${races}`,
      saidBy(failures),
    ]),
  )
}

function saidBy(failures: readonly string[]): string {
  const shown = failures.slice(0, 3).map(shortened)
  return [...shown, ...(failures.length > shown.length ? ['and others'] : [])].join('; ')
}

// A runner's words go into a page that people read: no colours, no bars, no backticks.
function shortened(failure: string): string {
  const plain = failure.replaceAll(/\u001b\[[0-9;]*m/g, '').replaceAll(/[|`]/g, ' ')
  return plain.length > 100 ? `${plain.slice(0, 99)}…` : plain
}
