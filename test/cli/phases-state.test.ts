import { describe, expect, test } from 'vitest'
import { openDatabase } from '../../src/database/database.ts'
import { lines } from './command-line.ts'
import { phasesProject, runsFiles } from './phases-project.ts'

const idle = { databases: [{ state: 'idle', inProgress: [] }], status: 'idle', in_progress_migrations: [] }

describe('with nothing to do', () => {
  test('scenario 9: start, complete and abort say so and end with 0', async () => {
    const { run, address } = await phasesProject()
    await run('migrate')
    expect(await run('start')).toEqual({
      status: 0,
      stdout: lines(
        `Starting on ${address}`,
        `Nothing to start on ${address}.`,
        'The application uses: SET search_path TO migration_003_vendor',
      ),
      stderr: '',
    })
    expect(await run('complete')).toEqual({
      status: 0,
      stdout: lines(`Completing on ${address}`, 'Nothing is in progress.'),
      stderr: '',
    })
    expect(await run('abort')).toEqual({
      status: 0,
      stdout: lines(`Aborting on ${address}`, 'Nothing is in progress.'),
      stderr: '',
    })
  })
})

describe('while a batch is in progress', () => {
  test('audit and doctor say what ends it, and nothing of what it is made of', async () => {
    const { run, json, address } = await phasesProject()
    await run('migrate 1')
    await run('start')
    const message = '002_cents and 003_vendor are in progress: started, and neither completed nor aborted.'
    expect(await run('audit --only P1')).toEqual({
      status: 3,
      stdout: lines(
        `P1 ${message} [migration_in_progress, 002_cents]`,
        '   Finish with metastore complete, or take it back with metastore abort; then run this again.',
        'To do:',
        '  1. Note how many rows there are: metastore audit --count-rows',
        '  2. Finish 002_cents, 003_vendor: metastore complete',
        '  3. Restart the processes that keep connections or prepared statements',
        '  4. Compare the numbers of rows with those from before: metastore audit --count-rows',
        '  5. Audit again: there is nothing left to do: metastore audit --fail-on P2',
        `${address}: 3 migrations, 8 objects, 1 finding.`,
      ),
      stderr: '',
    })
    expect(await json('audit')).toMatchObject({
      document: { databases: [{ findings: [{ kind: 'in_progress', migration: '002_cents', message }] }] },
    })
    expect((await run('doctor')).stdout).toContain(
      lines(
        `warning  migrations: ${message}`,
        '         next: Finish with metastore complete, or take it back with metastore abort; then run this again.',
      ),
    )
    await run('complete')
    expect(await run('audit')).toMatchObject({ status: 0 })
  })
})

describe('how far a start goes', () => {
  test('scenario 10: is said by --migration, and again nothing is done', async () => {
    const { run, json } = await phasesProject()
    expect(await json('start --complete --migration 2')).toMatchObject({
      status: 0,
      document: {
        databases: [
          { state: 'idle', applied: [{ name: '001_runs' }, { name: '002_cents' }], newSchema: 'migration_002_cents' },
        ],
      },
    })
    expect(await json('start --migration 002_cents')).toMatchObject({
      status: 0,
      document: { databases: [{ state: 'idle', applied: [], inProgress: [] }] },
    })
    expect((await run('start --migration 009')).status).toBe(2)
  })

  test('scenario 66: is everything as one batch, whose schema is named after the last', async () => {
    const { json } = await phasesProject()
    expect(await json('start')).toMatchObject({
      document: {
        databases: [
          { inProgress: ['001_runs', '002_cents', '003_vendor'], newSchema: 'migration_003_vendor', oldSchema: null },
        ],
      },
    })
  })

  test('is one after another with --one-by-one, and the last stays in progress', async () => {
    const { json } = await phasesProject()
    expect(await json('start --one-by-one')).toMatchObject({
      document: {
        databases: [
          {
            applied: [{ name: '001_runs' }, { name: '002_cents' }],
            inProgress: ['003_vendor'],
            oldSchema: 'migration_002_cents',
          },
        ],
      },
    })
  })

  test('is one with --expect-one, or nothing', async () => {
    const { run, json, address } = await phasesProject()
    expect(await run('start --expect-one')).toEqual({
      status: 3,
      stdout: lines(`Starting on ${address}`),
      stderr: lines(
        'error [several_pending] 3 migrations are pending, and one was expected. Nothing was changed.',
        '  at 001_runs',
        '  001_runs',
        '  002_cents',
        '  003_vendor',
        '  next: Leave --expect-one out to start them as one batch, or say how far to go: metastore start +1.',
      ),
    })
    expect(await json('status')).toMatchObject({ document: { ...idle, databases: [{ managed: false }] } })
    await run('migrate 2')
    expect(await json('start --expect-one')).toMatchObject({
      status: 0,
      document: { databases: [{ inProgress: ['003_vendor'] }] },
    })
  })
})

