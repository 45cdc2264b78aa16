import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openDatabase, type Database, type Session } from '../../src/database/database.ts'
import { freshPostgresUrl } from '../harness/engines.ts'
import { commandLine, lines } from './command-line.ts'

const files = {
  'migrations/001_runs.sql': 'alter table runs alter column cost type bigint;\n',
  'migrations/002_far.sql': 'create extension far_away;\n',
}

describe('plan --preflight', () => {
  let database: Database
  let other: Session
  let url = ''

  beforeAll(async () => {
    url = await freshPostgresUrl(18)
    database = await openDatabase(url)
    other = await database.session()
    await other.script(`
      create table runs (id int primary key, cost int);
      create index runs_cost on runs (cost);
      insert into runs select n, n from generate_series(1, 100000) n;
      update pg_index set indisvalid = false where indexrelid = 'runs_cost'::regclass;
      analyze runs`)
  })
  afterAll(async () => {
    await other.close()
    await database.close()
  })

  const plan = (words: string) => commandLine(files).run(`plan --preflight ${words} --url ${url}`)

  test('tells what stands in the way, and ends with 3', async () => {
    const { status, stdout, stderr } = await plan('--disk-free 1kB')
    expect({ status, stderr }).toEqual({ status: 3, stderr: '' })
    expect(stdout.slice(stdout.indexOf('\nP0'))).toMatch(
      new RegExp(
        [
          '',
          'P0 The plan writes about [0-9.]+ MB beside what there is, and about as much to the log; 1 kB are free. \\[disk_short\\]',
          '   Free some space before you migrate.',
          'P0 migrations/002_far.sql: The migration makes the extension far_away, which this server does not offer. \\[extension_missing\\]',
          '   Install far_away on the server, or use a server that has it.',
          'P1 public.runs has an invalid index, which slows writes and answers no query: runs_cost. \\[invalid_index\\]',
          '   Rebuild it with reindex index concurrently runs_cost; or drop it.',
          '-- preflight: 3 findings',
          '',
        ].join('\n'),
      ),
    )
  })

  test('says that a server does not tell how much space is free', async () => {
    const { stdout } = await plan('')
    expect(stdout).toMatch(
      /\nP2 The plan writes about [0-9.]+ MB beside what there is, and about as much to the log; PostgreSQL does not tell how much space is free\. \[disk_unknown\]\n {3}Look at the disk, and give what is free as --disk-free 50GB\.\n/,
    )
  })

  test('tells a role that does not own the tables so', async () => {
    await other.script(`do $$ begin create role preflight_guest login password 'guest'; exception when duplicate_object then end $$;
      grant connect on database ${new URL(url).pathname.slice(1)} to preflight_guest`)
    const guest = new URL(url)
    guest.username = 'preflight_guest'
    guest.password = 'guest'
    const line = commandLine(files)
    const { stdout, stderr } = await line.run(`plan --preflight --disk-free 1TB --url ${guest.href}`)
    expect(stderr).toBe('')
    expect(stdout).toContain(
      'P0 public.runs belongs to postgres, so preflight_guest may not change it. [right_missing]',
    )
    await other.script('drop owned by preflight_guest; drop role preflight_guest')
  })

  test('names a queue of locks, with who holds them, before anybody joins it', async () => {
    await using holder = await database.session()
    await using waiter = await database.session()
    const done = new Error('done')
    let waiting: Promise<unknown> = Promise.resolve()
    await holder
      .transaction(async (tx) => {
        await tx.script('lock table runs in row exclusive mode')
        waiting = waiter.script('create index waited_for on runs (id)')
        await expect
          .poll(async () => (await plan('--disk-free 1TB')).stdout)
          .toMatch(
            /P1 Somebody waits for a lock of public\.runs already, which server process \d+ holds\. \[lock_queue\]\n {3}Wait until it is done, or end what holds the lock\.\n/,
          )
        throw done
      })
      .catch((error: unknown) => {
        if (error !== done) throw error
      })
    await waiting
  })

  test('says nothing of what nothing stands in the way of, and understands its options', async () => {
    const clean = commandLine({ 'migrations/001_a.sql': 'create table fresh (id int);\n' })
    const { status, stdout } = await clean.run(`plan --preflight --url ${url}`)
    expect({ status, end: stdout.split('\n').at(-2) }).toEqual({ status: 0, end: '-- preflight: 0 findings' })
    expect((await plan('--disk-free much')).stderr).toBe(
      lines(
        'error [usage] --disk-free cannot be "much".',
        '  at --disk-free',
        '  next: Give a size, such as 500MB or 50GB.',
      ),
    )
    expect((await plan('--fail-on all')).stderr).toBe(
      lines('error [usage] --fail-on cannot be "all".', '  next: Use P0, P1 or P2.'),
    )
  })
})
