import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { checkout } from '../harness/child.ts'
import { commandLine, lines, twoMigrations } from './command-line.ts'

describe('init', () => {
  test('begins a project on the embedded PostgreSQL, and leaves what is there alone', async () => {
    const line = commandLine({ '.gitignore': 'node_modules/' })
    expect(await line.run('init')).toEqual({
      status: 0,
      stdout: lines(
        '  created metastore.toml',
        '  created migrations/',
        '  created .gitignore',
        'Next: metastore new "first tables", then metastore migrate.',
      ),
      stderr: '',
    })
    expect(line.read('metastore.toml')).toBe(
      lines(
        '# metastore docs configuration explains every setting.',
        '',
        '[database.main]',
        'url = "${DATABASE_URL:-pglite:.metastore/main}"',
        'migrations = ["migrations"]',
      ),
    )
    expect(line.read('.gitignore')).toBe('node_modules/\n.metastore/\n')

    expect(await line.run('init')).toEqual({
      status: 2,
      stdout: '',
      stderr: lines(
        'error [file_exists] This directory is a project already: it has a metastore.toml.',
        '  at DIR/metastore.toml',
        '  next: Edit that file, or begin another project in an empty directory.',
      ),
    })
  })

  test('takes a name and a URL, and says as JSON what it wrote', async () => {
    const line = commandLine({ '.gitignore': '/.metastore\n', 'migrations/001_a.sql': '' })
    expect(await line.json('init assistant --default-url sqlite:assistant.db')).toEqual({
      status: 0,
      document: { command: 'init', ok: true, created: ['metastore.toml'] },
      stderr: '',
    })
    expect(line.read('metastore.toml')).toContain(
      '[database.assistant]\nurl = "${DATABASE_URL:-sqlite:assistant.db}"\n',
    )
    expect(line.read('.gitignore')).toBe('/.metastore\n')
    expect((await line.run('status')).stdout).toMatch(/^sqlite:assistant.db: 1 migration pending\n/)
  })

  test('tells coding agents how to work here, once, below what is written already', async () => {
    const line = commandLine()
    const section = readFileSync(path.join(checkout, 'docs/agents.md'), 'utf8')
    expect(await line.json('init --agents')).toMatchObject({
      status: 0,
      document: { created: ['metastore.toml', 'migrations/', '.gitignore', 'AGENTS.md'] },
    })
    expect(line.read('AGENTS.md')).toBe(section)

    const other = commandLine({ 'AGENTS.md': '# Rules\n\nBe kind.' })
    await other.run('init --agents')
    expect(other.read('AGENTS.md')).toBe(`# Rules\n\nBe kind.\n\n${section}`)
    other.remove('metastore.toml')
    expect(await other.json('init --agents')).toMatchObject({ document: { created: ['metastore.toml'] } })
    expect(other.read('AGENTS.md')).toBe(`# Rules\n\nBe kind.\n\n${section}`)
  })

  test('refuses a password, which would be committed, but not for one in the environment', async () => {
    const line = commandLine()
    expect(await line.run('init --default-url postgres://app:hunter2@localhost/app')).toEqual({
      status: 2,
      stdout: '',
      stderr: lines(
        'error [url_invalid] The default URL holds a password, which would be written to metastore.toml.',
        '  at postgres://app@localhost:5432/app',
        '  next: Leave the password out, and set DATABASE_URL in the environment or in .env.',
      ),
    })
    expect(readdirSync(line.directory)).toEqual([])
    process.env['PGPASSWORD'] = 'hunter2'
    try {
      expect(await line.run('init --default-url postgres://app@localhost/app')).toMatchObject({ status: 0 })
    } finally {
      delete process.env['PGPASSWORD']
    }
    expect(line.read('metastore.toml')).not.toContain('hunter2')
  })

  test.each([
    {
      words: ['init', '../elsewhere'],
      stderr: lines(
        'error [usage] That cannot be the name of the first database.',
        '  at metastore init',
        '  next: Use up to 60 letters, digits, _ and -: metastore init assistant.',
      ),
    },
    {
      words: ['init', '--default-url', 'sqlite:a}b.db'],
      stderr: lines(
        'error [url_invalid] The default URL holds $, { or }, which mean something else in metastore.toml.',
        '  at sqlite:a}b.db',
        '  next: Percent-encode them in a URL of PostgreSQL, or choose another path.',
      ),
    },
    {
      words: ['init', '--default-url', 'mysql://localhost/app'],
      stderr: lines(
        'error [url_invalid] There is no kind of database with the URL scheme mysql:.',
        '  at database URL',
        '  next: Give a URL such as postgres://USER@HOST:PORT/DATABASE, pglite:DIRECTORY, pglite:memory, sqlite:FILE or sqlite::memory:.',
      ),
    },
  ])('writes nothing when it cannot take $words.1 $words.2', async ({ words, stderr }) => {
    const line = commandLine()
    expect(await line.runWords(words)).toEqual({ status: 2, stdout: '', stderr })
    expect(readdirSync(line.directory)).toEqual([])
  })

  test('can be run again after something stood in the way', async () => {
    const line = commandLine({ migrations: 'a file' })
    expect(await line.run('init')).toEqual({
      status: 2,
      stdout: '',
      stderr: lines(
        "error [file_unwritable] migrations cannot be written: EEXIST: file already exists, mkdir 'DIR/migrations'.",
        '  at DIR/migrations',
        '  next: Move away what is in its place, or make sure that this user may write here.',
      ),
    })
    const other = commandLine()
    mkdirSync(path.join(other.directory, '.gitignore'))
    expect(await other.run('init')).toMatchObject({
      status: 2,
      stderr: expect.stringMatching(/^error \[file_unwritable\] \.gitignore cannot be written: EISDIR/) as string,
    })
    expect(existsSync(path.join(other.directory, 'metastore.toml'))).toBe(false)
  })
})

