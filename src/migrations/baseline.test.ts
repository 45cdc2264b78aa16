import { describe, expect, test } from 'vitest'
import { engines, freshPostgresUrl } from '../../test/harness/engines.ts'
import { migrationDirectory, type MigrationDirectory } from '../../test/harness/migration-files.ts'
import { openDatabase, raw, sql, type Database } from '../database/database.ts'
import { baseline, type BaselineOptions } from './baseline.ts'
import { openEngine } from './engine.ts'
import { readHistory } from './history.ts'

const runs = `actions = [{ type = "create_table", name = "runs", primary_key = ["id"], columns = [
  { name = "id", type = "BIGINT" }, { name = "state", type = "TEXT" } ] }]\n`
const vendor = `actions = [{ type = "add_column", table = "runs", column = { name = "vendor", type = "TEXT" } }]\n`
const files = { '001_runs.toml': runs, '002_note.sql': 'select 1;\n', '003_vendor.toml': vendor }

async function make(database: Database, directory: MigrationDirectory, options?: BaselineOptions) {
  await using engine = await openEngine(database, { user: 'ann@host' })
  return await baseline(engine, await directory.read(), options)
}

async function withTable(freshUrl: () => Promise<string>): Promise<Database> {
  const database = await openDatabase(await freshUrl())
  await using session = await database.session()
  await session.script('create table runs (id bigint primary key, state text)')
  return database
}

async function rows(database: Database, text: string) {
  await using session = await database.session()
  return await session.query(sql`${raw(text)}`)
}

describe.each(engines.filter(({ name }) => name !== 'sqlite'))('a baseline on $name', ({ freshUrl }) => {
  test('records what is named, runs nothing, and makes the version schema of the newest with actions', async () => {
    await using database = await withTable(freshUrl)
    const directory = migrationDirectory(files)
    expect(await make(database, directory, { to: { kind: 'name', name: '002_note' } })).toEqual({
      recorded: ['001_runs', '002_note'],
      current: '002_note',
      schema: 'migration_001_runs',
    })
    expect(await rows(database, `insert into migration_001_runs.runs values (7, 'done') returning *`)).toEqual([
      { id: 7, state: 'done' },
    ])
    await using engine = await openEngine(database)
    expect(await readHistory(engine.session, engine.bookkeeping)).toMatchObject([
      { name: '001_runs', how: 'stamped', appliedBy: 'ann@host' },
      { name: '002_note', how: 'stamped' },
    ])
    expect((await engine.look()).state).toMatchObject({ version: '001_runs', base: 'public', phase: null })
  })

  test('at base records nothing, and the database is managed', async () => {
    await using database = await withTable(freshUrl)
    expect(await make(database, migrationDirectory(files), { to: { kind: 'base' } })).toEqual({
      recorded: [],
      current: null,
      schema: null,
    })
    await using engine = await openEngine(database)
    expect((await engine.look()).state.layout).not.toBeNull()
  })
})

describe('a baseline', () => {
  const freshUrl = () => freshPostgresUrl(18)

  test('of a project that begins with actions only later is named after the newest file', async () => {
    await using database = await withTable(freshUrl)
    const directory = migrationDirectory({ '001_runs.sql': 'select 1;\n', '002_vendor.toml': vendor })
    expect(await make(database, directory, { to: { kind: 'name', name: '001_runs' } })).toMatchObject({
      recorded: ['001_runs'],
      schema: 'migration_001_runs',
    })
  })

  test('of a project without actions makes no version schema', async () => {
    await using database = await withTable(freshUrl)
    expect(await make(database, migrationDirectory({ '001_runs.sql': 'select 1;\n' }))).toEqual({
      recorded: ['001_runs'],
      current: '001_runs',
      schema: null,
    })
  })

  test('shows the tables of the base schema that is named, and no others', async () => {
    await using database = await withTable(freshUrl)
    await rows(database, 'create schema app')
    await rows(database, 'create table app.notes (id bigint)')
    const only = migrationDirectory({ '001_runs.toml': runs })
    expect(await make(database, only, { base: 'app' })).toMatchObject({ schema: 'migration_001_runs' })
    expect(
      await rows(
        database,
        `select table_name as name from information_schema.views where table_schema like 'migration%'`,
      ),
    ).toEqual([{ name: 'notes' }])
  })

  test('a second time changes nothing', async () => {
    await using database = await withTable(freshUrl)
    const directory = migrationDirectory(files)
    await make(database, directory)
    expect(await make(database, directory)).toEqual({
      recorded: [],
      current: '003_vendor',
      schema: 'migration_003_vendor',
    })
  })

  test('of a database that has a history and something pending is refused', async () => {
    await using database = await withTable(freshUrl)
    const directory = migrationDirectory(files)
    await make(database, directory, { to: { kind: 'name', name: '001_runs' } })
    await expect(make(database, directory)).rejects.toMatchObject({
      code: 'already_managed',
      message: `${database.address} is managed already: it is at 001_runs. Nothing was changed.`,
      where: database.address,
      remedy: 'To run what is pending: metastore migrate. To correct the history by hand: metastore stamp NAME.',
    })
  })

  test('is refused as a whole where the version schema is there already', async () => {
    await using database = await withTable(freshUrl)
    await rows(database, 'create schema migration_003_vendor')
    await expect(make(database, migrationDirectory(files))).rejects.toMatchObject({
      code: 'schema_conflict',
      message: 'The schema migration_003_vendor, which the version needs, is there already. Nothing was changed.',
      where: 'migration_003_vendor',
      remedy:
        'If Reshape made it, use metastore adopt --from reshape. Otherwise rename or drop it: drop schema "migration_003_vendor".',
    })
    await using engine = await openEngine(database)
    expect((await engine.look()).state.layout).toBeNull()
  })
})

test('a baseline on SQLite records and makes no version schema', async () => {
  const sqlite = engines.find(({ name }) => name === 'sqlite')
  await using database = await openDatabase((await sqlite?.freshUrl()) ?? '')
  expect(await make(database, migrationDirectory({ '001_runs.sql': 'select 1;\n' }))).toEqual({
    recorded: ['001_runs'],
    current: '001_runs',
    schema: null,
  })
})
