import { expect } from 'vitest'
import { sql } from '../../src/database/database.ts'
import { actions, expectRefused, refusal, scenario, world } from './world.ts'

const schema = `
  create table runs (id bigint primary key, agent text, cost numeric(8,2) not null, state text);
  create table notes (id bigint primary key, run_id bigint, body text)`
const rows = `
  insert into runs values (7, 'acme/a1', 0.25, 'done');
  insert into notes values (1, 7, 'first'), (2, 7, 'second')`

const create = (name: string, columns: readonly object[], rest: object = {}) => ({
  type: 'create_table',
  name,
  primary_key: ['id'],
  columns,
  ...rest,
})
const big = { name: 'id', type: 'BIGINT' }
const copied = { table: 'runs', values: { run_id: 'id', cents: '(cost * 100)::int' } }
const costColumns = [
  { name: 'run_id', type: 'BIGINT' },
  { name: 'cents', type: 'INTEGER' },
]
const costs = create('run_costs', costColumns, { primary_key: ['run_id'], up: copied })

scenario(14, 'a table with identity, defaults and a key to one made before it in the batch', async (engine) => {
  const identity = { name: 'id', type: 'BIGINT', generated: 'ALWAYS AS IDENTITY' }
  const kinds = create('kinds', [identity, { name: 'label', type: 'TEXT', nullable: false, default: "'it''s new'" }])
  const items = create(
    'items',
    [
      identity,
      { name: 'kind_id', type: 'BIGINT', nullable: false },
      { name: 'twice', type: 'BIGINT', generated: 'ALWAYS AS (kind_id * 2) STORED' },
      { name: 'made', type: 'timestamptz(3)', default: 'now()' },
    ],
    { foreign_keys: [{ columns: ['kind_id'], referenced_table: 'kinds', referenced_columns: ['id'] }] },
  )
  const it = await world(engine, { schema, rows, files: { '2_items.json': actions(kinds, items) } })
  const before = await it.catalog()

  await it.start()
  expect(await it.asNew('insert into kinds default values returning id, label')).toEqual([{ id: 1, label: "it's new" }])
  expect(
    await it.asNew('insert into items (kind_id) values (1) returning id, twice, made is not null as made'),
  ).toEqual([{ id: 1, twice: 2, made: true }])
  expect((await refusal(it.asNew('insert into items (kind_id) values (9)'))).message).toBe(
    'insert or update on table "items" violates foreign key constraint "items_kind_id_fkey".',
  )
  expect((await refusal(it.asOld('select id from kinds'))).message).toBe('relation "kinds" does not exist.')
  expect(await it.abort()).toMatchObject({
    lost: [
      { what: 'kinds', rows: 1 },
      { what: 'items', rows: 1 },
    ],
  })
  expect(await it.catalog()).toEqual(before)
  await it.expectClean()

  await it.start()
  await it.asNew("insert into kinds (label) values ('kept')")
  await it.asNew('insert into items (kind_id) values (1)')
  await it.complete()
  expect(await it.base('select kinds.label, items.twice from items join kinds on kinds.id = kind_id')).toEqual([
    { label: 'kept', twice: 2 },
  ])
  expect(
    await it.base(
      "select conname from pg_constraint where conrelid = 'items'::regclass and contype in ('p', 'f') order by 1",
    ),
  ).toEqual([{ conname: 'items_kind_id_fkey' }, { conname: 'items_pkey' }])
  await it.expectClean()
})

