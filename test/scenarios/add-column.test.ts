import { expect } from 'vitest'
import { actions, refusal, scenario, world } from './world.ts'

const runs = `
  create table runs (id bigint primary key, agent text, cost numeric(8,2) not null, state text);
  create table notes (id bigint primary key, run_id bigint, body text)`
const rows = `
  insert into runs select n, 'acme/a' || n, 0.25, 'done' from generate_series(1, 9) n;
  insert into notes select n, n, 'note ' || n from generate_series(1, 9) n`

const add = (column: object, rest: object = {}) => actions({ type: 'add_column', table: 'runs', column, ...rest })

scenario(22, 'nullable without up: null for the old application, what the new one writes is kept', async (engine) => {
  const it = await world(engine, { schema: runs, rows, files: { '2_tag.json': add({ name: 'tag', type: 'TEXT' }) } })
  await it.start()
  expect(await it.asNew('select count(*)::int as n from runs where tag is null')).toEqual([{ n: 9 }])
  await it.asOld("insert into runs values (10, 'zeta/b', 1, 'new')")
  await it.asNew("insert into runs (id, agent, cost, state, tag) values (11, 'a', 1, 's', 'kept')")
  expect(await it.asNew('select id, tag from runs where id > 9 order by id')).toEqual([
    { id: 10, tag: null },
    { id: 11, tag: 'kept' },
  ])
  expect(await it.asOld('select * from runs where id = 11')).toEqual([{ id: 11, agent: 'a', cost: '1.00', state: 's' }])
  await it.complete()
  expect(await it.base('select tag from runs where id = 11')).toEqual([{ tag: 'kept' }])
  await it.expectClean()
})

scenario(23, 'not null with a default: at once for everybody, and no row is rewritten', async (engine) => {
  const column = { name: 'tries', type: 'INTEGER', nullable: false, default: '3' }
  const it = await world(engine, { schema: runs, rows, files: { '2_tries.json': add(column) } })
  const file = "select pg_relation_filenode('public.runs')::int as node"
  const before = await it.base(file)
  await it.start()
  await it.asOld("insert into runs values (10, 'b', 1, 'new')")
  expect(await it.asNew('select distinct tries from runs')).toEqual([{ tries: 3 }])
  expect(await it.base(file)).toEqual(before)
  await it.complete()
  expect(await it.base(file)).toEqual(before)
  expect(await refusal(it.base("insert into runs values (12, 'b', 1, 'x', null)"))).toMatchObject({
    message: expect.stringContaining('"tries"') as string,
  })
  await it.expectClean()
})

scenario(
  24,
  'not null with up: backfilled, computed for the old application, enforced for the new one',
  async (engine) => {
    const it = await world(engine, {
      schema: runs,
      rows,
      files: {
        '2_vendor.json': add({ name: 'vendor', type: 'TEXT', nullable: false }, { up: "split_part(agent, '/', 1)" }),
      },
    })
    await it.start()
    expect(await it.asNew('select vendor from runs where id = 7')).toEqual([{ vendor: 'acme' }])
    await it.asOld("insert into runs values (10, 'zeta/b', 1, 'new')")
    expect(await it.asNew('select vendor from runs where id = 10')).toEqual([{ vendor: 'zeta' }])
    await refusal(it.asNew("insert into runs (id, agent, cost) values (11, 'x/y', 1)"))
    expect(await it.asOld('select count(*)::int as n from runs')).toEqual([{ n: 10 }])
    await it.complete()
    const columns =
      "select attname as name, attnotnull as fixed from pg_attribute where attrelid = 'runs'::regclass and attname = 'vendor'"
    expect(await it.base(columns)).toEqual([{ name: 'vendor', fixed: true }])
    await it.expectClean()
  },
)

scenario(25, 'not null without default and up is refused', async (engine) => {
  const it = await world(engine, {
    schema: runs,
    rows,
    files: { '2_tag.json': add({ name: 'tag', type: 'TEXT', nullable: false }) },
  })
  const before = await it.catalog()
  expect(await refusal(it.start())).toMatchObject({
    code: 'schema_conflict',
    message: 'Column runs.tag must not be null, and nothing says what existing rows and old sessions give it.',
  })
  expect(await it.catalog()).toEqual(before)
  expect(await it.status()).toMatchObject({ state: 'idle' })
})

