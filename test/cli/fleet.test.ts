import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openDatabase, raw, type Database, type Session } from '../../src/database/database.ts'
import { dropDatabase, freshPostgresUrl } from '../harness/engines.ts'
import { commandLine, lines, type CommandLine } from './command-line.ts'

const migrations = {
  'migrations/001_users.sql': 'create table users (id int primary key);\n\n-- metastore:down\ndrop table users;\n',
  'migrations/002_notes.sql':
    'create table notes (id int primary key references users (id));\n\n-- metastore:down\ndrop table notes;\n',
}

async function on<T>(url: string, work: (session: Session) => Promise<T>): Promise<T> {
  await using database = await openDatabase(url)
  await using session = await database.session()
  return await work(session)
}

async function tables(url: string): Promise<readonly string[]> {
  const rows = await on(url, (session) =>
    session.query<{ name: string }>(
      raw(
        `select schemaname || '.' || tablename as name from pg_tables
         where schemaname !~ '^(pg_|information_schema|metastore)' order by 1`,
      ),
    ),
  )
  return rows.map(({ name }) => name)
}

/** A project with this fleet, whose members are schemas of a database. */
function schemas(url: string, fleet: string): CommandLine {
  return commandLine({
    ...migrations,
    'metastore.toml': `[database.main]\nurl = "${url}"\n\n[fleet.tenants]\n${fleet}\n`,
  })
}

/** A project with a fleet of SQLite files. */
function files(fleet = 'names = ["a", "b", "c"]'): CommandLine {
  return commandLine({
    ...migrations,
    'metastore.toml': `[database.main]\nurl = "sqlite:main.db"\n\n[fleet.tenants]\nurl = "sqlite:{name}.db"\n${fleet}\n`,
  })
}

/** With columns two spaces apart, however long something took. */
async function run(line: CommandLine, words: string) {
  const outcome = await line.run(words)
  return { ...outcome, stdout: outcome.stdout.replaceAll(/ {2,}/g, '  ') }
}

async function states(line: CommandLine, words: string): Promise<{ status: number; members: readonly string[] }> {
  const { status, document } = await line.json(words)
  const { members } = document as {
    members: { name: string; outcome: string; result: { current?: string | null } | null }[]
  }
  return { status, members: members.map(({ name, outcome, result }) => `${name} ${outcome} ${result?.current ?? '-'}`) }
}

