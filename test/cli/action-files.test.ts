import { describe, expect, test } from 'vitest'
import { commandLine, lines } from './command-line.ts'

const misplaced = `[[actions]]
type = "add_column"
table = "messages"

[actions.column]
name = "sequence"
type = "INTEGER"

[actions.column.up]
expression = "1"
`

describe('check', () => {
  test('says of a misplaced key where it is and where it would be', async () => {
    const line = commandLine({ 'migrations/001_a.toml': misplaced })
    expect(await line.run('check')).toEqual({
      status: 3,
      stdout: lines(
        'P0 migrations/001_a.toml:9:17: actions[0].column.up is not known; the nearest place for up is actions[0].up. [migration_invalid]',
        '   Write it there, as a string.',
        '1 migration checked, 1 finding.',
      ),
      stderr: '',
    })
  })

  test.each([
    { words: 'check --lenient', toml: '', environment: {} },
    { words: 'check', toml: 'unknown_keys = "warn"\n', environment: {} },
    { words: 'check', toml: '', environment: { METASTORE_UNKNOWN_KEYS: 'warn' } },
  ])('only warns where it is asked to: $words $toml$environment', async ({ words, toml, environment }) => {
    const line = commandLine({ 'metastore.toml': `[database.main]\n${toml}`, 'migrations/001_a.toml': misplaced })
    expect(await line.run(words, { environment })).toEqual({
      status: 0,
      stdout: lines(
        'P2 migrations/001_a.toml:9:17: actions[0].column.up is not known, and is ignored; the nearest place for up is actions[0].up. [key_ignored]',
        '   Write it there, as a string.',
        '1 migration checked, 1 finding.',
      ),
      stderr: '',
    })
  })
})

describe('new', () => {
  test('writes a file of actions that check takes', async () => {
    const line = commandLine({ 'metastore.toml': '[database.main]\n', 'migrations/001_a.sql': 'select 1;' })
    expect(await line.run('new add cost --action add_column --action add_index')).toEqual({
      status: 0,
      stdout: 'Created migrations/002_add_cost.toml\n',
      stderr: '',
    })
    expect(line.read('migrations/002_add_cost.toml')).toMatch(/type = "add_column"[^]*type = "add_index"/)
    expect(await line.run('new drop cost --action remove_column --format json')).toMatchObject({
      stdout: 'Created migrations/003_drop_cost.json\n',
    })
    expect(await line.run('new more --format toml')).toMatchObject({ stdout: 'Created migrations/004_more.toml\n' })
    expect(await line.run('check')).toMatchObject({
      stdout: lines(
        'P2 migrations/004_more.toml: The migration has no action. [empty_migration]',
        '   Write its actions, or remove the file.',
        '4 migrations checked, 1 finding.',
      ),
    })
  })

  test('refuses an action that there is not, and a format that has none', async () => {
    const line = commandLine({ 'metastore.toml': '[database.main]\n' })
    expect(await line.run('new x --action add_colum')).toEqual({
      status: 2,
      stdout: '',
      stderr: lines(
        'error [usage] There is no action "add_colum".',
        '  at --action',
        '  next: Did you mean add_column?',
      ),
    })
    expect(await line.run('new x --action add_column --format sql')).toEqual({
      status: 2,
      stdout: '',
      stderr: lines(
        'error [usage] A migration in sql has no actions.',
        '  at --action',
        '  next: Leave --format away, or use --format toml or --format json.',
      ),
    })
    expect(line.exists('migrations')).toBe(false)
  })
})
