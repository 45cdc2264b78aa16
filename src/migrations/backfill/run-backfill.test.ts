import { describe, expect, test } from 'vitest'
import { backfillBench, countWrites, doubled, doublePlan, type BackfillBench } from '../../../test/harness/backfill.ts'
import { campaign } from '../../../test/harness/campaign.ts'
import { engines, postgresVersions } from '../../../test/harness/engines.ts'
import { sql } from '../../database/database.ts'
import type { ProgressEvent } from '../../progress.ts'

const servers = [
  ...engines.filter(({ name }) => name !== 'sqlite').map(({ name, freshUrl }) => ({ name: name as string, freshUrl })),
  ...postgresVersions
    .filter(({ version }) => version !== 18)
    .map(({ version, freshUrl }) => ({ name: `postgres ${version}`, freshUrl })),
]

async function state({ session }: BackfillBench, table: string) {
  const [row] = await session.query<{ rows: number; wrong: number; writes: number }>(sql`
    select
      count(*) as rows,
      count(*) filter (where t.double is distinct from t.n * 2 or t.__pending) as wrong,
      (select count(*) from public.writes) as writes
    from public.${table === 'Runs' ? sql`"Runs"` : sql`runs`} t`)
  return row
}

describe.each(servers)('a backfill on $name', ({ freshUrl }) => {
  const rows = 20_000

  test.each([
    { key: 'uuid', table: 'id uuid primary key default gen_random_uuid()', plan: { key: ['id'] } },
    {
      key: 'composite',
      table: 'a int generated always as identity, b text default md5(random()::text), primary key (b, a)',
      plan: { key: ['b', 'a'] },
    },
    { key: 'mixed-case', table: '"The Id" int generated always as identity primary key', plan: { key: ['The Id'] } },
    { key: 'missing', table: 'note text', plan: { key: [] } },
  ])('scenario 73: brings each row up to date once where the key is $key', async ({ table, plan }) => {
    const rows = campaign ? 200_000 : 20_000
    await using bench = await backfillBench(await freshUrl())
    await bench.session.script(`
      create table runs (${table}, ${doubled});
      insert into runs (n) select generate_series(1, ${rows});
      ${countWrites('runs')}`)
    const result = await bench.run(doublePlan('runs', plan))
    expect(result).toMatchObject({ rows, deferred: 0 })
    expect(result.batches).toBeLessThanOrEqual(rows / 1000 + 2)
    expect(await state(bench, 'runs')).toEqual({ rows, wrong: 0, writes: rows })
  })

  test('does so in a table and columns with names that need quotes', async () => {
    await using bench = await backfillBench(await freshUrl())
    await bench.session.script(`
      create table "Runs" (id int generated always as identity, "the ""N""" int, "Select" int, n bigint, double bigint, "from" boolean default true);
      insert into "Runs" ("the ""N""", n) select i, i from generate_series(1, 500) i`)
    const plan = doublePlan('Runs', {
      alias: 'where',
      pending: 'from',
      assignments: [{ column: 'Select', value: sql`("where"."the ""N""" + 1)`, type: 'int' }],
    })
    expect(await bench.run(plan)).toMatchObject({ rows: 500 })
    expect(
      await bench.session.query(sql`select count(*) as n from "Runs" where "Select" = n + 1 and not "from"`),
    ).toEqual([{ n: 500 }])
  })

  test('scenario 73: does so in every partition and sub-partition, with batches that span them', async () => {
    await using bench = await backfillBench(await freshUrl())
    await bench.session.script(`
      create table runs (id int, ${doubled}) partition by list (id);
      create table runs_0 partition of runs for values in (0, 1) partition by range (n);
      create table runs_0_a partition of runs_0 for values from (minvalue) to (5000);
      create table runs_0_b partition of runs_0 for values from (5000) to (maxvalue);
      create table runs_1 (n bigint, dropped int, __pending boolean default true, double bigint, id int);
      alter table runs_1 drop column dropped;
      alter table runs attach partition runs_1 for values in (2);
      ${Array.from({ length: 20 }, (_, i) => `create table runs_${i + 3} partition of runs for values in (${i + 3});`).join('\n')}
      insert into runs (id, n) select i % 23, i from generate_series(1, ${rows}) i`)
    const result = await bench.run(doublePlan('runs'))
    expect(result).toMatchObject({ rows })
    expect(result.batches).toBeLessThanOrEqual(rows / 1000 + 2)
    expect(await state(bench, 'runs')).toMatchObject({ rows, wrong: 0 })
  })

  test('scenario 73: has nothing to do in an empty table, with no batch', async () => {
    await using bench = await backfillBench(await freshUrl())
    await bench.session.script(`create table runs (id int, ${doubled})`)
    const events: ProgressEvent[] = []
    expect(await bench.run(doublePlan('runs'), { onProgress: (event) => events.push(event) })).toEqual({
      rows: 0,
      batches: 0,
      deferred: 0,
    })
    expect(await bench.journal()).toBeNull()
    expect(events.map(({ kind }) => kind)).toEqual(['begin', 'advance', 'end'])
  })

  test('does not need more batches where most rows are dead', async () => {
    await using bench = await backfillBench(await freshUrl())
    await bench.session.script(`
      create table runs (id int, ${doubled}) with (autovacuum_enabled = off);
      insert into runs (id, n) select i, i from generate_series(1, ${rows}) i;
      delete from runs where id <= 9000 or id % 10 < 8`)
    const result = await bench.run(doublePlan('runs'), { options: { batchSize: 200 } })
    expect(result).toMatchObject({ rows: 2200 })
    expect(result.batches).toBeLessThanOrEqual(2200 / 200 + 3)
    expect(await state(bench, 'runs')).toMatchObject({ rows: 2200, wrong: 0 })
  })

  test('takes values from a query that is run once, and leaves nothing of it', async () => {
    await using bench = await backfillBench(await freshUrl())
    await bench.session.script(`
      create table runs (chat uuid default gen_random_uuid(), "No" int, rank int, ${doubled}, primary key ("No", chat));
      insert into runs ("No", n) select i % 100, i from generate_series(1, 3000) i`)
    const plan = doublePlan('runs', {
      key: ['No', 'chat'],
      queries: [
        {
          column: 'rank',
          type: 'int',
          query: sql`select "No", chat, row_number() over (partition by "No" order by n) from runs where "No" <> 7`,
        },
      ],
      assignments: [
        { column: 'double', value: sql`(n * 2)`, type: 'bigint' },
        { column: 'rank', value: sql`(1 / 0)`, type: 'int' },
      ],
    })
    expect(await bench.run(plan)).toMatchObject({ rows: 3000 })
    expect(
      await bench.session.query(sql`
        select count(*) as wrong from (
          select rank, "No", row_number() over (partition by "No" order by n) as expected from runs) as r
        where rank is distinct from case when "No" <> 7 then expected end`),
    ).toEqual([{ wrong: 0 }])
    expect(await state(bench, 'runs')).toMatchObject({ rows: 3000, wrong: 0 })
    expect(
      await bench.session.query(sql`select relname from pg_class where relnamespace = 'metastore_sync'::regnamespace`),
    ).toEqual([])
  })

  test('makes the rows of a new table, and leaves those that are there', async () => {
    await using bench = await backfillBench(await freshUrl())
    await bench.session.script(`
      create table runs (id int generated always as identity primary key, cost numeric);
      insert into runs (cost) select i / 100.0 from generate_series(1, 2500) i;
      create table run_costs (run_id int primary key references runs, cents int);
      insert into run_costs values (7, -1)`)
    const result = await bench.run({
      kind: 'derive',
      schema: 'public',
      table: 'runs',
      alias: 'runs',
      into: 'run_costs',
      values: [
        { column: 'run_id', value: sql`(id)` },
        { column: 'cents', value: sql`((cost * 100)::int)` },
      ],
      conflict: ['run_id'],
      lockSource: true,
      migration: '005_costs',
    })
    expect(result).toMatchObject({ rows: 2499 })
    expect(
      await bench.session.query(
        sql`select count(*) as n from run_costs where cents = case when run_id = 7 then -1 else run_id end`,
      ),
    ).toEqual([{ n: 2500 }])
  })

  test('tells how far it is, of how many rows, and in which unit', async () => {
    await using bench = await backfillBench(await freshUrl())
    await bench.session.script(`
      create table runs (id int, ${doubled});
      insert into runs (id, n) select i, i from generate_series(1, 3000) i;
      analyze runs`)
    const events: ProgressEvent[] = []
    await bench.run(doublePlan('runs'), { onProgress: (event) => events.push(event) })
    expect(events[0]).toEqual({ kind: 'begin', task: 'backfill public.runs', total: 3000, unit: 'rows' })
    const done = events.flatMap((event) => (event.kind === 'advance' ? [event.done] : []))
    expect(done[0]).toBe(0)
    expect(done.at(-1)).toBe(3000)
    expect(done).toEqual(done.toSorted((a, b) => a - b))
    expect(events.at(-1)).toEqual({ kind: 'end', task: 'backfill public.runs' })
  })

  test('looks names up in the search path that it is given', async () => {
    await using bench = await backfillBench(await freshUrl())
    await bench.session.script(`
      create schema app;
      create function app.twice(bigint) returns bigint language sql as 'select $1 * 2';
      create table runs (id int, ${doubled});
      insert into runs (n) select generate_series(1, 10)`)
    const plan = doublePlan('runs', {
      assignments: [{ column: 'double', value: sql`(twice(n))`, type: 'bigint' }],
    })
    expect(await bench.run(plan, { searchPath: ['no such schema', 'app'] })).toMatchObject({ rows: 10 })
    expect(await state(bench, 'runs')).toMatchObject({ wrong: 0 })
  })
})