scenario(
  26,
  'an identity: every row gets a number of its own, and numbering goes on after the largest',
  async (engine) => {
    const it = await world(engine, {
      schema: runs,
      rows,
      files: { '2_number.json': add({ name: 'number', type: 'BIGINT', generated: 'ALWAYS AS IDENTITY' }) },
    })
    await it.start()
    await it.asOld("insert into runs values (10, 'b', 1, 'new')")
    await it.asNew("insert into runs (id, agent, cost) values (11, 'b', 1)")
    await it.complete()
    await it.base("insert into runs (id, agent, cost) values (12, 'b', 1)")
    expect(await it.base('select count(*)::int as rows, count(distinct number)::int as numbers from runs')).toEqual([
      { rows: 12, numbers: 12 },
    ])
    expect(await it.base('select number = (select max(number) from runs) as last from runs where id = 12')).toEqual([
      { last: true },
    ])
    expect(
      await it.base(
        "select attidentity as kind from pg_attribute where attrelid = 'runs'::regclass and attname = 'number'",
      ),
    ).toEqual([{ kind: 'a' }])
    await it.expectClean()
  },
)

scenario(26, 'a default that gives another value each time: each row has its own', async (engine) => {
  const it = await world(engine, {
    schema: runs,
    rows,
    files: {
      '2_key.json': add({ name: 'key', type: 'UUID', nullable: false, default: 'gen_random_uuid()' }),
    },
  })
  await it.start()
  const before = await it.asNew('select id, key from runs order by id')
  await it.asOld("insert into runs values (10, 'b', 1, 'new')")
  await it.asOld("update runs set state = 'again', agent = 'other'")
  expect((await it.asNew('select id, key from runs order by id')).slice(0, 9)).toEqual(before)
  await it.complete()
  expect(await it.base('select count(distinct key)::int as keys from runs')).toEqual([{ keys: 10 }])
  await it.expectClean()
})

scenario(27, 'what the new application wrote stays until the old one changes a source column', async (engine) => {
  const it = await world(engine, {
    schema: runs,
    rows,
    files: { '2_vendor.json': add({ name: 'vendor', type: 'TEXT' }, { up: "split_part(agent, '/', 1)" }) },
  })
  await it.start()
  await it.asNew("update runs set vendor = 'ACME' where id = 7")
  await it.asOld("update runs set state = 'x' where id = 7")
  expect(await it.asNew('select vendor from runs where id = 7')).toEqual([{ vendor: 'ACME' }])
  await it.asOld("update runs set agent = 'beta/x' where id = 7")
  expect(await it.asNew('select vendor from runs where id = 7')).toEqual([{ vendor: 'beta' }])
  await it.abort()
  await it.expectClean()
})

scenario(28, 'from another table: backfilled, followed, and looked up for new rows', async (engine) => {
  const it = await world(engine, {
    schema: runs,
    rows,
    files: {
      '2_agent.json': actions({
        type: 'add_column',
        table: 'notes',
        column: { name: 'agent', type: 'TEXT' },
        up: { table: 'runs', value: 'runs.agent', where: 'notes.run_id = runs.id' },
      }),
    },
  })
  await it.start()
  expect(await it.asNew('select agent from notes where id = 3')).toEqual([{ agent: 'acme/a3' }])
  await it.asOld("update runs set agent = 'changed' where id = 3")
  await it.asOld("insert into notes values (10, 3, 'more')")
  expect(await it.asNew('select id, agent from notes where run_id = 3 order by id')).toEqual([
    { id: 3, agent: 'changed' },
    { id: 10, agent: 'changed' },
  ])
  await it.complete()
  expect(await it.base('select agent from notes where id = 10')).toEqual([{ agent: 'changed' }])
  await it.expectClean()
})

scenario(29, 'up calls a function and uses a type of the base schema', async (engine) => {
  const it = await world(engine, {
    schema: `${runs};
      create type mood as enum ('good', 'bad');
      create function judge(text) returns mood language sql immutable
        as $$ select case when $1 like 'acme%' then 'good'::mood else 'bad'::mood end $$`,
    rows,
    files: { '2_mood.json': add({ name: 'mood', type: 'mood', nullable: false }, { up: 'judge(agent)' }) },
  })
  await it.start()
  await it.asOld("insert into runs values (10, 'zeta/b', 1, 'new')")
  expect(await it.asNew('select id, mood::text from runs where id >= 9 order by id')).toEqual([
    { id: 9, mood: 'good' },
    { id: 10, mood: 'bad' },
  ])
  await it.complete()
  await it.expectClean()
})

