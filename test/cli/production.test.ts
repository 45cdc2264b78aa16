import { chmodSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { freshPostgresUrl } from '../harness/engines.ts'
import { commandLine, lines, twoMigrations, type CommandLine } from './command-line.ts'

const weekdays = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'] as const

/** A window that is closed whenever the test runs. */
function closedWindow(): string {
  return `${weekdays[(new Date().getUTCDay() + 3) % 7]} 01:00-02:00`
}

// Where the program of a backup is found.
const around = { environment: { PATH: process.env['PATH'] } }

function project(settings: string): CommandLine {
  return commandLine({ ...twoMigrations, 'metastore.toml': `[database.main]\nurl = "sqlite:app.db"\n${settings}` })
}

/** The same with its migrations applied, and a row that is not there yet. */
async function seeded(settings: string): Promise<CommandLine> {
  const line = project('')
  line.write('seeds/001_users.json', '{ "table": "users", "key": ["id"], "rows": [{ "id": 1 }] }')
  expect(await line.run('migrate')).toMatchObject({ status: 0 })
  line.write('metastore.toml', `[database.main]\nurl = "sqlite:app.db"\n${settings}`)
  return line
}

async function applied(line: CommandLine): Promise<unknown> {
  const { document } = await line.json('status')
  return (document as { databases: { applied: unknown }[] }).databases[0]?.applied
}

// A program that says what it was given, as a backup would use it.
const told = (code: string) => JSON.stringify(['node', '-e', code, '{database}-{command}'])

describe('the backup command', () => {
  test('runs before the first change, knows what is meant, and is not run where nothing is to be done', async () => {
    const code =
      "console.log(process.argv[1]); console.error(process.env.METASTORE_BACKUP_COMMAND_OF, require('fs').existsSync('app.db') && require('fs').statSync('app.db').size)"
    const line = project(`backup_command = ${told(code)}\n`)
    const first = await line.run('migrate 1', around)
    expect(first).toMatchObject({ status: 0, stderr: expect.stringMatching(/^ {2}main-migrate$/m) as string })
    expect(first.stderr).toMatch(/^ {2}migrate (?:0|false|4096)$/m)
    expect(first.stdout).toBe(
      lines(
        'Running node before main is changed',
        'Migrating sqlite:app.db: 1 migration to apply',
        '  applied 001_users  DURATION',
        'Done: 1 migration applied, it is at 001_users; 1 migration still pending.',
      ),
    )
    const nothing = await line.run('migrate 1', around)
    expect(nothing).toMatchObject({ status: 0, stderr: '' })
    expect(nothing.stdout).not.toContain('Running')
    expect((await line.run('rollback', around)).stderr).toContain('main-rollback')
  })

  test('that fails leaves everything as it is, and its last words are shown without secrets', async () => {
    const code = "console.log('disk full, said ' + process.env.BACKUP_TOKEN); process.exit(3)"
    const line = project(`backup_command = ${told(code)}\n`)
    const environment: Record<string, string | undefined> = {
      BACKUP_TOKEN: 'very-secret-value',
      PATH: process.env['PATH'],
    }
    expect(await line.run('migrate', { environment })).toEqual({
      status: 1,
      stdout: lines('Running node before main is changed'),
      stderr: lines(
        '  disk full, said ***',
        'error [backup_failed] The backup command "node" ended with status 3, so nothing was changed.',
        '  at metastore.toml:3:1',
        '  disk full, said ***',
        '  next: Find out why, by what it says; run it by hand, and then this command again.',
      ),
    })
    expect(await line.json('status')).toMatchObject({ document: { databases: [{ managed: false, applied: [] }] } })
  })

  test('runs once for a reset, although that changes the database in two steps', async () => {
    const line = project(`backup_command = ["node", "-e", "console.log('saved')"]\n`)
    expect((await line.run('migrate --quiet', around)).status).toBe(0)
    const { status, stderr } = await line.run('reset --confirm main', around)
    expect([status, stderr.match(/saved/g)]).toEqual([0, ['saved']])
  })

  test('runs before seeds are written, and not where they are as they should be', async () => {
    const line = await seeded(`backup_command = ${told('console.log(process.argv[1])')}\n`)
    expect(await line.run('seed', around)).toMatchObject({ status: 0, stderr: '  main-seed\n' })
    expect(await line.run('seed', around)).toMatchObject({ status: 0, stderr: '' })
    expect(await line.run('seed --force --plan', around)).toMatchObject({ status: 0, stderr: '' })
  })

  test('is looked for by doctor, which does not run it', async () => {
    const diagnoses = async (settings: string) => {
      const line = project(settings)
      line.write('bin/save', '#!/bin/sh\ntouch ran\n')
      line.write('bin/notes.txt', '')
      chmodSync(path.join(line.directory, 'bin/save'), 0o755)
      const { status, stdout } = await line.run('doctor', around)
      expect(line.exists('ran')).toBe(false)
      return [status, stdout.split('\n').filter((text) => text.includes('backup'))]
    }
    expect(await diagnoses('backup_command = ["node", "-e", "1"]\n')).toEqual([
      0,
      ['ok       backup: node is there to make a backup before a change.'],
    ])
    expect(await diagnoses('backup_command = ["./bin/save"]\n')).toEqual([
      0,
      ['ok       backup: ./bin/save is there to make a backup before a change.'],
    ])
    for (const program of ['no-such-program-here', './bin/notes.txt', './bin']) {
      expect(await diagnoses(`backup_command = ["${program}"]\n`)).toEqual([
        3,
        [
          `problem  backup: metastore.toml:3:1: The backup command "${program}" is not installed, or not on the PATH, so nothing could be changed.`,
          '         next: Install it wherever migrations run, or correct backup_command.',
        ],
      ])
    }
    expect(await diagnoses('')).toEqual([0, []])
  })

  test('that is not there is told', async () => {
    const line = project('backup_command = ["no-such-program-here"]\n')
    expect(await line.run('migrate --quiet', around)).toEqual({
      status: 1,
      stdout: '',
      stderr: lines(
        'error [backup_failed] The backup command "no-such-program-here" is not installed, or not on the PATH, so nothing was changed.',
        '  at metastore.toml:3:1',
        '  next: Find out why, by what it says; run it by hand, and then this command again.',
      ),
    })
  })

  test('is given no shell: what looks like one is an argument', async () => {
    const line = project(`backup_command = ["node", "-e", "console.log(process.argv[1])", "$(touch x); touch y"]\n`)
    expect((await line.run('migrate', around)).stderr).toBe('  $(touch x); touch y\n')
    expect(line.exists('x') || line.exists('y')).toBe(false)
  })

  test('is ended by an interruption, and then nothing is changed', async () => {
    const line = project(`backup_command = ["node", "-e", "console.log('begun'); setInterval(() => {}, 1000)"]\n`)
    const interruption = new AbortController()
    const { status, stderr } = await line.run('migrate', {
      signal: interruption.signal,
      environment: { PATH: process.env['PATH'] },
      onWrite: (text) => {
        if (text.includes('begun')) interruption.abort()
      },
    })
    expect([status, stderr]).toEqual([
      1,
      expect.stringContaining('[backup_failed] The backup command "node" was interrupted, so nothing was changed.'),
    ])
  })
})

describe('outside of the maintenance window', () => {
  test.each(['migrate', 'start', 'setup', 'upgrade head', 'reset'])('%s changes nothing', async (words) => {
    const window = closedWindow()
    const line = project(`maintenance_window = "${window}"\n`)
    const { status, stderr } = await line.run(words)
    expect([status, stderr.replaceAll(/\d{4}-\d\d-\d\d \d\d:\d\d UTC/g, 'THEN')]).toEqual([
      3,
      expect.stringContaining(
        lines(
          `error [window_closed] The database main may be changed only in its maintenance window, ${window}, which opens next at THEN. Nothing was changed.`,
          '  at metastore.toml:3:1',
          '  next: Run the same command again then; if it cannot wait, say so with --outside-window main.',
        ),
      ),
    ])
    expect(await line.json('status')).toMatchObject({ document: { databases: [{ managed: false }] } })
  })

  test('a migrate with nothing to do is welcome, as is a rollback, and one that is told to', async () => {
    const line = project(`maintenance_window = "${closedWindow()}"\n`)
    expect(await line.run('migrate --outside-window other')).toMatchObject({ status: 3 })
    expect(await line.run('migrate --outside-window main')).toMatchObject({ status: 0, stderr: '' })
    expect(await line.run('migrate')).toMatchObject({ status: 0, stderr: '' })
    expect(await line.run('rollback')).toMatchObject({ status: 0, stderr: '' })
  })

  test('seeds write nothing, but may be planned and verified, and there is no window for those that are applied', async () => {
    const line = await seeded(`maintenance_window = "${closedWindow()}"\n`)
    const { status, stderr } = await line.run('seed')
    expect([status, stderr]).toEqual([
      3,
      expect.stringContaining('error [window_closed] The database main may be changed'),
    ])
    expect(await line.run('seed --plan')).toMatchObject({
      status: 0,
      stdout: expect.stringContaining('1 inserted') as string,
    })
    // Its migrations are applied, so that it is stopped at the seeds.
    expect(await line.run('setup')).toMatchObject({
      status: 3,
      stderr: expect.stringContaining('Stopped at seed.') as string,
    })
    expect(await line.run('seed --outside-window main')).toMatchObject({ status: 0, stderr: '' })
    expect(await line.run('seed')).toMatchObject({ status: 0, stderr: '' })
    expect(await line.run('seed --verify')).toMatchObject({ status: 0, stderr: '' })
  })

  test('what writes the history alone is not bound, nor does it wait for a backup', async () => {
    const line = project(`maintenance_window = "${closedWindow()}"\nbackup_command = ["no-such-program-here"]\n`)
    expect(await line.run('baseline 001')).toMatchObject({ status: 0, stderr: '' })
    expect(await line.run('stamp head')).toMatchObject({ status: 0, stderr: '' })
  })

  test('an audit says what it would repair, and repairs nothing', async () => {
    const line = commandLine({
      'metastore.toml': `[database.main]\nurl = "${await freshPostgresUrl(18)}"\nmaintenance_window = "${closedWindow()}"\nbackup_command = ["no-such-program-here"]\n`,
      'migrations/001_runs.sql': 'create table runs (id bigint primary key);\n',
    })
    // By hand, so that the table is missing.
    expect(await line.run('stamp head')).toMatchObject({ status: 0 })
    expect(await line.run('audit')).toMatchObject({ status: 3, stderr: '' })
    const closed = await line.run('audit --fix')
    expect([closed.status, closed.stderr]).toEqual([3, expect.stringContaining('[window_closed]')])
    const refused = await line.run('audit --fix --outside-window main')
    expect([refused.status, refused.stderr]).toEqual([1, expect.stringContaining('[backup_failed]')])
    const { document } = await line.json('audit')
    expect(document).toMatchObject({
      databases: [{ findings: [{ kind: 'missing', object: expect.stringContaining('runs') as string }] }],
    })
  })

  test('is never where the window is all day', async () => {
    expect(await project('maintenance_window = "00:00-24:00"\n').run('migrate')).toMatchObject({
      status: 0,
      stderr: '',
    })
  })

  test('is nowhere where the window is none', async () => {
    expect(await project('maintenance_window = "at night"\n').run('migrate')).toMatchObject({
      status: 2,
      stderr: lines(
        'error [configuration_invalid] database.main.maintenance_window must be windows such as "Sat-Sun 01:00-05:00 Europe/Paris", not "at night".',
        '  at metastore.toml:3:22',
        '  next: Write days and hours, several with a semicolon between them, and a time zone such as Europe/Paris at the end: "Mon-Fri 22:00-23:30; Sat 01:00-05:00 Europe/Paris".',
      ),
    })
  })
})

describe('a database that is marked as production', () => {
  const production = { environment: { METASTORE_ENVIRONMENT: 'production' } }
  const dropping = {
    'migrations/001_users.sql': 'create table users (id int primary key, mail text);\n',
    'migrations/002_drop.sql': 'alter table users drop column mail;\n',
    'migrations/003_more.sql': 'create table more (id int primary key);\n',
  }
  const pglite = '[database.main]\nurl = "pglite:data"\n'

  test('wants each hazard of P0 or of lost data in what is pending acknowledged, before anything is changed', async () => {
    const line = commandLine({ ...dropping, 'metastore.toml': pglite })
    expect((await line.run('migrate 1', production)).stderr).toBe('')
    const refused = await line.run('migrate', production)
    expect(refused.status).toBe(3)
    expect(refused.stderr).toMatch(
      /^error \[hazard_unacknowledged\] The database main is marked as production, and what is pending holds 1 hazard that nobody has acknowledged: (H\d+)\. Nothing was changed\.\n {2}at migrations\/002_drop\.sql:1:1\n {2}migrations\/002_drop\.sql:1:1: \1 .*\n {2}next: Mend it as metastore check --explain \1 says; or allow it in the file, with a reason \(-- metastore: allow \1 because …\), or for this run with --allow-hazard \1\.\n$/,
    )
    expect((await line.run('start', production)).stderr).toContain('[hazard_unacknowledged]')
    expect(await applied(line)).toEqual(['001_users'])
    const id = /H\d+/.exec(refused.stderr)?.[0] ?? ''
    expect(await line.run(`migrate --allow-hazard ${id.toLowerCase()}`, production)).toMatchObject({ status: 0 })
    expect(await applied(line)).toEqual(['001_users', '002_drop', '003_more'])
  })

  test('goes as far as the hazard, or past it where the file allows it', async () => {
    const line = commandLine({ ...dropping, 'metastore.toml': pglite })
    expect((await line.run('migrate 1', production)).status).toBe(0)
    const refused = await line.run('migrate', production)
    const id = /H\d+/.exec(refused.stderr)?.[0] ?? ''
    const statement = `-- metastore: allow ${id} because the application has not read it since May\n${dropping['migrations/002_drop.sql']}`
    line.write('migrations/002_drop.sql', statement)
    expect(await line.run('migrate', production)).toMatchObject({ status: 0, stderr: '' })
  })

  test('loses no data in a rollback unless its name is given', async () => {
    const line = commandLine(twoMigrations)
    await line.run('migrate --quiet')
    expect(await line.run('rollback --allow-data-loss --yes', production)).toEqual({
      status: 3,
      stdout: '',
      stderr: lines(
        'error [production_guarded] The database main is marked as production, so --allow-data-loss alone does not let a rollback lose its data.',
        '  at main',
        '  next: Look at what would be lost without --allow-data-loss; if that is meant, add --confirm main.',
      ),
    })
    expect(await line.run('rollback --allow-data-loss --yes --confirm main', production)).toMatchObject({ status: 0 })
  })
})
