import { describe, expect, test } from 'vitest'
import { engines } from '../../test/harness/engines.ts'
import { migrationDirectory, type MigrationDirectory } from '../../test/harness/migration-files.ts'
import { openDatabase, sql, type Database } from '../database/database.ts'
import { openEngine } from './engine.ts'
import { migrate } from './migrate.ts'
import { rollback } from './rollback/rollback.ts'
import { squash } from './squash.ts'
import { readStatus } from './status.ts'

const three = {
  '001_a.sql': '-- metastore: priority=P0\ncreate table a (id int);\n-- metastore:down\ndrop table a;\n',
  '002_b.sql': 'begin;\ncreate table b (id int); -- the last word\ncommit;\n-- metastore:down\ndrop table b\n',
  '003_c.sql': 'create table c (id int)\n-- no semicolon\n-- metastore:down\ndrop table c;\n',
}

async function apply(database: Database, files: MigrationDirectory) {
  await using engine = await openEngine(database)
  return await migrate(engine, await files.read())
}

async function status(database: Database, files: MigrationDirectory) {
  await using engine = await openEngine(database)
  return await readStatus(engine, await files.read())
}

const into = ({ directory }: MigrationDirectory) => ({ path: 'migrations', absolute: directory })

describe.each(engines)('squashing on $name', ({ freshUrl }) => {
  test('a new database runs the one file, and it goes back', async () => {
    await using database = await openDatabase(await freshUrl())
    const files = migrationDirectory({
      ...three,
      '004_d.sql': 'create table d (id int);\n-- metastore:down\ndrop table d;',
    })
    const result = await squash((await files.read()).slice(0, 3), database.dialect, into(files))
    expect(result).toEqual({ path: 'migrations/003_squashed.sql', replaces: ['001_a', '002_b', '003_c'] })
    const { applied } = await apply(database, files)
    expect(applied.map(({ name }) => name)).toEqual(['003_squashed', '004_d'])
    expect(await status(database, files)).toMatchObject({ atHead: true, discrepancies: [] })
    await using session = await database.session()
    expect(await session.query(sql`select * from a, b, c, d`)).toEqual([])
    await using engine = await openEngine(database)
    await rollback(engine, await files.read(), { to: { kind: 'base' } })
    await expect(session.query(sql`select * from c`)).rejects.toMatchObject({ reason: 'missing_object' })
  })

  test('a database that has everything only records it, and then the old files may go', async () => {
    await using database = await openDatabase(await freshUrl())
    const files = migrationDirectory(three)
    await apply(database, files)
    await squash(await files.read(), database.dialect, into(files))
    expect(await status(database, files)).toMatchObject({ atHead: true })
    expect(await apply(database, files)).toMatchObject({ applied: [], pending: [], current: '003_squashed' })

    const [squashed] = (await files.read()).filter(({ name }) => name === '003_squashed')
    const alone = migrationDirectory({ '003_squashed.sql': squashed?.source ?? '' })
    expect(await apply(database, alone)).toMatchObject({ applied: [], current: '003_squashed' })
    expect(await status(database, alone)).toMatchObject({ atHead: true, discrepancies: [] })
  })

  test('a database that has a part of it is refused until it has the rest', async () => {
    await using database = await openDatabase(await freshUrl())
    await apply(database, migrationDirectory({ '001_a.sql': three['001_a.sql'] }))
    const files = migrationDirectory(three)
    await squash(await files.read(), database.dialect, into(files))
    await expect(apply(database, files)).rejects.toMatchObject({
      code: 'migration_partly_replaced',
      message: 'Migration 003_squashed replaces others, of which this database has only a part.',
      where: 'migrations/003_squashed.sql',
      remedy: 'Take 003_squashed away, migrate with the files that it replaces, and put it back.',
    })
    await apply(database, migrationDirectory(three))
    expect(await apply(database, files)).toMatchObject({ current: '003_squashed' })
  })
})

describe.each(engines)('what a squashed file replaces on $name', ({ freshUrl }) => {
  test('can still be required, by a file of the same run and by a later one', async () => {
    await using database = await openDatabase(await freshUrl())
    const files = migrationDirectory({ ...three, '004_d.sql': '-- metastore: requires=002_b\nselect 1;' })
    await squash((await files.read()).slice(0, 3), database.dialect, into(files))
    expect(await apply(database, files)).toMatchObject({ current: '004_d' })
    files.write('005_e.sql', '-- metastore: requires=001_a\nselect 1;')
    expect(await apply(database, files)).toMatchObject({ current: '005_e', pending: [] })
  })
})

describe('what cannot be squashed', () => {
  test('what has been squashed already', async () => {
    const files = migrationDirectory(three)
    await squash((await files.read()).slice(0, 2), 'postgres', into(files))
    await expect(squash(await files.read(), 'postgres', into(files))).rejects.toMatchObject({
      code: 'usage',
      message: '002_squashed stands for other migrations already, so it cannot become part of another file.',
      remedy: 'Squash only what comes after it, with --from.',
    })
  })

  test.each([
    [
      '002_code.ts',
      'export async function up() {}',
      '002_code is written in code, so it cannot become part of one file in one transaction.',
    ],
    [
      '002_actions.toml',
      'actions = []',
      '002_actions is written in actions, so it cannot become part of one file in one transaction.',
    ],
    [
      '002_out.sql',
      '-- metastore: no-transaction\nselect 1;',
      '002_out runs outside a transaction, so it cannot become part of one file in one transaction.',
    ],
  ])('%s', async (name, text, message) => {
    const files = migrationDirectory({ '001_a.sql': three['001_a.sql'], [name]: text })
    await expect(squash(await files.read(), 'postgres', into(files))).rejects.toMatchObject({ code: 'usage', message })
    expect((await files.read()).map((file) => file.name)).not.toContain('002_squashed')
  })

  test('fewer than two, and a file that is there', async () => {
    const files = migrationDirectory(three)
    await expect(squash((await files.read()).slice(0, 1), 'postgres', into(files))).rejects.toMatchObject({
      code: 'usage',
      message: 'There are not two migrations to squash.',
    })
    files.write('003_squashed.sql', 'select 1;')
    const chosen = (await files.read()).filter(({ name }) => name !== '003_squashed')
    await expect(squash(chosen, 'postgres', into(files))).rejects.toMatchObject({
      code: 'file_exists',
      message: 'migrations/003_squashed.sql is there already.',
    })
  })
})
