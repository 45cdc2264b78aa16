import { expect } from 'vitest'
import { actions, expectRefused, refusal, scenario, world } from './world.ts'

const runs = `
  create table runs (id bigint primary key, agent text, cost numeric(8,2) not null, state text);
  create table notes (id bigint primary key, run_id bigint, body text)`
const rows = `
  insert into runs select n, 'Acme/A' || n, 0.25, 'done' from generate_series(1, 9) n;
  insert into notes select n, n, case when n < 9 then 'note ' || n end from generate_series(1, 9) n`

const alter = (column: string, changes: object, rest: object = {}) => ({
  type: 'alter_column',
  table: 'runs',
  column,
  changes,
  ...rest,
})
const columnsOf = (schema: string, table: string) => `
  select string_agg(attname || ' ' || format_type(atttypid, atttypmod) || case when attnotnull then '!' else '' end, ', '
    order by attnum) as columns
  from pg_attribute where attrelid = '${schema}.${table}'::regclass and attnum > 0 and not attisdropped`

scenario(34, 'a change of data: each version sees its own and writes map both ways', async (engine) => {
  const it = await world(engine, {
    schema: runs,
    rows,
    files: { '2_lower.json': actions(alter('cost', {}, { up: 'cost * 10', down: 'cost / 10' })) },
  })
  await it.start()
  expect(await it.asNew('select cost from runs where id = 7')).toEqual([{ cost: '2.50' }])
  expect(await it.asOld('select cost from runs where id = 7')).toEqual([{ cost: '0.25' }])
  await it.asOld("insert into runs values (10, 'a', 1, 'x')")
  await it.asNew("insert into runs values (11, 'a', 50, 'x')")
  await it.asOld('update runs set cost = 3 where id = 1')
  await it.asNew('update runs set cost = 80 where id = 2')
  const both = 'select id, cost from runs where id in (1, 2, 10, 11) order by id'
  expect((await it.asOld(both)).map(({ cost }) => cost)).toEqual(['3.00', '8.00', '1.00', '5.00'])
  expect((await it.asNew(both)).map(({ cost }) => cost)).toEqual(['30.00', '80.00', '10.00', '50.00'])
  await it.complete()
  expect((await it.base(both)).map(({ cost }) => cost)).toEqual(['30.00', '80.00', '10.00', '50.00'])
  await it.expectClean()
})

scenario(34, 'data only, as the example has it: an unrelated write leaves the original', async (engine) => {
  const files = { '2_lower.json': actions(alter('agent', {}, { up: 'lower(agent)', down: 'agent' })) }
  const it = await world(engine, { schema: runs, rows, files })
  const before = await it.catalog()
  await it.start()
  expect(await it.asNew('select agent from runs where id = 1')).toEqual([{ agent: 'acme/a1' }])
  await it.asNew("update runs set state = 'again' where id = 1")
  expect(await it.asOld('select agent, state from runs where id = 1')).toEqual([{ agent: 'Acme/A1', state: 'again' }])
  await it.abort()
  expect(await it.base('select agent from runs where id = 1')).toEqual([{ agent: 'Acme/A1' }])
  expect(await it.catalog()).toEqual(before)
  await it.start({ complete: true })
  expect(await it.base('select agent from runs where id = 1')).toEqual([{ agent: 'acme/a1' }])
  await it.expectClean()
})

const times = { type: 'alter_column', table: 'numbers', column: 'n', up: 'n * 10', down: 'n / 10' }
const plus = { type: 'alter_column', table: 'numbers', column: 'n', up: 'n + 3', down: 'n - 3' }
const chains = {
  'two alterations in one migration': { '2_both.json': actions(times, plus) },
  'two migrations in one batch': { '2_times.json': actions(times), '3_plus.json': actions(plus) },
}
for (const [title, files] of Object.entries(chains)) {
  scenario(35, `one column altered twice: ${title}`, async (engine) => {
    const it = await world(engine, {
      schema: 'create table numbers (id int primary key, n int not null)',
      rows: 'insert into numbers values (1, 4)',
      files,
    })
    const before = await it.catalog()
    await it.start()
    expect(await it.asNew('select n from numbers')).toEqual([{ n: 43 }])
    await it.asOld('update numbers set n = 7')
    expect(await it.asNew('select n from numbers')).toEqual([{ n: 73 }])
    await it.asNew('update numbers set n = 93')
    expect(await it.asOld('select n from numbers')).toEqual([{ n: 9 }])
    await it.asNew('insert into numbers values (2, 63)')
    await it.asOld('insert into numbers values (3, 8)')
    expect(await it.asOld('select n from numbers where id = 2')).toEqual([{ n: 6 }])
    expect(await it.asNew('select n from numbers where id = 3')).toEqual([{ n: 83 }])
    await it.abort()
    expect(await it.catalog()).toEqual(before)
    expect(await it.base('select n from numbers order by id')).toEqual([{ n: 9 }, { n: 6 }, { n: 8 }])
    await it.start({ complete: true })
    expect(await it.base('select n from numbers order by id')).toEqual([{ n: 93 }, { n: 63 }, { n: 83 }])
    expect(await it.base(columnsOf('public', 'numbers'))).toEqual([{ columns: 'id integer!, n integer!' }])
    await it.expectClean()
  })
}