describe('a fleet of schemas', () => {
  let url: string

  beforeAll(async () => {
    url = await freshPostgresUrl(18)
    await on(url, (session) =>
      session.script(`
        create schema acme; create schema globex; create schema "in itech""";
        create table globex.notes (id int)`),
    )
  })

  test('stops at the first that fails, with a table, and goes on where it stopped', async () => {
    const line = schemas(url, 'names = ["acme", "globex", "in itech\\""]\nconcurrency = 1')
    expect(await run(line, 'fleet migrate')).toEqual({
      status: 1,
      stdout: lines(
        'done  acme  2 migrations applied, at 002_notes  DURATION',
        '',
        'member  outcome  time  result',
        'acme  done  canary  DURATION  2 migrations applied, at 002_notes',
        'globex  failed  DURATION  statement_failed',
        'in itech"  not begun',
      ),
      stderr: lines(
        'globex  Kept: 1 migration applied before the failure.',
        'failed  globex  relation "notes" already exists.',
        'error [fleet_stopped] Of 3 members of the fleet tenants 1 failed, and 1 was not begun.',
        '  at tenants',
        '  globex: [statement_failed] relation "notes" already exists.',
        '    next: If the database has what this migration makes, because somebody made it by hand, record it as applied with metastore stamp 002_notes; otherwise rename one of the two.',
        '  next: Mend what is wrong and run the same command again: members that are done are only looked at.',
      ),
    })
    await on(url, (session) => session.script('drop table globex.notes'))
    expect(await states(line, 'fleet migrate')).toEqual({
      status: 0,
      members: ['acme done 002_notes', 'globex done 002_notes', 'in itech" done 002_notes'],
    })
    expect(await tables(url)).toEqual(
      ['acme', 'globex', 'in itech"'].flatMap((schema) => [`${schema}.notes`, `${schema}.users`]),
    )
    expect((await line.run('fleet rollback 1 --only globex --yes')).status).toBe(0)
    expect(await states(line, 'fleet status')).toEqual({
      status: 0,
      members: ['acme done 002_notes', 'globex done 001_users', 'in itech" done 002_notes'],
    })
  })

  test('is found by a pattern or a query, and a schema that is missing is told or made', async () => {
    const found = schemas(url, 'pattern = "?*"')
    expect((await states(found, 'fleet status')).members.map((text) => text.split(' ')[0])).toEqual([
      'acme',
      'globex',
      'in',
      'public',
    ])
    const asked = schemas(url, `query = "select 'initech' union all select 'acme' order by 1 desc"`)
    const { stderr } = await asked.run('fleet migrate')
    expect(stderr).toContain(
      'failed  initech  There is no schema initech, or the role may not use it. Nothing was changed.',
    )
    expect(await states(asked, 'fleet migrate --bootstrap')).toEqual({
      status: 0,
      members: ['initech done 002_notes', 'acme done 002_notes'],
    })
    const wrong = schemas(url, 'query = "select null::text"')
    expect(await wrong.run('fleet status')).toEqual({
      status: 2,
      stdout: '',
      stderr: lines(
        'error [fleet_invalid] The query of the fleet gives no name in row 1: its first column has to be a text that is not empty.',
        '  at query',
        '  next: Select the names as text, such as select slug::text from tenants, without nulls.',
      ),
    })
  })

  test('cannot have migrations in actions, whose version schemas would be the same', async () => {
    const line = schemas(url, 'names = ["acme"]')
    line.write('migrations/003_more.toml', '[[actions]]\ntype = "create_enum"\nname = "mood"\nvalues = ["ok"]\n')
    expect(await line.run('fleet migrate')).toEqual({
      status: 2,
      stdout: '',
      stderr: lines(
        'error [not_supported] The members of the fleet tenants are schemas of one database, and migrations/003_more.toml is a migration in actions: its version schema would be the same for all of them.',
        '  at metastore.toml:4:8',
        '  next: Write it in SQL, or give each member a database of its own: each = "database".',
      ),
    })
  })
})

describe('the lock of a schema', () => {
  let database: Database

  beforeAll(async () => {
    database = await openDatabase(await freshPostgresUrl(18))
  })

  afterAll(() => database.close())

  test('excludes who migrates the same schema or the whole database, and nobody else', async () => {
    const take = async (part?: string) => {
      const attempt = await database.tryLock({ command: 'test', ...(part !== undefined && { part }) })
      return 'lock' in attempt ? attempt.lock : undefined
    }
    const acme = await take('acme')
    expect(acme).toBeDefined()
    expect(await take('acme')).toBeUndefined()
    expect(await take()).toBeUndefined()
    const globex = await take('globex')
    expect(globex).toBeDefined()
    await acme?.release()
    await globex?.release()
    const whole = await take()
    expect(whole).toBeDefined()
    expect(await take('acme')).toBeUndefined()
    await whole?.release()
  })
})

