import { describe, expect, test } from 'vitest'
import { openDatabase, sql, type Database } from '../database/database.ts'
import { engines } from '../../test/harness/engines.ts'
import { migrationDirectory, type MigrationDirectory } from '../../test/harness/migration-files.ts'
import { openEngine, type EngineOptions } from './engine.ts'
import { readHistory } from './history.ts'
import { migrate, type MigrateOptions } from './migrate.ts'
import type { RollbackOptions } from './rollback/rollback-options.ts'
import { rollback } from './rollback/rollback.ts'
import { forget, stamp } from './stamp.ts'
import { readStatus } from './status.ts'
import type { Destination } from './resolve.ts'

const threeFiles = {
  '001_init.sql': 'create table a (id int primary key);\n-- metastore:down\ndrop table a;\n',
  '002_more.sql': 'create table b (id int primary key);\n-- metastore:down\ndrop table b;\n',
  '010_last.sql':
    'insert into a values (1);\ninsert into b values (2);\n-- metastore:down\ndelete from a;\ndelete from b;\n',
}

function driver(database: Database, files: MigrationDirectory, engineOptions: EngineOptions = {}) {
  return {
    async migrate(options: MigrateOptions = {}) {
      await using engine = await openEngine(database, engineOptions)
      return await migrate(engine, await files.read(), options)
    },
    async rollback(options: RollbackOptions = {}) {
      await using engine = await openEngine(database, engineOptions)
      return await rollback(engine, await files.read(), options)
    },
    async stamp(to: Destination) {
      await using engine = await openEngine(database, engineOptions)
      return await stamp(engine, await files.read(), to)
    },
    async forget(name: string) {
      await using engine = await openEngine(database, engineOptions)
      return await forget(engine, name)
    },
    async status() {
      await using engine = await openEngine(database, engineOptions)
      return await readStatus(engine, await files.read())
    },
    async history() {
      await using engine = await openEngine(database, engineOptions)
      return await readHistory(engine.session, engine.bookkeeping)
    },
    async rows(statement: ReturnType<typeof sql>) {
      await using session = await database.session()
      return await session.query(statement)
    },
  }
}

