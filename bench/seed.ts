import { createWriteStream, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { openDatabase, sql, type Session } from '../src/database/database.ts'
import { loadDefaultExport, splitScript } from '../src/migrations/migrations.ts'
import { applySeeds, isNothingToDo, readSeedFiles, type SeedOptions } from '../src/seeds/seeds.ts'
import { startServer } from './server.ts'

// `node scripts/run.mjs bench/seed.ts` prints how fast messages are seeded, as a ratio of a bare COPY of the same rows in the
// same run: from CSV and from JSON lines into an empty table, over rows of which a tenth changed, and over rows that are the same.

const { values } = parseArgs({
  options: { rows: { type: 'string', default: '1000000' }, rounds: { type: 'string', default: '3' } },
})
const rows = Number(values.rows)

const schema = `
  create table if not exists messages (id bigint primary key, conversation_id bigint not null, role text not null, content text not null,
    metadata jsonb, created_at timestamptz not null);
  truncate messages`
const columns = ['id', 'conversation_id', 'role', 'content', 'metadata', 'created_at']

function row(id: number, changed: boolean): string[] {
  const content = `Message ${id} of a conversation, with ${'words '.repeat(8 + (id % 9))}${changed && id % 10 === 0 ? 'and more' : ''}`
  const at = new Date(1_700_000_000_000 + id * 1000).toISOString()
  return [String(id), String(id >> 5), id % 2 === 0 ? 'user' : 'assistant', content, `{"tokens":${id % 512}}`, at]
}

async function writeRows(file: string, line: (id: number) => string, head: string): Promise<void> {
  const stream = createWriteStream(file)
  stream.write(head)
  for (let id = 0; id < rows; id += 1)
    if (!stream.write(line(id)) && stream.writableNeedDrain) await once(stream, 'drain')
  stream.end()
  await once(stream, 'close')
}

const csvLine = (changed: boolean) => (id: number) =>
  `${row(id, changed)
    .map((text) => (/[",]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text))
    .join(',')}\n`
const jsonLine = (id: number) => {
  const [, conversation, role, content, metadata, at] = row(id, false)
  return `{"id":${id},"conversation_id":${conversation},"role":"${role}","content":"${content}","metadata":${metadata},"created_at":"${at}"}\n`
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now()
  await work()
  return performance.now() - start
}

const directory = mkdtempSync(path.join(tmpdir(), 'metastore-seed-'))
const server = await startServer()
const median = (list: readonly number[]) => list.toSorted((a, b) => a - b)[Math.floor(list.length / 2)] ?? NaN
try {
  await writeRows(path.join(directory, 'first.csv'), csvLine(false), `${columns.join(',')}\n`)
  await writeRows(path.join(directory, 'changed.csv'), csvLine(true), `${columns.join(',')}\n`)
  await writeRows(path.join(directory, 'first.jsonl'), jsonLine, '')
  await using database = await openDatabase(await server.freshDatabase())
  await using session = await database.session()
  const options = (file: string, force = true): SeedOptions => {
    const seeds = path.join(directory, 'seeds')
    rmSync(seeds, { recursive: true, force: true })
    mkdirSync(seeds)
    writeFileSync(path.join(seeds, 'messages.toml'), `table = "messages"\nkey = ["id"]\nrows_from = "../${file}"\n`)
    return {
      database,
      session,
      baseSchema: 'public',
      stateSchema: 'metastore',
      set: 'seeds',
      files: readSeedFiles([{ path: 'seeds', absolute: seeds }]),
      environment: null,
      variable: () => undefined,
      secrets: null,
      readers: { splitSql: splitScript, loadScript: loadDefaultExport },
      position: null,
      actor: 'bench',
      force,
    }
  }
  const cases: Record<string, number[]> = { copy: [], csv: [], jsonl: [], changed: [], same: [], noop: [] }
  for (let round = 0; round < Number(values.rounds); round += 1) {
    const measure = async (name: string, work: () => Promise<unknown>) => {
      await quiet(session)
      cases[name]?.push(await timed(work))
    }
    await session.script(schema)
    await measure('copy', () => session.load({ table: ['public', 'messages'], columns }, all()))
    await session.script(schema)
    await measure('jsonl', () => applySeeds(options('first.jsonl')))
    await session.script(schema)
    await measure('csv', () => applySeeds(options('first.csv')))
    // A table that has been there for a while has statistics.
    await session.query(sql`analyze messages`)
    await measure('same', () => applySeeds(options('first.csv')))
    await measure('noop', async () => {
      if (!(await isNothingToDo(options('first.csv', false)))) throw new Error('The history should know the file.')
    })
    await measure('changed', () => applySeeds(options('changed.csv')))
  }
  const copy = median(cases['copy'] ?? [])
  const names = {
    copy: 'bare COPY',
    csv: 'insert from CSV',
    jsonl: 'insert from JSON lines',
    changed: 'upsert, a tenth changed',
    same: 'changed text, every row the same',
    noop: 'run again, unchanged: known by content',
  }
  process.stdout.write(`${rows} messages, PostgreSQL ${server.version}, median of ${values.rounds}\n\n`)
  process.stdout.write('| what | ms | ratio to COPY |\n| --- | --- | --- |\n')
  for (const [name, label] of Object.entries(names)) {
    const time = median(cases[name] ?? [])
    process.stdout.write(`| ${label} | ${time.toFixed(0)} | ${(copy / time).toFixed(2)} |\n`)
  }
  process.stdout.write('\nThe rerun asks the history and the file alone; no row is read or written.\n')
  process.stdout.write(`memory at its highest: ${(process.resourceUsage().maxRSS / 1024).toFixed(0)} MB\n`)
} finally {
  await server.stop()
  rmSync(directory, { recursive: true, force: true })
}

function* all(): Generator<string[]> {
  for (let id = 0; id < rows; id += 1) yield row(id, false)
}

// What one measurement leaves to do must not be paid by the next.
async function quiet(session: Session): Promise<void> {
  await session.query(sql`checkpoint`)
}
