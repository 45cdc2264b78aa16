import path from 'node:path'
import { expect } from 'vitest'
import { openDatabase, raw, redactUrl, sql } from '../../src/database/database.ts'
import { commandLine, lines, type CommandLine, type Outcome } from '../cli/command-line.ts'
import { temporaryDirectory, type Engine } from '../harness/engines.ts'
import { scenario } from './world.ts'

/** A project without a configuration file on a database of its own, as a person uses it. */
interface Project {
  readonly line: CommandLine
  readonly address: string
  run(words: string): Promise<Outcome>
  json(words: string): Promise<Record<string, unknown>>
  /** Runs SQL on the database, as somebody besides us. */
  query(text: string): Promise<Record<string, unknown>[]>
}

// PGlite in memory would be another database for each command.
async function project(engine: Engine, files: Readonly<Record<string, string>>): Promise<Project> {
  const url = engine.name === 'pglite' ? `pglite:${path.join(temporaryDirectory(), 'db')}` : await engine.freshUrl()
  const line = commandLine(files)
  const environment = { DATABASE_URL: url }
  return {
    line,
    address: redactUrl(url),
    run: (words) => line.run(words, { environment }),
    json: async (words) => (await line.json(words, { environment })).document as Record<string, unknown>,
    async query(text) {
      await using database = await openDatabase(url)
      await using session = await database.session()
      return await session.query(sql`${raw(text)}`)
    },
  }
}

function table(name: string, before = ''): string {
  return `${before}actions = [{ type = "create_table", name = "${name}", primary_key = ["id"], columns = [
  { name = "id", type = "BIGINT" } ] }]\n`
}

async function namesOf({ json }: Project, words: string): Promise<unknown> {
  const { databases } = await json(`history ${words}`)
  const [{ history }] = databases as [{ history: { name: string }[] }]
  return history.map(({ name }) => name)
}

const tables = `select relname as name from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r' order by 1`
const untouched = { status: 'idle', in_progress_migrations: [], latest_completed_migration: null }

for (const spelling of ['--dirs a --dirs b', '--dirs a b']) {
  scenario(1, `files of two directories are one order, by stem, with ${spelling}`, async (engine) => {
    const it = await project(engine, {
      'a/2_b.toml': table('two'),
      'b/10_c.json': JSON.stringify({ actions: [{ type: 'rename_table', table: 'two', new_name: 'ten' }] }),
      'b/1_a.toml': table('one'),
      'a/3_x.toml': table('three', 'name = "11_named"\n'),
    })
    expect(await it.run(`migration start --complete ${spelling}`)).toMatchObject({ status: 0, stderr: '' })
    expect(await namesOf(it, spelling)).toEqual(['1_a', '2_b', '11_named', '10_c'])
    expect(await it.query(tables)).toEqual([{ name: 'one' }, { name: 'ten' }, { name: 'three' }])
    expect(await it.run(`migration start ${spelling}`)).toMatchObject({ status: 0 })
  })
}

const misplaced = `[[actions]]
type = "add_column"
table = "one"

[actions.column]
name = "sequence"
type = "INTEGER"

[actions.column.up]
expression = "1"
`

scenario(3, 'a misplaced key stops everything and says where it belongs; leniently it is a warning', async (engine) => {
  const it = await project(engine, { 'migrations/1_a.toml': table('one'), 'migrations/2_b.toml': misplaced })
  const message = 'actions[0].column.up is not known'
  expect(await it.run('check')).toEqual({
    status: 3,
    stdout: lines(
      `P0 migrations/2_b.toml:9:17: ${message}; the nearest place for up is actions[0].up. [migration_invalid]`,
      '   Write it there, as a string.',
      '2 migrations checked, 1 finding.',
    ),
    stderr: '',
  })
  const refused = await it.run('start')
  expect(refused.status).toBe(2)
  expect(refused.stderr).toBe(
    lines(
      `error [migration_invalid] ${message}; the nearest place for up is actions[0].up.`,
      '  at migrations/2_b.toml:9:17',
      '  [actions.column.up]',
      '                  ^',
      '  next: Write it there, as a string.',
    ),
  )
  expect(await it.json('status')).toMatchObject(untouched)

  const warned = await it.run('start --complete --lenient')
  expect(warned.status).toBe(0)
  expect(warned.stderr).toBe(
    `Warning: migrations/2_b.toml:9:17: ${message}, and is ignored; the nearest place for up is actions[0].up.\n`,
  )
  expect(await it.query('select id, sequence from one')).toEqual([])
})