scenario(15, 'a table derived from another one follows what the old application writes', async (engine) => {
  const it = await world(engine, { schema, rows, files: { '2_costs.json': actions(costs) } })
  await it.start()
  await it.asOld("insert into runs values (8, 'b', 1.50, 'new')")
  expect(await it.asNew('select run_id, cents from run_costs order by run_id')).toEqual([
    { run_id: 7, cents: 25 },
    { run_id: 8, cents: 150 },
  ])
  expect((await refusal(it.asOld('select run_id from run_costs'))).message).toBe('relation "run_costs" does not exist.')
  await it.asOld('update runs set cost = 2 where id = 8')
  expect(await it.asNew('select cents from run_costs where run_id = 8')).toEqual([{ cents: 200 }])
  // What the new application wrote is left alone by changes that have nothing to do with it.
  await it.asNew('update run_costs set cents = 1 where run_id = 7')
  await it.asOld("update runs set state = 'x' where id = 7")
  expect(await it.asNew('select cents from run_costs where run_id = 7')).toEqual([{ cents: 1 }])
  await it.asOld('delete from runs where id = 8')
  expect(await it.asNew('select cents from run_costs where run_id = 8')).toEqual([{ cents: 200 }])
  await it.complete()
  await it.base("insert into runs values (9, 'c', 3, 'new')")
  expect(await it.base('select run_id from run_costs order by run_id')).toEqual([{ run_id: 7 }, { run_id: 8 }])
  await it.expectClean()
})

scenario(
  15,
  'two and a half thousand rows with an always generated key are copied, and gone after an abort',
  async (engine) => {
    const it = await world(engine, {
      schema: `${schema};
      create table people (id bigint generated always as identity primary key, "Full Name" text not null);
      create table bare (id bigint, word text)`,
      rows: `insert into people ("Full Name") select 'p' || n from generate_series(1, 2500) n;
      insert into bare select n, 'w' || n from generate_series(1, 2500) n`,
      files: {
        '2_profiles.json': actions(
          create('profiles', [big, { name: 'Name', type: 'text', nullable: false }], {
            up: { table: 'people', values: { id: 'people.id', Name: 'upper("Full Name")' } },
          }),
          create('words', [big, { name: 'word', type: 'text' }, { name: 'others', type: 'bigint' }], {
            // A bare name inside a query means the row, unless the query has it; and no key is needed.
            up: {
              table: 'bare',
              values: { id: 'id', word: 'word', others: '(select count(*) from notes where run_id = bare.id)' },
            },
          }),
        ),
      },
    })
    const before = await it.catalog()
    await it.start()
    const count = 'select count(*)::int as n, count(distinct "Name")::int as names from profiles'
    expect(await it.asNew(count)).toEqual([{ n: 2500, names: 2500 }])
    expect(await it.asNew('select count(*)::int as n from words')).toEqual([{ n: 2500 }])
    await it.asOld(`insert into people ("Full Name") values ('new')`)
    await it.asOld(`update people set "Full Name" = 'changed' where id = 3`)
    await it.asOld(`update bare set word = 'changed' where id = 3`)
    expect(await it.asNew('select id, "Name" from profiles where id in (3, 2501) order by id')).toEqual([
      { id: 3, Name: 'CHANGED' },
      { id: 2501, Name: 'NEW' },
    ])
    expect(await it.asNew('select word from words where id = 3')).toEqual([{ word: 'changed' }])
    await it.abort()
    expect(await it.catalog()).toEqual(before)
    expect(await it.base('select count(*)::int as n from people')).toEqual([{ n: 2501 }])
    await it.expectClean()
  },
)

scenario(15, 'rows are recognised by the unique index that upsert_constraint names', async (engine) => {
  const files = {
    '2_agents.json': actions(
      create(
        'agents',
        [
          { ...big, generated: 'ALWAYS AS IDENTITY' },
          { name: 'name', type: 'text' },
          { name: 'last', type: 'text' },
        ],
        {
          up: { table: 'runs', values: { name: 'agent', last: 'state' }, upsert_constraint: 'agents_name' },
        },
      ),
      { type: 'add_index', table: 'agents', index: { name: 'agents_name', columns: ['name'], unique: true } },
    ),
  }
  const it = await world(engine, { schema, rows, files })
  await it.start()
  await it.asOld("insert into runs values (8, 'acme/a1', 1, 'again'), (9, 'other', 1, 'new')")
  await it.asOld("update runs set state = 'over' where id = 9")
  expect(await it.asNew('select name, last from agents order by name')).toEqual([
    { name: 'acme/a1', last: 'again' },
    { name: 'other', last: 'over' },
  ])
  await it.complete()
  await it.expectClean()
})

