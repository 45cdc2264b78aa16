import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { freshPostgresUrl } from '../../../test/harness/engines.ts'
import { temporaryDirectory } from '../../../test/harness/temporary-directory.ts'
import { openDatabase, sql } from '../../database/database.ts'
import { MetastoreError } from '../../errors.ts'
import { loadStatistics, readStatistics, saveStatistics } from './statistics.ts'

test.each([13, 18] as const)(
  'PostgreSQL %i says how large tables are, and whether indexes are used',
  async (version) => {
    await using database = await openDatabase(await freshPostgresUrl(version))
    await using session = await database.session()
    await session.script(`
    create schema "My app";
    create table threads (id bigint primary key, title text, owner text);
    create table "My app"."x'y" (id int);
    create table parts (id bigint, kind text) partition by range (id);
    create table parts_1 partition of parts for values from (0) to (1000);
    insert into threads select n, case when n % 4 = 0 then null else 'title ' || n end, 'ann' from generate_series(1, 4000) n;
    insert into parts select n, 'a' from generate_series(1, 100) n;
    analyze threads;
    analyze parts;
    set enable_seqscan = off;`)
    await session.query(sql`select title from threads where id = 7`)
    const found = await readStatistics(session)
    const table = (name: string) => found.tables.find((one) => one.name === name)

    expect(Date.parse(found.collectedAt)).not.toBeNaN()
    expect(table('threads')).toMatchObject({ schema: 'public', rows: 4000 })
    expect(table('threads')?.bytes).toBeGreaterThan(100_000)
    expect(table('threads')?.indexBytes).toBeGreaterThan(50_000)
    expect(table('threads')?.columns).toEqual([
      { name: 'id', nulls: 0, distinct: -1 },
      { name: 'owner', nulls: 0, distinct: 1 },
      { name: 'title', nulls: 0.25, distinct: expect.closeTo(-0.75, 5) },
    ])
    // From 14 on the server itself says that a table was never analysed.
    expect(table("x'y")).toEqual({
      schema: 'My app',
      name: "x'y",
      rows: version === 13 ? 0 : null,
      bytes: 0,
      indexBytes: 0,
      columns: [],
    })
    expect(table('parts')?.columns).toEqual([
      expect.objectContaining({ name: 'id' }),
      expect.objectContaining({ name: 'kind' }),
    ])
    expect(found.indexes).toEqual([
      {
        schema: 'public',
        name: 'threads_pkey',
        table: 'threads',
        scans: expect.any(Number),
        bytes: expect.any(Number),
      },
    ])
    expect(found.tables.map(({ name }) => name)).toEqual(["x'y", 'parts', 'parts_1', 'threads'])

    const file = path.join(temporaryDirectory(), 'statistics.json')
    await saveStatistics(file, found)
    expect(await loadStatistics(file)).toEqual(found)
  },
)

async function refusal(
  text: string | undefined,
): Promise<Pick<MetastoreError, 'code' | 'message' | 'where' | 'remedy'>> {
  const file = path.join(temporaryDirectory(), 's.json')
  if (text !== undefined) writeFileSync(file, text)
  const error = await loadStatistics(file, 's.json').then(
    () => expect.unreachable('It was read.'),
    (thrown: unknown) => thrown,
  )
  expect(error).toBeInstanceOf(MetastoreError)
  const { code, message, where, remedy } = error as MetastoreError
  return { code, message, where, remedy }
}

const one = { schema: 'public', name: 't', rows: 1, bytes: 1, indexBytes: 0, columns: [] }
const file = (tables: unknown) => JSON.stringify({ collectedAt: '2026-01-01T00:00:00.000Z', tables, indexes: [] })

test.each([
  ['{', 's.json is not JSON.'],
  ['[]', 's.json is no file of statistics: its content is not what it should be.'],
  [file([one, { ...one, rows: -1 }]), 's.json is no file of statistics: tables.1.rows is not what it should be.'],
  [file([{ ...one, bytes: '12' }]), 's.json is no file of statistics: tables.0.bytes is not what it should be.'],
])('what is no file of statistics is refused: %s', async (text, message) => {
  expect(await refusal(text)).toEqual({
    code: 'statistics_invalid',
    message,
    where: 's.json',
    remedy: 'Collect the statistics again.',
  })
})

test('a file that cannot be read is told', async () => {
  expect(await refusal(undefined)).toEqual({
    code: 'file_unreadable',
    message: 'The file of statistics s.json cannot be read (ENOENT).',
    where: 's.json',
    remedy: 'Check the path.',
  })
})
