import { expect } from 'vitest'
import { actions, scenario, world, type World } from './world.ts'

const schema = `
  create table "Run's" ("order" bigint generated always as identity primary key, agent text not null, "a""b" numeric(8,2));
  create index on "Run's" (agent);
  create table notes (id bigint primary key, run_id bigint references "Run's", body text check (body <> ''));
  comment on table notes is 'what is kept';
  create table parts (id bigint, place text, primary key (id, place)) partition by list (place);
  create table parts_a partition of parts for values in ('a');
  create table parts_b partition of parts default`
const rows = `
  insert into "Run's" (agent, "a""b") select 'a' || n, n from generate_series(1, 20) n;
  insert into notes select n, n, 'note ' || n from generate_series(1, 20) n;
  insert into parts select n, case when n % 2 = 0 then 'a' else 'b' end from generate_series(1, 20) n`

const long = 'a_table_with_a_name_that_is_as_long_as_a_name_of_PostgreSQL_is.'
const identity = { name: 'from', type: 'BIGINT', generated: 'BY DEFAULT AS IDENTITY' }

/** Each list of actions, and a query of what they made, on the completed base schema. */
const cases: Readonly<Record<string, { readonly list: readonly object[]; readonly made: string }>> = {
  'create_table under every kind of name': {
    list: [
      {
        type: 'create_table',
        name: 'End "of" it',
        primary_key: ['from', 'x y'],
        columns: [
          identity,
          { name: 'x y', type: 'varchar(20)', comment: "it's" },
          { name: 'run', type: 'BIGINT', nullable: false },
        ],
        foreign_keys: [
          { columns: ['run'], referenced_table: "Run's", referenced_columns: ['order'], on_delete: 'CASCADE' },
        ],
        checks: [{ expression: 'run > 0' }, { name: 'Long', expression: 'length("x y") > 1' }],
        comment: 'a comment',
      },
      { type: 'add_index', table: 'End "of" it', index: { name: 'The Index', columns: ['x y', 'run'] } },
    ],
    made: 'select * from "End ""of"" it"',
  },
  'create_table from another table, with the longest names': {
    list: [
      {
        type: 'create_table',
        name: long,
        primary_key: ['from'],
        columns: [identity, { name: `${long.slice(0, 62)}2`, type: 'TEXT', nullable: false }],
        up: { table: "Run's", values: { from: '"order"', [`${long.slice(0, 62)}2`]: `agent || "Run's"."a""b"` } },
      },
    ],
    made: `select * from "${long}" order by 1`,
  },
  'create_table from a partitioned table': {
    list: [
      {
        type: 'create_table',
        name: 'copies',
        primary_key: ['id'],
        columns: [
          { name: 'id', type: 'BIGINT' },
          { name: 'place', type: 'TEXT' },
        ],
        up: { table: 'parts', values: { id: 'id', place: 'place' }, on_source_delete: 'delete' },
      },
    ],
    made: 'select * from copies order by 1',
  },
  rename_table: {
    list: [{ type: 'rename_table', table: "Run's", new_name: long }],
    made: `select * from "${long}" order by 1`,
  },
  'rename_table of a partitioned table': {
    list: [{ type: 'rename_table', table: 'parts', new_name: 'Pieces' }],
    made: 'select * from "Pieces" order by 1',
  },
  remove_table: {
    list: [{ type: 'remove_table', table: 'notes' }],
    made: `select * from "Run's" order by 1`,
  },
  'remove_table of a table and, after it, of the one that it refers to': {
    list: [
      { type: 'remove_table', table: 'notes' },
      { type: 'remove_table', table: "Run's" },
    ],
    made: 'select * from parts order by 1',
  },
  'remove_table of a partitioned table': {
    list: [{ type: 'remove_table', table: 'parts' }],
    made: 'select * from notes order by 1',
  },
  'create_table under the name of a removed one, from another': {
    list: [
      { type: 'remove_table', table: 'notes' },
      {
        type: 'create_table',
        name: 'notes',
        primary_key: ['id'],
        columns: [
          { name: 'id', type: 'BIGINT', generated: 'BY DEFAULT AS IDENTITY' },
          { name: 'text', type: 'TEXT', nullable: false },
        ],
        checks: [{ expression: "notes.text <> ''" }],
        up: { table: "Run's", values: { id: '"order"', text: 'agent' } },
      },
    ],
    made: 'select * from notes order by 1',
  },
}

/** The catalog and what the actions made; identity values of the base schema stand for themselves. */
async function outcome(it: World, made: string): Promise<unknown> {
  return { catalog: await it.catalog(), rows: await it.base(made) }
}

for (const [name, { list, made }] of Object.entries(cases)) {
  scenario(69, `start, abort, start and complete of ${name} is start and complete`, async (engine) => {
    const files = { '2_change.json': actions(...list) }
    const straight = await world(engine, { schema, rows, files })
    await straight.start()
    await straight.complete()
    await straight.expectClean()

    const it = await world(engine, { schema, rows, files })
    const before = await it.catalog()
    await it.start()
    await it.abort()
    expect(await it.catalog()).toEqual(before)
    await it.expectClean()
    await it.start()
    await it.complete()
    expect(await outcome(it, made)).toEqual(await outcome(straight, made))
    await it.expectClean()
  })
}
