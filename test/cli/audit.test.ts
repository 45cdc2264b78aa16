import { beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { openDatabase } from '../../src/database/database.ts'
import { freshPostgresUrl } from '../harness/engines.ts'
import { commandLine, lines, twoMigrations, type CommandLine, type Outcome } from './command-line.ts'

const files = {
  'metastore.toml': '[database.main]\nurl = "${DATABASE_URL}"\n',
  'migrations/001_runs.sql':
    '-- metastore: priority=P0\ncreate table runs (id int primary key, agent text);\ncreate index runs_agent on runs (agent);\n',
  'migrations/002_logs.sql':
    '-- metastore: priority=P2\ncreate table logs (id int primary key, line text);\ncreate index logs_line on logs (line);\n',
}

const missingIndex = [
  'P0 Index public.runs.runs_agent is missing. [object_missing, 001_runs]',
  '   Run metastore audit --fix, which runs the statements below.',
  `   look  select indexrelid::pg_catalog.regclass as index, pg_catalog.pg_get_indexdef(indexrelid) as definition from pg_catalog.pg_index where indrelid = pg_catalog.to_regclass('"public"."runs"') and indexrelid = pg_catalog.to_regclass('"public"."runs_agent"') and indisvalid;`,
  '   fix   CREATE INDEX CONCURRENTLY runs_agent ON public.runs USING btree (agent);',
]
const missingLog = [
  'P2 Index public.logs.logs_line is missing. [object_missing, 002_logs]',
  '   Run metastore audit --fix, which runs the statements below.',
  `   look  select indexrelid::pg_catalog.regclass as index, pg_catalog.pg_get_indexdef(indexrelid) as definition from pg_catalog.pg_index where indrelid = pg_catalog.to_regclass('"public"."logs"') and indexrelid = pg_catalog.to_regclass('"public"."logs_line"') and indisvalid;`,
  '   fix   CREATE INDEX CONCURRENTLY logs_line ON public.logs USING btree (line);',
]
const toDo = (what: string) => [
  'To do:',
  '  1. Note how many rows there are: metastore audit --count-rows',
  `  2. Put back ${what} without touching rows: metastore audit --fix`,
  '  3. Restart the processes that keep connections or prepared statements',
  '  4. Compare the numbers of rows with those from before: metastore audit --count-rows',
  '  5. Audit again: there is nothing left to do: metastore audit --fail-on P2',
]

describe('audit', () => {
  let line: CommandLine
  let DATABASE_URL: string
  const run = async (words: string): Promise<Outcome> => {
    const { status, stdout, stderr } = await line.run(words, { environment: { DATABASE_URL } })
    return { status, stdout: stdout.replaceAll(/postgres:\/\/[^\s:]+(:\d+)?\/\w+/g, 'ADDRESS'), stderr }
  }
  const execute = async (script: string) => {
    await using database = await openDatabase(DATABASE_URL)
    await using session = await database.session()
    await session.script(script)
  }

  beforeAll(async () => {
    line = commandLine(files)
    DATABASE_URL = await freshPostgresUrl(18)
    expect(await run('migrate --quiet')).toMatchObject({ status: 0 })
    await execute("insert into runs values (1, 'a'), (2, 'b')")
  })
  beforeEach(() =>
    execute(
      'create index if not exists runs_agent on runs (agent); create index if not exists logs_line on logs (line)',
    ),
  )

  test('says that nothing is wrong, and counts rows when asked', async () => {
    const clean = 'ADDRESS: 2 migrations, 14 objects, 0 findings.'
    expect(await run('audit')).toMatchObject({ status: 0, stdout: lines(clean) })
    expect(await run('audit --count-rows')).toMatchObject({
      status: 0,
      stdout: lines(clean, 'public.logs  0 rows', 'public.runs  2 rows'),
    })
  })

  test('tells each finding with its remedy, a query and the statement, and ends with status 3', async () => {
    await execute('drop index runs_agent, logs_line')
    expect(await run('audit')).toMatchObject({
      status: 3,
      stdout: lines(
        ...missingIndex,
        ...missingLog,
        ...toDo('2 objects'),
        'ADDRESS: 2 migrations, 14 objects, 2 findings.',
      ),
    })
  })

  test.each([
    ['--only P2', 3, missingLog],
    ['--only P1', 3, []],
    ['--only P0 --fail-on P0', 3, missingIndex],
  ] as const)('with %s, shows those findings only; the exit status is that of all', async (options, status, shown) => {
    await execute('drop index runs_agent, logs_line')
    const outcome = await run(`audit ${options}`)
    const count = shown.length === 0 ? '0 findings' : '1 finding'
    expect(outcome).toMatchObject({
      status,
      stdout: lines(...shown, ...toDo('2 objects'), `ADDRESS: 2 migrations, 14 objects, ${count}.`),
    })
  })

  test.each([
    ['', 0],
    ['--fail-on P0', 0],
    ['--fail-on P1', 0],
    ['--fail-on P2', 3],
  ] as const)('a P2 finding with %j ends with status %i', async (options, status) => {
    await execute('drop index logs_line')
    expect(await run(`audit ${options}`)).toMatchObject({ status })
  })

  test('--fix puts back what is missing, and looks again', async () => {
    await execute('drop index runs_agent, logs_line')
    expect(await run('audit --fix --fail-on P2')).toMatchObject({
      status: 0,
      stdout: lines(
        'repaired  create index public.logs.logs_line',
        'repaired  create index public.runs.runs_agent',
        'ADDRESS: 2 migrations, 14 objects, 0 findings.',
      ),
    })
  })

  test('--fix says what it could not put back, and why', async () => {
    await execute('alter table runs drop constraint runs_pkey; insert into runs values (2, $$c$$)')
    const { status, stdout } = await run('audit --fix --only P0')
    await execute('delete from runs where agent = $$c$$; alter table runs add primary key (id)')
    expect(status).toBe(3)
    expect(stdout).toContain('failed  add constraint public.runs.runs_pkey: ')
    expect(stdout).toMatch(
      /^P0 Constraint public\.runs\.runs_pkey is missing\. .*\n {3}metastore audit --fix could not put it back: .*unique index "runs_pkey".*/m,
    )
  })

  test('is one JSON document', async () => {
    await execute('drop index runs_agent')
    const { status, document } = await line.json('audit --fix --count-rows', { environment: { DATABASE_URL } })
    expect(status).toBe(0)
    expect(document).toMatchObject({
      command: 'audit',
      ok: true,
      databases: [
        {
          database: 'main',
          current: '002_logs',
          worst: null,
          findings: [],
          checklist: [],
          migrations: [
            { name: '001_runs', priority: 'P0', state: 'applied' },
            { name: '002_logs', priority: 'P2', state: 'applied' },
          ],
          rowCounts: [
            { schema: 'public', name: 'logs', rows: 0 },
            { schema: 'public', name: 'runs', rows: 2 },
          ],
          repaired: {
            done: ['create index public.runs.runs_agent'],
            failed: [],
            rows: [
              { schema: 'public', name: 'logs', before: 0, after: 0 },
              { schema: 'public', name: 'runs', before: 2, after: 2 },
            ],
          },
        },
      ],
    })
  })

  test('writes a report to a file', async () => {
    expect(await run('audit --format markdown --out audit.md')).toMatchObject({
      status: 0,
      stdout: lines('Written to audit.md.'),
    })
    expect(line.read('audit.md')).toMatch(/^# Audit of main\n/)
  })

  test.each(['--only P3', '--fail-on P3'])('refuses %s', async (options) => {
    expect(await run(`audit ${options}`)).toEqual({
      status: 2,
      stdout: '',
      stderr: lines(`error [usage] ${options.split(' ')[0]} cannot be "P3".`, '  next: Use P0, P1 or P2.'),
    })
  })

  test('a database that is not there yet lacks everything, and is not made', async () => {
    const fresh = commandLine({ ...files, 'metastore.toml': '[database.main]\nurl = "pglite:data"\n' })
    const { status, stdout } = await fresh.run('audit --only P2')
    expect({ status, stdout }).toEqual({
      status: 3,
      stdout: lines(
        'P2 Migration 002_logs is not applied. [migration_not_applied, 002_logs]',
        '   Apply it with metastore migrate 002_logs.',
        `   look  select "relname" from "pg_catalog"."pg_class" where "relnamespace" = (select oid from pg_catalog.pg_namespace where nspname = 'public') and "relname" = 'logs' and relkind = 'r';`,
        'To do:',
        '  1. Note how many rows there are: metastore audit --count-rows',
        '  2. Apply 001_runs (P0): metastore migrate 001_runs',
        '  3. Apply 002_logs (P2): metastore migrate 002_logs',
        '  4. Restart the processes that keep connections or prepared statements',
        '  5. Compare the numbers of rows with those from before: metastore audit --count-rows',
        '  6. Audit again: there is nothing left to do: metastore audit --fail-on P2',
        'pglite:data: 2 migrations, 14 objects, 1 finding.',
      ),
    })
    expect(fresh.exists('data')).toBe(false)
  })

  test('is not for SQLite', async () => {
    expect(await commandLine(twoMigrations).run('audit')).toMatchObject({
      status: 2,
      stdout: '',
      stderr: lines(
        'error [not_supported] Only a PostgreSQL database can be audited.',
        '  at sqlite:app.db',
        '  next: For SQLite, metastore check runs the migrations on an empty database, and metastore status compares the history.',
      ),
    })
  })
})
