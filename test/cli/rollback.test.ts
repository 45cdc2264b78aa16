import { describe, expect, test } from 'vitest'
import { commandLine, lines, twoMigrations } from './command-line.ts'

async function migrated(files: Readonly<Record<string, string>> = twoMigrations) {
  const line = commandLine(files)
  await line.run('migrate')
  return line
}

const onlyNewest = lines(
  'Rolling back sqlite:app.db',
  '  rolled back 002_chats  DURATION',
  'Done: 1 migration rolled back, it is at 001_users.',
)
const everything = lines(
  'Rolling back sqlite:app.db',
  '  rolled back 002_chats  DURATION',
  '  rolled back 001_users  DURATION',
  'Done: 2 migrations rolled back, it has no migrations.',
)

describe('rollback', () => {
  test.each([
    { words: 'rollback', stdout: onlyNewest },
    { words: 'rollback 1', stdout: onlyNewest },
    { words: 'rollback -1', stdout: onlyNewest },
    { words: 'rollback --to 001', stdout: onlyNewest },
    { words: 'rollback --to users', stdout: onlyNewest },
    { words: 'rollback 001', stdout: onlyNewest },
    { words: 'downgrade -1', stdout: onlyNewest },
    { words: 'downgrade 1', stdout: onlyNewest },
    { words: 'downgrade 001_users', stdout: onlyNewest },
    { words: 'rollback 2', stdout: everything },
    { words: 'rollback -2', stdout: everything },
    { words: 'rollback 9', stdout: everything },
    { words: 'rollback base', stdout: everything },
    { words: 'downgrade base', stdout: everything },
    { words: 'rollback --to 002', stdout: 'Nothing to roll back on sqlite:app.db: it is at 002_chats.\n' },
    { words: 'rollback --quiet', stdout: '' },
  ])('as $words', async ({ words, stdout }) => {
    const line = await migrated()
    expect(await line.run(words)).toEqual({ status: 0, stdout, stderr: '' })
  })

  test.each(['rollback', 'downgrade'])('is one JSON document, as %s', async (command) => {
    const line = await migrated()
    expect(await line.json(`${command} -1`)).toEqual({
      status: 0,
      document: {
        command,
        ok: true,
        databases: [
          {
            database: 'main',
            address: 'sqlite:app.db',
            rolledBack: [{ name: '002_chats', durationMs: 0 }],
            current: '001_users',
          },
        ],
      },
      stderr: '',
    })
  })

  test.each([
    {
      words: 'rollback +1',
      stderr: lines(
        'error [usage] +1 does not lie behind: a rollback only goes back.',
        '  next: Name a migration that is applied, a number such as 2, or base; metastore history lists what is applied.',
      ),
    },
    {
      words: 'rollback 1 --to 001',
      stderr: lines(
        'error [usage] rollback was given two destinations.',
        '  at metastore rollback',
        '  next: Give either a number or base, or a migration with --to NAME.',
      ),
    },
    {
      words: 'rollback --to 7',
      stderr: lines(
        'error [migration_unknown] There is no migration "7".',
        '  next: metastore history lists them all.',
      ),
    },
    {
      words: 'downgrade',
      stderr: lines(
        'error [usage] metastore downgrade needs <revision>.',
        '  at metastore downgrade',
        '  next: metastore downgrade --help shows what it takes.',
      ),
    },
  ])('refuses $words', async ({ words, stderr }) => {
    const line = await migrated()
    expect(await line.run(words)).toEqual({ status: 2, stdout: '', stderr })
  })

  test('changes nothing when one of the migrations has no down part', async () => {
    const line = await migrated({ ...twoMigrations, 'migrations/001_users.sql': 'create table users (id integer);\n' })
    expect(await line.run('rollback base')).toEqual({
      status: 3,
      stdout: '',
      stderr: lines(
        'error [migration_irreversible] Migration 001_users has no down part, so it cannot be rolled back. Nothing was changed.',
        '  at migrations/001_users.sql',
        '  next: Add a down part to the file (-- metastore:down, then the SQL that undoes it) and run again, or undo it by a new migration.',
      ),
    })
    expect((await line.run('current')).stdout).toBe('002_chats (head)\n')
  })

  test('says what stays rolled back when a later one fails, as text and as JSON', async () => {
    const files = {
      ...twoMigrations,
      'migrations/001_users.sql': 'create table users (id integer);\n-- metastore:down\ndrop table nobody;\n',
    }
    const line = await migrated(files)
    const failed = await line.run('rollback base')
    expect(failed).toMatchObject({
      status: 1,
      stdout: lines('Rolling back sqlite:app.db', '  rolled back 002_chats  DURATION'),
    })
    expect(failed.stderr).toMatch(
      /^Kept: 1 migration rolled back before the failure\.\nerror \[statement_failed\] no such table: nobody\.\n {2}at migrations\/001_users\.sql:3/,
    )
    await line.run('migrate')
    expect(await line.json('rollback base')).toMatchObject({
      status: 1,
      document: {
        ok: false,
        databases: [{ database: 'main', rolledBack: [{ name: '002_chats', durationMs: 0 }] }],
        error: { code: 'statement_failed' },
      },
    })
  })

  test('names and takes back a migration whose file is gone', async () => {
    const line = await migrated()
    line.remove('migrations/001_users.sql')
    line.remove('migrations/002_chats.sql')
    expect((await line.run('plan --rollback 002')).stdout).toBe('-- sqlite:app.db: 0 migrations to run\n')
    expect(await line.run('rollback --to 001')).toEqual({ status: 0, stdout: onlyNewest, stderr: '' })
  })
})

