import path from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { openDatabase, sql } from '../../src/database/database.ts'
import { metastore, startMetastore } from '../harness/child.ts'
import { freshPostgresUrl } from '../harness/engines.ts'
import { commandLine, lines, twoMigrations } from './command-line.ts'

// Only what needs a process of its own: signals, closed pipes, and two runs that meet.

beforeAll(async () => {
  // The first start on changed sources builds them.
  await metastore(['docs'])
})

describe('a reader that goes away', () => {
  test.each([['migrate'], ['history', '--json'], ['docs', 'configuration']])(
    'is no failure of %s',
    async (...words) => {
      const line = commandLine(twoMigrations)
      const child = startMetastore(words, { cwd: line.directory })
      child.process.stdout?.destroy()
      const { status, stderr } = await child.ended
      expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    },
  )

  test('does not leave a migration half done', async () => {
    const line = commandLine(twoMigrations)
    const child = startMetastore(['migrate'], { cwd: line.directory })
    child.process.stdout?.destroy()
    await child.ended
    expect(await line.run('status --check')).toMatchObject({ status: 0 })
  })
})

test.each(['SIGINT', 'SIGTERM'] as const)(
  '%s stops a migrate between two steps, and it can be run again',
  async (signal) => {
    const line = commandLine({
      ...twoMigrations,
      'migrations/003_wait.mjs': `
export async function up({ db, sql, signal }) {
  const alive = setInterval(() => {}, 1000)
  await new Promise((resolve) => (signal.aborted ? resolve() : signal.addEventListener('abort', resolve)))
  clearInterval(alive)
  await db.query(sql\`select 1\`)
}
`,
    })
    const child = startMetastore(['migrate'], { cwd: line.directory })
    await child.says('applied 002_chats')
    child.process.kill(signal)
    const { status, stderr } = await child.ended
    expect({ status, stderr }).toEqual({
      status: 1,
      stderr: lines(
        '',
        `Stopping (${signal}); a second one ends the process at once.`,
        'Kept: 2 migrations applied before the failure.',
        'error [canceled] Interrupted in migration 003_wait.',
        '  at 003_wait',
        '  Nothing of 003_wait was kept: its transaction was rolled back.',
        '  next: Run the same command again to go on.',
      ),
    })
    expect(await line.run('status')).toMatchObject({
      status: 0,
      stdout: expect.stringContaining('1 migration pending') as string,
    })
  },
)

test('a second signal ends the process at once, whatever it is doing', async () => {
  const line = commandLine({
    'metastore.toml': twoMigrations['metastore.toml'],
    'migrations/001_deaf.mjs': `
export async function up({ signal }) {
  process.stdout.write('deaf\\n')
  signal.addEventListener('abort', () => process.stdout.write('first\\n'))
  await new Promise(() => setInterval(() => {}, 1000))
}
`,
  })
  const child = startMetastore(['migrate'], { cwd: line.directory })
  await child.says('deaf')
  child.process.kill('SIGINT')
  await child.says('first')
  child.process.kill('SIGINT')
  expect(await child.ended).toMatchObject({ status: 1, signal: null })
})

test('a migration that waits for what never comes is a failure, and nothing of it is kept', async () => {
  const line = commandLine({
    ...twoMigrations,
    'migrations/003_lost.mjs': `
export async function up({ db, sql }) {
  await db.query(sql\`create table lost (id integer)\`)
  await new Promise(() => {})
}
`,
  })
  expect(await metastore(['migrate', '--quiet'], { cwd: line.directory })).toEqual({
    status: 1,
    signal: null,
    stdout: '',
    stderr: lines(
      'error [script_failed] The command ended before it was done: it waits for something that can never happen.',
      '  next: Look for a promise that is never settled in the migration script that was running, and run again.',
    ),
  })
  expect((await line.run('show catalog')).stdout).not.toContain('lost')
  expect((await line.run('current')).stdout).toBe('002_chats\n')
})

