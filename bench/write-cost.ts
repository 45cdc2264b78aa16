import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { openDatabase, raw, type Session } from '../src/database/database.ts'
import { openEngine, readMigrationFiles, startBatch } from '../src/migrations/migrations.ts'
import { messagesSchema } from './live-messages.ts'
import type { Server } from './server.ts'
import { pairedRatio } from './statistics.ts'

/** What writing costs while both versions are kept in step, as a ratio to the same table without that. */
export interface WriteCost {
  readonly name: string
  readonly ratio: number
}

const rows = 20_000
const statements: readonly { readonly name: string; readonly schema: string; readonly text: string }[] = [
  { name: 'old version, the altered column', schema: 'public', text: 'update messages set cost = cost + 1' },
  { name: 'old version, another column', schema: 'public', text: "update messages set role = 'system'" },
  { name: 'new version, the altered column', schema: 'migration_2_wider', text: 'update messages set cost = cost + 1' },
  {
    name: 'old version, insert',
    schema: 'public',
    text: `insert into messages (conversation_id, position, role, content)
      select md5(i::text)::uuid, i, 'user', 'hello' from generate_series(1, ${rows}) i`,
  },
]

/** Writes many rows at once, so that what a row costs is not hidden by what a statement costs; in turn, and rolled back. */
export async function writeCosts(server: Server, rounds: number): Promise<WriteCost[]> {
  const directory = mkdtempSync(path.join(tmpdir(), 'metastore-live-'))
  const [plainUrl, url] = [await server.freshDatabase(), await server.freshDatabase()]
  try {
    await using plain = await openDatabase(plainUrl)
    await using database = await openDatabase(url)
    await using engine = await openEngine(database, {})
    await using there = await plain.session()
    await there.script(messagesSchema(rows))
    await engine.session.script(messagesSchema(rows))
    const change = { type: 'alter_column', table: 'messages', column: 'cost', changes: { type: 'BIGINT' } }
    const wider = { ...change, up: 'cost::bigint', down: 'cost::int' }
    writeFileSync(path.join(directory, '2_wider.json'), JSON.stringify({ actions: [wider] }))
    await engine.session.script('create schema if not exists metastore')
    const files = await readMigrationFiles([{ path: 'migrations', absolute: directory }])
    const { baseline } = await import('../src/migrations/migrations.ts')
    await baseline(engine, files, { to: { kind: 'base' } })
    await startBatch(engine, files)
    const costs: WriteCost[] = []
    for (const { name, schema, text } of statements) {
      const [own, floor]: [number[], number[]] = [[], []]
      for (let round = 0; round <= rounds * 2; round += 1) {
        const [a, b] = [await timed(engine.session, schema, text), await timed(there, 'public', text)]
        // The first round only warms the caches.
        if (round === 0) continue
        own.push(a)
        floor.push(b)
      }
      costs.push({ name, ratio: pairedRatio(own, floor) })
    }
    return costs
  } finally {
    rmSync(directory, { recursive: true, force: true })
    await server.dropDatabase(url)
    await server.dropDatabase(plainUrl)
  }
}

async function timed(session: Session, schema: string, text: string): Promise<number> {
  let took = 0
  const undo = new Error('rolled back')
  await session
    .transaction(async (tx) => {
      await tx.script(`set local search_path to ${schema}`)
      const begin = performance.now()
      await tx.query(raw(text))
      took = performance.now() - begin
      throw undo
    })
    .catch((error: unknown) => {
      if (error !== undo) throw error
    })
  await session.script('vacuum messages')
  return took
}