scenario(15, 'a key that the new rows number themselves is no key to recognise rows by', async (engine) => {
  const it = await world(engine, {
    schema,
    rows,
    files: {
      '2_agents.json': actions(
        create(
          'agents',
          [
            { ...big, generated: 'ALWAYS AS IDENTITY' },
            { name: 'name', type: 'text', nullable: false },
          ],
          {
            up: { table: 'runs', values: { name: 'agent' } },
          },
        ),
      ),
    },
  })
  await expectRefused(it, {
    code: 'schema_conflict',
    message:
      'Rows of agents are recognised by id, which up gives no value: each change of runs would make another row.',
    remedy:
      'Give id a value in values, or name in upsert_constraint a unique index of agents whose columns have values.',
  })
})

scenario(15, 'a column that must not be null and gets no value is refused', async (engine) => {
  const it = await world(engine, {
    schema,
    files: {
      '2_agents.json': actions(
        create('agents', [big, { name: 'name', type: 'text', nullable: false }], {
          up: { table: 'runs', values: { id: 'id' } },
        }),
      ),
    },
  })
  await expectRefused(it, {
    code: 'schema_conflict',
    message: 'Column agents.name must not be null, and neither up nor a default gives it a value.',
    remedy: 'Add it to values, give it a default, or make it nullable.',
  })
})

scenario(15, 'numbers go on after the largest that was copied', async (engine) => {
  const it = await world(engine, {
    schema,
    rows,
    files: {
      '2_copies.json': actions(
        create(
          'copies',
          [
            { ...big, generated: 'BY DEFAULT AS IDENTITY' },
            { name: 'agent', type: 'text' },
          ],
          {
            up: { table: 'runs', values: { id: 'id', agent: 'agent' } },
          },
        ),
      ),
    },
  })
  await it.start()
  await it.asOld("insert into runs values (8, 'b', 1, 'new'), (20, 'c', 1, 'new')")
  expect(await it.asNew("insert into copies (agent) values ('mine') returning id")).toEqual([{ id: 21 }])
  await it.complete()
  expect(await it.base("insert into copies (agent) values ('mine') returning id")).toEqual([{ id: 22 }])
  await it.expectClean()
})

scenario(16, 'a derived row goes with its source where the file says so', async (engine) => {
  const it = await world(engine, {
    schema,
    rows,
    files: { '2_costs.json': actions({ ...costs, up: { ...copied, on_source_delete: 'delete' } }) },
  })
  await it.start()
  await it.asOld("insert into runs values (8, 'b', 1.50, 'new')")
  await it.asOld('delete from runs where id = 7')
  expect(await it.asNew('select run_id from run_costs')).toEqual([{ run_id: 8 }])
  await it.abort()
  expect(await it.base('select id from runs')).toEqual([{ id: 8 }])
  await it.expectClean()
})

scenario(17, 'a table that is there already is left alone', async (engine) => {
  const it = await world(engine, {
    schema: `${schema}; create type mood as enum ('good'); create view seen as select 1 as one`,
    rows,
    files: { '2_notes.json': actions(create('notes', [big])) },
  })
  await expectRefused(it, {
    code: 'schema_conflict',
    message: 'There is a table, view, index or sequence notes already.',
    remedy: 'Choose another name, or remove or rename what has it in an earlier action.',
  })
  expect(await it.base('select count(*)::int as n from notes')).toEqual([{ n: 2 }])
  for (const name of ['seen', 'notes_pkey', 'mood']) {
    it.files.write('2_notes.json', actions(create(name, [big])))
    await expectRefused(it, {
      message: `There is a ${name === 'mood' ? 'type' : 'table, view, index or sequence'} ${name} already.`,
      remedy: 'Choose another name, or remove or rename what has it in an earlier action.',
    })
  }
  await it.expectClean()
})

