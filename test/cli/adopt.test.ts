import { describe, expect, test } from 'vitest'
import { openDatabase } from '../../src/database/database.ts'
import { freshPostgresUrl } from '../harness/engines.ts'
import { commandLine, lines } from './command-line.ts'

const runs = 'create table runs (id int);\n'
const files = {
  'migrations/001_runs.sql': runs,
  'migrations/002_rows.sql': 'update runs set id = 1;\n',
  'migrations/003_note.sql': 'alter table runs add column note text;\n',
}
const rails = `create table schema_migrations (version varchar not null primary key);
  create table ar_internal_metadata (key varchar not null primary key, value varchar);
  insert into schema_migrations values ('001');`

async function project(live: string) {
  const url = await freshPostgresUrl(18)
  await using database = await openDatabase(url)
  await using session = await database.session()
  await session.script(live)
  return { line: commandLine(files), around: { environment: { DATABASE_URL: url } }, address: url }
}

describe('adopt by objects', () => {
  const live = `${runs} alter table runs add column note text`

  test('shows what the schema proves, and asks for what it does not show', async () => {
    const { line, around, address } = await project(live)
    const table = [
      '  in effect    001_runs  2 of 2 objects',
      '  not visible  002_rows  it changes nothing of the schema',
      '  in effect    003_note  1 of 1 object',
    ]
    expect(await line.run('adopt', around)).toEqual({
      status: 3,
      stdout: lines(...table),
      stderr: lines(
        'error [adoption_undecided] The schema does not show whether 002_rows was applied. Nothing was changed.',
        `  at ${address}`,
        '  002_rows: it changes nothing of the schema.',
        '  next: Look at the rows, and say it for each: --applied NAME or --not-applied NAME.',
      ),
    })
    expect(await line.run('adopt --applied 2 --dry-run', around)).toEqual({
      status: 0,
      stdout: lines(...table, 'Nothing was changed.'),
      stderr: '',
    })
    const asked: string[] = []
    const answers = [true, false, false, true]
    const ask = (question: string) => {
      asked.push(question)
      return Promise.resolve(answers.shift() ?? false)
    }
    // Applied, but not to be recorded; then not applied, and to be recorded.
    expect(await line.run('adopt', { ...around, interactive: true, ask })).toMatchObject({
      status: 0,
      stdout: lines(...table, 'Nothing was changed.'),
    })
    expect(await line.run('adopt', { ...around, interactive: true, ask })).toEqual({
      status: 0,
      stdout: lines(
        ...table,
        'Not in effect, although later ones are: 002_rows. Applied late it comes to the same: metastore migrate --allow-out-of-order 002_rows.',
        '  recorded  2 migrations',
        `${address} is managed: it is at 003_note.`,
      ),
      stderr: '',
    })
    expect(asked).toEqual([
      'Was 002_rows applied? The schema does not show it: it changes nothing of the schema.',
      'Record 3 migrations as applied?',
      'Was 002_rows applied? The schema does not show it: it changes nothing of the schema.',
      'Record 2 migrations as applied?',
    ])
    expect(await line.run('adopt', around)).toEqual({
      status: 0,
      stdout: lines(`${address} is managed: it is at 003_note.`),
      stderr: '',
    })
    expect((await line.run('migrate --allow-out-of-order 002_rows', around)).status).toBe(0)
    expect((await line.run('audit', around)).status).toBe(0)
  })

  test('is one JSON document, also when it is refused', async () => {
    const { line, around, address } = await project(`${runs} alter table runs add column note int`)
    const evidence = [
      { name: '001_runs', verdict: 'in_effect', there: ['table public.runs', 'column public.runs.id'] },
      { name: '002_rows', verdict: 'unverifiable' },
      { name: '003_note', verdict: 'partly', different: ['column public.runs.note'] },
    ]
    expect(await line.json(`adopt --shadow ${address}`, around)).toMatchObject({
      status: 3,
      document: {
        ok: false,
        databases: [{ database: 'default', address, from: 'objects', evidence }],
        error: { code: 'adoption_partly' },
      },
    })
    expect(await line.json(`adopt --not-applied 3 --applied 2 --yes --shadow ${address}`, around)).toMatchObject({
      status: 0,
      document: { databases: [{ adopted: ['001_runs', '002_rows'], pending: ['003_note'], late: [] }] },
    })
  })

  test('is not for SQLite', async () => {
    const line = commandLine({ ...files, 'metastore.toml': '[database.main]\nurl = "sqlite:app.db"\n' })
    expect(await line.run('adopt')).toMatchObject({
      status: 2,
      stderr: lines(
        'error [not_supported] Only a PostgreSQL database can be adopted by its objects.',
        '  at sqlite:app.db',
        '  next: For SQLite, say how far it is: metastore baseline NAME.',
      ),
    })
  })
})