describe('with a batch in progress', () => {
  async function inProgress() {
    const project = await phasesProject()
    await project.run('migrate 1')
    await project.run('start 2')
    return project
  }

  test('scenario 12: status tells of it, and start --complete completes it and then the rest', async () => {
    const { run, json, address } = await inProgress()
    expect(await run('status')).toEqual({
      status: 0,
      stdout: lines(
        `${address}: in progress; metastore complete or metastore abort ends it`,
        '  1 migration applied, the newest is 001_runs',
        '  in progress  002_cents',
        '  old version  migration_001_runs',
        '  new version  migration_002_cents',
        '  pending  003_vendor',
      ),
      stderr: '',
    })
    expect((await run('status --check')).status).toBe(3)
    expect(await json('status')).toMatchObject({
      document: {
        status: 'in_progress',
        in_progress_migrations: ['002_cents'],
        latest_completed_migration: '001_runs',
        old_schema: 'migration_001_runs',
        new_schema: 'migration_002_cents',
        step: null,
        lock_holder: null,
      },
    })
    expect(await json('start --complete')).toMatchObject({
      status: 0,
      document: {
        databases: [{ state: 'idle', applied: [{ name: '002_cents' }, { name: '003_vendor' }], inProgress: [] }],
      },
    })
  })

  test('start and migrate are refused, and say what waits', async () => {
    const { run } = await inProgress()
    const refusal = (waits: string) =>
      new RegExp(
        `^error \\[batch_in_progress\\] 002_cents is in progress: started, and neither completed nor aborted\\.${waits}`,
      )
    expect(await run('start')).toMatchObject({
      status: 3,
      stderr: expect.stringMatching(refusal(' 003_vendor waits')) as string,
    })
    expect(await run('migrate')).toMatchObject({ status: 3, stderr: expect.stringMatching(refusal('')) as string })
    expect((await run('start 2')).status).toBe(0)
  })
})

describe('while another process migrates', () => {
  test.each(['start', 'complete', 'abort'])('scenario 13: %s does not wait, unless it is told to', async (phase) => {
    const { run, url, address } = await phasesProject()
    await run('migrate 2')
    if (phase !== 'start') await run('start')
    await using database = await openDatabase(url)
    const attempt = await database.tryLock({ command: 'elsewhere' })
    if (!('lock' in attempt)) throw new Error('The lock is held.')
    await using lock = attempt.lock
    const refused = await run(phase)
    expect(refused.status).toBe(4)
    expect(refused.stderr).toMatch(/^error \[lock_held\]/)
    expect(refused.stderr).toContain(`${address} is being migrated by `)

    const waiting = new Promise<void>((resolve) => {
      const onWrite = (text: string) => text.startsWith('Waiting for ') && resolve()
      void run(`${phase} --lock-wait 10m`, { onWrite }).then((outcome) => outcomes.push(outcome.status))
    })
    const outcomes: number[] = []
    await waiting
    await lock.release()
    await expect.poll(() => outcomes, { timeout: 60_000 }).toEqual([0])
  })
})

describe('a database with tables and no history', () => {
  test('scenario 82: is refused by start, until it has a baseline', async () => {
    const { run, rows, address } = await phasesProject()
    await rows('public', 'create table runs (id bigint primary key, cost numeric(8,2) not null)')
    for (const attempt of [1, 2]) {
      expect(await run('start'), `attempt ${attempt}`).toEqual({
        status: 3,
        stdout: lines(`Starting on ${address}`),
        stderr: lines(
          'error [database_unmanaged] Schema public has a table (runs), and metastore has never migrated this database.',
          `  at ${address}`,
          '  next: Take it over with metastore baseline, or with metastore adopt where another tool has migrated it; or name an empty database.',
        ),
      })
    }
    expect((await run('baseline 1')).status).toBe(0)
    expect((await run('start')).status).toBe(0)
    await rows('migration_001_runs', 'insert into runs values (1, 0.5)')
    expect(await rows('migration_003_vendor', 'select * from runs')).toEqual([{ id: 1, cents: 50, vendor: null }])
  })

  test('can be one that no file describes', async () => {
    const { run, rows, json } = await phasesProject({
      'migrations/1_vendor.toml': runsFiles['migrations/003_vendor.toml'],
    })
    await rows('public', 'create table runs (id bigint primary key)')
    expect((await run('baseline base')).status).toBe(0)
    expect(await json('start --complete')).toMatchObject({
      status: 0,
      document: { databases: [{ applied: [{ name: '1_vendor' }] }] },
    })
  })
})

test('a file that does not fit the database is refused with 2, and nothing is changed', async () => {
  const { run, json, line } = await phasesProject()
  await run('migrate')
  line.write('migrations/004_wrong.toml', 'actions = [{ type = "remove_column", table = "runs", column = "vendro" }]\n')
  const { status, stderr } = await run('start')
  expect(status).toBe(2)
  expect(stderr).toMatch(/^error \[schema_conflict\] .*\n {2}at migrations\/004_wrong\.toml:1:/)
  expect(await json('status')).toMatchObject({ document: idle })
})

test('an SQL file that cannot be taken back is told before anything is done', async () => {
  const { run, line } = await phasesProject()
  await run('migrate')
  line.write('migrations/004_note.sql', 'create table notes (id bigint);\n')
  const { status, stderr } = await run('start')
  expect(status).toBe(0)
  expect(stderr).toBe(
    'Warning: migrations/004_note.sql: 004_note has no down part, so what it does cannot be taken back.\n',
  )
})
