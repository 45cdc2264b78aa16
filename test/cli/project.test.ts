import { mkdirSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { engines } from '../harness/engines.ts'
import { commandLine, lines, twoMigrations } from './command-line.ts'

const pending = lines(
  'sqlite:app.db: 2 migrations pending',
  '  0 migrations applied',
  '  pending  001_users',
  '  pending  002_chats',
)

const inFolder = Object.fromEntries(Object.entries(twoMigrations).map(([name, text]) => [`app/${name}`, text]))

describe('the project', () => {
  test.each(['app', './app/', 'app/metastore.toml'])('is where --project %s says', async (place) => {
    const line = commandLine(inFolder)
    expect(await line.run(`status --project ${place}`)).toEqual({ status: 0, stdout: pending, stderr: '' })
  })

  test('is searched upwards, and its paths are its own', async () => {
    const line = commandLine(inFolder)
    const workingDirectory = path.join(line.directory, 'app', 'src', 'deep')
    mkdirSync(workingDirectory, { recursive: true })
    expect(await line.run('migrate', { workingDirectory })).toMatchObject({ status: 0, stderr: '' })
    expect(line.exists('app/app.db')).toBe(true)
    expect((await line.run('edit head', { workingDirectory })).stdout).toBe('DIR/app/migrations/002_chats.sql\n')
  })

  test('can be a directory of migrations alone, with a URL from the environment or from .env', async () => {
    const line = commandLine({ 'migrations/001_a.sql': '', '.env': 'DATABASE_URL=sqlite:env.db\n' })
    expect((await line.run('status')).stdout).toMatch(/^sqlite:env\.db: 1 migration pending\n/)
    const environment = { DATABASE_URL: 'sqlite:shell.db' }
    expect((await line.run('status', { environment })).stdout).toMatch(/^sqlite:shell\.db: /)
    expect((await line.run('status --url sqlite:flag.db', { environment })).stdout).toMatch(/^sqlite:flag\.db: /)
  })

  test.each([
    {
      what: 'is nowhere',
      files: {},
      words: 'status',
      stderr: lines(
        'error [configuration_missing] There is no project here: neither a metastore.toml, here or in a directory above, nor a directory migrations.',
        '  at DIR',
        '  next: Begin one with metastore init, or name one with --project PATH.',
      ),
    },
    {
      what: 'is not where --project says',
      files: {},
      words: 'status --project elsewhere',
      stderr: lines(
        'error [configuration_missing] There is no project at elsewhere: the path does not exist.',
        '  at elsewhere',
        '  next: Check the path after --project: it names the directory of a project, or its configuration file.',
      ),
    },
    {
      what: 'has a file that is no TOML',
      files: { 'metastore.toml': '[database.x\n' },
      words: 'status',
      stderr: lines(
        'error [configuration_invalid] metastore.toml is not valid TOML: illegal character in key.',
        '  at metastore.toml:1:12',
        '  next: Correct the line; https://toml.io describes the format.',
      ),
    },
    {
      what: 'has a directory in place of its file',
      files: { 'metastore.toml/x': '' },
      words: 'status',
      stderr: lines(
        'error [configuration_invalid] metastore.toml is a directory, not a file.',
        '  at metastore.toml',
        '  next: Put a file of text in its place.',
      ),
    },
    {
      what: 'has no directory of migrations',
      files: { 'metastore.toml': '[database.x]\nurl = "sqlite:x.db"\nmigrations = []\n' },
      words: 'status',
      stderr: lines(
        'error [configuration_invalid] The database x has no directory of migrations.',
        '  at metastore.toml:3:1',
        '  next: Name at least one: migrations = ["migrations"].',
      ),
    },
    {
      what: 'refers to a variable that is not set',
      files: { ...twoMigrations, 'metastore.toml': '[database.x]\nurl = "${APP_URL}"\n' },
      words: 'status',
      stderr: lines(
        'error [variable_missing] The environment variable APP_URL is not set, but the url of database "x" refers to it.',
        '  at metastore.toml:2:8',
        '  next: Set APP_URL in the environment or in .env, or give it a default in the file: ${APP_URL:-…}.',
      ),
    },
  ])('that $what is an error', async ({ files, words, stderr }) => {
    expect(await commandLine(files).run(words)).toEqual({ status: 2, stdout: '', stderr })
  })

  test.each([
    'new x',
    'check',
    'plan',
    'migrate',
    'rollback',
    'status',
    'history',
    'show 1',
    'edit 1',
    'stamp head',
    'upgrade head',
    'downgrade -1',
    'current',
    'heads',
    'revision -m x',
  ])('is needed by %s', async (words) => {
    const { status, stderr } = await commandLine().run(words)
    expect(status).toBe(2)
    expect(stderr).toMatch(/^error \[configuration_missing\] There is no project here: /)
  })
})

describe('an embedded database that does not exist yet', () => {
  const reading = [
    'status',
    'status --check',
    'history',
    'plan',
    'plan --rollback',
    'doctor',
    'show catalog',
    'show 1',
    'current',
    'config',
    'heads',
    'check',
  ]

  test('is not created by what only reads, on SQLite', async () => {
    const line = commandLine(twoMigrations)
    for (const words of reading) {
      const { status } = await line.run(words)
      expect([words, status]).toEqual([words, words === 'status --check' ? 3 : 0])
    }
    expect(line.exists('app.db')).toBe(false)
  })

  test('is not created by what only reads, on PGlite', async () => {
    const line = commandLine({ 'migrations/001_a.sql': 'create table a (id int);\n' })
    expect(await line.run('status')).toEqual({
      status: 0,
      stdout: lines('pglite:.metastore/default: 1 migration pending', '  0 migrations applied', '  pending  001_a'),
      stderr: '',
    })
    expect(line.exists('.metastore')).toBe(false)
  })
})

test.each(engines)('everything works alike on $name', async ({ name, freshUrl }) => {
  const directory = commandLine().directory
  const url = name === 'pglite' ? `pglite:${path.join(directory, 'data')}` : await freshUrl()
  const line = commandLine({
    'migrations/001_a.sql': 'create table a (id int);\n-- metastore:down\ndrop table a;\n',
    'migrations/002_b.mjs':
      'export async function up({ db, sql }) {\n  await db.query(sql`insert into a values (1)`)\n}\nexport async function down() {}\n',
  })
  const run = async (words: string) => {
    const { status, stdout, stderr } = await line.run(`${words} --url ${url}`)
    return { status, stderr, last: stdout.trimEnd().split('\n').at(-1) }
  }
  expect(await run('migrate')).toEqual({ status: 0, stderr: '', last: 'Done: 2 migrations applied, it is at 002_b.' })
  expect(await run('status --check')).toMatchObject({ status: 0, last: '  2 migrations applied, the newest is 002_b' })
  expect(await run('rollback 2')).toMatchObject({
    status: 0,
    last: 'Done: 2 migrations rolled back, it has no migrations.',
  })
  expect(await run('stamp 1')).toMatchObject({ status: 0 })
  expect(await run('current')).toMatchObject({ last: '001_a' })
  expect(await run('doctor')).toMatchObject({
    status: 0,
    last: 'ok       migrations: 1 pending, 1 applied; metastore migrate applies what is pending.',
  })
})