describe('adopt without --from, where another tool was', () => {
  test('names the tool and the command, and takes it over when a person agrees', async () => {
    const { line, around, address } = await project(`${rails} ${runs}`)
    expect(await line.run('adopt', around)).toEqual({
      status: 3,
      stdout: '',
      stderr: lines(
        `error [adoption_tool_found] Rails (public.schema_migrations) has been at work in ${address}. Nothing was changed.`,
        `  at ${address}`,
        '  next: Take the history over with metastore adopt --from rails, or go by what is there with metastore adopt --from objects.',
      ),
    })
    const asked: string[] = []
    const ask = (question: string) => {
      asked.push(question)
      return Promise.resolve(true)
    }
    expect(await line.run('adopt', { ...around, interactive: true, ask })).toEqual({
      status: 0,
      stdout: lines('  adopted  001_runs', `${address} is managed: it is at 001_runs.`),
      stderr: lines(
        'The text of 1 file was not compared with what was applied: rails keeps nothing to compare. metastore audit compares what is there.',
      ),
    })
    expect(asked).toEqual(['Rails has been at work here (public.schema_migrations). Take its history over?'])
  })

  test('leaves the tool alone with --from objects', async () => {
    const { line, around, address } = await project(`${rails} ${runs}`)
    const result = await line.json(`adopt --from objects --not-applied 2 --shadow ${address}`, around)
    expect(result).toMatchObject({ status: 0, document: { databases: [{ from: 'objects', adopted: ['001_runs'] }] } })
  })
})

describe('the options of adopt', () => {
  test.each([
    [
      '--map x',
      'error [usage] --map cannot be "x".',
      '--map',
      'Write what the tool has recorded, an equals sign, and the name of the file: --map THEIRS=OURS.',
    ],
    [
      '--applied 1',
      'error [usage] --applied says nothing when a database is adopted from rails.',
      '--applied',
      'Leave it out, or go by what is there with --from objects.',
    ],
  ])('%s is refused for a tool', async (option, first, where, remedy) => {
    const { line, around } = await project(rails)
    expect(await line.run(`adopt --from rails ${option}`, around)).toMatchObject({
      status: 2,
      stderr: lines(first, `  at ${where}`, `  next: ${remedy}`),
    })
  })

  test.each([
    [
      '--allow-changed 1',
      'error [usage] --allow-changed says nothing when a database is adopted by its objects.',
      '--allow-changed',
      'Say what a migration counts as, with --applied NAME or --not-applied NAME.',
    ],
    [
      '--applied 1 --not-applied 001',
      'error [usage] 001_runs cannot be both applied and not applied.',
      '--not-applied',
      'Name it once.',
    ],
  ])('%s is refused by objects', async (option, first, where, remedy) => {
    const { line, around } = await project(runs)
    expect(await line.run(`adopt --from objects ${option}`, around)).toMatchObject({
      status: 2,
      stderr: lines(first, `  at ${where}`, `  next: ${remedy}`),
    })
  })

  test('a recorded name is mapped to a file that is named in short', async () => {
    const { line, around } = await project(`${rails} insert into schema_migrations values ('77')`)
    expect(await line.json('adopt --from rails --map 77=2', around)).toMatchObject({
      document: { databases: [{ adopted: ['001_runs', '002_rows'], pending: ['003_note'] }] },
    })
  })
})
