import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import path from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { startProgram } from '../../test/harness/child.ts'
import { temporaryDirectory } from '../../test/harness/temporary-directory.ts'
import { type FileLock, tryFileLock } from './file-lock.ts'

function lockOf(attempt: Awaited<ReturnType<typeof tryFileLock>>): FileLock {
  if ('lock' in attempt) return attempt.lock
  throw new Error(`The lock is held by ${JSON.stringify(attempt.heldBy)}.`)
}

test('whoever is refused learns who holds the lock, also within one process', async () => {
  const file = path.join(temporaryDirectory(), 'deep', 'er', 'test.lock')
  const lock = lockOf(await tryFileLock(file, { command: 'migrate' }))
  const second = await tryFileLock(file, { command: 'seed' })
  expect(second).toEqual({
    heldBy: {
      pid: process.pid,
      host: hostname(),
      command: 'migrate',
      since: expect.stringMatching(/^\d{4}-.*Z$/) as string,
    },
  })
  lock.release()
  lock.release()
  const third = lockOf(await tryFileLock(file, { command: 'seed' }))
  expect(await tryFileLock(file, { command: null })).toMatchObject({ heldBy: { command: 'seed' } })
  third.release()
})

test('a lock leaves no journal, and its file stays', async () => {
  const file = path.join(temporaryDirectory(), 'test.lock')
  const lock = lockOf(await tryFileLock(file, { command: null }))
  expect(existsSync(`${file}-journal`)).toBe(false)
  lock.release()
  expect(readFileSync(file)).toHaveLength(0)
})

test('the note of a process that is gone is not believed', async () => {
  const file = path.join(temporaryDirectory(), 'test.lock')
  const lock = lockOf(await tryFileLock(file, { command: null }))
  // What a killed holder leaves, before the next one has written its own.
  writeFileSync(`${file}.holder`, JSON.stringify({ pid: 2 ** 30, host: hostname(), command: 'gone', since: '' }))
  expect(await tryFileLock(file, { command: null })).toEqual({ heldBy: undefined })
  lock.release()
})

test('a lock file that is something else is an error', async () => {
  const directory = temporaryDirectory()
  const file = path.join(directory, 'test.lock')
  mkdirSync(file)
  await expect(tryFileLock(file, { command: null })).rejects.toMatchObject({
    code: 'connection_failed',
    message: `The lock file ${file} cannot be used.`,
    where: file,
    remedy: 'Make sure that this user may write to its directory, and that the file is an empty one made by metastore.',
  })
  const text = path.join(directory, 'text.lock')
  writeFileSync(
    text,
    'This is a text that somebody has put here, and it is long enough to be the header of a database file.'.repeat(9),
  )
  await expect(tryFileLock(text, { command: null })).rejects.toMatchObject({ code: 'connection_failed', where: text })
  const below = path.join(text, 'test.lock')
  await expect(tryFileLock(below, { command: null })).rejects.toMatchObject({ code: 'connection_failed', where: below })
})

test('of sixteen processes that race for a lock, killed at any moment, never two have it', async () => {
  const directory = temporaryDirectory()
  const [lockFile, log] = [path.join(directory, 'test.lock'), path.join(directory, 'log')]
  const programs = Array.from({ length: 16 }, () =>
    startProgram('test/concurrency/race-for-lock.ts', [lockFile, log, '12']),
  )
  onTestFinished(() => programs.forEach((program) => program.process.kill('SIGKILL')))
  const [killed, spared] = [programs.slice(0, 6), programs.slice(6)]
  // Right after it has entered, so that most are killed while they hold the lock.
  await Promise.all(
    killed.map(async ({ process, says, ended }, index) => {
      await says('entered\n'.repeat(index + 1))
      process.kill('SIGKILL')
      await ended
    }),
  )
  for (const { ended } of spared) expect(await ended).toMatchObject({ status: 0, stderr: '' })

  const events = readFileSync(log, 'utf8')
    .trim()
    .split('\n')
    .map((line) => line.split(' '))
  const dead = killed.map(({ process }) => String(process.pid))
  let holder: string | undefined
  for (const [what, pid] of events) {
    if (what === 'enter') {
      if (holder !== undefined) expect(dead, `${pid} entered while ${holder} was inside`).toContain(holder)
      holder = pid
    }
    expect(pid, `${what} of one that does not hold the lock`).toBe(holder)
    if (what === 'leave') holder = undefined
  }
  expect(events.filter(([what, pid]) => what === 'enter' && !dead.includes(pid ?? ''))).toHaveLength(10 * 12)
  lockOf(await tryFileLock(lockFile, { command: null })).release()
})
