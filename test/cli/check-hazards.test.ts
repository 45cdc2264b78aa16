import { chmodSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { freshPostgresUrl } from '../harness/engines.ts'
import { commandLine, lines } from './command-line.ts'

const project = {
  'metastore.toml': '[database.main]\nurl = "pglite:memory"\n',
  'migrations/001_threads.sql': 'create table threads (id bigint primary key, title text);\n',
  'migrations/002_index.sql': 'create index threads_title on threads (title);\n',
}

describe('check tells hazards', () => {
  test('with their ids, what to do, and what would be safe', async () => {
    expect(await commandLine(project).run('check')).toEqual({
      status: 3,
      stdout: lines(
        'P1 migrations/002_index.sql:1:1: Writes to threads wait until the index is built. [H01 index_not_concurrent]',
        '   Build it with CREATE INDEX CONCURRENTLY in a file with the line "-- metastore: no-transaction", or with the action add_index.',
        '   fix: Build the index concurrently, and run the file outside a transaction. (metastore check --fix)',
        '   as an action, in a .toml file:',
        '     [[actions]]',
        '     type = "add_index"',
        '     table = "threads"',
        '',
        '     [actions.index]',
        '     name = "threads_title"',
        '     columns = [ "title" ]',
        '2 migrations checked, 1 finding.',
      ),
      stderr: '',
    })
  })

  test('as JSON, with the edits', async () => {
    expect(await commandLine(project).json('check')).toEqual({
      status: 3,
      stderr: '',
      document: {
        command: 'check',
        ok: false,
        databases: [
          {
            database: 'main',
            files: 2,
            findings: [
              {
                code: 'index_not_concurrent',
                hazard: 'H01',
                severity: 'P1',
                file: 'migrations/002_index.sql',
                line: 1,
                column: 1,
                object: 'threads_title',
                message: 'Writes to threads wait until the index is built.',
                remedy: expect.stringContaining('CONCURRENTLY'),
                fix: {
                  description: 'Build the index concurrently, and run the file outside a transaction.',
                  edits: [
                    { start: 0, end: 0, text: '-- metastore: no-transaction\n' },
                    { start: 12, end: 12, text: ' concurrently' },
                  ],
                },
                asAction: expect.stringContaining('type = "add_index"'),
              },
            ],
          },
        ],
      },
    })
  })

  test('and rules of metastore.toml', async () => {
    const rule = '[[check.rule]]\nid = "no_text"\nmessage = "Say how long."\nseverity = "P2"\nforbid = \'\\btext\\b\'\n'
    const line = commandLine({ ...project, 'metastore.toml': `${project['metastore.toml']}${rule}` })
    line.remove('migrations/002_index.sql')
    expect(await line.run('check')).toMatchObject({
      status: 0,
      stdout: lines(
        'P2 migrations/001_threads.sql:1:1: Say how long. [no_text]',
        '   It is a rule of this project; where it does no harm, write -- metastore: allow no_text because …',
        '1 migration checked, 1 finding.',
      ),
    })
  })
})

describe('check --fix', () => {
  const fixed = 'fixed migrations/002_index.sql: Build the index concurrently, and run the file outside a transaction.'

  test('writes the safe rewrites, says so, and finds nothing more', async () => {
    const line = commandLine(project)
    expect(await line.run('check --fix')).toEqual({
      status: 0,
      stdout: lines(fixed, '2 migrations checked, 0 findings.'),
      stderr: '',
    })
    expect(line.read('migrations/002_index.sql')).toBe(
      '-- metastore: no-transaction\ncreate index concurrently threads_title on threads (title);\n',
    )
    expect(await line.run('check --fix')).toEqual({
      status: 0,
      stdout: lines('2 migrations checked, 0 findings.'),
      stderr: '',
    })
  })

  test('is one document as JSON', async () => {
    const { document } = await commandLine(project).json('check --fix')
    expect(document).toMatchObject({
      databases: [
        { files: 2, fixed: [{ file: 'migrations/002_index.sql', description: expect.any(String) }], findings: [] },
      ],
    })
  })

  test('does what gets in the way of something else afterwards', async () => {
    const line = commandLine(project)
    line.write(
      'migrations/002_index.sql',
      'create index if not exists i on threads (title);\ndrop index threads_old;\n',
    )
    expect((await line.run('check --fix')).status).toBe(0)
    expect(line.read('migrations/002_index.sql')).toBe(
      '-- metastore: no-transaction\ncreate index concurrently i on threads (title);\ndrop index concurrently threads_old;\n',
    )
  })

  test('says which file it cannot write', async () => {
    const line = commandLine(project)
    chmodSync(path.join(line.directory, 'migrations/002_index.sql'), 0o444)
    const { status, stderr } = await line.run('check --fix')
    // Whoever runs as root can write everything.
    if (process.getuid?.() === 0) return expect(status).toBe(0)
    expect({ status, stderr }).toEqual({
      status: 2,
      stderr: lines(
        'error [file_unwritable] migrations/002_index.sql cannot be written (EACCES).',
        '  at migrations/002_index.sql',
        '  next: Make it writable, or take the fixes that metastore check shows by hand.',
      ),
    })
  })
})

describe('check --url', () => {
  test('looks for hazards in what is pending, and never touches what is applied', async () => {
    const url = await freshPostgresUrl(18)
    const line = commandLine(project)
    expect((await line.run(`migrate --url ${url}`)).status).toBe(0)
    expect(await line.run(`check --fix --url ${url}`)).toMatchObject({
      status: 0,
      stdout: '2 migrations checked, 0 findings.\n',
    })
    expect(line.read('migrations/002_index.sql')).toBe(project['migrations/002_index.sql'])

    line.write('migrations/003_more.sql', 'create index more on threads (id);\ncreate table u (id bigint);\n')
    line.write('migrations/004_u.sql', 'create index u_id on u (id);\n')
    const { stdout } = await line.run(`check --url ${url}`)
    expect(stdout.split('\n').filter((one) => /^P\d/.test(one))).toEqual([
      // Of a table with hardly a row, as this database has it.
      expect.stringMatching(
        /^P2 migrations\/003_more\.sql:1:1: Writes to threads wait .* Here threads has 8\.2 kB: about/,
      ),
    ])
  })

  test('tells an edited file', async () => {
    const url = await freshPostgresUrl(18)
    const line = commandLine(project)
    await line.run(`migrate --url ${url}`)
    line.write('migrations/001_threads.sql', 'create table threads (id bigint primary key, title text, more int);\n')
    expect(await line.run(`check --url ${url}`)).toMatchObject({
      status: 3,
      stdout: expect.stringMatching(
        /^P0 migrations\/001_threads\.sql: The file of migration 001_threads was edited after it was applied\. \[H48 migration_edited\]\n/,
      ),
    })
  })
})

describe('check --explain', () => {
  test('prints the page of a hazard, by id or code', async () => {
    const line = commandLine()
    const { status, stdout } = await line.run('check --explain h04')
    expect(status).toBe(0)
    expect(stdout).toBe(
      lines(
        '## H04: REINDEX without CONCURRENTLY',
        '',
        'Code `reindex_not_concurrent`, P1 unless more is known. Known from the SQL, statistics of a live database.',
        '',
        '**Why it hurts.** REINDEX locks out writers of the table, and readers whose plans would use the index, until everything is built anew.',
        '',
        '**What to do.** Use REINDEX … CONCURRENTLY in a file with the line "-- metastore: no-transaction".',
        '',
        '**When it stays silent.** For a table or an index that is new in the same file or among the pending ones, and for system catalogs.',
      ),
    )
    expect((await line.run('check --explain reindex_not_concurrent')).stdout).toBe(stdout)
    expect(await line.json('check --explain H04')).toMatchObject({
      status: 0,
      document: { hazard: { id: 'H04', code: 'reindex_not_concurrent', needs: ['S', 'L'] } },
    })
  })

  test.each([
    ['H99', 'metastore docs hazards lists what there is.'],
    ['reindex_not_concurent', 'Did you mean reindex_not_concurrent? metastore docs hazards lists what there is.'],
  ])('knows no %s', async (name, remedy) => {
    expect(await commandLine().run(`check --explain ${name}`)).toEqual({
      status: 2,
      stdout: '',
      stderr: lines(`error [usage] There is no hazard "${name}".`, `  next: ${remedy}`),
    })
  })
})

describe('check --replay', () => {
  const files = {
    'metastore.toml': '[database.main]\nurl = "pglite:data"\n',
    'migrations/001_cost.sql': 'alter table runs add column cost int;\n',
    'migrations/002_runs.sql': 'create table runs (id bigint primary key, state text);\n',
    'migrations/003_lost.sql': 'insert into runs (nothing) values (1);\n',
  }

  test('names the files that fail, and the order that works', async () => {
    const line = commandLine(files)
    expect(await line.run('check --replay')).toEqual({
      status: 3,
      stdout: lines(
        'P0 migrations/001_cost.sql:1:1: 001_cost fails in its place, and runs after 002_runs: relation "runs" does not exist. [migration_wrong_order]',
        '   Rename it so that it sorts after 002_runs; a new database cannot be made otherwise.',
        'P0 migrations/003_lost.sql:1:19: column "nothing" of relation "runs" does not exist. [statement_failed]',
        '   Check the name, and whether the migration that adds the column has been applied.',
        '3 migrations checked, 2 findings.',
      ),
      stderr: '',
    })
  })

  test('with --prove shows what each statement does', async () => {
    const line = commandLine({
      'metastore.toml': '[database.main]\nurl = "pglite:data"\n',
      'migrations/001_runs.sql': 'create table runs (id bigint primary key, state text);\n',
      'migrations/002_cost.sql':
        '-- metastore: allow H21 because the table is small.\nalter table runs alter column state type int using 1;\nselect 1;\n',
    })
    const { status, stdout } = await line.run(`check --prove --fail-on P0 --shadow ${await freshPostgresUrl(18)}`)
    expect([status, stdout.split('\n').slice(0, 3)]).toEqual([
      0,
      [
        'migrations/001_runs.sql:1:1  proved  touches no table that was there before its file',
        'migrations/002_cost.sql:2:1  proved  ACCESS EXCLUSIVE on public.runs, public.runs gets a new file, reads the rows of public.runs',
        'migrations/002_cost.sql:3:1  proved  touches no table that was there before its file',
      ],
    ])
    const sqlite = commandLine({
      'metastore.toml': '[database.main]\nurl = "sqlite:a.db"\n',
      'migrations/1_a.sql': 'select 1;',
    })
    expect(await sqlite.run('check --prove')).toMatchObject({
      status: 2,
      stderr: lines(
        'error [not_supported] Only statements for PostgreSQL can be proved: SQLite locks the whole file, whatever it does.',
        '  at --prove',
        '  next: Leave --prove out.',
      ),
    })
  })

  test('grades hazards by saved statistics, which need a database to be saved', async () => {
    const line = commandLine(files)
    expect(await line.run('check --save-statistics s.json')).toMatchObject({ status: 2 })
    expect(await line.run('check --statistics nowhere.json')).toMatchObject({ status: 2 })
  })
})
