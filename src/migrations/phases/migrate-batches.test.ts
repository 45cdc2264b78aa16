import { describe, expect, test } from 'vitest'
import { dyingDatabase } from '../../../test/harness/dying-database.ts'
import { freshPostgresUrl } from '../../../test/harness/engines.ts'
import { migrationDirectory } from '../../../test/harness/migration-files.ts'
import { sample } from '../../../test/harness/campaign.ts'
import { introspect } from '../../catalog/catalog.ts'
import { openDatabase, raw, type Database } from '../../database/database.ts'
import { openEngine } from '../engine.ts'
import { migrate, planRun, parseAll, readStatus, startBatch } from '../migrations.ts'

const runs = {
  type: 'create_table',
  name: 'runs',
  primary_key: ['id'],
  columns: [
    { name: 'id', type: 'INTEGER' },
    { name: 'agent', type: 'TEXT' },
  ],
}
const vendor = { type: 'add_column', table: 'runs', column: { name: 'vendor', type: 'TEXT' } }
const index = { type: 'add_index', table: 'runs', index: { name: 'runs_vendor', columns: ['vendor'] } }
const file = (...actions: readonly object[]) => JSON.stringify({ actions })

const files = () =>
  migrationDirectory({
    '1_a.json': file(runs),
    '2_b.json': file({ type: 'custom', start: 'create table notes (id int)' }, vendor),
    '3_c.sql': 'insert into runs (id, agent) values (1, $$a$$);\n-- metastore:down\ndelete from runs;',
    '4_d.json': file(index),
  })

async function run(database: Database, directory = files()) {
  await using engine = await openEngine(database, { lockWait: 0 })
  return await migrate(engine, await directory.read())
}

async function look(database: Database) {
  await using session = await database.session()
  return {
    catalog: await introspect(session, 'postgres', { excludeSchemas: ['metastore'] }),
    rows: await session.query(raw('select id, agent, vendor from runs')),
    history: await session.query(raw('select name from metastore.migrations order by position')),
    state: await session.query(raw(`select key, value from metastore.state where key <> 'lease' order by key`)),
    steps: await session.query(raw('select step from metastore.steps')),
  }
}

describe('migrating files of actions', () => {
  test('applies everything, and leaves nothing in progress', async () => {
    await using database = await openDatabase(await freshPostgresUrl(18))
    const begun: string[] = []
    await using engine = await openEngine(database)
    const result = await migrate(engine, await files().read(), {
      onBegin: ({ name }, { index: place, total }) => begun.push(`${name} ${place}/${total}`),
    })
    expect(result).toMatchObject({
      applied: [{ name: '1_a' }, { name: '2_b' }, { name: '3_c' }, { name: '4_d' }],
      pending: [],
      current: '4_d',
    })
    expect(begun).toEqual(['1_a 0/4', '2_b 1/4', '3_c 2/4', '4_d 3/4'])
    expect(await run(database)).toMatchObject({ applied: [] })
  })

  test('is gone on with by whoever migrates next, when it was killed at any moment', async () => {
    await using undisturbed = await openDatabase(await freshPostgresUrl(18))
    const counted = dyingDatabase(undisturbed, 0)
    await run(counted.database)
    const expected = await look(undisturbed)
    const moments = Array.from({ length: counted.moments() }, (_, number) => number + 1)
    for (const moment of sample(moments, 37)) {
      await using database = await openDatabase(await freshPostgresUrl(18))
      await run(dyingDatabase(database, moment).database).catch(() => undefined)
      await run(database)
      expect({ moment, ...(await look(database)) }).toEqual({ moment, ...expected })
    }
  }, 300_000)
})

describe('a plan of actions', () => {
  test('shows each step with its phase, its locks and its SQL, and changes nothing', async () => {
    await using database = await openDatabase(await freshPostgresUrl(18))
    const directory = migrationDirectory({ '1_a.json': file(runs) })
    await run(database, directory)
    const before = await look(database).catch(() => undefined)
    directory.write('2_b.json', file(vendor, index))
    directory.write('3_c.sql', 'select 1;\n-- metastore:down\nselect 1;')
    directory.write('4_d.json', file({ ...vendor, column: { name: 'later', type: 'TEXT' } }))
    await using engine = await openEngine(database)
    const position = await engine.look()
    const pending = (await directory.read()).slice(1)
    const plan = await planRun(engine, position.state, await parseAll(pending, engine, position, pending))
    expect(plan.bookkeeping).toEqual([])
    expect(plan.migrations.map(({ name, batch, remark }) => ({ name, batch, remark }))).toEqual([
      { name: '2_b', batch: ['2_b'], remark: undefined },
      { name: '3_c', batch: undefined, remark: undefined },
      { name: '4_d', batch: ['4_d'], remark: 'Its steps depend on what runs before it.' },
    ])
    const steps = plan.migrations[0]?.steps ?? []
    expect(steps.map(({ phase, kind }) => `${phase} ${kind}`)).toEqual([
      'start transaction',
      'start build_index',
      'start transaction',
      'complete transaction',
    ])
    expect(steps[0]?.locks).toEqual([{ table: 'runs', mode: 'access exclusive' }])
    expect(steps[1]?.sql).toMatch(
      /^create index concurrently ".*" on "public"."runs" .*;\nalter index .* rename to "runs_vendor"$/,
    )
    expect(await look(database).catch(() => undefined)).toEqual(before)
    expect(await readStatus(engine, await directory.read())).toMatchObject({ state: 'idle' })
  })

  test('of a batch that is in progress shows what completing it would do', async () => {
    await using database = await openDatabase(await freshPostgresUrl(18))
    const directory = migrationDirectory({ '1_a.json': file(runs) })
    await run(database, directory)
    directory.write('2_b.json', file(vendor))
    await using engine = await openEngine(database)
    await startBatch(engine, await directory.read())
    const position = await engine.look()
    const pending = (await directory.read()).slice(1)
    const plan = await planRun(engine, position.state, await parseAll(pending, engine, position, pending))
    expect(plan.migrations.map(({ name, steps }) => [name, ...steps.map(({ phase }) => phase)])).toEqual([
      ['2_b', 'complete'],
    ])
  })
})
