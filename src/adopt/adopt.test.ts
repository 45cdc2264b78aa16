import { describe, expect, test } from 'vitest'
import { engines, freshPostgresUrl } from '../../test/harness/engines.ts'
import { migrationDirectory, type MigrationDirectory } from '../../test/harness/migration-files.ts'
import { literal, openDatabase, raw, sql, type Database } from '../database/database.ts'
import { openEngine, readHistory } from '../migrations/migrations.ts'
import { adopt, type AdoptOptions } from './adopt.ts'

const files = {
  '1_runs.toml': `description = "runs"
[[actions]]
type = "create_table"
name = "runs"
primary_key = ["id"]

[[actions.columns]]
name = "id"
type = "BIGINT"

[[actions.columns]]
name = "state"
type = "TEXT"
nullable = false
`,
  '2_state.json': `{"actions": [
  {"type": "alter_column", "table": "runs", "column": "state", "changes": {"nullable": true}},
  {"type": "add_index", "table": "runs", "index": {"name": "runs_state", "columns": ["state"]}}]}`,
  '3_vendor.toml': `actions = [{ type = "add_column", table = "runs", column = { name = "vendor", type = "TEXT" } }]\n`,
}

// As Reshape stores them: every key of its own, with nulls and defaults.
const recorded = [
  {
    name: '1_runs',
    description: 'runs',
    actions: [
      {
        type: 'create_table',
        name: 'runs',
        columns: [
          { name: 'id', type: 'BIGINT', nullable: true, default: null, generated: null },
          { name: 'state', type: 'TEXT', nullable: false, default: null, generated: null },
        ],
        primary_key: ['id'],
        foreign_keys: [],
        up: null,
      },
    ],
  },
  {
    name: '2_state',
    description: null,
    actions: [
      {
        type: 'alter_column',
        table: 'runs',
        column: 'state',
        up: null,
        down: null,
        changes: { name: null, type: null, nullable: true, default: null },
      },
      {
        type: 'add_index',
        table: 'runs',
        index: { name: 'runs_state', columns: ['state'], unique: false, type: null },
      },
    ],
  },
]

const none = "insert into reshape.data values ('version', '\"0.9.1\"')"
const idle = `${none}, ('state', '{"state": "idle"}')`

/** A database as Reshape leaves it behind. */
async function reshapeDatabase(freshUrl: () => Promise<string>, state = idle): Promise<Database> {
  const database = await openDatabase(await freshUrl())
  await using session = await database.session()
  await session.script(`
    create schema reshape;
    create table reshape.data (key text primary key, value jsonb);
    create table reshape.migrations (
      index integer generated always as identity primary key, name text not null, description text,
      actions jsonb not null, completed_at timestamp default now());
    ${state};
    create table runs (id bigint primary key, state text);
    create index runs_state on runs (state);
    create schema migration_2_state;
    create view migration_2_state.runs as select id, state from runs;`)
  for (const { name, description, actions } of recorded) {
    await session.query(sql`
      insert into reshape.migrations (name, description, actions, completed_at)
      values (${name}, ${description}, ${literal(JSON.stringify(actions))}, '2024-05-06 07:08:09')`)
  }
  return database
}

async function run(database: Database, directory: MigrationDirectory, options?: AdoptOptions, from = 'reshape') {
  await using engine = await openEngine(database, { user: 'ann@host' })
  return await adopt(engine, await directory.read(), from, options)
}

async function rows(database: Database, text: string) {
  await using session = await database.session()
  return await session.query(sql`${raw(text)}`)
}

async function managed(database: Database): Promise<boolean> {
  await using engine = await openEngine(database)
  return (await engine.look()).state.layout !== null
}

describe.each(engines.filter(({ name }) => name !== 'sqlite'))('adopting from Reshape on $name', ({ freshUrl }) => {
  test('scenario 82: copies the history with its times, and its version schema is the current one', async () => {
    await using database = await reshapeDatabase(freshUrl)
    const adopted = ['1_runs', '2_state']
    const outcome = { pending: ['3_vendor'], current: '2_state', schema: 'migration_2_state' }
    expect(await run(database, migrationDirectory(files))).toEqual({
      adopted,
      notCompared: [],
      leftOut: [],
      ...outcome,
    })

    await using engine = await openEngine(database)
    const history = await readHistory(engine.session, engine.bookkeeping)
    const [times] = await rows(
      database,
      `select to_char('2024-05-06 07:08:09'::timestamp::timestamptz at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as utc`,
    )
    expect(history).toMatchObject([
      { name: '1_runs', format: 'actions', description: 'runs', how: 'stamped', appliedAt: times?.['utc'] },
      { name: '2_state', format: 'actions', description: null, appliedBy: 'ann@host', startedAt: times?.['utc'] },
    ])
    expect((await engine.look()).state).toMatchObject({ version: '2_state', phase: null })
    expect(await run(database, migrationDirectory(files))).toEqual({
      adopted: [],
      notCompared: [],
      leftOut: [],
      ...outcome,
    })
  })
})

