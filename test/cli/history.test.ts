import { describe, expect, test } from 'vitest'
import { commandLine, lines, twoMigrations } from './command-line.ts'

const checksum = '30091b3f1e57bf1f80fc8240c8bdbabe93b5b50b09b6604b3a5f43efcf42d192'

describe('history', () => {
  test('lists what is applied and what is pending, and with --all what was rolled back', async () => {
    const line = commandLine(twoMigrations)
    await line.run('migrate')
    await line.run('rollback')
    await line.run('stamp 2')
    await line.run('stamp 1')
    expect(await line.run('history')).toEqual({
      status: 0,
      stdout: lines('001_users  applied  TIME  DURATION  USER', '002_chats  pending'),
      stderr: '',
    })
    await line.run('stamp 2')
    expect(await line.run('history --all')).toEqual({
      status: 0,
      stdout: lines(
        '001_users  applied      TIME  DURATION  USER',
        '002_chats  rolled back  TIME  USER',
        '002_chats  rolled back  TIME  USER',
        '002_chats  stamped      TIME  DURATION  USER',
      ),
      stderr: '',
    })
  })

  test('says that there are no migrations', async () => {
    const line = commandLine({ 'metastore.toml': '[database.main]\nurl = "sqlite:app.db"\n' })
    expect(await line.run('history')).toEqual({ status: 0, stdout: 'There are no migrations.\n', stderr: '' })
  })

  test('is one JSON document', async () => {
    const line = commandLine(twoMigrations)
    await line.run('migrate 1')
    expect(await line.json('history')).toEqual({
      status: 0,
      document: {
        command: 'history',
        ok: true,
        databases: [
          {
            database: 'main',
            address: 'sqlite:app.db',
            history: [
              {
                position: 1,
                name: '001_users',
                version: 1,
                format: 'sql',
                description: null,
                priority: 'P1',
                checksum,
                batch: 'UUID',
                how: 'migrated',
                startedAt: 'TIME',
                appliedAt: 'TIME',
                durationMs: 0,
                appliedBy: 'USER',
                toolVersion: 'VERSION',
                rolledBackAt: null,
                rolledBackBy: null,
              },
            ],
            pending: ['002_chats'],
          },
        ],
      },
      stderr: '',
    })
  })
})

describe('show', () => {
  test('prints a file, and where it stands beside it', async () => {
    const line = commandLine(twoMigrations)
    expect(await line.run('show 1')).toEqual({
      status: 0,
      stdout: twoMigrations['migrations/001_users.sql'],
      stderr: '001_users: pending, migrations/001_users.sql\n',
    })
    expect(await line.run('show users --quiet')).toMatchObject({ stderr: '' })
  })

  test('prints what was applied, as it was then, byte by byte', async () => {
    const line = commandLine(twoMigrations)
    await line.run('migrate')
    line.write('migrations/001_users.sql', 'select 1;\n')
    line.remove('migrations/002_chats.sql')
    expect(await line.run('show 1')).toMatchObject({ stdout: 'select 1;\n' })
    expect(await line.run('show 1 --applied')).toEqual({
      status: 0,
      stdout: twoMigrations['migrations/001_users.sql'],
      stderr: '001_users: applied, migrations/001_users.sql\n',
    })
    expect(await line.run('show 2')).toEqual({
      status: 0,
      stdout: twoMigrations['migrations/002_chats.sql'],
      stderr: '002_chats: applied, its file is gone\n',
    })
  })

  test('prints both files of a pair', async () => {
    const line = commandLine({
      'metastore.toml': '[database.main]\nurl = "sqlite:app.db"\n',
      'migrations/001_a.up.sql': 'create table a (id integer);\n',
      'migrations/001_a.down.sql': 'drop table a;\n',
    })
    expect((await line.run('show a')).stdout).toBe(
      lines('create table a (id integer);', '', '-- metastore:down', 'drop table a;'),
    )
  })

  test('is one JSON document', async () => {
    expect(await commandLine(twoMigrations).json('show 1')).toEqual({
      status: 0,
      document: {
        command: 'show',
        ok: true,
        databases: [
          {
            database: 'main',
            address: 'sqlite:app.db',
            name: '001_users',
            path: 'migrations/001_users.sql',
            checksum,
            applied: false,
            source: twoMigrations['migrations/001_users.sql'],
            downSource: null,
          },
        ],
      },
      stderr: '',
    })
  })

  test.each([
    {
      words: 'show 9',
      stderr: lines(
        'error [migration_unknown] There is no migration "9".',
        '  next: metastore history lists them all.',
      ),
    },
    {
      words: 'show 00',
      stderr: lines(
        'error [migration_unknown] "00" could be 2 migrations.',
        '  001_users',
        '  002_chats',
        '  next: Give more of the name.',
      ),
    },
    {
      words: 'show 1 --applied',
      stderr: lines(
        'error [migration_unknown] Migration 001_users is not applied, so the history has no text of it.',
        '  next: metastore show 001_users prints its file.',
      ),
    },
    {
      words: 'show',
      stderr: lines(
        'error [usage] metastore show needs <what>.',
        '  at metastore show',
        '  next: metastore show --help shows what it takes.',
      ),
    },
  ])('refuses $words', async ({ words, stderr }) => {
    expect(await commandLine(twoMigrations).run(words)).toEqual({ status: 2, stdout: '', stderr })
  })

  test('prints the catalog without our own tables', async () => {
    const line = commandLine(twoMigrations)
    await line.run('migrate')
    expect(await line.run('show catalog')).toEqual({
      status: 0,
      stdout: lines(
        'schema main',
        '  table chats',
        '    id INTEGER, not null',
        '    constraint chats_pkey PRIMARY KEY ("id")',
        '  table users',
        '    id INTEGER, not null',
        '    constraint users_pkey PRIMARY KEY ("id")',
      ),
      stderr: '',
    })
    expect(await line.json('show catalog')).toMatchObject({
      document: {
        databases: [
          { database: 'main', catalog: { dialect: 'sqlite', tables: [{ name: 'chats' }, { name: 'users' }] } },
        ],
      },
    })
  })
})

describe('current and heads', () => {
  test('say where the database is, and where it could be', async () => {
    const line = commandLine(twoMigrations)
    const says = async (words: string) => (await line.run(words)).stdout
    expect(await says('current')).toBe('(base)\n')
    await line.run('migrate 1')
    expect(await says('current')).toBe('001_users\n')
    await line.run('migrate')
    expect(await says('current')).toBe('002_chats (head)\n')
    expect(await says('heads')).toBe('002_chats (head)\n')
    line.remove('migrations/001_users.sql')
    line.remove('migrations/002_chats.sql')
    expect(await says('heads')).toBe('(no migrations)\n')
  })

  test('are one JSON document each', async () => {
    const line = commandLine(twoMigrations)
    await line.run('migrate 1')
    expect(await line.json('current')).toEqual({
      status: 0,
      document: {
        command: 'current',
        ok: true,
        databases: [{ database: 'main', address: 'sqlite:app.db', current: '001_users', head: false }],
      },
      stderr: '',
    })
    expect(await line.json('heads')).toEqual({
      status: 0,
      document: { command: 'heads', ok: true, databases: [{ database: 'main', heads: ['002_chats'] }] },
      stderr: '',
    })
  })
})