scenario(18, 'a renamed table has one name for each version and one set of rows', async (engine) => {
  const it = await world(engine, {
    schema,
    rows,
    files: { '2_memories.json': actions({ type: 'rename_table', table: 'notes', new_name: 'memories' }) },
  })
  const before = await it.catalog()
  await it.start()
  await it.asOld("insert into notes values (3, 7, 'old')")
  await it.asNew("insert into memories values (4, 7, 'new')")
  const ids = [{ id: 1 }, { id: 2 }, { id: 3 }, { id: 4 }]
  expect(await it.asOld('select id from notes order by id')).toEqual(ids)
  expect(await it.asNew('select id from memories order by id')).toEqual(ids)
  expect((await refusal(it.asOld('select id from memories'))).message).toBe('relation "memories" does not exist.')
  expect((await refusal(it.asNew('select id from notes'))).message).toBe('relation "notes" does not exist.')
  await it.abort()
  expect(await it.catalog()).toEqual(before)
  await it.start()
  await it.complete()
  expect(await it.base('select id from memories order by id')).toEqual(ids)
  expect((await refusal(it.base('select id from notes'))).message).toBe('relation "notes" does not exist.')
  expect(await it.asNew('select id from memories order by id')).toEqual(ids)
  await it.expectClean()
})

scenario(18, 'a name that is taken, or a table that is not there, is refused', async (engine) => {
  const it = await world(engine, { schema: `${schema}; create type mood as enum ('good')`, rows })
  const rename = (table: string, new_name: string) =>
    it.files.write('2_rename.json', actions({ type: 'rename_table', table, new_name }))
  for (const name of ['runs', 'runs_pkey', 'mood']) {
    rename('notes', name)
    await expectRefused(it, {
      code: 'schema_conflict',
      message: `The name ${name} is taken.`,
      remedy: 'Choose another name, or rename or remove the other one in an earlier action.',
    })
  }
  rename('note', 'memories')
  await expectRefused(it, {
    code: 'schema_conflict',
    message: 'There is no table note.',
    remedy: 'Did you mean notes?',
  })
})

scenario(18, 'two tables exchange their names', async (engine) => {
  const rename = (table: string, new_name: string) => ({ type: 'rename_table', table, new_name })
  const it = await world(engine, {
    schema,
    rows,
    files: {
      '2_swap.json': actions(rename('notes', 'other'), rename('runs', 'notes'), rename('other', 'runs')),
    },
  })
  await it.start()
  expect(await it.asOld('select agent from runs')).toEqual([{ agent: 'acme/a1' }])
  expect(await it.asNew('select agent from notes')).toEqual([{ agent: 'acme/a1' }])
  await it.complete()
  expect(await it.base('select agent from notes')).toEqual([{ agent: 'acme/a1' }])
  expect(await it.base('select body from runs order by id')).toEqual([{ body: 'first' }, { body: 'second' }])
  await it.expectClean()
})

scenario(
  18,
  'a new table takes the name of one that is renamed or removed, and all its parts have their own names',
  async (engine) => {
    const again = (name: string) =>
      create(name, [
        { ...big, generated: 'ALWAYS AS IDENTITY' },
        { name: 'text', type: 'TEXT', nullable: false, default: "'x'" },
      ])
    const it = await world(engine, {
      schema,
      rows,
      files: {
        '2_again.json': actions(
          { type: 'rename_table', table: 'notes', new_name: 'old_notes' },
          again('notes'),
          { type: 'remove_table', table: 'runs' },
          again('runs'),
          {
            type: 'add_index',
            table: 'runs',
            index: { name: 'runs_text', columns: ['text'] },
          },
        ),
      },
    })
    const before = await it.catalog()
    await it.start()
    expect(await it.asNew('insert into notes default values returning text')).toEqual([{ text: 'x' }])
    expect(await it.asNew('insert into runs default values returning text')).toEqual([{ text: 'x' }])
    await it.asOld("insert into notes values (3, 7, 'old')")
    await it.asOld("insert into runs values (8, 'b', 1, 'new')")
    expect(await it.asNew('select count(*)::int as n from old_notes')).toEqual([{ n: 3 }])
    await it.abort()
    expect(await it.catalog()).toEqual(before)
    await it.expectClean()
    await it.start()
    await it.asNew('insert into runs default values')
    await it.complete()
    expect(await it.base('select text from runs')).toEqual([{ text: 'x' }])
    expect(await it.base('select count(*)::int as n from old_notes')).toEqual([{ n: 3 }])
    await it.expectClean()
  },
)