describe('adopting from Reshape', () => {
  const freshUrl = () => freshPostgresUrl(18)

  test('of a database without a state row counts as idle', async () => {
    await using database = await reshapeDatabase(freshUrl, none)
    expect(await run(database, migrationDirectory(files))).toMatchObject({ adopted: ['1_runs', '2_state'] })
  })

  test('makes the version schema where somebody has dropped it', async () => {
    await using database = await reshapeDatabase(freshUrl)
    await rows(database, 'drop schema migration_2_state cascade')
    expect(await run(database, migrationDirectory(files))).toMatchObject({ schema: 'migration_2_state' })
    expect(await rows(database, 'select * from migration_2_state.runs')).toEqual([])
  })

  test.each(['applying', 'in_progress', 'completing', 'aborting'])(
    'scenario 82: is refused in the state %s',
    async (state) => {
      await using database = await reshapeDatabase(
        freshUrl,
        `insert into reshape.data values ('state', '{"state": "${state}", "migrations": []}')`,
      )
      await expect(run(database, migrationDirectory(files))).rejects.toMatchObject({
        code: 'adoption_not_idle',
        message: `Reshape is in the middle of a migration of ${database.address}: its state is ${state}. Nothing was changed.`,
        where: database.address,
        remedy: 'Complete or abort it with Reshape first.',
      })
      expect(await managed(database)).toBe(false)
    },
  )

  test('is refused where Reshape has never been', async () => {
    await using database = await openDatabase(await freshUrl())
    await expect(run(database, migrationDirectory(files))).rejects.toMatchObject({
      code: 'adoption_source_missing',
      message: `Reshape has never been at work in ${database.address}: its tables are not there. Nothing was changed.`,
      where: database.address,
      remedy:
        'Look whether this is the right database. One that has tables and no history becomes managed with metastore adopt, by what is there, or with metastore baseline.',
    })
    expect(await managed(database)).toBe(false)
  })

  test('is refused with all that does not fit between files and history, unless it is allowed', async () => {
    await using database = await reshapeDatabase(freshUrl)
    const directory = migrationDirectory({
      '0_early.sql': 'select 1;\n',
      '2_state.json': files['2_state.json'].replace('true', 'false'),
    })
    await expect(run(database, directory)).rejects.toMatchObject({
      code: 'adoption_mismatch',
      message:
        'The history of Reshape and the files do not agree: 1_runs is applied and has no file. Nothing was changed.',
      remedy:
        'Restore the files as they were applied, or accept them as they are: --allow-changed NAME, --allow-missing NAME.',
      details: [
        'Also: migrations/0_early.sql sorts before 2_state, which is applied, and is not.',
        'Also: migrations/2_state.json does not say what was applied as 2_state.',
      ],
    })
    expect(await managed(database)).toBe(false)
    const fewer = migrationDirectory({ '2_state.json': files['2_state.json'].replace('true', 'false') })
    expect(await run(database, fewer, { changed: ['2_state'], missing: ['1_runs'] })).toMatchObject({
      adopted: ['1_runs', '2_state'],
      current: '2_state',
    })
  })

  test('is refused where metastore has a history of its own', async () => {
    await using database = await reshapeDatabase(freshUrl)
    await rows(database, `delete from reshape.migrations where name = '2_state'`)
    const directory = migrationDirectory({ '1_runs.toml': files['1_runs.toml'] })
    await run(database, directory)
    await rows(database, `insert into reshape.migrations (name, actions) values ('2_state', '[]')`)
    await expect(run(database, migrationDirectory(files))).rejects.toMatchObject({
      code: 'already_managed',
      message: `${database.address} is managed already: it is at 1_runs. Nothing was changed.`,
    })
  })
})

test('a tool that is not known is refused with the nearest that is', async () => {
  await using database = await openDatabase('sqlite::memory:')
  const none = migrationDirectory({})
  await expect(run(database, none, {}, 'reshap')).rejects.toMatchObject({
    code: 'usage',
    message: 'There is no tool "reshap" that a database can be adopted from.',
    where: '--from',
    remedy:
      'Did you mean reshape? Known are: alembic, dbmate, django, drizzle, flyway, golang-migrate, knex, liquibase, node-pg-migrate, prisma, rails, reshape.',
  })
})

test('SQLite has nothing to adopt', async () => {
  await using database = await openDatabase('sqlite::memory:')
  await expect(run(database, migrationDirectory({}))).rejects.toMatchObject({ code: 'adoption_source_missing' })
})
