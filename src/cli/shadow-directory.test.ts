import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterEach, expect, test, vi } from 'vitest'
import { temporaryDirectory } from '../../test/harness/temporary-directory.ts'
import { MetastoreError } from '../errors.ts'
import { shadowDirectory } from './shadow-directory.ts'

afterEach(() => vi.unstubAllEnvs())

test('replays are kept in the project, in a directory that nobody makes before there is something to keep', () => {
  const project = temporaryDirectory()
  expect(shadowDirectory(project, 'assistant')).toBe(path.join(project, '.metastore', 'shadow', 'assistant'))
  expect(existsSync(path.join(project, '.metastore'))).toBe(false)
})

test('where the project cannot be written they are kept beside it, at one place for one database', () => {
  const project = unwritableProject()
  const directory = shadowDirectory(project, 'assistant')
  expect(path.basename(directory)).toMatch(/^metastore-shadow-/)
  expect(existsSync(directory)).toBe(true)
  expect(shadowDirectory(project, 'assistant')).toBe(directory)
  expect(shadowDirectory(project, 'jobs')).not.toBe(directory)
})

test('where there is no place for temporary files either, it is said which two were tried', () => {
  const project = unwritableProject()
  const nowhere = path.join(project, 'nowhere')
  vi.stubEnv('TMPDIR', nowhere)
  const own = path.join(project, '.metastore', 'shadow', 'assistant')
  let failure: unknown
  try {
    shadowDirectory(project, 'assistant')
  } catch (error) {
    failure = error
  }
  expect(failure).toBeInstanceOf(MetastoreError)
  expect(failure).toMatchObject({
    code: 'file_unwritable',
    message: `Neither ${own} nor the directory for temporary files, ${nowhere}, can be written, and a replay of the migrations needs one of them.`,
    where: own,
    remedy: 'Make one of them writable; in a container whose file system is read-only, mount an empty volume at /tmp.',
  })
})

// A file stands where the directory would be: not even root can write there, and tests may run as root.
function unwritableProject(): string {
  const project = path.join(temporaryDirectory(), 'project')
  mkdirSync(project)
  writeFileSync(path.join(project, '.metastore'), '')
  return project
}
