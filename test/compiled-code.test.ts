import { chmodSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { metastore } from './harness/child.ts'
import { temporaryDirectory } from './harness/temporary-directory.ts'

// `check` of SQL for PostgreSQL imports a package that is not in the bundle, which code that was kept cannot do by itself.
function project(): string {
  const directory = temporaryDirectory()
  mkdirSync(path.join(directory, 'migrations'))
  writeFileSync(path.join(directory, 'migrations', '001_a.sql'), 'create table a (id int);\n')
  writeFileSync(path.join(directory, 'migrations', '002_b.ts'), 'export async function up() {}\n')
  return directory
}

const check = (cwd: string, cache: string) => metastore(['check'], { cwd, env: { XDG_CACHE_HOME: cache } })
const done = { status: 0, stdout: '2 migrations checked, 0 findings.\n', stderr: '' }

// A stale checkout is built by the first start, which says so.
beforeAll(() => metastore(['--help']))

describe('compiled code that is kept', () => {
  test('is written by the first start, used by the next, and replaced when it is of no use', async () => {
    const [directory, cache] = [project(), temporaryDirectory()]
    expect(await check(directory, cache)).toMatchObject(done)
    const folder = path.join(cache, 'metastore', 'compiled')
    const [name = '', ...others] = readdirSync(folder)
    expect(others).toEqual([])
    expect(name).toMatch(/^[0-9a-f]{16}-v[\d.]+-\w+-check$/)
    const kept = path.join(folder, name)
    const first = readFileSync(kept)

    expect(await check(directory, cache)).toMatchObject(done)
    expect(readFileSync(kept).equals(first)).toBe(true)

    for (const useless of [Buffer.from(''), Buffer.from('not compiled code'), first.subarray(0, 1000)]) {
      writeFileSync(kept, useless)
      expect(await check(directory, cache)).toMatchObject(done)
      expect(readFileSync(kept).length).toBeGreaterThan(10_000)
    }
  })

  test('does without a place to keep it', async () => {
    const cache = temporaryDirectory()
    writeFileSync(path.join(cache, 'metastore'), 'a file where the directory should be')
    expect(await check(project(), cache)).toMatchObject(done)
    const readOnly = temporaryDirectory()
    chmodSync(readOnly, 0o555)
    expect(await check(project(), readOnly)).toMatchObject(done)
    expect(await check(project(), '/dev/null')).toMatchObject(done)
  })
})
