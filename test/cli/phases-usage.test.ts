import { describe, expect, test } from 'vitest'
import { commandLine, lines, twoMigrations } from './command-line.ts'

describe('what the phases refuse before a database is opened', () => {
  test.each([
    {
      words: 'start 1 --migration 2',
      message: 'start was given two destinations.',
      where: 'metastore start',
      remedy: 'Give either a destination or --migration NAME.',
    },
    {
      words: 'start --batch-size 0',
      message: '--batch-size must be a number from 1 to 1000000, not "0".',
      where: '--batch-size',
      remedy: 'Give a number from 1 to 1000000.',
    },
    {
      words: 'start --batch-size 1e3',
      message: '--batch-size must be a number from 1 to 1000000, not "1e3".',
      where: '--batch-size',
      remedy: 'Give a number from 1 to 1000000.',
    },
    {
      words: 'start --batch-delay -1',
      message: '--batch-delay must be a number from 0 to 1000000, not "-1".',
      where: '--batch-delay',
      remedy: 'Give a number from 0 to 1000000.',
    },
    {
      words: 'start --throttle 1',
      message: '--throttle must be a number from 0 to 0.99, not "1".',
      where: '--throttle',
      remedy: 'Give a number from 0 to 0.99.',
    },
    {
      words: 'start --lock-deadline 5',
      message: '--lock-deadline must be a duration such as "500ms", "30s", "10m" or "2h", not "5".',
      where: '--lock-deadline',
      remedy: 'Add the unit: ms, s, m or h, as in 5s.',
    },
    {
      words: 'migration begin',
      message: 'There is no phase "begin".',
      where: 'metastore migration',
      remedy: 'Use metastore migration start, complete or abort.',
    },
    {
      words: 'migration strat',
      message: 'There is no phase "strat".',
      where: 'metastore migration',
      remedy: 'Did you mean start? Use metastore migration start, complete or abort.',
    },
    {
      words: 'migration start --port x',
      message: 'The port of the server is not a number from 1 to 65535.',
      where: '--port or DB_PORT',
      remedy: 'Give digits only, as in --port 5432.',
    },
    {
      words: 'status --format yaml',
      message: '--format cannot be "yaml".',
      where: 'metastore status',
      remedy: 'Use one of human, json.',
    },
  ])('$words', async ({ words, message, where, remedy }) => {
    expect(await commandLine(twoMigrations).run(words)).toEqual({
      status: 2,
      stdout: '',
      stderr: lines(`error [usage] ${message}`, `  at ${where}`, `  next: ${remedy}`),
    })
  })

  test('a migration that nobody knows', async () => {
    expect(await commandLine(twoMigrations).run('start --migration 009_x')).toMatchObject({
      status: 2,
      stderr: lines(
        'error [migration_unknown] There is no migration "009_x".',
        '  next: metastore history lists them all.',
      ),
    })
  })
})

describe('--format', () => {
  test('json is the same as --json, wherever it stands', async () => {
    const line = commandLine(twoMigrations)
    const { stdout } = await line.run('status --json')
    for (const words of ['status --format json', 'status --format=json', '--format json status']) {
      expect((await line.run(words)).stdout).toBe(stdout)
    }
    expect((await line.run('status --format human')).stdout).toBe((await line.run('status')).stdout)
  })

  test('json is heeded where the command line is refused', async () => {
    const line = commandLine(twoMigrations)
    expect(JSON.parse((await line.run('status --chekc --format json')).stdout)).toMatchObject({
      command: 'status',
      ok: false,
      error: { code: 'usage' },
    })
  })
})

test('a password on the command line is never repeated', async () => {
  const line = commandLine({ 'migrations/001_a.sql': '' })
  const words = 'migration start --host 127.0.0.1 --port 1 -u me -p hunter2 -d app'
  const { status, stdout, stderr } = await line.run(words)
  expect({ status, stdout }).toEqual({ status: 1, stdout: 'Starting on postgres://me@127.0.0.1:1/app\n' })
  expect(stderr).toMatch(/^error \[connection_failed\]/)
  expect(stderr).not.toContain('hunter2')
})
