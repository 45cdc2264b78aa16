import { parseArgs } from 'node:util'
import { openDatabase } from '../src/database/database.ts'
import { byBackfill, byHand, type Finish, makeMessages } from './backfill-contest.ts'
import { startServer, type Server } from './server.ts'
import { median, pairedRatio } from './statistics.ts'

// `node scripts/run.mjs bench/backfill.ts` prints a table: the speed of a backfill to that of a loop written by hand over the
// same rows, on the same server in turn. With METASTORE_BENCH=full also at ten million rows.

const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '5' }, rows: { type: 'string', multiple: true } },
})
const large = process.env['METASTORE_BENCH'] === 'full' ? [10_000_000] : []
const sizes = values.rows?.map(Number) ?? [10_000, 100_000, 1_000_000, ...large]

/** What both have come to in each round. */
interface Rounds {
  readonly own: readonly Finish[]
  readonly floor: readonly Finish[]
}

async function contest(server: Server, rows: number, rounds: number): Promise<Rounds> {
  const own: Finish[] = []
  const floor: Finish[] = []
  // The first round only warms the caches.
  for (let round = 0; round <= rounds; round++) {
    for (const who of round % 2 === 0 ? (['own', 'floor'] as const) : (['floor', 'own'] as const)) {
      const finish = await once(server, rows, who === 'own' ? byBackfill : byHand)
      if (finish.rows !== rows) throw new Error(`${who} has done ${finish.rows} of ${rows} rows.`)
      if (round > 0) (who === 'own' ? own : floor).push(finish)
    }
  }
  return { own, floor }
}

async function once(server: Server, rows: number, work: typeof byHand): Promise<Finish> {
  const url = await server.freshDatabase()
  try {
    await using database = await openDatabase(url)
    await makeMessages(database, rows)
    return await work(database)
  } finally {
    await server.dropDatabase(url)
  }
}

function line(rows: number, { own, floor }: Rounds): string {
  const speed = pairedRatio(
    floor.map(({ seconds }) => seconds),
    own.map(({ seconds }) => seconds),
  )
  const cpu = [own, floor].map((finishes) => finishes.flatMap((finish) => finish.cpu ?? []))
  const work = cpu[0]?.length === own.length ? pairedRatio(cpu[0], cpu[1] ?? []).toFixed(2) : ''
  const peak = median(own.map((finish) => finish.peak)) / 2 ** 20
  const batches = median(own.map((finish) => finish.batches))
  return `| ${rows} | ${speed.toFixed(2)} | ${work} | ${batches} | ${peak.toFixed(0)} |`
}

const server = await startServer()
try {
  process.stdout.write('| rows | speed to the floor | CPU to the floor | batches | heap MiB |\n')
  process.stdout.write('| ---: | ---: | ---: | ---: | ---: |\n')
  for (const rows of sizes) {
    process.stdout.write(`${line(rows, await contest(server, rows, rows > 1_000_000 ? 3 : Number(values.rounds)))}\n`)
  }
} finally {
  await server.stop()
}
