import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { openDatabase } from '../src/database/database.ts'
import { completeBatch, openEngine, readMigrationFiles, startBatch } from '../src/migrations/migrations.ts'
import { eightMigrations } from './eight-migrations.ts'
import { liveActions, type LiveAction } from './live-actions.ts'
import { messagesSchema, middle, startLoad, type Stretch } from './live-messages.ts'
import { startServer, type Server } from './server.ts'
import { writeCosts } from './write-cost.ts'

// `node scripts/run.mjs bench/live.ts` prints three tables: what eight writers and a reader feel while actions start and
// complete, beside the same load alone and beside the plain statement; what a row costs that both versions write; and how long
// eight small migrations take.

const { values } = parseArgs({
  options: {
    rows: { type: 'string', default: '200000' },
    rounds: { type: 'string', default: '3' },
    only: { type: 'string', multiple: true },
  },
})
const rows = Number(values.rows)
const least = 2000

interface Felt {
  readonly alone: Stretch
  readonly start: Stretch
  readonly complete: Stretch
  readonly plain: Stretch
}

async function feel(server: Server, action: LiveAction): Promise<Felt> {
  const url = await server.freshDatabase()
  const directory = mkdtempSync(path.join(tmpdir(), 'metastore-live-'))
  const write = (name: string, list: readonly object[]) =>
    writeFileSync(path.join(directory, `${name}.json`), JSON.stringify({ actions: list }))
  const files = () => readMigrationFiles([{ path: 'migrations', absolute: directory }])
  try {
    await using database = await openDatabase(url)
    await using engine = await openEngine(database, {})
    write('1_base', [{ type: 'custom', complete: messagesSchema(rows) }])
    await startBatch(engine, await files(), { complete: true })
    await engine.session.script('vacuum analyze')
    write('2_change', action.actions)
    const list = await files()
    const load = await startLoad(url, 'migration_1_base', rows)
    const alone = await load.during('alone', 2 * least, () => Promise.resolve())
    const start = await load.during('start', least, async () => void (await startBatch(engine, list)))
    await load.moveTo('migration_2_change')
    const complete = await load.during('complete', least, async () => void (await completeBatch(engine)))
    await load.stop()
    return { alone, start, complete, plain: await feelPlain(server, action) }
  } finally {
    rmSync(directory, { recursive: true, force: true })
    await server.dropDatabase(url)
  }
}

// What people do without a tool: the statement, on the table that everybody uses.
async function feelPlain(server: Server, { plain }: LiveAction): Promise<Stretch> {
  const url = await server.freshDatabase()
  try {
    await using database = await openDatabase(url)
    await using session = await database.session()
    await session.script(messagesSchema(rows))
    await session.script('vacuum analyze')
    const load = await startLoad(url, 'public', rows)
    await load.during('alone', least, () => Promise.resolve())
    const felt = await load.during('plain', least, () => session.script(plain))
    await load.stop()
    return felt
  } finally {
    await server.dropDatabase(url)
  }
}

function line(name: string, rounds: readonly Felt[]): string {
  const [alone, start, complete, plain] = (['alone', 'start', 'complete', 'plain'] as const).map((key) =>
    middle(rounds.map((round) => round[key])),
  )
  const cell = (stretch: Stretch | undefined) =>
    stretch === undefined ? '' : `${stretch.p99.toFixed(1)} / ${stretch.longest.toFixed(0)}`
  const failed = (start?.failures ?? 0) + (complete?.failures ?? 0)
  return `| ${name} | ${cell(alone)} | ${cell(start)} | ${cell(complete)} | ${failed} | ${cell(plain)} | ${plain?.failures ?? 0} |`
}

const server = await startServer()
try {
  const chosen = liveActions.filter(
    ({ name }) => values.only === undefined || values.only.some((one) => name.startsWith(one)),
  )
  process.stdout.write(`${rows} rows; milliseconds, p99 / longest\n\n`)
  process.stdout.write('| action | load alone | start | complete | failed | plain statement | failed |\n')
  process.stdout.write('| --- | ---: | ---: | ---: | ---: | ---: | ---: |\n')
  for (const action of chosen) {
    const rounds: Felt[] = []
    for (let round = 0; round < Number(values.rounds); round += 1) rounds.push(await feel(server, action))
    process.stdout.write(`${line(action.name, rounds)}\n`)
  }
  process.stdout.write('\n| written | to a plain table |\n| --- | ---: |\n')
  for (const { name, ratio } of await writeCosts(server, Number(values.rounds))) {
    process.stdout.write(`| ${name} | ${ratio.toFixed(2)} |\n`)
  }
  process.stdout.write('\n| whole process | ms |\n| --- | ---: |\n')
  for (const { command, milliseconds } of await eightMigrations(server, Number(values.rounds))) {
    process.stdout.write(`| ${command} | ${milliseconds.toFixed(0)} |\n`)
  }
} finally {
  await server.stop()
}
