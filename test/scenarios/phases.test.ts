import { expect } from 'vitest'
import { raw, sql, type Session } from '../../src/database/database.ts'
import { actions, refusal, scenario, world, type World } from './world.ts'

const schema = `
  create table runs (id bigint primary key, agent text, cost numeric(8,2) not null, changed_at timestamptz);
  create table busy (id bigint primary key)`
const rows = `insert into runs select n, 'acme/' || n, n from generate_series(1, 30) n`

const vendor = {
  type: 'add_column',
  table: 'runs',
  up: `split_part(agent, '/', 1)`,
  column: { name: 'vendor', type: 'TEXT', nullable: false },
}
const cents = {
  type: 'alter_column',
  table: 'runs',
  column: 'cost',
  up: '(cost * 100)::int',
  down: 'cost / 100.0',
  changes: { name: 'cents', type: 'INTEGER' },
}
const threeFiles = {
  '2_vendor.json': actions(vendor),
  '3_cents.json': actions(cents),
  '4_notes.json': actions({
    type: 'create_table',
    name: 'notes',
    primary_key: ['id'],
    columns: [{ name: 'id', type: 'BIGINT' }],
  }),
}
const versionSchemas = `select nspname as name from pg_namespace where nspname like 'migration%' order by 1`

scenario(
  66,
  'a batch of three is one version, and one entry of the history each when it is complete',
  async (engine) => {
    const it = await world(engine, { schema, rows, files: threeFiles })
    expect(await it.start()).toMatchObject({
      state: 'in_progress',
      inProgress: ['2_vendor', '3_cents', '4_notes'],
      newSchema: 'migration_4_notes',
    })
    expect(await it.base(versionSchemas)).toEqual([{ name: 'migration_1_base' }, { name: 'migration_4_notes' }])
    expect((await it.status()).applied).toEqual(['1_base'])
    const { applied } = await it.complete()
    expect(applied.map(({ name }) => name)).toEqual(['2_vendor', '3_cents', '4_notes'])
    expect((await it.status()).applied).toEqual(['1_base', '2_vendor', '3_cents', '4_notes'])
    expect(await it.base(versionSchemas)).toEqual([{ name: 'migration_4_notes' }])
    await it.expectClean()
  },
)

scenario(
  67,
  'when a batch is complete, the old version is gone, and what the new one has prepared goes on',
  async (engine) => {
    const it = await world(engine, { schema, rows, files: threeFiles })
    await it.start()
    await using before = await it.database.session()
    await using after = await it.database.session()
    await before.script(`set search_path to migration_1_base; prepare cost as select cost from runs where id = 1`)
    await after.script(`set search_path to migration_4_notes;
      prepare add(bigint, int) as insert into runs (id, agent, cents, vendor) values ($1, 'b/x', $2, 'b') returning cents;
      prepare change(bigint, int) as update runs set cents = $2 where id = $1 returning vendor, cents;
      prepare look as select id, agent, cents, vendor from runs where id in (1, 101, 102) order by id for update;
      prepare every as select * from runs where id = 1`)
    const run = (session: Session, text: string) => session.query(sql`${raw(text)}`)
    expect(await run(before, 'execute cost')).toEqual([{ cost: '1.00' }])
    expect(await run(after, 'execute add(101, 410)')).toEqual([{ cents: 410 }])
    expect(await run(after, 'execute change(1, 130)')).toEqual([{ vendor: 'acme', cents: 130 }])
    const [every] = await run(after, 'execute every')
    await it.complete()

    await expect(run(before, 'execute cost')).rejects.toMatchObject({ reason: 'missing_object' })
    expect(await run(after, 'execute add(102, 5)')).toEqual([{ cents: 5 }])
    expect(await run(after, 'execute change(101, 7)')).toEqual([{ vendor: 'b', cents: 7 }])
    expect(await run(after, 'execute look')).toEqual([
      { id: 1, agent: 'acme/1', cents: 130, vendor: 'acme' },
      { id: 101, agent: 'b/x', cents: 7, vendor: 'b' },
      { id: 102, agent: 'b/x', cents: 5, vendor: 'b' },
    ])
    expect(await run(after, 'execute every')).toEqual([every])
    await it.expectClean()
  },
  { only: 'postgres' },
)

/** Somebody who has done this in a transaction, and idles in it while the work goes on. */
async function whileIdle<T>(it: World, statement: string, work: (pid: number) => Promise<T>): Promise<T> {
  await using session = await it.database.session()
  return await session.transaction(async (tx) => {
    const [me] = await tx.query<{ pid: number }>(sql`select pg_backend_pid() as pid`)
    await tx.query(sql`${raw(statement)}`)
    return work(me?.pid ?? 0)
  })
}

