import { describe, expect, test } from 'vitest'
import { openDatabase } from '../../src/database/database.ts'
import { freshPostgresUrl } from '../harness/engines.ts'
import { commandLine, lines, twoMigrations } from './command-line.ts'

const waitsForInterrupt = `
export async function up({ db, sql, log, signal }) {
  const interrupted = new Promise((resolve) => signal.addEventListener('abort', resolve))
  log('waiting')
  await interrupted
  await db.query(sql\`select 1\`)
}
`

describe.each(['migrate', 'upgrade'])('%s', (command) => {
  test('applies what is pending, and then has nothing to do', async () => {
    const line = commandLine(twoMigrations)
    expect(await line.run(`${command} head`)).toEqual({
      status: 0,
      stdout: lines(
        'Migrating sqlite:app.db: 2 migrations to apply',
        '  applied 001_users  DURATION',
        '  applied 002_chats  DURATION',
        'Done: 2 migrations applied, it is at 002_chats.',
      ),
      stderr: '',
    })
    expect(await line.run(`${command} head`)).toEqual({
      status: 0,
      stdout: 'Nothing to apply to sqlite:app.db: it is at 002_chats.\n',
      stderr: '',
    })
    expect(await line.run(`${command} head --quiet`)).toEqual({ status: 0, stdout: '', stderr: '' })
  })

  test('goes as far as it is told: by steps, by number, by name', async () => {
    const line = commandLine({
      ...twoMigrations,
      'migrations/003_more.sql': 'select 1;\n',
      'migrations/004_end.sql': 'select 1;\n',
    })
    const current = async (to: string) => {
      await line.run(`${command} ${to} --quiet`)
      return (await line.run('current')).stdout
    }
    expect(await current('+1')).toBe('001_users\n')
    expect(await current('2')).toBe('002_chats\n')
    expect(await current('mo')).toBe('003_more\n')
    expect(await current('1')).toBe('003_more\n')
    expect(await current('004_end')).toBe('004_end (head)\n')
  })

  test('is one JSON document', async () => {
    expect(await commandLine(twoMigrations).json(`${command} +1`)).toEqual({
      status: 0,
      document: {
        command,
        ok: true,
        databases: [
          {
            database: 'main',
            address: 'sqlite:app.db',
            applied: [{ name: '001_users', durationMs: 0 }],
            pending: ['002_chats'],
            waiting: [],
            current: '001_users',
          },
        ],
      },
      stderr: '',
    })
  })

  test.each([
    {
      words: '-1',
      stderr: lines(
        'error [usage] -1 lies behind: migrating only goes forward.',
        '  next: Go back with metastore rollback -1.',
      ),
    },
    {
      words: 'base',
      stderr: lines(
        'error [usage] base lies behind: migrating only goes forward.',
        '  next: Go back with metastore rollback base.',
      ),
    },
    {
      words: '001_usres',
      stderr: lines(
        'error [migration_unknown] There is no migration "001_usres".',
        '  next: Did you mean 001_users? metastore history lists them all.',
      ),
    },
    {
      words: 'head --interrupted maybe',
      stderr: lines(
        'error [usage] --interrupted cannot be "maybe".',
        '  next: Use --interrupted rerun, or --interrupted skip, or leave it out.',
      ),
    },
    {
      words: 'head --allow-changed 9',
      stderr: lines(
        'error [migration_unknown] There is no migration "9".',
        '  next: metastore history lists them all.',
      ),
    },
  ])('refuses $words', async ({ words, stderr }) => {
    const line = commandLine(twoMigrations)
    expect(await line.run(`${command} ${words}`)).toEqual({ status: 2, stdout: '', stderr })
  })
})

test('upgrade wants to be told how far', async () => {
  expect(await commandLine(twoMigrations).run('upgrade')).toEqual({
    status: 2,
    stdout: '',
    stderr: lines(
      'error [usage] metastore upgrade needs <revision>.',
      '  at metastore upgrade',
      '  next: metastore upgrade --help shows what it takes.',
    ),
  })
})

describe('a migrate that fails', () => {
  const files = {
    ...twoMigrations,
    'migrations/002_chats.sql': 'create table chats (id integer primary key);\ncreate table users (id integer);\n',
  }

  test('keeps what was applied before, and says what the database said and what to do', async () => {
    const line = commandLine(files)
    expect(await line.run('migrate')).toEqual({
      status: 1,
      stdout: lines('Migrating sqlite:app.db: 2 migrations to apply', '  applied 001_users  DURATION'),
      stderr: lines(
        'Kept: 1 migration applied before the failure.',
        'error [statement_failed] table users already exists.',
        '  at migrations/002_chats.sql:2:14',
        '  create table users (id integer);',
        '               ^',
        '  Nothing of 002_chats was kept: its transaction was rolled back.',
        '  next: If the database has what this migration makes, because somebody made it by hand, record it as applied with metastore stamp 002_chats; otherwise rename one of the two.',
      ),
    })
    expect((await line.run('current')).stdout).toBe('001_users\n')
  })

  test('still says as JSON what was applied', async () => {
    expect(await commandLine(files).json('migrate')).toMatchObject({
      status: 1,
      document: {
        command: 'migrate',
        ok: false,
        databases: [{ database: 'main', address: 'sqlite:app.db', applied: [{ name: '001_users', durationMs: 0 }] }],
        error: { code: 'statement_failed', where: 'migrations/002_chats.sql:2:14' },
      },
      stderr: '',
    })
  })
})

