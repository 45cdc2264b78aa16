import { parseArgs } from 'node:util'
import { feelBackfill, type FeltBackfill, variants } from './live-backfill-rounds.ts'
import { middle, type Stretch } from './live-messages.ts'
import { makeTemplates } from './live-phases.ts'
import { openLiveProject } from './live-project.ts'
import { describeMachine, thisMachine } from './machine.ts'
import { publish } from './page.ts'
import { startServer } from './server.ts'
import { median, pairedRatio } from './statistics.ts'
import { table } from './table.ts'

// `node scripts/run.mjs bench/live-backfill.ts` prints what eight writers and a reader feel while all rows get a new value: by
// `metastore start`, by a loop written by hand, and by a throttled start; beside the same load alone. About three minutes.

const { values } = parseArgs({
  options: {
    rows: { type: 'string', default: '200000' },
    rounds: { type: 'string', default: '3' },
    /** The share of time that the throttled start waits. */
    throttle: { type: 'string', default: '0.5' },
    json: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
  },
})
const [rows, rounds] = [Number(values.rows), Number(values.rounds)]

using project = await openLiveProject()
const server = await startServer()
try {
  const templates = await makeTemplates(server, project, rows)
  const felt: FeltBackfill[] = []
  for (let round = 0; round < rounds; round += 1) {
    process.stderr.write(`round ${round + 1} of ${rounds}…\n`)
    felt.push(await feelBackfill({ server, project, templates, throttle: values.throttle }, round))
  }
  const { version, settings } = server
  const postgres = { version, settings }
  const figures = { machine: thisMachine(), postgres, rows, throttle: values.throttle, rounds: felt }
  publish('backfill-load', figures, report(figures.rounds), values)
} finally {
  await server.stop()
}

function report(all: readonly FeltBackfill[]): string {
  const alone = middle(all.map((round) => round.alone.stretch))
  const row = (name: string, stretch: Stretch, key: keyof FeltBackfill) => [
    name,
    stretch.p99.toFixed(1),
    stretch.longest.toFixed(0),
    pairedRatio(
      all.map((round) => round[key].stretch.p99),
      all.map((round) => round.alone.stretch.p99),
    ).toFixed(2),
    String(stretch.failures),
    key === 'alone' ? '' : median(all.map((round) => round[key].seconds)).toFixed(1),
  ]
  return [
    describeMachine(thisMachine(), server),
    `${rows} rows; rounds: ${rounds}; throttled to wait ${values.throttle} of the time; milliseconds.`,
    table(
      ['', 'p99', 'longest', 'p99 to the load alone', 'failed', 'seconds'],
      [
        row('load alone', alone, 'alone'),
        ...variants.map(({ key, name }) => row(name, middle(all.map((round) => round[key].stretch)), key)),
      ],
    ),
  ].join('\n\n')
}