const waits = `select 1 from pg_stat_activity
  where wait_event_type = 'Lock' and datname = current_database() and query like '%lock table%'`

scenario(
  71,
  'a start waits for an idle transaction, and no writer waits long behind it',
  async (engine) => {
    const it = await world(engine, { schema, rows, files: { '2_change.json': actions(vendor, cents) } })
    await using writer = await it.database.session()
    await writer.script(`set search_path to migration_1_base; set lock_timeout to '500ms'`)
    const { started } = await whileIdle(it, 'select id from runs where id = 1', async () => {
      const running = it.start()
      for (let round = 1; round <= 5; round++) {
        while ((await it.base(waits)).length === 0) await it.base('select pg_sleep(0.002)')
        await writer.query(sql`insert into runs (id, agent, cost) values (${100 + round}, 'b/x', 1)`)
      }
      return { started: running }
    })
    expect(await started).toMatchObject({ state: 'in_progress' })
    expect(await it.asNew('select count(*)::int as rows from runs where cents = 100 and vendor is not null')).toEqual([
      { rows: 6 },
    ])
  },
  { only: 'postgres' },
)

scenario(
  71,
  'past the deadline the start is taken back, and says who was in the way with what',
  async (engine) => {
    const it = await world(engine, {
      schema,
      rows,
      files: { '2_change.json': actions(vendor, cents) },
      engine: { lockDeadline: 300 },
    })
    const before = await it.catalog()
    await whileIdle(it, 'select id from runs where id = 1', async (pid) => {
      const refused = await refusal(it.start())
      expect(refused).toMatchObject({
        kind: 'failed',
        code: 'table_busy',
        message: 'The lock on table runs could not be had within 300 ms, because other sessions were in the way.',
      })
      expect(refused.text).toMatch(
        new RegExp(`\nServer process ${pid} .* uses runs; it last ran: select id from runs where id = …\n`),
      )
      expect(refused.text).toContain('Everything that the start of 2_change had done was taken back.')
    })
    expect(await it.catalog()).toEqual(before)
    expect(await it.status()).toMatchObject({ state: 'idle' })
    await it.expectClean()
  },
  { only: 'postgres' },
)

scenario(
  72,
  'who blocks the preparation of a completion leaves everything as it was',
  async (engine) => {
    const it = await world(engine, {
      schema,
      rows,
      files: { '2_change.json': actions(vendor, cents) },
      engine: { lockDeadline: 300 },
    })
    const before = await it.catalog()
    await it.start()
    await whileIdle(it, 'lock table runs in share update exclusive mode', async () => {
      expect(await refusal(it.complete())).toMatchObject({ kind: 'failed', code: 'table_busy' })
      expect(await it.status()).toMatchObject({ state: 'in_progress', oldSchema: 'migration_1_base' })
      await it.asOld(`insert into runs (id, agent, cost) values (101, 'b/x', 2)`)
      expect(await it.asNew('select cents, vendor from runs where id = 101')).toEqual([{ cents: 200, vendor: 'b' }])
    })
    await it.abort()
    expect(await it.catalog()).toEqual(before)
    await it.expectClean()
  },
  { only: 'postgres' },
)

scenario(
  72,
  'who blocks a swap leaves it completing, and the next completion finishes',
  async (engine) => {
    const it = await world(engine, {
      schema,
      rows,
      files: { '2_change.json': actions(vendor, cents) },
      engine: { lockDeadline: 300 },
    })
    await it.start()
    await whileIdle(it, 'select id from public.runs where id = 1', async (pid) => {
      const refused = await refusal(it.complete())
      expect(refused).toMatchObject({ kind: 'failed', code: 'table_busy' })
      expect(refused.text).toContain(`Server process ${pid} `)
      expect(await it.status()).toMatchObject({ state: 'completing', oldSchema: null, newSchema: 'migration_2_change' })
      await it.asNew(`insert into runs (id, agent, cents, vendor) values (101, 'b/x', 210, 'b')`)
      expect(await refusal(it.abort())).toMatchObject({ kind: 'state', code: 'batch_not_abortable' })
    })
    expect(await it.complete()).toMatchObject({ outcome: 'completed' })
    expect(await it.base('select cents, vendor from runs where id in (1, 101) order by id')).toEqual([
      { cents: 100, vendor: 'acme' },
      { cents: 210, vendor: 'b' },
    ])
    await it.expectClean()
  },
  { only: 'postgres' },
)

