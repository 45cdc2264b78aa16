import { describe, expect, test } from 'vitest'
import { commandLine, lines, twoMigrations } from './command-line.ts'

describe('stamp', () => {
  test('records and forgets, and runs nothing', async () => {
    const line = commandLine(twoMigrations)
    expect(await line.run('stamp head')).toEqual({
      status: 0,
      stdout: lines('  recorded  001_users', '  recorded  002_chats', 'The history of sqlite:app.db says: 002_chats.'),
      stderr: '',
    })
    expect(await line.run('stamp 1')).toEqual({
      status: 0,
      stdout: lines('  forgotten 002_chats', 'The history of sqlite:app.db says: 001_users.'),
      stderr: '',
    })
    expect(await line.run('stamp base')).toEqual({
      status: 0,
      stdout: lines('  forgotten 001_users', 'The history of sqlite:app.db says: no migrations.'),
      stderr: '',
    })
    expect((await line.run('show catalog')).stdout).toBe('schema main\n')
    expect(await line.run('stamp head --quiet')).toEqual({ status: 0, stdout: '', stderr: '' })
  })

  test('forgets one migration whose file was deleted', async () => {
    const line = commandLine(twoMigrations)
    await line.run('migrate')
    line.remove('migrations/002_chats.sql')
    expect(await line.run('stamp --forget 2')).toEqual({
      status: 0,
      stdout: lines('  forgotten 002_chats', 'The history of sqlite:app.db says: 001_users.'),
      stderr: '',
    })
    expect(await line.run('status --check')).toMatchObject({ status: 0 })
  })

  test('is one JSON document', async () => {
    const line = commandLine(twoMigrations)
    expect(await line.json('stamp 1')).toEqual({
      status: 0,
      document: {
        command: 'stamp',
        ok: true,
        databases: [
          { database: 'main', address: 'sqlite:app.db', recorded: ['001_users'], forgotten: [], current: '001_users' },
        ],
      },
      stderr: '',
    })
  })

  test.each(['stamp', 'stamp head --forget 1'])('needs one of its two forms, unlike %s', async (words) => {
    const line = commandLine(twoMigrations)
    expect(await line.run(words)).toEqual({
      status: 2,
      stdout: '',
      stderr: lines(
        'error [usage] stamp needs either a destination or --forget.',
        '  at metastore stamp',
        '  next: Say where the database is, as in metastore stamp head, or what to forget: metastore stamp --forget NAME.',
      ),
    })
    expect(line.exists('app.db')).toBe(false)
  })

  test('forgets only what is applied', async () => {
    const line = commandLine(twoMigrations)
    await line.run('migrate 1')
    expect(await line.run('stamp --forget 2')).toEqual({
      status: 2,
      stdout: '',
      stderr: lines(
        'error [migration_unknown] There is no migration "2".',
        '  next: metastore history lists them all.',
      ),
    })
  })
})