scenario(19, 'a renamed table gets a column, an index and a foreign key under its new name', async (engine) => {
  const it = await world(engine, {
    schema,
    rows,
    files: {
      '2_rename.json': actions({ type: 'rename_table', table: 'notes', new_name: 'memories' }),
      '3_rest.json': actions(
        {
          type: 'add_column',
          table: 'memories',
          column: { name: 'length', type: 'INTEGER', nullable: false },
          up: 'length(memories.body)',
        },
        { type: 'add_index', table: 'memories', index: { name: 'memories_length', columns: ['length', 'run_id'] } },
        {
          type: 'add_foreign_key',
          table: 'memories',
          foreign_key: { columns: ['run_id'], referenced_table: 'runs', referenced_columns: ['id'] },
        },
        { type: 'alter_column', table: 'memories', column: 'body', changes: { name: 'text' } },
      ),
    },
  })
  const before = await it.catalog()
  for (const round of ['abort', 'complete'] as const) {
    await it.start()
    await it.asOld(`insert into notes values (${round === 'abort' ? 3 : 4}, 7, 'third')`)
    expect(await it.asNew('select text, length from memories where id > 2 order by id limit 1')).toEqual([
      { text: 'third', length: 5 },
    ])
    await refusal(it.asOld("insert into notes values (9, 99, 'x')"))
    await it[round]()
    if (round === 'abort') expect(await it.catalog()).toEqual(before)
    await it.expectClean()
  }
  expect(await it.base('select id, length, text from memories order by id')).toEqual([
    { id: 1, length: 5, text: 'first' },
    { id: 2, length: 6, text: 'second' },
    { id: 3, length: 5, text: 'third' },
    { id: 4, length: 5, text: 'third' },
  ])
  expect(
    await it.base("select conname from pg_constraint where conrelid = 'memories'::regclass and contype = 'f'"),
  ).toEqual([{ conname: 'memories_run_id_fkey' }])
  expect(await it.base("select indexdef from pg_indexes where indexname = 'memories_length'")).toEqual([
    { indexdef: 'CREATE INDEX memories_length ON public.memories USING btree (length, run_id)' },
  ])
})

scenario(20, 'a removed table serves the old application until completion', async (engine) => {
  const it = await world(engine, {
    schema,
    rows,
    files: { '2_remove.json': actions({ type: 'remove_table', table: 'notes' }) },
  })
  const before = await it.catalog()
  await it.start()
  await it.asOld("insert into notes values (3, 7, 'late')")
  expect((await refusal(it.asNew('select id from notes'))).message).toBe('relation "notes" does not exist.')
  await it.abort()
  expect(await it.catalog()).toEqual(before)
  expect(await it.base('select body from notes where id = 3')).toEqual([{ body: 'late' }])
  await it.start()
  await it.complete()
  expect((await refusal(it.base('select id from notes'))).message).toBe('relation "notes" does not exist.')
  await it.expectClean()
})

const keyed = `${schema}; alter table notes add constraint notes_run foreign key (run_id) references runs (id)`

scenario(21, 'a table that another one refers to is refused at the start', async (engine) => {
  const it = await world(engine, {
    schema: keyed,
    rows,
    files: { '2_remove.json': actions({ type: 'remove_table', table: 'runs' }) },
  })
  await expectRefused(it, {
    code: 'schema_conflict',
    message: 'Table runs cannot be removed: foreign key notes_run of notes refers to it.',
    remedy: 'Remove the foreign key in the same batch (remove_foreign_key), or notes too.',
  })
})

scenario(21, 'a table goes together with the one that refers to it, or with the key', async (engine) => {
  const remove = (table: string) => ({ type: 'remove_table', table })
  const unkey = { type: 'remove_foreign_key', table: 'notes', foreign_key: 'notes_run' }
  for (const list of [
    [remove('runs'), remove('notes')],
    [unkey, remove('runs')],
    [remove('runs'), unkey],
  ]) {
    const it = await world(engine, { schema: keyed, rows, files: { '2_remove.json': actions(...list) } })
    await it.start()
    await it.asOld("insert into notes values (3, 7, 'late')")
    await refusal(it.asOld("insert into notes values (4, 99, 'nowhere')"))
    await it.complete()
    expect((await refusal(it.base('select id from runs'))).message).toBe('relation "runs" does not exist.')
    await it.expectClean()
  }
})

