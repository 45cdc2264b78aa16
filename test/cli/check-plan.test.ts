import { describe, expect, test } from 'vitest'
import { commandLine, lines, twoMigrations } from './command-line.ts'

describe('check', () => {
  test('is clean, and is one JSON document', async () => {
    const line = commandLine(twoMigrations)
    expect(await line.run('check')).toEqual({ status: 0, stdout: '2 migrations checked, 0 findings.\n', stderr: '' })
    expect(await line.json('check')).toEqual({
      status: 0,
      document: { command: 'check', ok: true, databases: [{ database: 'main', files: 2, findings: [] }] },
      stderr: '',
    })
    expect(line.exists('app.db')).toBe(false)
  })

  test('says where SQL does not parse, with a line and a column, and looks at every file', async () => {
    const line = commandLine({
      'migrations/001_a.sql': 'select 1;\nselect from from;\n',
      'migrations/002_b.sql': 'selec 1;\n',
    })
    expect(await line.run('check')).toEqual({
      status: 3,
      stdout: lines(
        'P0 migrations/001_a.sql:2:13: PostgreSQL cannot parse this statement: syntax error at or near "from". [sql_syntax]',
        '   Correct the SQL at the mark.',
        'P0 migrations/002_b.sql:1:1: PostgreSQL cannot parse this statement: syntax error at or near "selec". [sql_syntax]',
        '   Correct the SQL at the mark.',
        '2 migrations checked, 2 findings.',
      ),
      stderr: '',
    })
  })

  test.each([
    { words: 'check', status: 0 },
    { words: 'check --fail-on P1', status: 0 },
    { words: 'check --fail-on P2', status: 3 },
    { words: 'check --fail-on P0', status: 0 },
  ])('ends with $status for a hint, as $words', async ({ words, status }) => {
    const line = commandLine({ 'migrations/001_empty.sql': '-- nothing\n' })
    expect(await line.run(words)).toEqual({
      status,
      stdout: lines(
        'P2 migrations/001_empty.sql: The migration has no statement. [empty_migration]',
        '   Write its SQL, or remove the file.',
        '1 migration checked, 1 finding.',
      ),
      stderr: '',
    })
  })

  test('does not know another severity', async () => {
    expect(await commandLine(twoMigrations).run('check --fail-on high')).toEqual({
      status: 2,
      stdout: '',
      stderr: lines('error [usage] --fail-on cannot be "high".', '  next: Use P0, P1 or P2.'),
    })
  })

  test('finds what SQLite refuses by running it in memory, where the URL says SQLite', async () => {
    const line = commandLine({ ...twoMigrations, 'migrations/003_again.sql': 'create table users (id integer);\n' })
    const { status, stdout } = await line.run('check')
    expect(status).toBe(3)
    expect(stdout).toMatch(/^P0 migrations\/003_again\.sql:1:\d+: .*users already exists/)
    expect(line.exists('app.db')).toBe(false)
  })

  test('looks at a directory that is named', async () => {
    const line = commandLine({ 'db/001_a.sql': 'select 1;\n' })
    expect(await line.run('check --dirs db')).toMatchObject({ status: 0, stdout: '1 migration checked, 0 findings.\n' })
    expect(await line.run('check --dirs nowhere')).toEqual({
      status: 3,
      stdout: lines(
        'P0 nowhere: The directory of migrations nowhere does not exist. [directory_missing]',
        '   Create it, or correct the path where it is named (metastore.toml, --dirs).',
        '0 migrations checked, 1 finding.',
      ),
      stderr: '',
    })
  })
})

describe('plan', () => {
  const rest = [
    '',
    '-- 002_chats (up, migrations/002_chats.sql), in one transaction',
    'begin;',
    'create table chats (id integer primary key);',
    'commit;',
  ]

  test('shows on an unmanaged database what keeps the history, and creates nothing', async () => {
    const line = commandLine(twoMigrations)
    const { status, stdout, stderr } = await line.run('plan +1')
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    expect(stdout).toMatch(
      /^-- sqlite:app\.db: 1 migration to run\n-- bookkeeping, because metastore has not been here before\ncreate table "metastore_state" \(/,
    )
    expect(stdout).toMatch(
      /\n-- 001_users \(up, [^)]*\), in one transaction\nbegin;\ncreate table users[^\n]*;\ncommit;\n$/,
    )
    expect(line.exists('app.db')).toBe(false)
  })

  test('shows on a managed one only what is pending, or would go back', async () => {
    const line = commandLine(twoMigrations)
    await line.run('migrate 1')
    expect(await line.run('plan')).toEqual({
      status: 0,
      stdout: lines('-- sqlite:app.db: 1 migration to run', ...rest),
      stderr: '',
    })
    expect((await line.run('plan --rollback 1')).stdout).toBe(
      lines(
        '-- sqlite:app.db: 1 migration to run',
        '',
        '-- 001_users (down, migrations/001_users.sql), in one transaction',
        'begin;',
        'drop table users;',
        'commit;',
      ),
    )
    expect((await line.run('plan --rollback -1')).stdout).toBe((await line.run('plan --rollback')).stdout)
  })

  test('shows code and statements outside a transaction as what they are', async () => {
    const line = commandLine({
      'metastore.toml': '[database.main]\nurl = "sqlite:app.db"\n',
      'migrations/001_code.mjs': 'export async function up() {}\n',
      'migrations/002_bare.sql': '-- metastore: no-transaction\nvacuum;\n',
    })
    await line.run('stamp base')
    expect((await line.run('plan')).stdout).toBe(
      lines(
        '-- sqlite:app.db: 2 migrations to run',
        '',
        '-- 001_code (up, migrations/001_code.mjs), in one transaction',
        'begin;',
        '-- code: 001_code.mjs',
        'commit;',
        '',
        '-- 002_bare (up, migrations/002_bare.sql), statement by statement, journalled',
        '-- outside a transaction',
        'vacuum;',
      ),
    )
  })

  test('is one JSON document', async () => {
    const line = commandLine(twoMigrations)
    await line.run('migrate 1')
    expect(await line.json('plan')).toEqual({
      status: 0,
      document: {
        command: 'plan',
        ok: true,
        databases: [
          {
            database: 'main',
            address: 'sqlite:app.db',
            bookkeeping: [],
            migrations: [
              {
                name: '002_chats',
                path: 'migrations/002_chats.sql',
                direction: 'up',
                atomic: true,
                steps: [
                  {
                    kind: 'transaction',
                    label: 'create table chats (id integer primary key);',
                    sql: 'create table chats (id integer primary key);',
                  },
                ],
              },
            ],
          },
        ],
      },
      stderr: '',
    })
  })

  test('is refused where migrate would be', async () => {
    const line = commandLine(twoMigrations)
    await line.run('migrate 1')
    line.write('migrations/001_users.sql', 'select 2;\n')
    const refused = await line.run('plan')
    expect(refused).toMatchObject({ status: 3, stdout: '' })
    expect(refused.stderr).toMatch(/^error \[migration_edited\]/)
    expect(await line.run('plan --allow-changed 1')).toMatchObject({ status: 0 })
  })
})