describe.each(engines)('migrating on $name', ({ freshUrl }) => {
  test('applies what is pending in order, records it, and then finds nothing to do', async () => {
    await using database = await openDatabase(await freshUrl())
    const run = driver(database, migrationDirectory(threeFiles), { user: 'ann@host' })
    const begun: string[] = []
    const first = await run.migrate({ onBegin: (migration) => begun.push(migration.name) })
    expect(begun).toEqual(['001_init', '002_more', '010_last'])
    expect(first.applied.map((applied) => applied.name)).toEqual(begun)
    expect(first).toMatchObject({ pending: [], current: '010_last' })
    expect(await run.rows(sql`select id from a union all select id from b`)).toEqual([{ id: 1 }, { id: 2 }])

    expect(await run.migrate()).toEqual({ applied: [], pending: [], current: '010_last' })
    const history = await run.history()
    expect(history).toHaveLength(3)
    expect(history[2]).toMatchObject({
      name: '010_last',
      version: 10,
      format: 'sql',
      priority: 'P1',
      how: 'migrated',
      appliedBy: 'ann@host',
      rolledBackAt: null,
    })
    expect(history[2]?.appliedAt).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
    expect(await run.status()).toMatchObject({ state: 'idle', atHead: true, managed: true, current: '010_last' })
  })

  test('goes as far as it is told', async () => {
    await using database = await openDatabase(await freshUrl())
    const run = driver(database, migrationDirectory(threeFiles))
    expect(await run.migrate({ to: { kind: 'steps', count: 1 } })).toMatchObject({ pending: ['002_more', '010_last'] })
    expect(await run.migrate({ to: { kind: 'name', name: '002_more' } })).toMatchObject({ current: '002_more' })
    expect(await run.migrate({ to: { kind: 'name', name: '002_more' } })).toMatchObject({ applied: [] })
    expect(await run.status()).toMatchObject({ atHead: false, pending: ['010_last'], head: '010_last' })
    await expect(run.migrate({ to: { kind: 'base' } })).rejects.toMatchObject({ code: 'usage' })
  })

  test('a file that fails is rolled back whole, the ones before it stay, and the failure says where it is', async () => {
    await using database = await openDatabase(await freshUrl())
    const files = migrationDirectory({
      '1_good.sql': 'create table a (id int primary key);',
      '2_bad.sql': 'create table b (id int);\n\ninsert into a values (1);\n-- twice\n  insert into a values (1);\n',
      '3_never.sql': 'create table c (id int);',
    })
    const run = driver(database, files)
    const failure = await run.migrate().catch((error: unknown) => error)
    expect(failure).toMatchObject({ code: 'statement_failed', reason: 'constraint', where: 'migrations/2_bad.sql:5:3' })
    expect((failure as { details: string[] }).details.at(-1)).toBe(
      'Nothing of 2_bad was kept: its transaction was rolled back.',
    )
    expect(await run.status()).toMatchObject({ current: '1_good', pending: ['2_bad', '3_never'] })
    expect(await run.rows(sql`select * from a`)).toEqual([])
    await expect(run.rows(sql`select * from b`)).rejects.toMatchObject({ reason: 'missing_object' })

    files.write('2_bad.sql', 'create table b (id int);')
    expect(await run.migrate()).toMatchObject({ current: '3_never', pending: [] })
  })

  test('a mistake in a later file is found before anything is applied', async () => {
    await using database = await openDatabase(await freshUrl())
    const files = migrationDirectory({
      '1_good.sql': 'create table a (id int);',
      '2_bad.sql': '-- metastore: priority=urgent\ncreate table b (id int);',
    })
    const run = driver(database, files)
    await expect(run.migrate()).rejects.toMatchObject({ code: 'migration_invalid' })
    expect(await run.status()).toMatchObject({ managed: false, current: null })
  })

  test('what a migration requires has to come before it', async () => {
    await using database = await openDatabase(await freshUrl())
    const run = driver(
      database,
      migrationDirectory({ '1_a.sql': '-- metastore: requires=2_b\nselect 1;', '2_b.sql': 'select 1;' }),
    )
    await expect(run.migrate()).rejects.toMatchObject({
      code: 'migration_unmet',
      message: 'Migration 1_a requires 2_b, which is neither applied nor due before it.',
    })
  })

  test('an edited file is refused with its difference, and accepted when that is allowed', async () => {
    await using database = await openDatabase(await freshUrl())
    const files = migrationDirectory(threeFiles)
    const run = driver(database, files)
    await run.migrate()
    files.write('002_more.sql', threeFiles['002_more.sql'].replace('id int', 'id bigint'))
    const failure = await run.migrate().catch((error: unknown) => error)
    expect(failure).toMatchObject({ code: 'migration_edited', where: 'migrations/002_more.sql' })
    expect((failure as { details: string[] }).details).toEqual(
      expect.arrayContaining(['-create table b (id int primary key);', '+create table b (id bigint primary key);']),
    )
    expect(await run.status()).toMatchObject({ atHead: false, discrepancies: [{ kind: 'edited', name: '002_more' }] })
    await run.migrate({ allow: { changed: ['002_more'] } })
    expect(await run.status()).toMatchObject({ atHead: true, discrepancies: [] })
  })

  test('line ends do not make a file edited', async () => {
    await using database = await openDatabase(await freshUrl())
    const files = migrationDirectory(threeFiles)
    const run = driver(database, files)
    await run.migrate()
    files.write('001_init.sql', threeFiles['001_init.sql'].replaceAll('\n', '\r\n'))
    expect(await run.status()).toMatchObject({ atHead: true })
  })

  test('a file that sorts before applied ones is refused, and applied late when that is allowed', async () => {
    await using database = await openDatabase(await freshUrl())
    const files = migrationDirectory(threeFiles)
    const run = driver(database, files)
    await run.migrate()
    files.write('005_late.sql', 'create table late (id int);')
    await expect(run.migrate()).rejects.toMatchObject({
      code: 'migration_out_of_order',
      where: 'migrations/005_late.sql',
    })
    expect(await run.migrate({ allow: { outOfOrder: ['005_late'] } })).toMatchObject({
      applied: [{ name: '005_late' }],
    })
    expect(await run.status()).toMatchObject({ atHead: true })
  })

  test('rolls back the newest, several, and everything, and what is rolled back can be applied again', async () => {
    await using database = await openDatabase(await freshUrl())
    const run = driver(database, migrationDirectory(threeFiles))
    await run.migrate()
    expect(await run.rollback()).toMatchObject({ rolledBack: [{ name: '010_last' }], current: '002_more' })
    expect(await run.rows(sql`select * from a`)).toEqual([])
    expect(await run.rollback({ to: { kind: 'name', name: '002_more' } })).toMatchObject({ rolledBack: [] })
    expect(await run.rollback({ to: { kind: 'base' } })).toMatchObject({ current: null })
    await expect(run.rows(sql`select * from a`)).rejects.toMatchObject({ reason: 'missing_object' })
    expect(await run.rollback()).toEqual({ rolledBack: [], current: null })
    expect(await run.migrate()).toMatchObject({ current: '010_last' })
    const history = await run.history()
    expect(history.filter(({ rolledBackAt }) => rolledBackAt !== null)).toHaveLength(3)
  })

  test('a migration without a down part keeps all of a rollback from beginning', async () => {
    await using database = await openDatabase(await freshUrl())
    const files = migrationDirectory({ ...threeFiles, '002_more.sql': 'create table b (id int primary key);' })
    const run = driver(database, files)
    await run.migrate()
    await expect(run.rollback({ to: { kind: 'base' } })).rejects.toMatchObject({
      code: 'migration_irreversible',
      message: 'Migration 002_more has no down part, so it cannot be rolled back. Nothing was changed.',
    })
    expect(await run.status()).toMatchObject({ current: '010_last' })
  })

  test('a migration whose file is gone is told, and goes back by the text in the history', async () => {
    await using database = await openDatabase(await freshUrl())
    const files = migrationDirectory(threeFiles)
    const run = driver(database, files)
    await run.migrate()
    const fewer = driver(database, migrationDirectory({ '001_init.sql': threeFiles['001_init.sql'] }))
    await expect(fewer.migrate()).rejects.toMatchObject({ code: 'migration_missing' })
    expect(await fewer.rollback({ to: { kind: 'name', name: '001_init' } })).toMatchObject({
      rolledBack: [{ name: '010_last' }, { name: '002_more' }],
    })
    expect(await fewer.status()).toMatchObject({ atHead: true })
  })

  test('stamping changes the history and nothing else', async () => {
    await using database = await openDatabase(await freshUrl())
    const run = driver(database, migrationDirectory(threeFiles))
    expect(await run.stamp({ kind: 'name', name: '002_more' })).toEqual({
      recorded: ['001_init', '002_more'],
      forgotten: [],
      current: '002_more',
    })
    await expect(run.rows(sql`select * from a`)).rejects.toMatchObject({ reason: 'missing_object' })
    expect((await run.history()).map(({ how }) => how)).toEqual(['stamped', 'stamped'])
    expect(await run.stamp({ kind: 'name', name: '001_init' })).toMatchObject({ forgotten: ['002_more'] })
    expect(await run.forget('001_init')).toMatchObject({ current: null })
    expect(await run.stamp({ kind: 'head' })).toMatchObject({ current: '010_last' })
    expect(await run.stamp({ kind: 'base' })).toMatchObject({ current: null })
  })

  test('the history view shows versions, and goes away when the setting does', async () => {
    await using database = await openDatabase(await freshUrl())
    const files = migrationDirectory(threeFiles)
    await driver(database, files, { historyView: 'schema_migrations' }).migrate()
    const run = driver(database, files)
    expect(await run.rows(sql`select version, name from schema_migrations order by version`)).toEqual([
      { version: 1, name: '001_init' },
      { version: 2, name: '002_more' },
      { version: 10, name: '010_last' },
    ])
    // Also when nothing else is to be done.
    await driver(database, files, { historyView: null }).migrate()
    await expect(run.rows(sql`select * from schema_migrations`)).rejects.toMatchObject({ reason: 'missing_object' })
  })

  test("a table that has the history view's name is left alone, and nothing is applied", async () => {
    await using database = await openDatabase(await freshUrl())
    await using session = await database.session()
    await session.script('create table schema_migrations (version int)')
    await session.close()
    const run = driver(database, migrationDirectory(threeFiles), { historyView: 'schema_migrations' })
    await expect(run.migrate()).rejects.toMatchObject({
      code: 'configuration_invalid',
      message:
        'The history view schema_migrations cannot be created: the database has a table or view of that name already.',
    })
    expect(await run.rows(sql`select * from schema_migrations`)).toEqual([])
    expect(await run.status()).toMatchObject({ current: null })
  })

  test('names that are hostile to SQL go through the bookkeeping unharmed', async () => {
    await using database = await openDatabase(await freshUrl())
    const hostile = `1_x'; drop table "y" -- \\ $1`
    const files = migrationDirectory({
      [`${hostile}.sql`]:
        "create table a (t text);\ninsert into a values ('it''s \\ $1 ? ü 😀');\n-- metastore:down\ndrop table a;\n",
    })
    const run = driver(database, files, { stateSchema: `meta "x'`, user: `o'brien\\@host` })
    await run.migrate()
    expect(await run.history()).toMatchObject([{ name: hostile, appliedBy: `o'brien\\@host` }])
    expect(await run.rows(sql`select t from a`)).toEqual([{ t: "it's \\ $1 ? ü 😀" }])
    expect(await run.status()).toMatchObject({ atHead: true })
    await run.rollback()
    expect(await run.status()).toMatchObject({ current: null })
  })

  test('a migration in code runs in one transaction with its history', async () => {
    await using database = await openDatabase(await freshUrl())
    const files = migrationDirectory({
      '1_a.sql': 'create table a (id int primary key);',
      '2_code.ts': `
        export const description = 'fills a'
        export async function up({ db, sql, log }: { db: any; sql: any; log: (m: string) => void }) {
          for (const id of [1, 2, 3] as number[]) await db.query(sql\`insert into a values (\${id})\`)
          log('three rows')
        }
        export async function down({ db, sql }: { db: any; sql: any }) { await db.query(sql\`delete from a\`) }`,
      '3_fails.ts': `
        export async function up({ db, sql }: { db: any; sql: any }) {
          await db.query(sql\`delete from a\`)
          throw new Error('no such luck')
        }`,
    })
    const notices: string[] = []
    const run = driver(database, files, {
      progress: (event) => {
        if (event.kind === 'notice') notices.push(event.message)
      },
    })
    const failure = await run.migrate().catch((error: unknown) => error)
    expect(failure).toMatchObject({ code: 'script_failed', message: 'The migration script threw: no such luck.' })
    expect((failure as { where: string }).where).toMatch(/^migrations\/3_fails\.ts:4:\d+$/)
    expect(notices).toEqual(['three rows'])
    expect(await run.rows(sql`select count(*) as count from a`)).toEqual([{ count: 3 }])
    expect(await run.status()).toMatchObject({ current: '2_code' })
    await run.rollback()
    expect(await run.rows(sql`select count(*) as count from a`)).toEqual([{ count: 0 }])
  })

  test('statements outside a transaction go on where they stopped, also when the failed one was mended', async () => {
    await using database = await openDatabase(await freshUrl())
    const text = (third: string) =>
      `-- metastore: no-transaction\ncreate table a (id int primary key);\ninsert into a values (1);\n${third}\ninsert into a values (3);\n`
    const files = migrationDirectory({ '1_steps.sql': text('insert into a values (1);') })
    const run = driver(database, files)
    await expect(run.migrate()).rejects.toMatchObject({ where: 'migrations/1_steps.sql:4:1', reason: 'constraint' })
    expect(await run.status()).toMatchObject({ state: 'applying', current: null, atHead: false })
    expect(await run.rows(sql`select id from a order by id`)).toEqual([{ id: 1 }])
    files.write('1_steps.sql', text('-- mended\ninsert into a values (2);'))
    await run.migrate()
    expect(await run.rows(sql`select id from a order by id`)).toEqual([{ id: 1 }, { id: 2 }, { id: 3 }])
    expect(await run.status()).toMatchObject({ state: 'idle', atHead: true, interrupted: [] })
  })

  test('a newer bookkeeping is refused', async () => {
    await using database = await openDatabase(await freshUrl())
    const run = driver(database, migrationDirectory(threeFiles))
    await run.migrate()
    const state = database.features.schemas ? sql`metastore.state` : sql`metastore_state`
    await run.rows(sql`update ${state} set value = '3' where key = 'layout'`)
    await expect(run.migrate()).rejects.toMatchObject({
      code: 'bookkeeping_newer',
      remedy: 'Install the newer version of metastore, or point this one at another database.',
    })
  })
})

describe.each(engines.filter(({ name }) => name !== 'sqlite'))('settings of a session on $name', ({ freshUrl }) => {
  test('settings of one file do not leak into the next', async () => {
    await using database = await openDatabase(await freshUrl())
    const files = migrationDirectory({
      '1_dump.sql': "create schema other;\nselect pg_catalog.set_config('search_path', '', false);\n",
      '2_after.sql': 'create table here (id int);',
    })
    const run = driver(database, files)
    await run.migrate()
    expect(await run.rows(sql`select table_schema from information_schema.tables where table_name = 'here'`)).toEqual([
      { table_schema: 'public' },
    ])
  })
})
