import { describe, expect, test } from 'vitest'
import { backfillBench, doubled, doublePlan, type BackfillBench } from '../../../test/harness/backfill.ts'
import { engines, freshPostgresUrl } from '../../../test/harness/engines.ts'
import { raw, sql } from '../../database/database.ts'
import type { DerivePlan, UpdatePlan } from './plan.ts'

const remedy = 'Correct the row, or the expression that its value comes from, and run again.'

async function runs(url: string, columns: string, rows: number): Promise<BackfillBench> {
  const bench = await backfillBench(url)
  await bench.session.script(`
    create table runs (${columns}, ${doubled});
    insert into runs (n) select i from generate_series(1, ${rows}) i`)
  return bench
}

async function count({ session }: BackfillBench, from: string): Promise<number> {
  const [row] = await session.query<{ count: number }>(sql`select count(*) as count from ${raw(from)}`)
  return row?.count ?? -1
}

const identity = 'id int generated always as identity primary key'
const divided = (changes: Partial<UpdatePlan> = {}) =>
  doublePlan('runs', {
    assignments: [{ column: 'double', value: sql`(n * 2 + 0 / (n - 1900))`, type: 'bigint' }],
    ...changes,
  })

describe.each(engines.filter(({ name }) => name !== 'sqlite'))(
  'a backfill that a row fails on $name',
  ({ freshUrl }) => {
    test('names the migration, the column as its author calls it, and the row', async () => {
      await using bench = await runs(await freshUrl(), identity, 2500)
      const plan = divided({ origins: [{ column: 'double', name: 'twice', migration: '004_double' }] })
      await expect(bench.run(plan)).rejects.toMatchObject({
        code: 'backfill_failed',
        message: '004_double cannot fill column twice for the row of public.runs where id = 1900: division by zero.',
        where: 'public.runs.twice',
        remedy,
      })
      // Earlier batches are kept, and the row can be mended.
      expect((await bench.journal())?.rows).toBeGreaterThan(0)
      await bench.session.script('update runs set n = 0 where id = 1900')
      expect(await bench.run(plan)).toMatchObject({ rows: 2500 })
      expect(await count(bench, 'runs where double is distinct from n * 2')).toBe(0)
    })

    test('names all columns of its key, and shortens long ones', async () => {
      await using bench = await runs(
        await freshUrl(),
        `b text default repeat('x', 100), a int generated always as identity, primary key (b, a)`,
        2500,
      )
      await expect(bench.run(divided({ key: ['b', 'a'] }))).rejects.toMatchObject({
        message: `004_double cannot fill column double for the row of public.runs where b = ${'x'.repeat(79)}… and a = 1900: division by zero.`,
      })
    })

    test('names its place where it has no key', async () => {
      await using bench = await runs(await freshUrl(), 'note text', 2500)
      const [row] = await bench.session.query<{ place: string }>(
        sql`select ctid::text as place from runs where n = 1900`,
      )
      await expect(bench.run(divided({ key: [] }))).rejects.toMatchObject({
        message: `004_double cannot fill column double for the row of public.runs where ctid = ${row?.place}: division by zero.`,
      })
    })

    test('tells which of several columns it was', async () => {
      await using bench = await runs(await freshUrl(), `${identity}, third int, check (third <> 1900)`, 2500)
      const plan = doublePlan('runs', {
        assignments: [
          { column: 'double', value: sql`(n * 2)`, type: 'bigint' },
          { column: 'third', value: sql`(n)`, type: 'int' },
        ],
        origins: [
          { column: 'double', migration: '004_double' },
          { column: 'third', migration: '005_third' },
        ],
      })
      const failure: unknown = await bench.run(plan).catch((error: unknown) => error)
      expect(failure).toMatchObject({
        message:
          '005_third cannot fill column third for the row of public.runs where id = 1900: new row for relation "runs" violates check constraint "runs_third_check".',
        where: 'public.runs.third',
      })
      // The server would show the whole row.
      expect(JSON.stringify(failure)).not.toContain('Failing row')
    })

    test('names the migrations where only all columns together are refused', async () => {
      await using bench = await runs(await freshUrl(), `${identity}, third int, check (double + third <> 5700)`, 2500)
      const plan = doublePlan('runs', {
        assignments: [
          { column: 'double', value: sql`(n * 2)`, type: 'bigint' },
          { column: 'third', value: sql`(n)`, type: 'int' },
        ],
        origins: [
          { column: 'double', migration: '004_double' },
          { column: 'third', migration: '005_third' },
        ],
      })
      await expect(bench.run(plan)).rejects.toMatchObject({
        message:
          '004_double and 005_third cannot fill the new columns for the row of public.runs where id = 1900: new row for relation "runs" violates check constraint "runs_check".',
        where: 'public.runs',
      })
    })

    test('finds it in a partition', async () => {
      await using bench = await backfillBench(await freshUrl())
      await bench.session.script(`
      create table runs (id int, ${doubled}) partition by hash (id);
      create table runs_0 partition of runs for values with (modulus 2, remainder 0);
      create table runs_1 partition of runs for values with (modulus 2, remainder 1);
      insert into runs (id, n) select i, i from generate_series(1, 2500) i`)
      await expect(bench.run(divided())).rejects.toMatchObject({
        message: '004_double cannot fill column double for the row of public.runs where id = 1900: division by zero.',
      })
    })

    test('names the source row of one that cannot be made', async () => {
      await using bench = await runs(await freshUrl(), identity, 2500)
      await bench.session.script('create table costs (run_id int primary key, cents int not null)')
      const plan: DerivePlan = {
        kind: 'derive',
        schema: 'public',
        table: 'runs',
        alias: 'runs',
        into: 'costs',
        values: [
          { column: 'run_id', value: sql`(id)` },
          { column: 'cents', value: sql`(nullif(n, 1900))` },
        ],
        conflict: ['run_id'],
        lockSource: false,
        migration: '005_costs',
      }
      await expect(bench.run(plan)).rejects.toMatchObject({
        code: 'backfill_failed',
        message:
          '005_costs cannot make rows of public.costs from the row of public.runs where id = 1900: null value in column "cents" of relation "costs" violates not-null constraint.',
        where: 'public.runs',
        remedy,
        details: [],
      })
      await bench.session.script('update runs set n = 0 where id = 1900')
      expect(await bench.run(plan)).toMatchObject({ rows: 2500 })
      expect(await count(bench, 'costs')).toBe(2500)
    })

    test('leaves it pending where the plan says so, and does all others', async () => {
      await using bench = await runs(await freshUrl(), identity, 2500)
      const plan = doublePlan('runs', {
        errors: 'defer',
        assignments: [{ column: 'double', value: sql`(n * 2 + 0 / (n % 500))`, type: 'bigint' }],
      })
      expect(await bench.run(plan)).toMatchObject({ rows: 2495, deferred: 5 })
      expect(await count(bench, 'runs where __pending and n % 500 = 0 and double is null')).toBe(5)
      expect(await count(bench, 'runs where not __pending and double = n * 2')).toBe(2495)
    })

    test('says what is wrong with a query that gives the values', async () => {
      await using bench = await runs(await freshUrl(), identity, 20)
      const asking = (query: string) =>
        doublePlan('runs', { queries: [{ column: 'double', type: 'bigint', query: raw(query) }] })
      const corrected = 'Correct the query: it is to give id and the value, once for each row.'
      await expect(bench.run(asking('select id, n / (n - 7) from runs'))).rejects.toMatchObject({
        code: 'backfill_failed',
        message: 'The backfill query of 004_double for column double failed: division by zero.',
        where: 'public.runs.double',
        remedy: corrected,
      })
      await expect(bench.run(asking('select id / 2, n from runs'))).rejects.toMatchObject({
        message: 'The backfill query of 004_double for column double gives a row more than one value.',
        remedy: corrected,
      })
      await expect(bench.run(asking('select id, n, n from runs'))).rejects.toMatchObject({
        message:
          'The backfill query of 004_double for column double failed: INSERT has more expressions than target columns.',
      })
      expect(await count(bench, "pg_class where relnamespace = 'metastore_sync'::regnamespace")).toBe(0)
      expect(await count(bench, 'runs where __pending')).toBe(20)
    })

    test('ends where a trigger suppresses every update, instead of trying for ever', async () => {
      await using bench = await runs(await freshUrl(), identity, 20)
      await bench.session.script(`
      create function suppress() returns trigger language plpgsql as $$
      begin if new.id < 4 then return null; end if; return new; end $$;
      create trigger suppress before update on runs for each row execute function suppress();
      alter table runs enable always trigger suppress`)
      await expect(bench.run(doublePlan('runs'))).rejects.toMatchObject({
        code: 'backfill_failed',
        message: '3 rows of public.runs stay as they are although nothing refuses their update.',
        where: 'public.runs',
        remedy:
          'Look for a trigger or a rule of the table that suppresses updates, turn it off meanwhile, and run again.',
      })
    })

    test('fails instead of seeing nothing where row-level security hides the rows from the role', async () => {
      await using bench = await runs(await freshUrl(), identity, 20)
      await bench.session.script(`
      alter table runs enable row level security, force row level security;
      ${ownedBy('hidden_owner')}`)
      await expect(bench.run(doublePlan('runs'), { role: 'hidden_owner' })).rejects.toMatchObject({
        code: 'statement_failed',
        reason: 'permission',
        message: 'query would be affected by row-level security policy for table "runs".',
      })
      expect(await count(bench, 'runs where __pending')).toBe(20)
    })
  },
)