describe('a fleet of databases of a server', () => {
  test('goes through start and complete, in databases that a pattern finds', async () => {
    const url = await freshPostgresUrl(18)
    const name = new URL(url).pathname.slice(1)
    const urls = ['a', 'b'].map((member) => url.replace(name, `${name}_fleet_${member}`))
    for (const each of urls)
      await on(url, (session) => session.script(`create database ${new URL(each).pathname.slice(1)}`))
    try {
      const line = commandLine({
        'metastore.toml': `[database.main]\nurl = "${url}"\n[fleet.all]\neach = "database"\npattern = "${name}_fleet_*"\n`,
        'migrations/001_runs.toml': `[[actions]]
type = "create_table"
name = "runs"
primary_key = ["id"]
[[actions.columns]]
name = "id"
type = "INTEGER"
`,
      })
      const started = await line.run('fleet start')
      expect([started.status, started.stdout]).toEqual([0, expect.stringContaining('001_runs in progress')])
      expect((await line.run('fleet complete')).status).toBe(0)
      for (const each of urls) expect(await tables(each)).toEqual(['public.runs'])
      expect(await tables(url)).toEqual([])
    } finally {
      for (const each of urls)
        await on(url, (session) => session.script(`drop database ${new URL(each).pathname.slice(1)} with (force)`))
      await dropDatabase(url)
    }
  })
})

