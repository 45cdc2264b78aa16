import { parseArgs } from 'node:util'
import { contest, type SizeFigures } from './backfill-rounds.ts'
import { backfillReport } from './backfill-report.ts'
import { thisMachine } from './machine.ts'
import { publish } from './page.ts'
import { startServer } from './server.ts'

// `node scripts/run.mjs bench/backfill.ts` prints the speed of a backfill to that of a loop written by hand over the same rows,
// on the same server in turn, and the memory of each; about five minutes. With METASTORE_BENCH=full also at ten million rows,
// which takes half an hour more.

const { values } = parseArgs({
  options: {
    /** Rounds at every size; by default the fewer the larger it is. */
    rounds: { type: 'string' },
    rows: { type: 'string', multiple: true },
    json: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
  },
})
const large = process.env['METASTORE_BENCH'] === 'full' ? [10_000_000] : []
const sizes = values.rows?.map(Number) ?? [10_000, 100_000, 1_000_000, ...large]

function roundsFor(rows: number): number {
  if (values.rounds !== undefined) return Number(values.rounds)
  if (rows <= 10_000) return 15
  if (rows <= 100_000) return 9
  return rows <= 1_000_000 ? 5 : 3
}

const server = await startServer()
try {
  const figures: SizeFigures[] = []
  for (const rows of sizes) {
    process.stderr.write(`${rows} rows…\n`)
    figures.push(await contest(server, rows, roundsFor(rows)))
  }
  const { version, settings } = server
  const all = { machine: thisMachine(), postgres: { version, settings }, sizes: figures }
  publish('backfill', all, backfillReport(all), values)
} finally {
  await server.stop()
}