const tablesOfEveryKind: Readonly<Record<string, string>> = {
  by_uuid: 'id uuid primary key default gen_random_uuid()',
  by_two: 'a int generated always as identity, b text default md5(random()::text), primary key (b, a)',
  'By "Case"': '"The Id" int generated always as identity primary key',
  by_none: 'note text',
  by_identity: 'id bigint generated always as identity primary key',
}

scenario(73, 'every row has its value, whatever the key of its table is', async (engine) => {
  const keyed = Object.entries(tablesOfEveryKind)
  const names = [...keyed.map(([name]) => name), 'parts', 'empty']
  const quoted = (name: string) => `"${name.replaceAll('"', '""')}"`
  const it = await world(engine, {
    schema: `${keyed.map(([name, keys]) => `create table ${quoted(name)} (${keys}, n int);`).join('\n')}
      create table parts (n int, place text) partition by list (place);
      create table parts_a partition of parts for values in ('a');
      create table parts_b partition of parts default;
      create table empty (n int)`,
    rows: `${keyed.map(([name]) => `insert into ${quoted(name)} (n) select generate_series(1, 1000);`).join('\n')}
      insert into parts select n, chr(97 + n % 3) from generate_series(1, 1000) n;`,
    files: {
      '2_double.json': actions(
        ...names.map((table) => ({
          type: 'add_column',
          table,
          up: 'n * 2',
          column: { name: 'double', type: 'INTEGER', nullable: false },
        })),
      ),
    },
  })
  await it.start({ backfill: { batchSize: 100 } })
  const { backfills } = await it.status()
  // The empty one has none.
  expect(backfills.map(({ rowsDone, done }) => ({ rowsDone, done }))).toEqual(
    names.slice(1).map(() => ({ rowsDone: 1000, done: true })),
  )
  const count = (name: string) =>
    it.asNew(`select count(*)::int as rows, count(*) filter (where double = n * 2)::int as right from ${quoted(name)}`)
  for (const name of names) {
    const all = name === 'empty' ? 0 : 1000
    expect({ name, counts: await count(name) }).toEqual({ name, counts: [{ rows: all, right: all }] })
  }
  await it.complete()
  await it.expectClean()
})

scenario(75, 'a trigger of the application that notes changes does not fire for a backfill', async (engine) => {
  const it = await world(engine, {
    schema: `${schema};
      create function note_change() returns trigger language plpgsql as
        $$ begin new.changed_at := '2020-01-01'; return new; end $$;
      create trigger note_change before update on runs for each row execute function note_change()`,
    rows,
    files: { '2_change.json': actions(vendor, cents) },
  })
  const changed = 'select count(*)::int as rows from runs where changed_at is not null'
  await it.start()
  expect(await it.asNew(changed)).toEqual([{ rows: 0 }])
  await it.asOld(`update runs set agent = 'b/x' where id = 1`)
  await it.asNew(`update runs set cents = 5 where id = 2`)
  expect(await it.asOld(changed)).toEqual([{ rows: 2 }])
  await it.complete()
  expect(await it.base(changed)).toEqual([{ rows: 2 }])
})

scenario(81, 'what an abort loses is counted, and kept where that is wanted', async (engine) => {
  const it = await world(engine, {
    schema,
    rows,
    files: { '2_label.json': actions({ type: 'add_column', table: 'runs', column: { name: 'label', type: 'TEXT' } }) },
  })
  const before = await it.catalog()
  await it.start()
  await it.asNew(`update runs set label = 'label ' || id where id <= 5`)
  const told: unknown[] = []
  const kept = await it.abort({ confirm: (losses) => Promise.resolve(told.push(losses) > 1) })
  expect({ outcome: kept.outcome, told }).toEqual({ outcome: 'kept', told: [[{ what: 'runs.label', rows: 5 }]] })
  expect(await it.status()).toMatchObject({ state: 'in_progress' })
  expect(await it.abort({ saveLost: 't' })).toMatchObject({
    outcome: 'aborted',
    lost: [{ what: 'runs.label', rows: 5 }],
    saved: ['t'],
  })
  expect(await it.base('select id, label from t order by id')).toEqual(
    [1, 2, 3, 4, 5].map((id) => ({ id, label: `label ${id}` })),
  )
  await it.base('drop table t')
  expect(await it.catalog()).toEqual(before)
  await it.expectClean()
})
