import { expect } from 'vitest'
import { actions, expectRefused, refusal, scenario, world } from './world.ts'

const tables = `
  create table runs (id bigint primary key, agent text);
  create table log (entry text)`
const rows = "insert into runs values (1, 'a')"
const logging = {
  type: 'custom',
  start: "insert into log values ('start')",
  complete: "insert into log values ('complete')",
  abort: "insert into log values ('abort')",
}

scenario(64, 'each script of custom runs in its phase only, and once', async (engine) => {
  const it = await world(engine, { schema: tables, rows, files: { '2_custom.json': actions(logging) } })
  const entries = async () => (await it.base('select entry from log')).map(({ entry }) => entry)
  await it.start()
  await it.start()
  expect(await entries()).toEqual(['start'])
  await it.abort()
  expect(await entries()).toEqual(['start', 'abort'])
  await it.start()
  await it.complete()
  await it.complete()
  expect(await entries()).toEqual(['start', 'abort', 'start', 'complete'])
  await it.expectClean()
})

scenario(64, 'what complete makes is in the version view, at the end, and what it drops is not', async (engine) => {
  const it = await world(engine, {
    schema: `${tables}; alter table runs add column old text`,
    rows: "insert into runs values (1, 'a', 'x')",
    files: {
      '2_custom.json': actions({
        type: 'custom',
        complete: `
          ALTER TABLE runs ADD COLUMN name TEXT;
          UPDATE runs SET name = initcap(agent);
          ALTER TABLE runs ALTER COLUMN name SET NOT NULL;
          ALTER TABLE runs DROP COLUMN old;
          CREATE TABLE made (id INTEGER PRIMARY KEY)`,
      }),
      '3_index.json': actions({ type: 'add_index', table: 'runs', index: { name: 'runs_agent', columns: ['agent'] } }),
    },
  })
  await it.start()
  expect(await it.asNew('select * from runs')).toEqual([{ id: 1, agent: 'a', old: 'x' }])
  await it.complete()
  expect(await it.asNew('select * from runs')).toEqual([{ id: 1, agent: 'a', name: 'A' }])
  expect(await it.asNew('select * from made')).toEqual([])
  expect(await refusal(it.asNew("insert into runs values (2, 'b', null)"))).toMatchObject({
    message: 'null value in column "name" of relation "runs" violates not-null constraint.',
  })
  await it.expectClean()
})

scenario(64, 'actions after custom see what its start has made', async (engine) => {
  const it = await world(engine, {
    schema: tables,
    rows,
    files: {
      '2_custom.json': actions(
        {
          type: 'custom',
          start: "CREATE TABLE kinds (id INTEGER PRIMARY KEY, label TEXT); INSERT INTO kinds VALUES (1, 'One')",
          abort: 'DROP TABLE kinds',
        },
        {
          type: 'add_column',
          table: 'kinds',
          column: { name: 'slug', type: 'TEXT', nullable: false },
          up: 'lower(label)',
        },
        { type: 'rename_table', table: 'kinds', new_name: 'sorts' },
      ),
    },
  })
  const before = await it.catalog()
  await it.start()
  expect(await it.asNew('select * from sorts')).toEqual([{ id: 1, label: 'One', slug: 'one' }])
  await it.abort()
  expect(await it.catalog()).toEqual(before)
  await it.expectClean()
  await it.start({ complete: true })
  expect(await it.asNew('select * from sorts')).toEqual([{ id: 1, label: 'One', slug: 'one' }])
  await it.expectClean()
})

scenario(64, 'a script that does not parse is refused at the start, whatever its phase', async (engine) => {
  const it = await world(engine, { schema: tables, rows })
  for (const phase of ['start', 'complete', 'abort']) {
    it.files.write('2_custom.json', actions({ type: 'custom', [phase]: 'alter table runs ad column x int' }))
    await expectRefused(it, {
      code: 'sql_syntax',
      message: `actions[0].${phase} does not parse: syntax error at or near "ad".`,
      remedy: 'Correct the SQL at the mark.',
    })
  }
})

scenario(64, 'an empty custom does nothing', async (engine) => {
  const it = await world(engine, {
    schema: tables,
    files: { '2_custom.json': actions({ type: 'custom' }, { type: 'custom', start: ' ', complete: '', abort: '' }) },
  })
  const before = await it.catalog()
  expect(await it.start()).toMatchObject({ state: 'in_progress' })
  expect(await it.complete()).toMatchObject({ outcome: 'completed', schema: 'migration_2_custom' })
  expect(await it.catalog()).toEqual(before)
  await it.expectClean()
})

scenario(64, 'a start that fails takes back what was done, by the aborts of the scripts before it', async (engine) => {
  const it = await world(engine, {
    schema: tables,
    rows,
    files: {
      '2_custom.json': actions(logging, {
        type: 'add_column',
        table: 'runs',
        column: { name: 'more', type: 'INTEGER' },
      }),
      '3_custom.json': actions({ type: 'custom', start: 'insert into nowhere values (1)', abort: logging.abort }),
    },
  })
  const before = await it.catalog()
  expect(await refusal(it.start())).toMatchObject({
    code: 'statement_failed',
    kind: 'failed',
    message: 'relation "nowhere" does not exist.',
    where: expect.stringMatching(/3_custom\.json:1:\d+$/) as string,
    text: expect.stringContaining('Everything that the start of 3_custom had done was taken back.') as string,
  })
  expect(await it.status()).toMatchObject({ state: 'idle', inProgress: [] })
  expect(await it.base('select entry from log')).toEqual([{ entry: 'start' }, { entry: 'abort' }])
  expect(await it.catalog()).toEqual(before)
  await it.expectClean()
})

scenario(64, 'a complete that fails can be gone on with, once what it needs is there', async (engine) => {
  const it = await world(engine, {
    schema: tables,
    rows,
    files: {
      '2_custom.json': actions(
        { type: 'alter_column', table: 'runs', column: 'agent', changes: { name: 'assistant' } },
        { type: 'custom', complete: 'alter table later add column x integer' },
        logging,
      ),
    },
  })
  await it.start()
  expect(await refusal(it.complete())).toMatchObject({
    code: 'statement_failed',
    message: 'relation "later" does not exist.',
    text: expect.stringContaining(
      'The old version is gone already: run metastore complete to go on with 2_custom.',
    ) as string,
  })
  expect(await it.status()).toMatchObject({ state: 'completing' })
  expect(await it.asNew('select assistant from runs')).toEqual([{ assistant: 'a' }])
  await it.base('create table later (id integer)')
  await it.complete()
  expect(await it.base('select entry from log')).toEqual([{ entry: 'start' }, { entry: 'complete' }])
  expect(await it.asNew('select * from later')).toEqual([])
  await it.expectClean()
})

scenario(
  64,
  'a script outside a transaction builds an index concurrently beside other statements',
  async (engine) => {
    const script = `-- metastore: no-transaction
      create index concurrently runs_agent on runs (agent);
      insert into log values ('between');
      create index concurrently runs_both on runs (agent, id);`
    const it = await world(engine, {
      schema: tables,
      rows,
      files: { '2_custom.json': actions({ type: 'custom', complete: script }) },
    })
    await it.start({ complete: true })
    expect(await it.base("select indexname from pg_indexes where tablename = 'runs' order by 1")).toEqual([
      { indexname: 'runs_agent' },
      { indexname: 'runs_both' },
      { indexname: 'runs_pkey' },
    ])
    expect(await it.base('select entry from log')).toEqual([{ entry: 'between' }])
    await it.expectClean()
  },
  { only: 'postgres' },
)