scenario(30, 'up reads its own table: refused without on_insert, right with it', async (engine) => {
  const up = '(select count(*) from runs as other where other.id <= runs.id)'
  const column = { name: 'rank', type: 'BIGINT', nullable: false }
  const it = await world(engine, { schema: runs, rows, files: { '2_rank.json': add(column, { up }) } })
  expect(await refusal(it.start())).toMatchObject({
    code: 'schema_conflict',
    message:
      "up reads runs itself, where a row that is being inserted is not yet: old sessions' inserts would get null.",
  })
  it.files.write('2_rank.json', add(column, { up, on_insert: '(select count(*) + 1 from runs as other)' }))
  await it.start()
  await it.asOld("insert into runs values (10, 'zeta/b', 1, 'new')")
  expect(await it.asNew('select id, rank from runs order by id')).toEqual(
    Array.from({ length: 10 }, (_, index) => ({ id: index + 1, rank: index + 1 })),
  )
  await it.complete()
  await it.expectClean()
})

scenario(31, 'a wrong column or a wrong type in up is refused, on an empty table too', async (engine) => {
  const it = await world(engine, {
    schema: runs,
    files: { '2_x.json': add({ name: 'x', type: 'INTEGER' }, { up: 'agnt' }) },
  })
  const before = await it.catalog()
  expect((await refusal(it.start())).text).toContain('agnt')
  it.files.write('2_x.json', add({ name: 'x', type: 'INTEGER' }, { up: "ARRAY['a']" }))
  expect((await refusal(it.start())).code).toBe('binding_failed')
  expect(await it.catalog()).toEqual(before)
  expect(await it.status()).toMatchObject({ state: 'idle' })
})

scenario(31, 'an error on one row takes everything back and names the row', async (engine) => {
  const it = await world(engine, {
    schema: runs,
    rows: "insert into runs select n, 'a', 901 - n, null from generate_series(1, 1000) n",
    files: { '2_x.json': add({ name: 'x', type: 'NUMERIC' }, { up: '1 / (cost)' }) },
  })
  const before = await it.catalog()
  const error = await refusal(it.start())
  expect(error.code).toBe('backfill_failed')
  expect(error.text).toContain('901')
  expect(error.text).toContain('division by zero')
  expect(await it.status()).toMatchObject({ state: 'idle' })
  expect(await it.catalog()).toEqual(before)
  await it.expectClean()
})

scenario(32, 'long, reserved and odd names', async (engine) => {
  const table = `Ta"ble ${'t'.repeat(33)}`
  const column = `from ${'c'.repeat(35)}`
  const it = await world(engine, {
    schema: `create table "${table.replaceAll('"', '""')}" ("order" int primary key, "end" text)`,
    rows: `insert into "${table.replaceAll('"', '""')}" values (1, 'x')`,
    files: {
      '2_odd.json': actions({
        type: 'add_column',
        table,
        column: { name: column, type: 'TEXT', nullable: false },
        up: '"end" || "order"',
      }),
    },
  })
  const quoted = `"${table.replaceAll('"', '""')}"`
  await it.start()
  expect(await it.asNew(`select * from ${quoted}`)).toEqual([{ order: 1, end: 'x', [column]: 'x1' }])
  await it.abort()
  await it.expectClean()
  await it.start()
  await it.complete()
  expect(await it.base(`select * from ${quoted}`)).toEqual([{ order: 1, end: 'x', [column]: 'x1' }])
  await it.expectClean()
})

scenario(33, 'a stored generated column: on a small table only', async (engine) => {
  const column = { name: 'double', type: 'NUMERIC', generated: 'ALWAYS AS (cost * 2) STORED' }
  const it = await world(engine, { schema: runs, rows, files: { '2_double.json': add(column) } })
  await it.start()
  expect(await it.asNew('select double from runs where id = 1')).toEqual([{ double: '0.50' }])
  await it.complete()
  await it.expectClean()

  const large = await world(engine, {
    schema: runs,
    rows: "insert into runs select n, 'a', 1, null from generate_series(1, 10001) n",
    files: { '2_double.json': add(column) },
  })
  expect(await refusal(large.start())).toMatchObject({ code: 'data_conflict' })
  expect(await large.status()).toMatchObject({ state: 'idle' })
})