describe('a fleet of files', () => {
  test('goes as far as its canary, then on', async () => {
    const line = files('names = ["a", "b", "c"]\ncanary = ["b"]')
    expect(await run(line, 'fleet migrate --canary-only')).toEqual({
      status: 0,
      stdout: lines(
        'done  b  2 migrations applied, at 002_notes  DURATION',
        '',
        'member  outcome  time  result',
        'a  not begun',
        'b  done  canary  DURATION  2 migrations applied, at 002_notes',
        'c  not begun',
        'The canary is through, and 2 members not begun: run again without --canary-only to go on.',
      ),
      stderr: '',
    })
    expect(await states(line, 'fleet status --check')).toEqual({
      status: 3,
      members: ['a done -', 'b done 002_notes', 'c done -'],
    })
    expect(line.exists('a.db')).toBe(false)
    expect((await line.run('fleet migrate --quiet')).status).toBe(0)
    expect((await states(line, 'fleet status --check')).status).toBe(0)
  })

  test('begins nothing after a canary that failed; of others the rest goes on with --keep-going', async () => {
    const line = files()
    line.write('b.db', 'this is no database, and long enough to be none of SQLite either')
    expect(await states(line, 'fleet migrate --canary b --keep-going')).toEqual({
      status: 1,
      members: ['a not_begun -', 'b failed -', 'c not_begun -'],
    })
    expect(await states(line, 'fleet migrate --keep-going')).toEqual({
      status: 1,
      members: ['a done 002_notes', 'b failed -', 'c done 002_notes'],
    })
    expect(await line.json('fleet status')).toMatchObject({
      status: 1,
      document: {
        fleet: 'tenants',
        action: 'status',
        members: [
          {
            name: 'a',
            canary: false,
            outcome: 'done',
            error: null,
            result: { current: '002_notes', address: 'sqlite:a.db' },
          },
          { name: 'b', outcome: 'failed', result: null, error: { code: expect.any(String) as string } },
          { name: 'c' },
        ],
        error: { code: 'fleet_stopped' },
      },
    })
  })

  test('asks nobody, and shows what its members say with --verbose', async () => {
    const line = files('names = ["a"]')
    expect((await line.run('fleet migrate --verbose')).stdout).toContain('a    applied 001_users  DURATION\n')
    const { status, stderr } = await line.run('fleet rollback 2')
    expect([status, stderr]).toEqual([
      1,
      expect.stringContaining(
        'a: [consent_needed] Roll back 2 migrations on sqlite:a.db? Members of a fleet are worked on side by side, so nobody is asked.',
      ),
    ])
    expect((await line.run('fleet rollback 2 --yes')).status).toBe(0)
  })

  test.each([
    [
      'fleet nonsense',
      '',
      'error [usage] A fleet has no action "nonsense".',
      '  at metastore fleet',
      '  next: Use one of status, migrate, start, complete, abort, rollback.',
    ],
    [
      'fleet status --fleet tenant',
      '',
      'error [fleet_unknown] There is no fleet "tenant".',
      '  at metastore.toml',
      '  next: Did you mean tenants? Name one with --fleet: tenants.',
    ],
    [
      'fleet migrate --only d',
      '',
      'error [fleet_unknown] The fleet tenants has no member "d".',
      '  at metastore.toml:4:8',
      '  next: Did you mean a? metastore fleet status lists its members.',
    ],
    [
      'fleet migrate --concurrency 100',
      '',
      'error [usage] --concurrency must be a number from 1 to 64, not "100".',
      '  at --concurrency',
      '  next: Give a number from 1 to 64.',
    ],
    [
      'fleet status',
      'names = ["../a"]',
      'error [fleet_stopped] Of 1 member of the fleet tenants 1 failed.',
      '  at tenants',
      '  ../a: [fleet_invalid] The member "../a" of the fleet tenants cannot be a part of a URL.',
      '    next: Use names of letters, digits and _ . - only, where the fleet has a url.',
      '  next: Mend what is wrong and run the same command again: members that are done are only looked at.',
    ],
    [
      'fleet status',
      'pattern = "*"',
      'error [configuration_invalid] A pattern cannot find members that have a URL of their own.',
      '  at metastore.toml:6:1',
      '  next: Give names or a query.',
    ],
    [
      'fleet status',
      'names = ["a", "a"]',
      'error [configuration_invalid] fleet.tenants.names must be an array of names, each of them once.',
      '  at metastore.toml:6:1',
      '  next: Write it in brackets, each name in quotes: ["acme", "globex"].',
    ],
    [
      'fleet status',
      'names = ["a"]\nconcurrncy = 3',
      'error [configuration_invalid] There is no setting fleet.tenants."concurrncy".',
      '  at metastore.toml:7:1',
      '  next: Did you mean concurrency? The settings of a fleet are database, each, url, names, query, pattern, canary, concurrency.',
    ],
    [
      'fleet status',
      'canary = ["a"]',
      'error [configuration_invalid] The fleet "tenants" has no members.',
      '  at metastore.toml:4:8',
      '  next: Give one of names = ["acme"], query = "select …" or pattern = "tenant_*".',
    ],
  ])('refuses %s with %j', async (words, fleet, ...said) => {
    const line = fleet === '' ? files() : files(fleet)
    const { status, stderr } = await line.run(words)
    expect([stderr.slice(stderr.indexOf('error ')), status > 0]).toEqual([lines(...said), true])
  })

  test('shows no password of a URL that is made of a variable', async () => {
    const line = commandLine({
      ...migrations,
      'metastore.toml':
        '[database.main]\nurl = "sqlite:main.db"\n[fleet.tenants]\nurl = "postgres://app:${WORD}@127.0.0.1:1/{name}"\nnames = ["a"]\n',
    })
    const written: string[] = []
    for (const option of ['', ' --json', ' --verbose']) {
      const { stdout, stderr } = await line.run(`fleet migrate${option}`, { environment: { WORD: 'hunter2' } })
      written.push(stdout, stderr)
    }
    expect(written.join('')).toContain('127.0.0.1:1')
    expect(written.join('')).not.toContain('hunter2')
    const { status, stderr } = await line.run('fleet migrate')
    expect([status, stderr]).toEqual([
      1,
      expect.stringContaining(
        'a: [variable_missing] The environment variable WORD is not set, but the url of fleet tenants refers to it.',
      ),
    ])
  })

  test('is told where there is none', async () => {
    const line = commandLine({ ...migrations, 'metastore.toml': '[database.main]\nurl = "sqlite:main.db"\n' })
    expect(await line.run('fleet status')).toEqual({
      status: 2,
      stdout: '',
      stderr: lines(
        'error [fleet_unknown] The project has no fleet.',
        '  at metastore.toml',
        '  next: Declare one in metastore.toml: [fleet.tenants] with names, a query or a pattern; metastore docs guides/fleet says how.',
      ),
    })
  })
})