function ownedBy(role: string): string {
  return `
    create role ${role};
    alter table runs owner to ${role};
    grant all on schema public, metastore to ${role};
    grant all on all tables in schema metastore to ${role}`
}

describe("the application's triggers", () => {
  const touch = `
    create function touch() returns trigger language plpgsql as $$
    begin new.touched := true; return new; end $$;
    create trigger touch before update on runs for each row execute function touch()`

  test.each([
    { who: 'a superuser', role: undefined, touched: 0 },
    { who: 'an owner who may turn them off', role: 'may_turn_off', touched: 0 },
    { who: 'an owner who may not', role: 'may_not', touched: 20 },
  ])('fire for $touched rows when the backfill runs as $who', async ({ role, touched }) => {
    await using bench = await runs(await freshPostgresUrl(18), `${identity}, touched bool`, 20)
    await bench.session.script(touch)
    if (role !== undefined) await bench.session.script(ownedBy(role))
    if (role === 'may_turn_off')
      await bench.session.script(`grant set on parameter session_replication_role to ${role}`)
    try {
      expect(await bench.run(doublePlan('runs'), { ...(role !== undefined && { role }) })).toMatchObject({ rows: 20 })
      expect(await count(bench, 'runs where touched')).toBe(touched)
      expect(await count(bench, 'runs where double = n * 2 and not __pending')).toBe(20)
    } finally {
      if (role !== undefined) await bench.session.script(`drop owned by ${role} cascade; drop role ${role}`)
    }
  })
})