describe.each([
  { command: 'new', named: (name: string) => ['new', ...name.split(' ')] },
  { command: 'revision', named: (name: string) => ['revision', '-m', name] },
])('$command', ({ command, named }) => {
  test('numbers the file after those there are', async () => {
    const line = commandLine(twoMigrations)
    expect(await line.runWords(named('add runs table'))).toEqual({
      status: 0,
      stdout: 'Created migrations/003_add_runs_table.sql\n',
      stderr: '',
    })
    const { stdout } = await line.runWords([...named('then notes'), '--format', 'ts', '--json'])
    expect(JSON.parse(stdout)).toEqual({ command, ok: true, created: 'migrations/004_then_notes.ts' })
    expect(await line.run('heads')).toMatchObject({ stdout: '004_then_notes (head)\n' })
  })

  test('begins with a time stamp, in a directory that it makes', async () => {
    const line = commandLine({ 'metastore.toml': '[database.main]\nurl = "sqlite:app.db"\n' })
    expect(await line.runWords([...named('first'), '--format', 'js'])).toMatchObject({
      status: 0,
      stdout: 'Created migrations/STAMP_first.js\n',
    })
  })

  test.each([
    {
      name: '!!!',
      options: [],
      stderr: lines(
        'error [usage] "!!!" gives no file name.',
        '  next: Say what the migration does in letters or digits: metastore new add runs table.',
      ),
    },
    {
      name: 'x',
      options: ['--format', 'yaml'],
      stderr: lines('error [usage] There is no format "yaml".', '  next: Use --format sql, ts, js, toml, json.'),
    },
  ])('refuses $name $options.1', async ({ name, options, stderr }) => {
    const line = commandLine(twoMigrations)
    expect(await line.runWords([...named(name), ...options])).toEqual({ status: 2, stdout: '', stderr })
    expect(readdirSync(path.join(line.directory, 'migrations'))).toHaveLength(2)
  })

  test('is for one database, and says which there are', async () => {
    const line = commandLine({
      'metastore.toml': '[database.a]\nurl = "sqlite:a.db"\n[database.b]\nurl = "sqlite:b.db"\n',
    })
    expect(await line.runWords(named('x'))).toEqual({
      status: 2,
      stdout: '',
      stderr: lines(
        'error [usage] This command is for one database, and the project has 2.',
        '  next: Name one with --database: a, b.',
      ),
    })
    expect(await line.runWords([...named('x'), '--database', 'b'])).toMatchObject({ status: 0 })
  })
})

test('revision needs a message', async () => {
  expect(await commandLine(twoMigrations).run('revision')).toEqual({
    status: 2,
    stdout: '',
    stderr: lines(
      'error [usage] revision needs a message.',
      '  next: Say what the migration does: metastore revision -m "add runs table".',
    ),
  })
})

describe('new without a name', () => {
  test('asks for it on a terminal', async () => {
    const line = commandLine({ 'migrations/001_users.sql': 'create table users (id int);\n' })
    const asked: string[] = []
    const askText = (question: string) => {
      asked.push(question)
      return Promise.resolve('Add chats')
    }
    expect(await line.run('new', { interactive: true, askText })).toEqual({
      status: 0,
      stdout: 'Created migrations/002_add_chats.sql\n',
      stderr: '',
    })
    expect(asked).toEqual(['What does the migration do?'])
  })

  test('is wrong usage where nobody can be asked', async () => {
    const line = commandLine({ 'migrations/001_users.sql': 'create table users (id int);\n' })
    expect(await line.run('new')).toEqual({
      status: 2,
      stdout: '',
      stderr: lines(
        'error [usage] new needs to know what the migration does.',
        '  at metastore new',
        '  next: Say it in a few words: metastore new add runs table.',
      ),
    })
  })
})