describe('what stands in the way of a migrate', () => {
  test('an edited file, until it is allowed by its number', async () => {
    const line = commandLine(twoMigrations)
    await line.run('migrate 1')
    line.write('migrations/001_users.sql', 'create table people (id integer);\n')
    expect(await line.run('migrate')).toMatchObject({
      status: 3,
      stdout: '',
      stderr: expect.stringMatching(/^error \[migration_edited\] .*\n {2}at migrations\/001_users.sql\n/) as string,
    })
    expect(await line.run('migrate --allow-changed 1')).toMatchObject({ status: 0, stderr: '' })
    expect(await line.run('status --check')).toMatchObject({ status: 0 })
  })

  test('a file that is gone, until it is allowed by its name', async () => {
    const line = commandLine(twoMigrations)
    await line.run('migrate 1')
    line.remove('migrations/001_users.sql')
    expect(await line.run('migrate')).toMatchObject({
      status: 3,
      stderr: expect.stringMatching(/migration_missing/) as string,
    })
    expect(await line.run('migrate --allow-missing 001_users')).toMatchObject({ status: 0, stderr: '' })
  })

  test('a newer version of the application, until that is allowed', async () => {
    const line = commandLine(twoMigrations)
    await line.run('migrate')
    line.remove('migrations/002_chats.sql')
    expect(await line.run('migrate')).toMatchObject({ status: 3 })
    expect(await line.run('migrate --allow-ahead')).toMatchObject({ status: 0, stderr: '' })
  })

  test('a file that sorts before what is applied, until it is allowed', async () => {
    const line = commandLine(twoMigrations)
    await line.run('migrate')
    line.write('migrations/001_late.sql', 'create table late (id integer);\n')
    expect(await line.run('migrate')).toMatchObject({
      status: 3,
      stderr: expect.stringMatching(/migration_out_of_order/) as string,
    })
    expect(await line.run('migrate --allow-out-of-order late')).toMatchObject({ status: 0, stderr: '' })
  })

  test('another process that migrates, named with what it is doing', async () => {
    const url = await freshPostgresUrl(18)
    const line = commandLine(twoMigrations)
    await using database = await openDatabase(url)
    const attempt = await database.tryLock({ command: 'seed' })
    if (!('lock' in attempt)) throw new Error('The lock is not free.')
    await using _lock = attempt.lock
    const { status, stdout, stderr } = await line.run(`migrate --url ${url} --lock-wait 0s`)
    expect({ status, stdout }).toEqual({ status: 4, stdout: '' })
    expect(stderr).toMatch(
      new RegExp(
        '^error \\[lock_held\\] postgres://postgres@[^ ]+ is being migrated by process \\d+ on \\S+ \\(seed\\), since TIME\\.\\n' +
          '  at postgres://postgres@[^ ]+\\n' +
          '  next: Wait until it is done and run again, or give more time with --lock-wait 10m\\. The lock ends with its holder\\.\\n$',
      ),
    )
    expect(await line.json(`migrate --url ${url} --lock-wait 0s`)).toMatchObject({
      status: 4,
      document: { command: 'migrate', ok: false, error: { code: 'lock_held' } },
    })
  })
})

test('an interrupted migrate says so, keeps what was done, and goes on when it is run again', async () => {
  const line = commandLine({ ...twoMigrations, 'migrations/003_wait.mjs': waitsForInterrupt })
  const interruption = new AbortController()
  const outcome = await line.run('migrate', {
    signal: interruption.signal,
    onWrite: (text) => text === 'waiting\n' && interruption.abort(),
  })
  expect(outcome).toEqual({
    status: 1,
    stdout: lines(
      'Migrating sqlite:app.db: 3 migrations to apply',
      '  applied 001_users  DURATION',
      '  applied 002_chats  DURATION',
    ),
    stderr: lines(
      'waiting',
      'Kept: 2 migrations applied before the failure.',
      'error [canceled] Interrupted in migration 003_wait.',
      '  at 003_wait',
      '  Nothing of 003_wait was kept: its transaction was rolled back.',
      '  next: Run the same command again to go on.',
    ),
  })
  line.write('migrations/003_wait.mjs', 'export async function up() {}\n')
  expect(await line.run('migrate')).toMatchObject({ status: 0, stderr: '' })
})
