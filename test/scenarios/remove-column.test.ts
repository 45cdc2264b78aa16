import { expect } from 'vitest'
import { actions, expectRefused, refusal, scenario, world } from './world.ts'

const schema = `
  create table users (id bigint primary key, name text);
  create table runs (
    id bigint primary key, agent text, cost numeric(8,2), state text, owner bigint references users,
    slot int, room int, unique (slot, room));
  create index runs_state on runs (state);
  create index runs_lower on runs (lower(state), id)`
const rows = `
  insert into users values (1, 'ann');
  insert into runs values (7, 'acme/a1', 0.25, 'done', 1, 1, 1)`
const remove = (column: string, rest: object = {}, table = 'runs') => ({
  type: 'remove_column',
  table,
  column,
  ...rest,
})

scenario(50, 'down gives what the old application reads in rows that the new one writes', async (engine) => {
  const it = await world(engine, {
    schema,
    rows,
    files: { '2_state.json': actions(remove('state', { down: "'unknown'" })) },
  })
  await it.start()
  await it.asNew("insert into runs (id, agent) values (8, 'zeta/b')")
  await it.asNew("update runs set agent = 'acme/a2' where id = 7")
  await it.asOld("insert into runs (id, state) values (9, 'queued')")
  const states = [
    { id: 7, state: 'done' },
    { id: 8, state: 'unknown' },
    { id: 9, state: 'queued' },
  ]
  expect(await it.asOld('select id, state from runs order by id')).toEqual(states)
  expect((await refusal(it.asNew('select state from runs'))).message).toBe('column "state" does not exist.')
  await it.abort()
  expect(await it.base('select id, state from runs order by id')).toEqual(states)
  await it.expectClean()
  await it.start()
  await it.complete()
  expect(await it.base('select * from runs order by id limit 1')).toEqual([
    { id: 7, agent: 'acme/a2', cost: '0.25', owner: 1, slot: 1, room: 1 },
  ])
  expect(await it.base("select indexname as name from pg_indexes where tablename = 'runs' order by 1")).toEqual([
    { name: 'runs_pkey' },
    { name: 'runs_slot_room_key' },
  ])
  await it.expectClean()
})

scenario(
  50,
  'down follows the columns that it reads, and leaves alone what the old application filled',
  async (engine) => {
    const it = await world(engine, {
      schema,
      rows,
      files: {
        '2_vendor.json': actions(
          {
            type: 'add_column',
            table: 'runs',
            column: { name: 'vendor', type: 'TEXT' },
            up: "split_part(agent, '/', 1)",
          },
          {
            type: 'add_column',
            table: 'runs',
            column: { name: 'model', type: 'TEXT' },
            up: "split_part(agent, '/', 2)",
          },
          remove('agent', { down: "vendor || '/' || model" }),
        ),
      },
    })
    const agentOf = async (id: number) => (await it.asOld(`select agent from runs where id = ${id}`))[0]?.['agent']
    await it.start()
    await it.asNew("insert into runs (id, vendor, model) values (8, 'zeta', 'b')")
    expect(await agentOf(8)).toBe('zeta/b')
    await it.asNew("update runs set vendor = 'ACME' where id = 7")
    expect(await agentOf(7)).toBe('ACME/a1')
    await it.asOld("update runs set agent = 'free text' where id = 7")
    expect(await it.asNew('select vendor, model from runs where id = 7')).toEqual([{ vendor: 'free text', model: '' }])
    await it.asNew("update runs set state = 'x', vendor = 'free text' where id = 7")
    expect(await agentOf(7)).toBe('free text')
    await it.complete()
    expect(await it.base('select vendor, model from runs order by id')).toEqual([
      { vendor: 'free text', model: '' },
      { vendor: 'zeta', model: 'b' },
    ])
    await it.expectClean()
  },
)

scenario(50, 'a down that fails fails the write of the new application, and says why', async (engine) => {
  const it = await world(engine, {
    schema,
    rows,
    files: { '2_cost.json': actions(remove('cost', { down: '1 / (id - 9)' })) },
  })
  await it.start()
  const error = await refusal(it.asNew("insert into runs (id, agent) values (9, 'x')"))
  expect(error.message).toBe('migration 2_cost, action 1 (column cost): division by zero.')
  expect(error.text).toContain('The value that the other version of the application reads could not be computed.')
  expect(error.text).toContain('Write a value that the migration can convert, or abort the migration')
  await it.asNew("insert into runs (id, agent) values (10, 'x')")
  expect(await it.asOld('select id, cost from runs where id > 7')).toEqual([{ id: 10, cost: '1.00' }])
  await it.complete()
  await it.expectClean()
})

scenario(51, 'a column that must not be null needs a down, or a default', async (engine) => {
  const it = await world(engine, {
    schema: 'create table runs (id bigint primary key, agent text not null, tries int not null default 3, state text)',
    rows: "insert into runs values (7, 'acme/a1', 1, 'done')",
    files: { '2_agent.json': actions(remove('agent')) },
  })
  await expectRefused(it, {
    code: 'schema_conflict',
    message: 'Column runs.agent must not be null, and nothing says what new sessions give it.',
    remedy: 'Add down = "<SQL>": the value that old sessions read in rows that new sessions insert.',
  })
  it.files.write('2_agent.json', actions(remove('tries'), remove('state')))
  await it.start()
  await it.asNew("insert into runs (id, agent) values (8, 'zeta/b')")
  const expected = [
    { id: 7, agent: 'acme/a1', tries: 1, state: 'done' },
    { id: 8, agent: 'zeta/b', tries: 3, state: null },
  ]
  expect(await it.asOld('select * from runs order by id')).toEqual(expected)
  await it.abort()
  expect(await it.base('select * from runs order by id')).toEqual(expected)
  await it.start()
  await it.complete()
  expect(await it.base('select * from runs order by id')).toEqual([
    { id: 7, agent: 'acme/a1' },
    { id: 8, agent: 'zeta/b' },
  ])
  await it.expectClean()
})

