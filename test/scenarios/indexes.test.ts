import { expect } from 'vitest'
import { openDatabase, sql } from '../../src/database/database.ts'
import { startMetastore } from '../harness/child.ts'
import { actions, expectRefused, refusal, scenario, world, type World } from './world.ts'

const tables = `
  create table runs (id bigint primary key, agent text, cost numeric(8,2) not null, state text);
  create table notes (id bigint primary key, run_id bigint, body text, tags jsonb)`

scenario(56, 'an index has its columns in the order that is written, not in that of the table', async (engine) => {
  const it = await world(engine, { schema: tables, files: { '2_index.json': addIndex(['run_id', 'id']) } })
  await it.start()
  const made = { definition: 'CREATE INDEX notes_index ON public.notes USING btree (run_id, id)', valid: true }
  expect(await indexOf(it, 'notes_index')).toEqual(made)
  await it.complete()
  expect(await indexOf(it, 'notes_index')).toEqual(made)
  await it.expectClean()
})

scenario(56, 'an index on what is not there is refused, with the nearest name', async (engine) => {
  const it = await world(engine, { schema: tables })
  const cases = [
    {
      file: addIndex(['run_id', 'boby']),
      message: 'Table notes has no column boby.',
      remedy: 'Did you mean body?',
    },
    {
      file: actions({ type: 'add_index', table: 'note', index: { name: 'notes_index', columns: ['body'] } }),
      message: 'There is no table note.',
      remedy: 'Did you mean notes?',
    },
    {
      file: addIndex([{ expression: 'lower(bdy)' }]),
      message: 'There is no column bdy in notes.',
      remedy: 'Did you mean body?',
    },
    {
      file: addIndex(['body'], { where: 'run_id' }),
      message:
        'PostgreSQL does not accept actions[0].index.where: argument of WHERE must be type boolean, not type bigint.',
      remedy: 'Write a condition: an expression that is true or false.',
    },
    {
      file: addIndex(['body'], { type: 'gin' }),
      message:
        'PostgreSQL does not accept actions[0].index: data type text has no default operator class for access method "gin".',
      remedy: 'Choose another type of index, or an expression that it can hold.',
    },
  ]
  for (const { file, ...expected } of cases) {
    it.files.write('2_index.json', file)
    await expectRefused(it, expected)
  }
})

scenario(56, 'an index has the directions, the expression and the condition that are written', async (engine) => {
  const columns = ['run_id', { column: 'id', direction: 'DESC', nulls: 'LAST' }, { expression: 'lower(body)' }]
  const file = addIndex(columns, { where: 'body is not null' })
  const it = await world(engine, { schema: tables, files: { '2_index.json': file } })
  await it.start({ complete: true })
  expect(await indexOf(it, 'notes_index')).toEqual({
    definition:
      'CREATE INDEX notes_index ON public.notes USING btree (run_id, id DESC NULLS LAST, lower(body)) WHERE (body IS NOT NULL)',
    valid: true,
  })
})

scenario(57, 'a GIN index is valid while the batch is in progress, and gone after the abort', async (engine) => {
  const it = await world(engine, {
    schema: tables,
    rows: `insert into notes select n, n, 'body', jsonb_build_object('n', n) from generate_series(1, 100) n`,
    files: { '2_index.json': addIndex(['tags'], { type: 'gin' }) },
  })
  const before = await it.catalog()
  await it.start()
  const definition = 'CREATE INDEX notes_index ON public.notes USING gin (tags)'
  expect(await indexOf(it, 'notes_index')).toEqual({ definition, valid: true })
  expect(await it.asNew(`select id from notes where tags @> '{"n": 7}'`)).toEqual([{ id: 7 }])
  await it.abort()
  expect(await it.catalog()).toEqual(before)
  await it.expectClean()
})

scenario(57, 'an index whose name is taken is refused, and what has the name stays', async (engine) => {
  const it = await world(engine, {
    schema: `${tables}; create index notes_index on notes (id, body); create sequence notes_body_idx`,
  })
  it.files.write('2_index.json', addIndex(['tags'], { type: 'gin' }))
  const remedy = 'Choose another name.'
  await expectRefused(it, { message: 'There is an index, table or view notes_index already.', remedy })
  expect(await indexOf(it, 'notes_index')).toMatchObject({ valid: true })
  for (const name of ['runs', 'notes_body_idx']) {
    it.files.write('2_index.json', addIndex(['tags'], { type: 'gin', name }))
    await expectRefused(it, { message: `There is an index, table or view ${name} already.`, remedy })
  }
  it.files.write(
    '2_index.json',
    JSON.stringify({ actions: [indexAction(['tags'], { name: 'two' }), indexAction(['body'], { name: 'two' })] }),
  )
  await expectRefused(it, { message: 'There is an index, table or view two already.', remedy })
})