scenario(35, 'NOT NULL survives a chain of changes', async (engine) => {
  const it = await world(engine, {
    schema: runs,
    rows,
    files: {
      '2_chain.json': actions(
        alter('state', { nullable: false }, { up: "coalesce(state, '')", down: 'state' }),
        alter('state', { name: 'status' }),
        alter('status', { type: 'VARCHAR(20)' }),
        alter('status', { default: "'new'" }),
      ),
    },
  })
  await it.start()
  await it.asOld("insert into runs values (10, 'a', 1, null)")
  await it.asNew('insert into runs (id, cost) values (11, 1)')
  expect(await it.asNew('select status from runs where id > 9 order by id')).toEqual([
    { status: '' },
    { status: 'new' },
  ])
  expect((await refusal(it.asNew('update runs set status = null where id = 1'))).text).toContain('null')
  await it.complete()
  expect(await it.base(columnsOf('migration_2_chain', 'runs'))).toEqual([
    { columns: 'id bigint, agent text, cost numeric(8,2), status character varying(20)' },
  ])
  expect((await refusal(it.base('update runs set status = null where id = 1'))).text).toContain('"status"')
  await it.base('insert into runs (id, cost) values (12, 1)')
  expect(await it.base('select status from runs where id = 12')).toEqual([{ status: 'new' }])
  await it.expectClean()
})

scenario(36, 'a rename alone makes no column, and both names work on their sides', async (engine) => {
  const it = await world(engine, {
    schema: runs,
    rows,
    files: { '2_status.json': actions(alter('state', { name: 'status' })) },
  })
  const before = await it.catalog()
  await it.start()
  expect(await it.catalog()).toEqual(before)
  await it.asOld("update runs set state = 'old' where id = 1")
  await it.asNew("update runs set status = 'new' where id = 2")
  expect(await it.asNew('select status from runs where id < 3 order by id')).toEqual([
    { status: 'old' },
    { status: 'new' },
  ])
  expect(await it.asOld('select state from runs where id = 2')).toEqual([{ state: 'new' }])
  expect((await refusal(it.asNew('select state from runs'))).message).toContain('"state" does not exist')
  expect((await refusal(it.asOld('select status from runs'))).message).toContain('"status" does not exist')
  await it.abort()
  expect(await it.catalog()).toEqual(before)
  await it.start({ complete: true })
  expect(await it.base(columnsOf('public', 'runs'))).toEqual([
    { columns: 'id bigint!, agent text, cost numeric(8,2)!, status text' },
  ])
  expect(await it.base('select status from runs where id = 2')).toEqual([{ status: 'new' }])
  await it.expectClean()
})

scenario(37, 'a rename with another type: the new name at the old place, during and after', async (engine) => {
  const it = await world(engine, {
    schema: `${runs}; create index runs_cost on runs (cost)`,
    rows,
    files: {
      '2_cents.json': actions(
        alter('cost', { name: 'cost_cents', type: 'INTEGER' }, { up: '(cost * 100)::int', down: 'cost / 100.0' }),
      ),
    },
  })
  const before = await it.catalog()
  await it.start()
  const view = [{ columns: 'id bigint, agent text, cost_cents integer, state text' }]
  expect(await it.base(columnsOf('migration_2_cents', 'runs'))).toEqual(view)
  expect(await it.asNew('select cost_cents from runs where id = 1')).toEqual([{ cost_cents: 25 }])
  await it.asNew('update runs set cost_cents = 130 where id = 1')
  expect(await it.asOld('select cost from runs where id = 1')).toEqual([{ cost: '1.30' }])
  await it.asOld('update runs set cost = 2.00 where id = 1')
  expect(await it.asNew('select cost_cents from runs where id = 1')).toEqual([{ cost_cents: 200 }])
  expect((await refusal(it.asOld('update runs set cost = 1000000'))).text).toContain('numeric field overflow')
  expect((await refusal(it.asOld('insert into runs (id) values (20)'))).text).toContain('"cost"')
  await it.asNew('update runs set cost_cents = 130 where id = 1')
  await it.abort()
  expect(await it.catalog()).toEqual(before)
  expect(await it.base('select cost from runs where id = 1')).toEqual([{ cost: '1.30' }])
  await it.start({ complete: true })
  expect(await it.base(columnsOf('migration_2_cents', 'runs'))).toEqual(view)
  expect(await it.base("select indexdef from pg_indexes where indexname = 'runs_cost'")).toEqual([
    { indexdef: 'CREATE INDEX runs_cost ON public.runs USING btree (cost_cents)' },
  ])
  expect((await refusal(it.base('update runs set cost_cents = null'))).text).toContain('"cost_cents"')
  await it.expectClean()
})

