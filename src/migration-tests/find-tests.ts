import { readdir, readFile } from 'node:fs/promises'
import { extname, join } from 'node:path'
import { MetastoreError } from '../errors.ts'
import type { MigrationFile } from '../migrations/migrations.ts'
import type { MigrationTest } from './migration-test.ts'
import { readScriptTest } from './read-script-test.ts'
import { readSqlTest } from './read-sql-test.ts'

/** A file or directory of tests, as people see it and where it is. */
export interface TestPlace {
  readonly path: string
  readonly absolute: string
}

const scripts = new Set(['.ts', '.mts', '.js', '.mjs'])

/**
 * Every test in these directories, in the order of their names; of those, only the files that are named where any are.
 * Throws `test_missing`, `file_unreadable`, and what is wrong with a test.
 */
export async function findTests(
  directories: readonly TestPlace[],
  named: readonly TestPlace[],
  files: readonly MigrationFile[],
): Promise<MigrationTest[]> {
  const places = named.length > 0 ? named : (await Promise.all(directories.map(filesIn))).flat()
  if (places.length === 0) throw noTests(directories.map(({ path }) => path))
  const tests: MigrationTest[] = []
  for (const place of places) tests.push(await readTest(place, files))
  return tests
}

async function filesIn({ path, absolute }: TestPlace): Promise<TestPlace[]> {
  const names = await readdir(absolute).catch(() => [])
  return names
    .filter((name) => !name.startsWith('.') && (extname(name) === '.sql' || scripts.has(extname(name))))
    .sort()
    .map((name) => ({ path: join(path, name), absolute: join(absolute, name) }))
}

async function readTest({ path, absolute }: TestPlace, files: readonly MigrationFile[]): Promise<MigrationTest> {
  const source = await readFile(absolute, 'utf8').catch((cause: unknown) => {
    throw new MetastoreError({
      code: 'file_unreadable',
      message: `The test ${path} cannot be read (${(cause as NodeJS.ErrnoException).code ?? String(cause)}).`,
      where: path,
      remedy: 'Check the path.',
      cause,
    })
  })
  if (scripts.has(extname(path))) return readScriptTest({ path, absolutePath: absolute, source }, files)
  return readSqlTest({ path, source }, files)
}

function noTests(paths: readonly string[]): MetastoreError {
  return new MetastoreError({
    code: 'test_missing',
    message: 'There are no tests here.',
    where: paths.join(', '),
    remedy:
      'Write one, as metastore docs guides/testing shows, or try every migration there and back with --round-trip.',
  })
}