scenario(21, 'a table that a view or a function of the author reads is refused at the start', async (engine) => {
  const it = await world(engine, {
    schema: `${schema}; create schema reports; create view reports.all_notes as select body from notes`,
    rows,
    files: { '2_remove.json': actions({ type: 'remove_table', table: 'notes' }) },
  })
  await expectRefused(it, {
    code: 'data_conflict',
    message: 'Table notes cannot be removed: view reports.all_notes depends on it.',
    remedy: 'Drop or change that first, in an earlier migration or by a custom action.',
  })
})

scenario(
  15,
  'numbers that many old sessions give at once never take the new sessions back to one that is taken',
  async (engine) => {
    const it = await world(engine, {
      schema: 'create table people (id bigint generated always as identity primary key, name text)',
      files: {
        '2_profiles.json': actions(
          create(
            'profiles',
            [
              { ...big, generated: 'BY DEFAULT AS IDENTITY' },
              { name: 'name', type: 'text' },
            ],
            {
              // Numbers of its own, because they are not just those of the source.
              up: { table: 'people', values: { id: 'id + 0', name: 'name' } },
            },
          ),
        ),
      },
    })
    await it.start()
    const rounds = Array.from({ length: 150 }, (_, round) => round)
    await Promise.all(
      Array.from({ length: 8 }, async () => {
        await using session = await it.database.session()
        await session.script('set search_path to migration_1_base')
        for (const _ of rounds) {
          await session.script("insert into people (name) values ('one')")
          const [row] = await session.query<{ behind: boolean }>(sql`
            select pg_sequence_last_value('public.profiles_id_seq') < (select max(id) from public.profiles) as behind`)
          expect(row).toEqual({ behind: false })
        }
      }),
    )
    await it.asNew("insert into profiles (name) values ('two')")
    await it.complete()
    await it.expectClean()
  },
  { only: 'postgres' },
)

scenario(15, 'rows that the new application numbers have no numbers of rows that the old one adds', async (engine) => {
  const it = await world(engine, {
    schema: `
      create table people (id bigint generated always as identity primary key, name text);
      create table pets (id serial primary key, name text)`,
    rows: "insert into people (name) values ('Ann'); insert into pets (name) values ('Rex')",
    files: {
      '2_profiles.json': actions(
        ...['people', 'pets'].map((table) =>
          create(
            `${table}_profiles`,
            [
              { ...big, generated: 'BY DEFAULT AS IDENTITY' },
              { name: 'name', type: 'text' },
            ],
            {
              up: { table, values: { id: `${table}.id`, name: 'name' } },
            },
          ),
        ),
      ),
    },
  })
  const before = await it.catalog()
  await it.start()
  for (const table of ['people', 'pets']) {
    await it.asNew(`insert into ${table}_profiles (name) values ('new one')`)
    await it.asOld(`insert into ${table} (name) values ('old one')`)
    await it.asNew(`insert into ${table}_profiles (name) values ('new two')`)
    await it.asOld(`insert into ${table} (name) values ('old two')`)
  }
  const all = [/Ann|Rex/, 'new one', 'old one', 'new two', 'old two'].map((name, index) => ({
    id: index + 1,
    name: typeof name === 'string' ? name : expect.stringMatching(name),
  }))
  expect(await it.asNew('select * from people_profiles order by id')).toEqual(all)
  expect(await it.asNew('select * from pets_profiles order by id')).toEqual(all)
  await it.abort()
  expect(await it.catalog()).toEqual(before)
  await it.start()
  await it.complete()
  await it.asNew("insert into people_profiles (name) values ('after')")
  expect(await it.base("select id from people_profiles where name = 'after'")).toEqual([{ id: 6 }])
  expect(
    await it.base(
      "select column_default from information_schema.columns where table_schema = 'migration_2_profiles' and column_default is not null and table_name like '%profiles'",
    ),
  ).toEqual([])
  await it.expectClean()
})
