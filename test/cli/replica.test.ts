import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openDatabase, sql, type Session } from '../../src/database/database.ts'
import { startPair, type Pair } from '../harness/standby.ts'
import { commandLine, lines, type CommandLine } from './command-line.ts'

const notes = 'create table notes (id int primary key);\n-- metastore:down\ndrop table notes;\n'

let pair: Pair
let line: CommandLine

async function on<T>(url: string, work: (session: Session) => Promise<T>): Promise<T> {
  await using database = await openDatabase(url)
  await using session = await database.session()
  return await work(session)
}

async function replayed(): Promise<void> {
  const [row] = await on(pair.primary.url('postgres'), (session) =>
    session.query<{ lsn: string }>(sql`select pg_current_wal_flush_lsn()::text as lsn`),
  )
  // Other than time, replay has no event to wait for on every version.
  await on(pair.standby.url('postgres'), async (session) => {
    for (;;) {
      const [found] = await session.query<{ there: boolean }>(
        sql`select pg_last_wal_replay_lsn() >= ${row?.lsn ?? ''}::pg_lsn as there`,
      )
      if (found?.there === true) return
      await session.query(sql`select pg_sleep(0.02)`)
    }
  })
}

beforeAll(async () => {
  pair = await startPair()
  line = commandLine({
    'migrations/001_runs.sql':
      'create table runs (id int primary key, n bigint);\ninsert into runs select i, i from generate_series(1, 3000) i;\n',
  })
  expect((await line.run(`migrate --url ${pair.primary.url('postgres')}`)).stderr).toBe('')
  await replayed()
  line.write('migrations/002_notes.sql', notes)
})

afterAll(() => pair.stop())

describe('a replica', () => {
  const address = () => pair.standby.url('postgres')

  test('can be looked at: status, plan and audit say what it is', async () => {
    const note = `${address()} is a replica: it can be read, and nothing can be changed on it.\n`
    const status = await line.run(`status --url ${address()}`)
    expect(status).toMatchObject({ status: 0, stderr: note })
    expect(status.stdout).toContain('1 migration pending')
    expect(await line.json(`status --url ${address()}`)).toMatchObject({
      status: 0,
      document: { databases: [{ readOnly: 'replica', pending: ['002_notes'] }] },
    })
    const plan = await line.run(`plan --url ${address()}`)
    expect(plan).toMatchObject({ status: 0, stderr: note })
    expect(plan.stdout).toContain('create table notes')
    const audit = await line.run(`audit --url ${address()} --fail-on P0`)
    expect(audit.stderr).toContain(note)
    expect(audit.stdout).toContain('002_notes')
  })

  test.each(['migrate', 'start', 'stamp head', 'rollback', 'seed --force'])('is not written to: %s', async (words) => {
    line.write('seeds/001_runs.sql', 'insert into runs values (0, 0) on conflict do nothing;\n')
    expect(await line.run(`${words} --url ${address()}`)).toMatchObject({
      status: 3,
      stderr: lines(
        `error [database_read_only] ${address()} is a replica, which can only be read. Nothing was changed.`,
        `  at ${address()}`,
        '  next: Give the URL of the primary server. What reads, such as status, plan and audit, works here too.',
      ),
    })
  })

  test('that is too far behind makes a backfill pause until it has caught up', async () => {
    const directory = commandLine({
      'migrations/001_runs.sql': line.read('migrations/001_runs.sql'),
      'migrations/002_double.toml': `[[actions]]
type = "add_column"
table = "runs"
up = "n * 2"

[actions.column]
name = "double"
type = "BIGINT"
`,
    })
    const url = pair.primary.url('postgres')
    await on(pair.standby.url('postgres'), (session) => session.query(sql`select pg_wal_replay_pause()`))
    const resumed: Promise<unknown>[] = []
    const done = await directory.run(`start --url ${url} --max-lag 100ms --batch-size 100 --batch-delay 50`, {
      onWrite: (text) => {
        if (!text.includes('The backfill pauses')) return
        resumed.push(on(pair.standby.url('postgres'), (session) => session.query(sql`select pg_wal_replay_resume()`)))
      },
    })
    await Promise.all(resumed)
    expect(done.status).toBe(0)
    expect(done.stderr).toMatch(
      /^The backfill pauses: the replica follower is {2}DURATION behind, and {2}DURATION are allowed\.\nThe backfill goes on\.\n/,
    )
    expect((await directory.run(`complete --url ${url}`)).status).toBe(0)
    expect(await on(url, (session) => session.query(sql`select count(*) from runs where double = n * 2`))).toEqual([
      { count: 3000 },
    ])
  })

  test('is not waited for by a role that may not see it, which is told before anything is changed', async () => {
    const admin = pair.primary.url('postgres')
    await on(admin, (session) =>
      session.script("create role blind login password 'see-nothing'; grant create on database postgres to blind"),
    )
    const url = admin.replace('postgres@', 'blind:see-nothing@')
    await on(admin, (session) =>
      session.script(
        'grant usage on schema metastore to blind; grant select on all tables in schema metastore to blind',
      ),
    )
    expect(await line.run(`migrate --url ${url} --max-lag 1s --allow-missing 002_double`)).toMatchObject({
      status: 2,
      stderr: lines(
        'error [privilege_missing] How far replicas are behind cannot be seen by this role, and the backfill has to wait for them.',
        '  at pg_stat_replication',
        '  next: Grant it: grant pg_monitor to the role that migrates. Or leave max_lag out.',
      ),
    })
  })

  test('is no duration of --max-lag', async () => {
    expect(await line.run('migrate --max-lag soon')).toMatchObject({
      status: 2,
      stderr: lines(
        'error [usage] --max-lag must be a duration such as "500ms", "30s", "10m" or "2h", not "soon".',
        '  at --max-lag',
        '  next: Give a number and, right behind it, a unit: ms, s, m or h.',
      ),
    })
  })
})