scenario(52, 'a column of a unique constraint goes with it', async (engine) => {
  const it = await world(engine, { schema, rows, files: { '2_slot.json': actions(remove('slot', { down: '-id' })) } })
  await it.start()
  await it.asNew('insert into runs (id, room) values (8, 1), (9, 1)')
  expect((await refusal(it.asOld('insert into runs (id, slot, room) values (10, 1, 1)'))).message).toContain(
    'runs_slot_room_key',
  )
  await it.complete()
  await it.base('insert into runs (id, room) values (10, 1)')
  expect(await it.base("select conname from pg_constraint where conname = 'runs_slot_room_key'")).toEqual([])
  await it.expectClean()
})

scenario(52, 'a column of the primary key, or one that is referred to, is refused', async (engine) => {
  const it = await world(engine, {
    schema: `
      create table seats (slot int, room int, code int unique, primary key (slot, room));
      create table guests (id int primary key, seat int references seats (code))`,
    files: { '2_slot.json': actions(remove('slot', { down: '0' }, 'seats')) },
  })
  await expectRefused(it, {
    code: 'schema_conflict',
    message: 'Column seats.slot is part of the primary key seats_pkey.',
    remedy: 'Keep it, or make a new table with another key.',
  })
  it.files.write('2_slot.json', actions(remove('code', {}, 'seats')))
  await expectRefused(it, {
    code: 'schema_conflict',
    message: 'Column seats.code cannot be removed: foreign key guests_seat_fkey refers to it.',
    remedy: 'Remove the foreign key in an earlier action (remove_foreign_key).',
  })
  it.files.write(
    '2_slot.json',
    actions(
      { type: 'remove_foreign_key', table: 'guests', foreign_key: 'guests_seat_fkey' },
      remove('code', {}, 'seats'),
    ),
  )
  await it.start()
  await it.complete()
  expect(await it.base("select 1 from information_schema.columns where column_name = 'code'")).toEqual([])
  await it.expectClean()
})

scenario(52, 'another column takes the name of a removed one', async (engine) => {
  const it = await world(engine, {
    schema,
    rows,
    files: {
      '2_state.json': actions(remove('state', { down: "'old'" }), {
        type: 'add_column',
        table: 'runs',
        column: { name: 'state', type: 'INTEGER', nullable: false },
        up: 'id::int * 2',
      }),
    },
  })
  await it.start()
  await it.asOld("insert into runs (id, state) values (8, 'text')")
  await it.asNew('insert into runs (id, state) values (9, 5)')
  expect(await it.asOld('select id, state from runs order by id')).toEqual([
    { id: 7, state: 'done' },
    { id: 8, state: 'text' },
    { id: 9, state: 'old' },
  ])
  const numbers = [
    { id: 7, state: 14 },
    { id: 8, state: 16 },
    { id: 9, state: 5 },
  ]
  expect(await it.asNew('select id, state from runs order by id')).toEqual(numbers)
  await it.complete()
  expect(await it.base('select id, state from runs order by id')).toEqual(numbers)
  await it.expectClean()
})

const lifecycles = {
  'a plain one': [remove('cost')],
  'one with down and indexes': [remove('state', { down: "'unknown'" })],
  'one of a unique constraint': [remove('room', { down: '0' })],
  'one with a foreign key': [remove('owner')],
  'one whose name another takes': [
    remove('state', { down: "'old'" }),
    { type: 'add_column', table: 'runs', column: { name: 'state', type: 'INTEGER' }, up: 'id::int' },
  ],
  'one that was altered': [
    {
      type: 'alter_column',
      table: 'runs',
      column: 'cost',
      changes: { type: 'TEXT', name: 'price' },
      down: 'cost::numeric',
    },
    remove('price', { down: "'0'" }),
  ],
  'one that was added': [
    { type: 'add_column', table: 'runs', column: { name: 'size', type: 'INTEGER' }, up: 'cost::int' },
    remove('size', { down: '1' }),
  ],
  'one of a table that is renamed': [
    { type: 'rename_table', table: 'runs', new_name: 'jobs' },
    remove('state', { down: 'agent' }, 'jobs'),
  ],
  several: [remove('state', { down: 'agent' }), remove('cost'), remove('slot')],
  'one whose value comes from a sub-query': [
    remove('agent', { down: '(select name from users where users.id = runs.owner)' }),
  ],
} as const

for (const [title, list] of Object.entries(lifecycles)) {
  scenario(69, `start, abort, start and complete of removing ${title} is start and complete`, async (engine) => {
    const files = { '2_remove.json': actions(...list) }
    const straight = await world(engine, { schema, rows, files })
    await straight.start({ complete: true })
    await straight.expectClean()
    const it = await world(engine, { schema, rows, files })
    const before = [await it.catalog(), await it.base('select * from runs')]
    await it.start()
    await it.abort()
    expect([await it.catalog(), await it.base('select * from runs')]).toEqual(before)
    await it.expectClean()
    await it.start()
    await it.complete()
    expect(await it.catalog()).toEqual(await straight.catalog())
    await it.expectClean()
  })
}
