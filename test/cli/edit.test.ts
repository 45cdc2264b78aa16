import { chmodSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { commandLine, lines, twoMigrations } from './command-line.ts'

// An editor that writes down what it was given.
const editor = '#!/bin/sh\nprintf "%s\\n" "$@" > edited.txt\n'

function withEditor(script = editor) {
  const line = commandLine({ ...twoMigrations, 'bin/editor': script })
  chmodSync(path.join(line.directory, 'bin/editor'), 0o755)
  const PATH = `${path.join(line.directory, 'bin')}:${process.env['PATH'] ?? ''}`
  const edit = (words: string, environment: Readonly<Record<string, string>>) =>
    line.run(`edit ${words}`, { interactive: true, environment: { PATH, ...environment } })
  return { line, edit }
}

describe('edit', () => {
  test('prints the path without a terminal, and with --json', async () => {
    const line = commandLine(twoMigrations)
    expect(await line.run('edit 1')).toEqual({ status: 0, stdout: 'DIR/migrations/001_users.sql\n', stderr: '' })
    expect(await line.run('edit head')).toMatchObject({ stdout: 'DIR/migrations/002_chats.sql\n' })
    expect(await line.json('edit chats', { interactive: true })).toEqual({
      status: 0,
      document: { command: 'edit', ok: true, path: 'DIR/migrations/002_chats.sql' },
      stderr: '',
    })
  })

  test('opens the file in EDITOR, with its arguments', async () => {
    const { line, edit } = withEditor()
    expect(await edit('1', { EDITOR: 'editor --wait  -n' })).toEqual({ status: 0, stdout: '', stderr: '' })
    expect(line.read('edited.txt')).toBe(lines('--wait', '-n', path.join(line.directory, 'migrations/001_users.sql')))
  })

  test('prefers VISUAL', async () => {
    const { line, edit } = withEditor()
    expect(await edit('head', { VISUAL: 'editor', EDITOR: 'false' })).toMatchObject({ status: 0 })
    expect(line.read('edited.txt')).toBe(lines(path.join(line.directory, 'migrations/002_chats.sql')))
  })

  test('says that no editor is set', async () => {
    const { edit } = withEditor()
    expect(await edit('1', { EDITOR: '' })).toEqual({
      status: 2,
      stdout: '',
      stderr: lines(
        'error [usage] No editor is set.',
        '  at DIR/migrations/001_users.sql',
        '  next: Set VISUAL or EDITOR, such as EDITOR=nano, or open the file yourself.',
      ),
    })
  })

  test('says that the editor cannot be started', async () => {
    const { edit } = withEditor()
    expect(await edit('1', { EDITOR: 'no-such-editor -w' })).toEqual({
      status: 2,
      stdout: '',
      stderr: lines(
        'error [usage] The editor no-such-editor cannot be started: spawn no-such-editor ENOENT.',
        '  next: Set VISUAL or EDITOR to a program that is installed.',
      ),
    })
  })

  test('says that the editor failed', async () => {
    const { edit } = withEditor('#!/bin/sh\nexit 7\n')
    expect(await edit('1', { EDITOR: 'editor' })).toEqual({
      status: 1,
      stdout: '',
      stderr: lines(
        'error [editor_failed] The editor editor ended with status 7.',
        '  next: Look at the file: what the editor has saved is there.',
      ),
    })
  })

  test('says that there is nothing to edit', async () => {
    const line = commandLine({ 'metastore.toml': '[database.main]\nurl = "sqlite:app.db"\n' })
    expect(await line.run('edit head')).toEqual({
      status: 2,
      stdout: '',
      stderr: lines(
        'error [migration_unknown] There are no migrations to edit.',
        '  next: Create one with metastore new NAME.',
      ),
    })
    expect(await line.run('edit users')).toEqual({
      status: 2,
      stdout: '',
      stderr: lines(
        'error [migration_unknown] There is no migration "users".',
        '  next: There are no migrations yet; create one with metastore new NAME.',
      ),
    })
  })

  test('asks which one is meant where two databases have a file of that name', async () => {
    const line = commandLine({
      'metastore.toml':
        '[database.a]\nurl = "sqlite:a.db"\nmigrations = ["a", "shared"]\n[database.b]\nurl = "sqlite:b.db"\nmigrations = ["b", "shared"]\n',
      'a/001_init.sql': '',
      'b/001_init.sql': '',
      'shared/002_common.sql': '',
    })
    expect(await line.run('edit 1')).toEqual({
      status: 2,
      stdout: '',
      stderr: lines(
        'error [usage] Several databases have a migration 001_init.',
        '  a/001_init.sql',
        '  b/001_init.sql',
        '  next: Name the one that is meant with --database NAME.',
      ),
    })
    expect(await line.run('edit 1 --database b')).toMatchObject({ stdout: 'DIR/b/001_init.sql\n' })
    expect(await line.run('edit common')).toMatchObject({ stdout: 'DIR/shared/002_common.sql\n' })
    expect(await line.run('edit head')).toMatchObject({
      status: 2,
      stderr: lines(
        'error [usage] This command is for one database, and the project has 2.',
        '  next: Name one with --database: a, b.',
      ),
    })
  })
})