scenario(37, 'the place among the columns is kept by the versions after it', async (engine) => {
  const it = await world(engine, {
    schema: runs,
    rows,
    files: { '2_cents.json': actions(alter('cost', { type: 'INTEGER' }, { up: 'cost::int', down: 'cost' })) },
  })
  await it.start({ complete: true })
  it.files.write('3_status.json', actions(alter('state', { name: 'status' })))
  await it.start({ complete: true })
  expect(await it.base(columnsOf('migration_3_status', 'runs'))).toEqual([
    { columns: 'id bigint, agent text, cost integer, status text' },
  ])
  await it.expectClean()
})

scenario(38, 'NOT NULL: the old application may leave it null, the new one reads the substitute', async (engine) => {
  const it = await world(engine, {
    schema: runs,
    rows,
    files: {
      '2_body.json': actions({
        type: 'alter_column',
        table: 'notes',
        column: 'body',
        up: "coalesce(body, '')",
        changes: { nullable: false },
      }),
    },
  })
  const before = await it.catalog()
  await it.start()
  await it.asOld('insert into notes values (10, 1, null)')
  expect(await it.asNew('select id, body from notes where id > 8 order by id')).toEqual([
    { id: 9, body: '' },
    { id: 10, body: '' },
  ])
  expect((await refusal(it.asNew('insert into notes values (11, 1, null)'))).text).toContain('null')
  await it.abort()
  expect(await it.base('select id from notes where body is null order by id')).toEqual([{ id: 9 }, { id: 10 }])
  expect(await it.catalog()).toEqual(before)
  await it.start({ complete: true })
  expect(await it.base("select id from notes where body = '' order by id")).toEqual([{ id: 9 }, { id: 10 }])
  expect((await refusal(it.base('update notes set body = null'))).text).toContain('"body"')
  await it.expectClean()
})

scenario(39, 'nullable: the new application leaves it null, the old one reads the substitute', async (engine) => {
  const it = await world(engine, {
    schema: runs,
    rows,
    files: { '2_cost.json': actions(alter('cost', { nullable: true }, { down: 'coalesce(cost, 0)' })) },
  })
  const before = await it.catalog()
  await it.start()
  await it.asNew("insert into runs (id, agent) values (10, 'a')")
  await it.asNew('update runs set cost = null where id = 1')
  expect(await it.asNew('select id from runs where cost is null order by id')).toEqual([{ id: 1 }, { id: 10 }])
  expect(await it.asOld('select id, cost from runs where id in (1, 10) order by id')).toEqual([
    { id: 1, cost: '0.00' },
    { id: 10, cost: '0.00' },
  ])
  expect((await refusal(it.asOld('update runs set cost = null'))).text).toContain('"cost"')
  await it.abort()
  expect(await it.catalog()).toEqual(before)
  expect(await it.base('select cost from runs where id = 10')).toEqual([{ cost: '0.00' }])
  await it.start()
  await it.asNew('update runs set cost = null where id = 1')
  await it.complete()
  expect(await it.base('select id from runs where cost is null')).toEqual([{ id: 1 }])
  await it.expectClean()
})

scenario(40, 'a change of NOT NULL without an expression is refused', async (engine) => {
  const it = await world(engine, {
    schema: runs,
    rows,
    files: { '2_x.json': actions(alter('state', { nullable: false })) },
  })
  await expectRefused(it, {
    code: 'schema_conflict',
    message: 'runs.state must not be null any more, and nothing says what stands for the nulls of old sessions.',
    remedy: 'Add up = "coalesce(state, <value>)".',
  })
  it.files.write('2_x.json', actions(alter('cost', { nullable: true })))
  await expectRefused(it, {
    code: 'schema_conflict',
    message: 'New sessions may leave runs.cost null, and nothing says what old sessions read then.',
    remedy: 'Add down = "coalesce(cost, <value>)".',
  })
})

scenario(41, 'a default: each version has its own, and no row is touched', async (engine) => {
  const it = await world(engine, {
    schema: runs,
    rows,
    files: { '2_default.json': actions(alter('state', { default: "'queued'" })) },
  })
  const before = await it.catalog()
  const versions = "select string_agg(xmin::text || ctid::text, ' ' order by id) as versions from runs"
  const untouched = await it.base(versions)
  await it.start()
  expect(await it.base(versions)).toEqual(untouched)
  expect(await it.catalog()).toEqual(before)
  await it.asOld('insert into runs (id, cost) values (10, 1)')
  await it.asNew('insert into runs (id, cost) values (11, 1)')
  expect(await it.asOld('select state from runs where id > 9 order by id')).toEqual([
    { state: null },
    { state: 'queued' },
  ])
  await it.abort()
  expect(await it.catalog()).toEqual(before)
  await it.start({ complete: true })
  await it.base('insert into runs (id, cost) values (12, 1)')
  expect(await it.base('select state from runs where id = 12')).toEqual([{ state: 'queued' }])
  await it.expectClean()
})
