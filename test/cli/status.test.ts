import { describe, expect, test } from 'vitest'
import { commandLine, lines, twoMigrations, type CommandLine } from './command-line.ts'

interface Case {
  readonly state: string
  /** Brings a database at its newest migration into the state. */
  readonly bring: (line: CommandLine) => void | Promise<unknown>
  /** The exit status of `status --check`, and with --allow-ahead. */
  readonly check: number
  readonly ahead: number
  readonly says: readonly string[]
}

const upToDate = ['sqlite:app.db: up to date', '  2 migrations applied, the newest is 002_chats']

const cases: readonly Case[] = [
  { state: 'at the newest migration', bring: () => {}, check: 0, ahead: 0, says: upToDate },
  {
    state: 'with pending migrations',
    bring: (line) => line.write('migrations/003_more.sql', 'select 1;\n'),
    check: 3,
    ahead: 3,
    says: [
      'sqlite:app.db: 1 migration pending',
      '  2 migrations applied, the newest is 002_chats',
      '  pending  003_more',
    ],
  },
  {
    state: 'with an edited file',
    bring: (line) => line.write('migrations/001_users.sql', 'create table people (id integer);\n'),
    check: 3,
    ahead: 3,
    says: [
      'sqlite:app.db: files and history disagree',
      '  2 migrations applied, the newest is 002_chats',
      '  problem  The file of migration 001_users was edited after it was applied.',
      '           Put the change into a new migration and restore this file (metastore show 001_users --applied prints what ran), or accept the file as it is with --allow-changed 001_users.',
    ],
  },
  {
    state: 'with a late file',
    bring: (line) => line.write('migrations/001_late.sql', 'select 1;\n'),
    check: 3,
    ahead: 3,
    says: [
      'sqlite:app.db: files and history disagree',
      '  2 migrations applied, the newest is 002_chats',
      '  pending  001_late',
      '  problem  Migration 001_late is new, but sorts before 002_chats, which is already applied.',
      '           Rename its file so that it sorts last, or apply it late with --allow-out-of-order 001_late.',
    ],
  },
  {
    state: 'that a newer version of the application has migrated',
    bring: async (line) => {
      line.write('migrations/003_newer.sql', 'select 1;\n')
      await line.run('migrate')
      line.remove('migrations/003_newer.sql')
    },
    check: 3,
    ahead: 0,
    says: [
      'sqlite:app.db: files and history disagree',
      '  3 migrations applied, the newest is 003_newer',
      '  problem  Migration 003_newer is applied, but its file is gone.',
      '           Restore the file (metastore show 003_newer --applied prints it), go on without it with --allow-missing 003_newer, or take it out of the history with metastore stamp --forget 003_newer.',
    ],
  },
  {
    state: 'with a migration that was cut off',
    bring: async (line) => {
      line.write(
        'migrations/003_cut.sql',
        '-- metastore: no-transaction\ncreate table a (id integer);\ncreate table a (id integer);\n',
      )
      await line.run('migrate')
    },
    check: 3,
    ahead: 3,
    says: [
      'sqlite:app.db: a migration was begun and is not finished; metastore migrate goes on with it',
      '  2 migrations applied, the newest is 002_chats',
      '  pending  003_cut',
    ],
  },
]

describe('status', () => {
  test.each(cases)('tells of a database $state, and --check says $check', async ({ bring, says, check, ahead }) => {
    const line = commandLine(twoMigrations)
    await line.run('migrate')
    await bring(line)
    expect(await line.run('status')).toEqual({ status: 0, stdout: lines(...says), stderr: '' })
    expect(await line.run('status --check')).toEqual({ status: check, stdout: lines(...says), stderr: '' })
    expect(await line.run('status --check --quiet')).toEqual({ status: check, stdout: '', stderr: '' })
    expect(await line.run('status --check --allow-ahead --quiet')).toEqual({ status: ahead, stdout: '', stderr: '' })
    expect(await line.json('status --check')).toMatchObject({
      status: check,
      document: { command: 'status', ok: check === 0, databases: [{ database: 'main', atHead: check === 0 }] },
    })
  })

  test('is not at the newest migration where nothing was ever applied', async () => {
    const line = commandLine(twoMigrations)
    const says = lines(
      'sqlite:app.db: 2 migrations pending',
      '  0 migrations applied',
      '  pending  001_users',
      '  pending  002_chats',
    )
    expect(await line.run('status --check')).toEqual({ status: 3, stdout: says, stderr: '' })
    expect(line.exists('app.db')).toBe(false)
  })

  test('is clean where there are no migrations at all', async () => {
    const line = commandLine({ 'metastore.toml': '[database.main]\nurl = "sqlite:app.db"\n' })
    expect(await line.run('status --check')).toEqual({
      status: 0,
      stdout: lines('sqlite:app.db: there are no migrations', '  0 migrations applied'),
      stderr: '',
    })
  })

  test('is one JSON document', async () => {
    const line = commandLine(twoMigrations)
    await line.run('migrate +1')
    const asReshapeSays = {
      status: 'idle',
      in_progress_migrations: [],
      latest_completed_migration: '001_users',
      old_schema: null,
      new_schema: null,
      step: null,
      backfills: [],
      lock_holder: null,
    }
    expect(await line.json('status')).toEqual({
      status: 0,
      document: {
        command: 'status',
        ok: true,
        ...asReshapeSays,
        databases: [
          {
            ...asReshapeSays,
            database: 'main',
            address: 'sqlite:app.db',
            state: 'idle',
            managed: true,
            current: '001_users',
            head: '002_chats',
            applied: ['001_users'],
            inProgress: [],
            rollingBack: false,
            pending: ['002_chats'],
            readOnly: null,
            waiting: [],
            discrepancies: [],
            interrupted: [],
            oldSchema: null,
            newSchema: null,
            lockHolder: null,
            atHead: false,
          },
        ],
      },
      stderr: '',
    })
  })
})
