import { describe, expect, onTestFinished, test } from 'vitest'
import { openDatabase, sql, type Database } from '../../src/database/database.ts'
import { internalName } from '../../src/migrations/batch/names.ts'
import type { PhaseStep } from '../../src/migrations/batch/phase-step.ts'
import type { BatchWorld, HandmadeSteps } from '../harness/batch-world.ts'
import { worldOn } from '../harness/batch-world.ts'
import { sample } from '../harness/campaign.ts'
import { dyingDatabase } from '../harness/dying-database.ts'
import { freshPostgresUrl } from '../harness/engines.ts'
import { locking, makes, script, statements, step } from '../harness/handmade-batch.ts'

const addColumns: PhaseStep = step(
  'add_columns',
  locking(
    'access exclusive',
    ['runs'],
    sql`alter table runs add column vendor text`,
    sql`alter table runs add column pending boolean default true`,
  ),
  locking(
    'access exclusive',
    ['runs'],
    sql`alter table runs drop column if exists vendor, drop column if exists pending`,
  ),
)

const backfill: PhaseStep = step('backfill', {
  kind: 'backfill',
  plan: {
    kind: 'update',
    schema: 'public',
    table: 'runs',
    alias: 'runs',
    pending: 'pending',
    assignments: [{ column: 'vendor', value: sql`upper(agent)`, type: 'text' }],
    queries: [],
    origins: [{ column: 'vendor', migration: '1_a' }],
    key: ['id'],
  },
})

function index(table: string, partitioned: boolean): PhaseStep {
  const name = `${table}_vendor`
  return step(
    `index_${table}`,
    {
      kind: 'build_index',
      schema: 'public',
      table,
      internalName: internalName('1_a', name),
      finalName: name,
      definition: sql`(id)`,
      unique: false,
      partitioned,
    },
    {
      kind: 'drop_index',
      schema: 'public',
      name: internalName('1_a', name),
      partitionsOf: partitioned ? table : undefined,
    },
    { kind: 'drop_index', schema: 'public', name },
  )
}

const noTransaction = `-- metastore: no-transaction
insert into log (what) values ('before');
create index concurrently log_what on log (what);
insert into log (what) values ('after');
`

// A step of every kind there is.
const steps: HandmadeSteps = (catalogs) => {
  const opaque = [
    makes('first'),
    step('custom', script(`insert into log (what) values ('custom')`), script(`delete from log where what = 'custom'`)),
    step(
      'custom_statements',
      script(noTransaction),
      script(
        `-- metastore: no-transaction\ndrop index concurrently if exists log_what;\ndelete from log where what in ('before', 'after');`,
      ),
    ),
    step('again', { kind: 'reintrospect' }),
  ]
  if (catalogs === 1) return { start: opaque, incomplete: true }
  return {
    start: [...opaque, addColumns, backfill, index('runs', false), index('parts', true)],
    prepare: [step('analyze', statements(sql`analyze runs`))],
    complete: [
      step('swap', locking('access exclusive', ['runs'], sql`alter table runs drop column pending`)),
      step('drop_old', { kind: 'drop_index', schema: 'public', name: 'runs_agent' }),
      step('custom_complete', script(`insert into log (what) values ('complete')`)),
      step('views', { kind: 'refresh_views', versionSchema: 'migration_1_a' }),
    ],
  }
}

const schema = `
  create table log (what text);
  create table runs (id int primary key, agent text);
  create index runs_agent on runs (agent);
  insert into runs select i, 'agent ' || i from generate_series(1, 50) i;
  create table parts (id int, kind text) partition by list (kind);
  create table parts_a partition of parts for values in ('a');
  create table parts_b partition of parts for values in ('b', 'c') partition by list (kind);
  create table parts_b_b partition of parts_b for values in ('b');
  insert into parts values (1, 'a'), (2, 'b');
`

type Phase = 'start' | 'complete' | 'abort'

async function prepared(phase: Phase): Promise<{ database: Database; world: BatchWorld }> {
  const database = await openDatabase(await freshPostgresUrl(18))
  onTestFinished(() => database.close())
  const world = await worldOn(database, steps)
  world.files.write('0_schema.sql', schema)
  await world.migrate({ to: { kind: 'name', name: '0_schema' } })
  if (phase !== 'start') await world.start()
  return { database, world }
}

async function look(world: BatchWorld) {
  return {
    ...(await world.contents()),
    log: await world.query('select what from log order by what'),
    runs: await world.query('select * from runs order by id'),
    parts: await world.query('select * from parts order by id'),
    invalid: await world.query('select indexrelid::regclass::text as name from pg_index where not indisvalid'),
  }
}

// The user dies at a moment; then somebody else runs the same again.
async function dieAndGoOn(phase: Phase, moment: number) {
  const { database, world } = await prepared(phase)
  const dying = dyingDatabase(database, moment)
  const doomed = await worldOn(dying.database, steps)
  doomed.files.write('0_schema.sql', schema)
  const end = await doomed[phase]().then(
    () => 'lived',
    () => 'died',
  )
  return { world, end, moments: dying.moments() }
}

describe('a user who dies at any moment', () => {
  test.each<[Phase, string]>([
    ['start', 'in_progress'],
    ['complete', 'idle'],
    ['abort', 'idle'],
  ])(
    'of %s, and somebody who runs it again, come to the same end',
    async (phase, state) => {
      const undisturbed = await prepared(phase)
      await undisturbed.world[phase]()
      expect(await undisturbed.world.status()).toMatchObject({ state })
      const expected = await look(undisturbed.world)
      expect(expected.invalid).toEqual([])
      const { moments } = await dieAndGoOn(phase, 0)
      expect(moments).toBeGreaterThan(20)
      for (const moment of sample(
        Array.from({ length: moments }, (_, number) => number + 1),
        29,
      )) {
        const { world, end } = await dieAndGoOn(phase, moment)
        if (end === 'died') await world[phase]()
        expect({ moment, ...(await look(world)) }).toEqual({ moment, ...expected })
      }
    },
    600_000,
  )

  test('of a start, and somebody who aborts instead, leave nothing', async () => {
    const untouched = await prepared('start')
    const before = await look(untouched.world)
    const { moments } = await dieAndGoOn('start', 0)
    for (const moment of sample(
      Array.from({ length: moments }, (_, number) => number + 1),
      29,
    )) {
      const { world } = await dieAndGoOn('start', moment)
      await world.abort()
      expect({ moment, ...(await look(world)) }).toEqual({ moment, ...before })
    }
  }, 600_000)
})
