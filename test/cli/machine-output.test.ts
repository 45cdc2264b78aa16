import { expect, test } from 'vitest'
import { commandLine, lines, twoMigrations } from './command-line.ts'

function objects(text: string): Record<string, unknown>[] {
  return text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Record<string, unknown>)
}

test('--progress json writes each event as a line on standard error, beside --json on standard output', async () => {
  const line = commandLine(twoMigrations)
  const { status, stdout, stderr } = await line.run('migrate --progress json --json')
  expect(status).toBe(0)
  expect(JSON.parse(stdout)).toMatchObject({ ok: true, databases: [{ current: '002_chats' }] })
  expect(objects(stderr)).toEqual(
    [
      { event: 'begin', task: 'migrate', total: 2 },
      { event: 'advance', task: 'migrate', done: 0, label: '001_users' },
      { event: 'advance', task: 'migrate', done: 1, label: '002_chats' },
      { event: 'advance', task: 'migrate', done: 2 },
      { event: 'end', task: 'migrate' },
    ].map((event) => ({ time: 'TIME', ...event })),
  )
})

test('--progress none leaves the notices, and no bar', async () => {
  const line = commandLine(twoMigrations)
  const around = { terminal: { stderr: true }, environment: { METASTORE_PROGRESS: 'none' } }
  expect(await line.run('migrate --quiet', around)).toEqual({ status: 0, stdout: '', stderr: '' })
})

test('--log-format json, or its variable, makes a log of what is said, and leaves results as they are', async () => {
  const line = commandLine({
    ...twoMigrations,
    'metastore.toml': '[database.main]\nurl = "sqlite:app.db"\n[database.other]\nurl = "sqlite:other.db"\n',
  })
  const { status, stdout, stderr } = await line.run('migrate 1 --log-format json --database main')
  expect([status, stdout]).toEqual([0, ''])
  expect(objects(stderr)).toEqual(
    [
      'Migrating sqlite:app.db: 1 migration to apply',
      'applied 001_users  DURATION',
      'Done: 1 migration applied, it is at 001_users; 1 migration still pending.',
    ].map((message) => ({ time: 'TIME', level: 'info', command: 'migrate', message })),
  )
  line.write('migrations/003_bad.sql', 'select nonsense;\n')
  const failed = await line.run('migrate', { environment: { METASTORE_LOG_FORMAT: 'json' } })
  expect(failed.status).toBe(1)
  const last = objects(failed.stderr).at(-1)
  expect(last).toEqual({
    time: 'TIME',
    level: 'error',
    command: 'migrate',
    message: expect.stringContaining('nonsense') as string,
    code: 'statement_failed',
    where: expect.stringContaining('003_bad') as string,
    remedy: expect.any(String) as string,
    details: expect.any(Array) as unknown[],
    database: 'main',
  })
  const shown = await line.run('status --database main', { environment: { METASTORE_LOG_FORMAT: 'json' } })
  expect(shown).toMatchObject({
    stdout: expect.stringContaining('sqlite:app.db: 1 migration pending') as string,
    stderr: '',
  })
})

test('a command line that is wrong is told as a line of the log as well', async () => {
  const { status, stderr } = await commandLine(twoMigrations).run('migrat --log-format json')
  expect(status).toBe(2)
  expect(objects(stderr)).toMatchObject([{ level: 'error', command: 'migrat', code: 'usage' }])
})

test.each([
  ['--progress often', '--progress', 'auto, json, none'],
  ['--log-format yaml', '--log-format', 'text, json'],
])('%s is refused', async (words, option, forms) => {
  expect(await commandLine(twoMigrations).run(`migrate ${words}`)).toEqual({
    status: 2,
    stdout: '',
    stderr: lines(
      `error [usage] ${option} cannot be "${words.split(' ')[1] ?? ''}".`,
      `  at ${option}`,
      `  next: Use one of ${forms}.`,
    ),
  })
})
