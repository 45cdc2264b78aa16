import { describe, expect, test } from 'vitest'
import { dyingDatabase } from '../../test/harness/dying-database.ts'
import { engines, freshPostgresUrl } from '../../test/harness/engines.ts'
import { migrationDirectory } from '../../test/harness/migration-files.ts'
import { openDatabase, raw, type Database } from '../database/database.ts'
import { openEngine } from './engine.ts'
import type { MigrationFile } from './migration.ts'
import { migrate } from './migrate.ts'
import { readStatus } from './status.ts'

async function run(database: Database, files: readonly MigrationFile[]) {
  await using engine = await openEngine(database)
  return await migrate(engine, files)
}

async function status(database: Database, files: readonly MigrationFile[]) {
  await using engine = await openEngine(database)
  return await readStatus(engine, files)
}

test.each(engines)(
  'bookkeeping of layout 1 goes on working, and is brought up to date on $name',
  async ({ freshUrl }) => {
    await using database = await openDatabase(await freshUrl())
    const files = migrationDirectory({ '1_a.sql': 'create table a (id int);' })
    const [prefix, session] = [database.features.schemas ? 'metastore.' : 'metastore_', await database.session()]
    const layout = () => session.query(raw(`select value from ${prefix}state where key = 'layout'`))
    await run(database, await files.read())
    await session.script(
      `drop table ${prefix}steps; drop table ${prefix}snapshots; update ${prefix}state set value = '1' where key = 'layout'`,
    )

    expect(await status(database, await files.read())).toMatchObject({ state: 'idle', applied: ['1_a'], atHead: true })
    expect(await run(database, await files.read())).toMatchObject({ applied: [] })
    expect(await layout()).toEqual([{ value: '1' }])

    files.write('2_b.sql', 'create table b (id int);')
    expect(await run(database, await files.read())).toMatchObject({ current: '2_b' })
    expect(await layout()).toEqual([{ value: '2' }])
    expect(await session.query(raw(`select step from ${prefix}steps`))).toEqual([])
    await session.close()
  },
)

describe('with nothing to do', () => {
  test('a migrate sends two queries and takes no lock', async () => {
    await using database = await openDatabase(await freshPostgresUrl(18))
    const files = migrationDirectory({ '1_a.sql': 'create table a (id int);' })
    await run(database, await files.read())
    const { database: watched, moments } = dyingDatabase(database, 0)
    let locks = 0
    const counted: Database = { ...watched, tryLock: (holder) => (locks++, database.tryLock(holder)) }
    await run(counted, await files.read())
    // One before each.
    expect({ moments: moments(), locks }).toEqual({ moments: 2, locks: 0 })
  })
})
