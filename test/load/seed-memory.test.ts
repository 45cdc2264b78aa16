import { closeSync, openSync, writeFileSync, writeSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { openDatabase } from '../../src/database/database.ts'
import { campaign } from '../harness/campaign.ts'
import { startProgram } from '../harness/child.ts'
import { freshPostgresUrl } from '../harness/engines.ts'
import { temporaryDirectory } from '../harness/temporary-directory.ts'

const megabyte = 1_048_576
const size = (campaign ? 400 : 200) * megabyte

/** Writes about so many bytes of rows, and a seed file beside them; returns how many rows. */
function writeSeed(directory: string, name: string, bytes: number, word: string): number {
  writeFileSync(path.join(directory, `${name}.toml`), `table = "texts"\nkey = ["id"]\nrows_from = "${name}.csv"\n`)
  const out = openSync(path.join(directory, `${name}.csv`), 'w')
  writeSync(out, 'id,body\n')
  const body = `${word},"" `.repeat(600)
  let written = 0
  let rows = 0
  for (; written < bytes; rows += 1) written += writeSync(out, `${rows},"${body}"\n`)
  closeSync(out)
  return rows
}

test('a large file of rows is loaded, and compared, in memory that is bounded', async () => {
  const directory = temporaryDirectory()
  const url = await freshPostgresUrl(18)
  {
    await using database = await openDatabase(url)
    await using session = await database.session()
    await session.script('create table texts (id integer primary key, body text not null)')
  }
  const few = writeSeed(directory, 'few', megabyte, 'few')
  const many = writeSeed(directory, 'many', size, 'many')
  const files = ['few', 'many'].map((name) => path.join(directory, `${name}.toml`))
  const child = startProgram('test/load/seed-memory.ts', [url, ...files], {
    env: { NODE_OPTIONS: '--max-old-space-size=128' },
  })
  const { status, stdout, stderr } = await child.ended
  expect([status, stderr]).toEqual([0, ''])
  const [first, second] = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { counts: Record<string, number>; peak: number })
  expect([first?.counts, second?.counts]).toEqual([
    { inserted: few, updated: 0, unchanged: 0, removed: 0 },
    { inserted: many - few, updated: few, unchanged: 0, removed: 0 },
  ])
  // The heap is limited to less than the file; what is read outside of it is not held either.
  expect((second?.peak ?? Infinity) - (first?.peak ?? 0)).toBeLessThan(size * 0.8)
})