test('two runs at once apply each migration once, and both succeed', async () => {
  const line = commandLine(twoMigrations)
  const runs = await Promise.all([1, 2].map(() => metastore(['migrate', '--json'], { cwd: line.directory })))
  expect(runs.map(({ status }) => status)).toEqual([0, 0])
  const applied = runs.flatMap(({ stdout }) => {
    const document = JSON.parse(stdout) as { databases: { applied: { name: string }[] }[] }
    return document.databases.flatMap((database) => database.applied.map(({ name }) => name))
  })
  expect(applied.sort()).toEqual(['001_users', '002_chats'])
})

describe('a database that is held', () => {
  test('is waited for no longer than is said, on SQLite', async () => {
    const line = commandLine(twoMigrations)
    await using database = await openDatabase('sqlite:app.db', { directory: line.directory })
    const attempt = await database.tryLock({ command: 'seed' })
    if (!('lock' in attempt)) throw new Error('The lock is not free.')
    const { status, stderr } = await metastore(['migrate', '--lock-wait', '0s'], { cwd: line.directory })
    expect(status).toBe(4)
    expect(stderr).toMatch(
      new RegExp(
        `^error \\[lock_held\\] sqlite:app\\.db is being migrated by process ${process.pid} on \\S+ \\(seed\\), since \\S+Z\\.\\n  at sqlite:app\\.db\\n`,
      ),
    )
    expect(await metastore(['status'], { cwd: line.directory })).toMatchObject({ status: 0 })
    await attempt.lock.release()
    expect(await metastore(['migrate', '--lock-wait', '0s'], { cwd: line.directory })).toMatchObject({ status: 0 })
  })

  test('cannot be opened by another process, on PGlite', async () => {
    const line = commandLine({ 'migrations/001_a.sql': 'select 1;\n' })
    const url = `pglite:${path.join(line.directory, 'data')}`
    await using _open = await openDatabase(url)
    const { status, stdout, stderr } = await metastore(['status', '--url', url], { cwd: line.directory })
    expect({ status, stdout }).toEqual({ status: 4, stdout: '' })
    expect(stderr).toMatch(
      new RegExp(`^error \\[directory_locked\\] .*process ${process.pid}\\b.*\\n  at \\S+\\n  next: .*\\.\\n$`),
    )
  })
})

test.each([
  { policy: 'skip', rows: [] },
  { policy: 'rerun', rows: [{ n: 1 }] },
])(
  'a statement that was cut off outside a transaction is asked about, and then obeys --interrupted $policy',
  async ({ policy, rows }) => {
    const url = await freshPostgresUrl(18)
    const line = commandLine({
      'migrations/001_log.sql': 'create table log (n int);\ncreate table go ();\n',
      'migrations/002_slow.sql': `-- metastore: no-transaction
do $$ begin
  insert into log values (1);
  perform pg_sleep(case when to_regclass('go') is null then 0 else 1000 end);
end $$;
`,
    })
    const migrate = (words = '') => line.run(`migrate --url ${url} --lock-wait 30s ${words}`)
    await using database = await openDatabase(url)
    await using session = await database.session()

    const child = startMetastore(['migrate', '--url', url], { cwd: line.directory })
    await expect
      .poll(() =>
        session.query(
          sql`select pid from pg_stat_activity where datname = current_database() and query like 'do $$ begin%' and state = 'active'`,
        ),
      )
      .toHaveLength(1)
    child.process.kill('SIGKILL')
    await child.ended
    await session.query(
      sql`select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid() and datname = current_database()`,
    )
    await session.script('drop table go')

    expect(await migrate()).toEqual({
      status: 3,
      stdout: expect.stringMatching(/^Migrating .*: 1 migration to apply\n$/) as string,
      stderr: lines(
        'error [step_outcome_unknown] An earlier run was cut off while it ran this statement of 002_slow outside a transaction, and nothing tells whether it took effect: do $$ begin insert into log values (1); perform pg_sleep(ca…',
        '  at migrations/002_slow.sql',
        '  next: Look at the database, then run again with --interrupted rerun, or with --interrupted skip if it has happened.',
      ),
    })
    expect((await line.run(`status --url ${url}`)).stdout).toMatch(/\n {2}interrupted {2}002_slow: do \$\$ begin/)
    expect(await migrate(`--interrupted ${policy}`)).toMatchObject({ status: 0, stderr: '' })
    expect(await session.query(sql`select n from log`)).toEqual(rows)
  },
)
