import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import path from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { temporaryDirectory } from '../../../test/harness/engines.ts'
import { openDatabase, sql } from '../database.ts'

function useCache(directory: string): void {
  const before = process.env['XDG_CACHE_HOME']
  process.env['XDG_CACHE_HOME'] = directory
  onTestFinished(() => {
    if (before === undefined) delete process.env['XDG_CACHE_HOME']
    else process.env['XDG_CACHE_HOME'] = before
  })
}

async function works(url: string): Promise<void> {
  await using db = await openDatabase(url)
  await using session = await db.session()
  await session.script('create table works (id int)')
  expect(await session.query(sql`select count(*) as n from works`)).toEqual([{ n: 0 }])
}

test('the first start leaves a snapshot, and nothing else', async () => {
  const cache = temporaryDirectory()
  useCache(cache)
  await works(`pglite:${path.join(temporaryDirectory(), 'data')}`)
  const folder = path.join(cache, 'metastore')
  expect(readdirSync(folder)).toEqual([expect.stringMatching(/^pglite-0\.5\.14-\d+\.snapshot$/)])
  await works('pglite:memory')
})

test('a snapshot that is damaged is not used, and replaced', async () => {
  await works('pglite:memory')
  const folder = path.join(process.env['XDG_CACHE_HOME'] || path.join(homedir(), '.cache'), 'metastore')
  const name = readdirSync(folder).find((file) => file.endsWith('.snapshot')) ?? ''
  const damaged = readFileSync(path.join(folder, name))
  damaged[20_000_000] = (damaged[20_000_000] ?? 0) ^ 1

  const cache = temporaryDirectory()
  useCache(cache)
  const file = path.join(cache, 'metastore', name)
  mkdirSync(path.dirname(file))
  writeFileSync(file, damaged)
  await works('pglite:memory')
  expect(readFileSync(file).equals(damaged)).toBe(false)
  expect(readdirSync(path.dirname(file))).toEqual([name])
})

test('a cache that cannot be written is no obstacle', async () => {
  const file = path.join(temporaryDirectory(), 'file')
  writeFileSync(file, '')
  useCache(file)
  await works(`pglite:${path.join(temporaryDirectory(), 'data')}`)
})