/** Each mistake of a file, and what is said of it by whatever reads the files. */
const mistakes: Readonly<Record<string, { readonly files: Readonly<Record<string, string>>; readonly said: string }>> =
  {
    'SQL that is no string': {
      files: { '2_b.toml': table('b').replace('"BIGINT"', '"BIGINT", default = 0') },
      said: lines(
        'error [migration_invalid] actions[0].columns[0].default must be a string, not the integer 0.',
        '  at migrations/2_b.toml:2:45',
        '    { name = "id", type = "BIGINT", default = 0 } ] }]',
        '                                              ^',
        '  next: SQL is written as a string: default = "0".',
      ),
    },
    'no actions': {
      files: { '2_b.toml': 'description = "x"\n' },
      said: lines(
        'error [migration_invalid] actions is missing.',
        '  at migrations/2_b.toml:1:1',
        '  description = "x"',
        '  ^',
        '  next: Begin each action with a line [[actions]], and say its type. One that does nothing has an empty list.',
      ),
    },
    'an action that there is not': {
      files: { '2_b.json': '{"actions": [{"type": "alter_colum", "table": "a"}]}' },
      said: lines(
        'error [migration_invalid] actions[0].type: there is no action "alter_colum".',
        '  at migrations/2_b.json:1:23',
        '  {"actions": [{"type": "alter_colum", "table": "a"}]}',
        '                        ^',
        '  next: Did you mean alter_column?',
      ),
    },
    'a misspelt key': {
      files: {
        '2_b.toml': '[[actions]]\ntype = "add_index"\ntable = "a"\nindex = { name = "i", colums = ["a"] }\n',
      },
      said: lines(
        'error [migration_invalid] actions[0].index.colums is not known.',
        '  at migrations/2_b.toml:4:23',
        '  index = { name = "i", colums = ["a"] }',
        '                        ^',
        '  next: Did you mean actions[0].index.columns?',
      ),
    },
    'a misspelt ending': {
      files: { 'x.tml': '' },
      said: lines(
        'error [file_unknown_format] A file that ends in .tml cannot be a migration.',
        '  at migrations/x.tml',
        '  next: Did you mean .toml? Rename it, or put a point before its name to have it ignored.',
      ),
    },
    'one name twice': {
      files: { '2_b.toml': table('b', 'name = "1_a"\n') },
      said: lines(
        'error [migration_duplicate] migrations/1_a.toml and migrations/2_b.toml both make a migration named 1_a.',
        '  at migrations/2_b.toml',
        '  next: Rename the one that is not applied anywhere yet.',
      ),
    },
    'a name of 54 bytes': {
      files: { [`${'ä'.repeat(27)}.toml`]: table('b') },
      said: lines(
        `error [migration_invalid] The name ${'ä'.repeat(27)} has 54 bytes, and 53 are allowed: its schema migration_<name> would be cut off.`,
        `  at migrations/${'ä'.repeat(27)}.toml`,
        '  next: Give the file a shorter name, or the migration one of its own: name = "…".',
      ),
    },
  }

for (const [what, { files, said }] of Object.entries(mistakes)) {
  scenario(
    4,
    `${what} is one error with file and path, and nothing runs`,
    async (engine) => {
      const it = await project(engine, {
        'migrations/1_a.toml': table('a'),
        ...Object.fromEntries(Object.entries(files).map(([name, text]) => [`migrations/${name}`, text])),
      })
      const refused = await it.run('start')
      expect(refused).toMatchObject({ status: 2, stderr: said })
      expect((await it.run('check')).status).toBe(3)
      expect(await it.query(tables)).toEqual([])
    },
    { only: 'postgres' },
  )
}

scenario(5, 'a key as one string is accepted, and a condition that does nothing is told', async (engine) => {
  const it = await project(engine, {
    'migrations/1_a.toml': table('source').replace('["id"]', '"id"'),
    'migrations/2_b.toml': `actions = [{ type = "create_table", name = "copy", primary_key = "id", columns = [
  { name = "id", type = "BIGINT" } ],
  up = { table = "source", values = { id = "id" }, where = "id > 0", on_source_delete = "delete" } }]\n`,
  })
  await it.run('migrate 1')
  await it.query('insert into source values (-1), (1)')
  expect(await it.run('start --complete')).toMatchObject({
    status: 0,
    stderr: 'Warning: migrations/2_b.toml:3:52: actions[0].up.where does nothing: every row of the source is copied.\n',
  })
  expect(await it.query('select id from copy order by id')).toEqual([{ id: -1 }, { id: 1 }])
})

scenario(6, 'a start is refused where files and history disagree, and nothing is changed', async (engine) => {
  const it = await project(engine, { 'migrations/1_a.toml': table('a'), 'migrations/3_c.toml': table('c') })
  await it.run('start --complete')
  it.line.write('migrations/4_d.toml', table('d'))
  const refused = async (said: string) => {
    const outcome = await it.run('start')
    expect(outcome).toMatchObject({ status: 3 })
    expect(outcome.stderr).toContain(said)
    expect(await it.query(tables)).toEqual([{ name: 'a' }, { name: 'c' }])
    expect(await it.json('status')).toMatchObject({ status: 'idle', latest_completed_migration: '3_c' })
  }

  it.line.write('migrations/1_a.toml', table('a', 'description = "changed"\n'))
  await refused(
    'error [migration_edited] The file of migration 1_a was edited after it was applied.\n  at migrations/1_a.toml\n',
  )
  it.line.write('migrations/1_a.toml', table('a'))
  it.line.write('migrations/2_b.toml', table('b'))
  await refused(
    'error [migration_out_of_order] Migration 2_b is new, but sorts before 3_c, which is already applied.\n',
  )
  it.line.remove('migrations/2_b.toml')
  it.line.remove('migrations/1_a.toml')
  await refused('error [migration_missing] Migration 1_a is applied, but its file is gone.\n')
})

scenario(10, 'a start goes as far as it is told, and once more does nothing', async (engine) => {
  const it = await project(engine, {
    'migrations/1_a.toml': table('a'),
    'migrations/2_b.toml': table('b'),
    'migrations/3_c.toml': table('c'),
  })
  expect(await it.json('start --migration 2_b')).toMatchObject({
    databases: [{ inProgress: ['1_a', '2_b'], newSchema: 'migration_2_b' }],
  })
  expect(await it.run('start --migration 2_b')).toMatchObject({ status: 0 })
  expect(await it.run('complete')).toMatchObject({ status: 0 })
  expect(await it.run('start --migration 1_a')).toMatchObject({ status: 0 })
  expect(await it.run('start --migration 2_b')).toMatchObject({ status: 0 })
  const unknown = await it.run('start --migration 9_z')
  expect(unknown).toMatchObject({ status: 2 })
  expect(unknown.stderr).toContain('9_z')
  expect(await it.query(tables)).toEqual([{ name: 'a' }, { name: 'b' }])
})