scenario(58, 'a unique index on values that are there twice is refused, with how many', async (engine) => {
  const it = await world(engine, {
    schema: tables,
    rows: "insert into notes values (1, 7, 'a'), (2, 7, 'a'), (3, 7, 'b'), (4, null, 'a'), (5, null, 'a')",
    files: { '2_index.json': addIndex(['run_id', 'body'], { unique: true }) },
  })
  await expectRefused(it, {
    code: 'data_conflict',
    message:
      'The unique index notes_index cannot be made: 2 rows of table notes have the same (run_id, body) as another one.',
    remedy: 'Change or delete rows until each value is there once, then run the same command again.',
  })
  expect(await it.base('select indexrelid::regclass::text from pg_index where not indisvalid')).toEqual([])

  await it.base("update notes set body = 'c' where id = 2")
  await it.start()
  for (const side of [it.asOld, it.asNew]) {
    expect(await refusal(side("insert into notes (id, run_id, body) values (9, 7, 'a')"))).toMatchObject({
      code: 'statement_failed',
      message: 'duplicate key value violates unique constraint "notes_index".',
    })
  }
  await it.complete()
  await it.expectClean()
})

scenario(58, 'a unique index with a condition or an expression is refused for duplicates, too', async (engine) => {
  const it = await world(engine, {
    schema: tables,
    rows: "insert into notes values (1, 7, 'A'), (2, 7, 'a'), (3, null, 'x'), (4, null, 'x')",
  })
  const before = await it.catalog()
  it.files.write(
    '2_index.json',
    addIndex([{ expression: 'lower(body)' }], { unique: true, where: 'run_id is not null' }),
  )
  await expectRefused(it, {
    code: 'data_conflict',
    message:
      'The unique index notes_index cannot be made: 2 rows of table notes have the same lower(body) as another one.',
    remedy: 'Change or delete rows until each value is there once, then run the same command again.',
  })
  expect(await it.catalog()).toEqual(before)
  it.files.write('2_index.json', addIndex(['body'], { unique: true, where: 'run_id is not null' }))
  await it.start({ complete: true })
  expect(await indexOf(it, 'notes_index')).toMatchObject({ valid: true })
})

scenario(59, 'an index that is removed is enforced for both versions until completion', async (engine) => {
  const it = await world(engine, {
    schema: `${tables}; create unique index notes_run_body on notes (run_id, body)`,
    rows: "insert into notes values (1, 7, 'a')",
    files: { '2_index.json': actions({ type: 'remove_index', index: 'notes_run_body' }) },
  })
  const before = await it.catalog()
  await it.start()
  for (const side of [it.asOld, it.asNew]) {
    expect(await refusal(side("insert into notes (id, run_id, body) values (9, 7, 'a')"))).toMatchObject({
      message: 'duplicate key value violates unique constraint "notes_run_body".',
    })
  }
  await it.abort()
  expect(await it.catalog()).toEqual(before)
  await it.start({ complete: true })
  expect(await indexOf(it, 'notes_run_body')).toBeUndefined()
  await it.asNew("insert into notes (id, run_id, body) values (9, 7, 'a')")
  await it.expectClean()
})

scenario(59, 'an index that is not there, or that serves a constraint, cannot be removed', async (engine) => {
  const it = await world(engine, {
    schema: `${tables}; create index notes_body on notes (body); alter table runs add constraint runs_agent unique (agent)`,
  })
  const cases = [
    { index: 'notes_bdy', message: 'There is no index notes_bdy.', remedy: 'Did you mean notes_body?' },
    {
      index: 'runs_agent',
      message: 'Index runs_agent serves the constraint runs_agent and cannot go without it.',
      remedy: 'Drop the constraint by a custom action (alter table … drop constraint).',
    },
    {
      index: 'runs_pkey',
      message: 'Index runs_pkey serves the constraint runs_pkey and cannot go without it.',
      remedy: 'Drop the constraint by a custom action (alter table … drop constraint).',
    },
  ]
  for (const { index, ...expected } of cases) {
    it.files.write('2_index.json', actions({ type: 'remove_index', index }))
    await expectRefused(it, expected)
  }
  it.files.write(
    '2_index.json',
    actions({ type: 'remove_index', index: 'notes_body' }, { type: 'remove_index', index: 'notes_body' }),
  )
  await expectRefused(it, {
    message: 'Index notes_body is removed by an earlier action of the batch.',
    remedy: 'Name an index that exists at this place of the batch.',
  })
})

