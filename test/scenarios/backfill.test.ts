import { expect } from 'vitest'
import { campaign } from '../harness/campaign.ts'
import { actions, scenario, world, type World } from './world.ts'

const size = campaign ? 200_000 : 5000

/** Tables that differ in how a row is recognised, each with `size` rows but for the last one. */
const schema = `
  create sequence counted;
  create table by_uuid (id uuid primary key default gen_random_uuid(), n int);
  create table "By Two" ("Left" int, "riGht" text, n int, primary key ("riGht", "Left"));
  create table by_nothing (n int);
  create table by_part (id int, place text, n int, primary key (id, place)) partition by list (place);
  create table part_a partition of by_part for values in ('a');
  create table part_b partition of by_part default;
  create table by_none_at_all (id int primary key, n int)`
const rows = `
  insert into by_uuid (n) select generate_series(1, ${size});
  insert into "By Two" select n % 7, 'r' || n, n from generate_series(1, ${size}) n;
  insert into by_nothing select generate_series(1, ${size});
  insert into by_part select n, case when n % 3 = 0 then 'a' else 'b' end, n from generate_series(1, ${size}) n`
const tables = ['by_uuid', 'By Two', 'by_nothing', 'by_part', 'by_none_at_all']

scenario(73, 'every row is computed once, whatever it is recognised by', async (engine) => {
  const it = await world(engine, {
    schema,
    rows,
    files: {
      '2_counted.json': actions(
        ...tables.map((table) => ({
          type: 'add_column',
          table,
          column: { name: 'place_in_order', type: 'BIGINT', nullable: false },
          up: "nextval('counted')",
        })),
      ),
    },
  })
  await it.start()
  const columns = tables.map((table) => `select place_in_order from "${table}"`).join(' union all ')
  const total = size * (tables.length - 1)
  expect(await it.asNew(`select count(distinct place_in_order)::int as count from (${columns}) as every`)).toEqual([
    { count: total },
  ])
  expect(await it.base('select last_value::int as last from counted')).toEqual([{ last: total }])
  await it.complete()
  await it.expectClean()
})

/** Writes as the old application does until it is told to stop; gives how often. */
async function writeUntil(it: World, stopped: () => boolean, statement: (turn: number) => string): Promise<number> {
  await using session = await it.database.session()
  await session.script('set search_path to migration_1_base')
  let turn = 0
  for (; !stopped(); turn += 1) await session.script(statement(turn))
  return turn
}

scenario(
  73,
  'inserts, deletes and changes of keys at full rate lose nothing, and do not prolong it',
  async (engine) => {
    const it = await world(engine, {
      schema,
      rows,
      files: {
        '2_double.json': actions(
          ...tables.map((table) => ({
            type: 'alter_column',
            table,
            column: 'n',
            changes: { name: 'double', type: 'BIGINT', nullable: false },
            up: 'coalesce(n, 0) * 2',
            down: 'n / 2',
          })),
        ),
      },
    })
    let over = false
    const stopped = () => over
    const writers = [
      writeUntil(it, stopped, (turn) => `insert into by_uuid (n) values (-${turn})`),
      writeUntil(it, stopped, (turn) => `update by_uuid set id = gen_random_uuid() where n = ${1 + (turn % size)}`),
      writeUntil(it, stopped, (turn) => `delete from by_nothing where n = ${size - turn}`),
      writeUntil(it, stopped, (turn) => `insert into by_nothing values (-${turn})`),
      writeUntil(it, stopped, (turn) => `update by_part set id = -id, place = 'a' where id = ${1 + (turn % size)}`),
      writeUntil(it, stopped, (turn) => `update "By Two" set "Left" = "Left" + 100 where "riGht" = 'r${turn % size}'`),
      writeUntil(it, stopped, (turn) => `insert into by_none_at_all values (${turn}, ${turn})`),
    ]
    await it.start().finally(() => {
      over = true
    })
    const turns = await Promise.all(writers)
    expect(Math.min(...turns)).toBeGreaterThan(0)
    const { oldSchema, newSchema } = await it.status()
    for (const table of tables) {
      const seen = await it.base(`
        select (select count(*)::int from "${oldSchema}"."${table}") as rows,
          (select count(*)::int from "${newSchema}"."${table}" where double is null) as missing,
          (select sum(n::bigint * 2) from "${oldSchema}"."${table}") = (select sum(double) from "${newSchema}"."${table}") as same`)
      expect(seen).toMatchObject([{ missing: 0, same: true }])
    }
    const count = async (table: string) =>
      (await it.asNew(`select count(*)::int as count from "${table}"`))[0]?.['count']
    expect(await count('by_uuid')).toBe(size + (turns[0] ?? 0))
    expect(await count('by_nothing')).toBe(size - Math.min(turns[2] ?? 0, size) + (turns[3] ?? 0))
    expect(await count('by_part')).toBe(size)
    expect(await count('By Two')).toBe(size)
    expect(await count('by_none_at_all')).toBe(turns[6])
    await it.complete()
    await it.expectClean()
  },
  { only: 'postgres' },
)