describe('rolling back more than one migration', () => {
  test.each(['rollback 2', 'downgrade base'])(
    '%s asks on a terminal, and does nothing without a yes',
    async (words) => {
      const line = await migrated()
      const asked: string[] = []
      const answer = (yes: boolean) => (question: string) => {
        asked.push(question)
        return Promise.resolve(yes)
      }
      expect(await line.run(words, { interactive: true, ask: answer(false) })).toEqual({
        status: 0,
        stdout: 'Nothing was changed.\n',
        stderr: '',
      })
      expect((await line.run('current')).stdout).toBe('002_chats (head)\n')
      expect(await line.run(words, { interactive: true, ask: answer(true) })).toEqual({
        status: 0,
        stdout: everything,
        stderr: '',
      })
      expect(asked).toEqual(Array(2).fill('Roll back 2 migrations on sqlite:app.db?'))
    },
  )

  test.each([
    { words: 'rollback 2', interactive: false },
    { words: 'rollback 2 --yes', interactive: true },
    { words: 'rollback 2 -y', interactive: true },
    { words: 'rollback 2 --json', interactive: true },
    { words: 'rollback', interactive: true },
  ])('$words with a terminal: $interactive, asks nothing', async ({ words, interactive }) => {
    const line = await migrated()
    // Whoever is asked here throws.
    expect(await line.run(words, { interactive })).toMatchObject({ status: 0, stderr: '' })
  })
})

describe('rolling back a database that is marked as production', () => {
  const production = { environment: { METASTORE_ENVIRONMENT: 'production' } }

  test('needs --yes where nobody can be asked', async () => {
    const line = await migrated()
    expect(await line.run('rollback', production)).toEqual({
      status: 3,
      stdout: '',
      stderr: lines(
        'error [consent_needed] Roll back 1 migration on sqlite:app.db? The database is marked as production, and nobody is here to answer.',
        '  next: Add --yes if that is meant.',
      ),
    })
    expect(await line.run('rollback --yes', production)).toEqual({ status: 0, stdout: onlyNewest, stderr: '' })
  })

  test('asks on a terminal, also about a single migration', async () => {
    const line = await migrated()
    const ask = () => Promise.resolve(false)
    expect(await line.run('rollback', { ...production, interactive: true, ask })).toMatchObject({
      status: 0,
      stdout: 'Nothing was changed.\n',
    })
    expect((await line.run('current')).stdout).toBe('002_chats (head)\n')
  })
})