scenario(59, 'an index of the same name in another schema is left alone', async (engine) => {
  const it = await world(engine, {
    schema: `${tables}; create index notes_body on notes (body);
      create schema other; create table other.notes (id int, body text); create index notes_body on other.notes (body)`,
    files: { '2_index.json': actions({ type: 'remove_index', index: 'notes_body' }) },
  })
  await it.start({ complete: true })
  const rows = await it.base("select schemaname from pg_indexes where indexname = 'notes_body'")
  expect(rows).toEqual([{ schemaname: 'other' }])
})

scenario(
  49,
  'an index build waits for a transaction that is older, longer than for a lock, and comes out valid',
  async (engine) => {
    const it = await world(engine, { schema: tables, files: { '2_index.json': addIndex(['body']) } })
    await using other = await openDatabase(it.url)
    await using session = await other.session()
    const started = await session.transaction(async (tx) => {
      await tx.query(sql`insert into notes (id, body) values (1, 'under way')`)
      const start = it.start()
      // Steps that block writers give up after half a second at most.
      await expect.poll(() => waitingBuilds(it), { interval: 100 }).toBe(1)
      return { start }
    })
    expect(await started.start).toMatchObject({ state: 'in_progress' })
    expect(await indexOf(it, 'notes_index')).toMatchObject({ valid: true })
    await it.complete()
    await it.expectClean()
  },
  { only: 'postgres' },
)

scenario(
  49,
  'an index build whose process is killed is made anew by the next start, and nothing invalid is left',
  async (engine) => {
    const it = await world(engine, {
      schema: tables,
      files: { '2_index.json': addIndex(['body']) },
      engine: { lockWait: 100_000 },
    })
    await using other = await openDatabase(it.url)
    await using session = await other.session()
    await session.transaction(async (tx) => {
      await tx.query(sql`insert into notes (id, body) values (1, 'under way')`)
      const runner = startMetastore(['start', '--url', it.url, '--dirs', it.files.directory])
      await expect.poll(() => waitingBuilds(it), { interval: 100 }).toBe(1)
      runner.process.kill('SIGKILL')
      expect(await runner.ended).toMatchObject({ signal: 'SIGKILL' })
    })
    expect(await it.status()).toMatchObject({ state: 'applying' })
    expect(await it.start()).toMatchObject({ state: 'in_progress' })
    expect(await indexOf(it, 'notes_index')).toMatchObject({ valid: true })
    await it.complete()
    await it.expectClean()
  },
  { only: 'postgres' },
)

scenario(
  58,
  'duplicates that appear while a unique index is built are told by its name, and everything is taken back',
  async (engine) => {
    const it = await world(engine, { schema: tables, files: { '2_index.json': addIndex(['body'], { unique: true }) } })
    const before = await it.catalog()
    await using other = await openDatabase(it.url)
    await using session = await other.session()
    const started = await session.transaction(async (tx) => {
      await tx.query(sql`insert into notes (id, body) values (1, 'twice'), (2, 'twice')`)
      const start = refusal(it.start())
      await expect.poll(() => waitingBuilds(it), { interval: 100 }).toBe(1)
      return { start }
    })
    expect(await started.start).toMatchObject({
      code: 'statement_failed',
      kind: 'failed',
      message: 'could not create unique index "notes_index".',
      remedy: 'Correct the rows that violate it, or the statement.',
    })
    expect(await it.catalog()).toEqual(before)
    expect(await it.status()).toMatchObject({ state: 'idle' })
    await it.expectClean()
  },
  { only: 'postgres' },
)

// Builds that have been waiting for other transactions for longer than a lock is waited for.
async function waitingBuilds(it: World): Promise<unknown> {
  const [row] = await it.base(`
    select count(*)::int as builds from pg_stat_activity
    where datname = current_database() and query like '%index concurrently%' and wait_event_type = 'Lock'
      and query_start < clock_timestamp() - interval '1 second'`)
  return row?.['builds']
}

function addIndex(columns: readonly unknown[], more: object = {}): string {
  return actions(indexAction(columns, more))
}

function indexAction(columns: readonly unknown[], more: object): object {
  return { type: 'add_index', table: 'notes', index: { name: 'notes_index', columns, ...more } }
}

async function indexOf(it: World, name: string): Promise<unknown> {
  const [row] = await it.base(`
    select pg_get_indexdef(indexrelid) as definition, indisvalid as valid
    from pg_index where indexrelid = to_regclass('public.${name}')`)
  return row
}
