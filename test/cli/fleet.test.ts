import { describe, expect, test } from 'vitest'
import { openDatabase, raw, type Session } from '../../src/database/database.ts'
import { freshPostgresUrl } from '../harness/engines.ts'
import { commandLine, lines, type CommandLine } from './command-line.ts'

const migrations = {
  'migrations/001_users.sql': 'create table users (id int primary key);\n\n-- metastore:down\ndrop table users;\n',
  'migrations/002_notes.sql':
    'create table notes (id int primary key references users (id));\n\n-- metastore:down\ndrop table notes;\n',
}

async function on<T>(url: string, work: (session: Session) => Promise<T>): Promise<T> {
  await using database = await openDatabase(url)
  await using session = await database.session()
  return await work(session)
}

async function tables(url: string): Promise<unknown> {
  const rows = await on(url, (session) =>
    session.query<{ name: string }>(
      raw(
        `select schemaname || '.' || tablename as name from pg_tables where schemaname in ('public', 'acme', 'globex', 'in itech"', 'tenant_a') order by 1`,
      ),
    ),
  )
  return rows.map(({ name }) => name)
}

/** A project with a fleet of SQLite files. */
function files(settings: string, more: Readonly<Record<string, string>> = {}): CommandLine {
  return commandLine({
    ...migrations,
    'metastore.toml': `[database.main]\nurl = "sqlite:main.db"\n[fleet.tenants]\nurl = "sqlite:{name}.db"\n${settings}`,
    ...more,
  })
}

describe('a fleet of schemas', () => {
  test('is migrated in the schema of each member, with a history of its own, and goes on where it stopped', async () => {
    const url = await freshPostgresUrl(18)
    await on(url, (session) => session.script(`create schema acme; create schema globex; create schema "in itech"""`))
    // One that stands in the way of the second migration.
    await on(url, (session) => session.script('create table globex.notes (id int)'))
    const line = commandLine({
      ...migrations,
      'metastore.toml': `[database.main]\nurl = "${url}"\n[fleet.tenants]\nnames = ["acme", "globex", "in itech\\""]\ncanary = ["acme"]\nconcurrency = 1\n`,
    })
    expect(await line.run('fleet migrate')).toEqual({
      status: 1,
      stdout: lines(
        'done    acme  2 migrations applied, at 002_notes  DURATION',
        '',
        'member     outcome            time  DURATION result'.replace('  DURATION', '     '),
      ),
      stderr: '',
    })
    expect(await tables(url)).toEqual(['acme.notes', 'acme.users', 'globex.notes', 'globex.users'])
  })
})

describe('a fleet of databases', () => {
  test('begins', async () => {
    const line = files('names = ["a", "b", "c"]\n')
    expect(await line.run('fleet migrate')).toEqual({ status: 0, stdout: '', stderr: '' })
  })
})
