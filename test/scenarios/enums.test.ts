import { expect } from 'vitest'
import { actions, expectRefused, refusal, scenario, world, type World } from './world.ts'

const tables = `
  create type mode as enum ('fast', 'it''s ok');
  create table runs (id bigint primary key, mode mode not null default 'fast', note text, modes mode[]);
  create table tasks (id bigint primary key, mode mode)`
const rows = `
  insert into runs values (1, 'fast', null, '{fast,"it''s ok"}'), (2, 'it''s ok', null, '{}'), (3, 'fast', null, null);
  insert into tasks values (1, 'fast'), (2, null)`
const deep = { type: 'alter_enum', name: 'mode', add: [{ value: 'deep', down: "'fast'" }] }

scenario(
  62,
  'an enum is there for a table and a column of the same batch, with quotes in its labels',
  async (engine) => {
    const it = await world(engine, {
      schema: 'create table runs (id bigint primary key)',
      rows: 'insert into runs values (1)',
      files: {
        '2_enum.json': actions(
          { type: 'create_enum', name: 'mode', values: ['fast', "it's ok", 'a "b", \\c'] },
          {
            type: 'create_table',
            name: 'tasks',
            primary_key: ['id'],
            columns: [
              { name: 'id', type: 'BIGINT' },
              { name: 'mode', type: 'mode', nullable: false, default: "'it''s ok'" },
            ],
          },
          { type: 'add_column', table: 'runs', column: { name: 'modes', type: 'mode[]', default: "'{fast}'" } },
        ),
      },
    })
    const before = await it.catalog()
    await it.start()
    await it.asNew('insert into tasks (id) values (1)')
    expect(await it.asNew('select mode::text from tasks')).toEqual([{ mode: "it's ok" }])
    expect(await it.asNew('select modes::text from runs')).toEqual([{ modes: '{fast}' }])
    await it.abort()
    expect(await it.catalog()).toEqual(before)
    await it.expectClean()
    await it.start({ complete: true })
    expect(await labelsOf(it, 'mode')).toEqual(['fast', "it's ok", 'a "b", \\c'])
    await it.expectClean()
  },
)

scenario(62, 'an enum is removed when the batch completes, and not before', async (engine) => {
  const it = await world(engine, {
    schema: tables,
    rows,
    files: {
      '2_enum.json': actions(
        { type: 'remove_table', table: 'tasks' },
        { type: 'remove_column', table: 'runs', column: 'modes' },
        {
          type: 'alter_column',
          table: 'runs',
          column: 'mode',
          up: 'mode::text',
          down: 'mode::mode',
          changes: { type: 'TEXT', default: "'fast'" },
        },
        { type: 'remove_enum', enum: 'mode' },
      ),
    },
  })
  const before = await it.catalog()
  await it.start()
  await it.asOld("insert into runs (id, mode) values (4, 'it''s ok')")
  expect(await it.asNew('select mode from runs where id = 4')).toEqual([{ mode: "it's ok" }])
  expect(await labelsOf(it, 'mode')).toEqual(['fast', "it's ok"])
  await it.abort()
  expect(await it.catalog()).toEqual(before)
  await it.start({ complete: true })
  expect(await labelsOf(it, 'mode')).toEqual([])
  await it.expectClean()
})

scenario(62, 'an enum that is there, is not there or is in use is refused', async (engine) => {
  const it = await world(engine, {
    schema: `${tables};
      create schema other; create type other.size as enum ('s', 'l');
      create type weight as enum ('kg');
      create function heavy(unit weight) returns boolean language sql return unit = 'kg'`,
    rows,
  })
  const cases = [
    {
      file: actions({ type: 'create_enum', name: 'mode', values: ['fast', "it's ok"] }),
      message: 'There is a type mode already.',
      remedy: 'Choose another name.',
    },
    {
      file: actions({ type: 'create_enum', name: 'runs', values: ['fast'] }),
      message: 'There is a type runs already.',
      remedy: 'Choose another name.',
    },
    {
      file: actions(
        { type: 'create_enum', name: 'size', values: ['s'] },
        { type: 'create_enum', name: 'size', values: ['s'] },
      ),
      message: 'There is a type size already.',
      remedy: 'Choose another name.',
    },
    {
      file: actions({ type: 'create_enum', name: 'size', values: ['s', 's'] }),
      message: 'Label s is there twice.',
      remedy: 'Remove one of the two.',
    },
    {
      file: actions({ type: 'remove_enum', enum: 'size' }),
      message: 'There is no enum size.',
      remedy: 'Name an enum that exists at this place of the batch.',
    },
    {
      file: actions({ type: 'remove_enum', enum: 'weight' }),
      message: 'Enum weight cannot be removed: function heavy(weight) depends on it.',
      remedy: 'Drop or change that first, in an earlier migration or by a custom action.',
    },
    {
      file: actions({ type: 'alter_enum', name: 'mod', add: [{ value: 'deep', down: "'fast'" }] }),
      message: 'There is no enum mod.',
      remedy: 'Did you mean mode?',
    },
    {
      file: actions({ type: 'alter_enum', name: 'mode', add: [{ value: 'fast', down: "'fast'" }] }),
      message: 'Enum mode has the label fast already.',
      remedy: 'Remove it here.',
    },
    {
      file: actions({ type: 'alter_enum', name: 'mode', add: [{ value: 'deep', down: "'slow'" }] }),
      message: 'PostgreSQL does not accept actions[0].add[0].down: invalid input value for enum mode: "slow".',
      remedy: 'Write a value that the type knows.',
    },
  ]
  for (const { file, ...expected } of cases) {
    it.files.write('2_enum.json', file)
    await expectRefused(it, expected)
  }
  it.files.write('2_enum.json', actions({ type: 'remove_enum', enum: 'mode' }))
  const { message } = await refusal(it.start())
  expect(message).toBe('Enum mode cannot be removed: column runs.mode uses it.')
})

scenario(62, 'an enum of the same name in another schema is another one', async (engine) => {
  const it = await world(engine, {
    schema: "create schema other; create type other.mode as enum ('a'); create table runs (id bigint primary key)",
    files: {
      '2_enum.json': actions(
        { type: 'create_enum', name: 'mode', values: ['b'] },
        { type: 'add_column', table: 'runs', column: { name: 'mode', type: 'mode' } },
      ),
    },
  })
  await it.start()
  await it.abort()
  expect(await it.base("select 'a'::other.mode::text as label")).toEqual([{ label: 'a' }])
  await it.start({ complete: true })
  await it.asNew("insert into runs values (1, 'b')")
  await it.expectClean()
})

scenario(63, 'a label is added: the new version writes it, the old one reads the fallback', async (engine) => {
  const it = await world(engine, { schema: tables, rows, files: { '2_enum.json': actions(deep) } })
  await it.start()
  expect(await it.asNew('select id, mode::text, modes::text from runs order by id')).toEqual([
    { id: 1, mode: 'fast', modes: `{fast,"it's ok"}` },
    { id: 2, mode: "it's ok", modes: '{}' },
    { id: 3, mode: 'fast', modes: null },
  ])
  await it.asNew(`update runs set mode = 'deep', modes = '{deep,fast,"it''s ok",NULL}' where id = 1`)
  await it.asNew("update tasks set mode = 'deep' where id = 2")
  await it.asNew("insert into runs (id, mode) values (4, 'deep')")
  await it.asNew('insert into runs (id) values (5)')
  expect(await it.asOld('select id, mode::text, modes::text from runs order by id')).toEqual([
    { id: 1, mode: 'fast', modes: `{fast,fast,"it's ok",NULL}` },
    { id: 2, mode: "it's ok", modes: '{}' },
    { id: 3, mode: 'fast', modes: null },
    { id: 4, mode: 'fast', modes: null },
    { id: 5, mode: 'fast', modes: null },
  ])
  expect(await it.asOld('select mode::text from tasks where id = 2')).toEqual([{ mode: 'fast' }])
  expect(await refusal(it.asOld("update runs set mode = 'deep'"))).toMatchObject({
    message: 'invalid input value for enum public.mode: "deep".',
  })

  // What the old version changes beside it leaves the label; what it writes into the column is followed.
  await it.asOld("update runs set note = 'seen'")
  expect(await it.asNew('select mode::text, modes::text from runs where id = 1')).toEqual([
    { mode: 'deep', modes: `{deep,fast,"it's ok",NULL}` },
  ])
  await it.asOld("update runs set mode = 'it''s ok', modes = '{fast}' where id = 1")
  expect(await it.asNew('select mode::text, modes::text from runs where id = 1')).toEqual([
    { mode: "it's ok", modes: '{fast}' },
  ])

  await it.complete()
  expect(await labelsOf(it, 'mode')).toEqual(['fast', "it's ok", 'deep'])
  expect(
    await it.base(
      'select id, mode::text, pg_typeof(mode)::text as type, pg_typeof(modes)::text as types from runs where id = 4',
    ),
  ).toEqual([{ id: 4, mode: 'deep', type: 'mode', types: 'mode[]' }])
  await it.asNew('insert into runs (id) values (6)')
  expect(await it.asNew('select mode::text from runs where id = 6')).toEqual([{ mode: 'fast' }])
  await it.expectClean()
})

scenario(63, 'an added label is taken back with the fallback in its place', async (engine) => {
  const it = await world(engine, { schema: tables, rows, files: { '2_enum.json': actions(deep) } })
  const before = await it.catalog()
  await it.start()
  await it.asNew(`update runs set mode = 'deep', modes = '{deep}' where id = 2`)
  await it.abort()
  expect(await it.catalog()).toEqual(before)
  expect(await labelsOf(it, 'mode')).toEqual(['fast', "it's ok"])
  expect(await it.base('select mode::text, modes::text from runs where id = 2')).toEqual([
    { mode: 'fast', modes: '{fast}' },
  ])
  await it.expectClean()
})

scenario(63, 'labels are added twice in one batch, and to an enum that the batch makes', async (engine) => {
  const it = await world(engine, {
    schema: tables,
    rows,
    files: {
      '2_enum.json': actions(deep, { type: 'alter_enum', name: 'mode', add: [{ value: 'deeper', down: "'deep'" }] }),
      '3_enum.json': actions(
        { type: 'create_enum', name: 'size', values: ['s'] },
        { type: 'add_column', table: 'runs', column: { name: 'size', type: 'size', default: "'s'" } },
        { type: 'alter_enum', name: 'size', add: [{ value: 'l', down: "'s'" }] },
      ),
    },
  })
  await it.start()
  await it.asNew("update runs set mode = 'deeper', size = 'l' where id = 1")
  expect(await it.asOld('select mode::text from runs where id = 1')).toEqual([{ mode: 'fast' }])
  await it.complete()
  expect(await labelsOf(it, 'mode')).toEqual(['fast', "it's ok", 'deep', 'deeper'])
  expect(await labelsOf(it, 'size')).toEqual(['s', 'l'])
  expect(await it.asNew('select mode::text, size::text from runs where id = 1')).toEqual([
    { mode: 'deeper', size: 'l' },
  ])
  await it.asNew('insert into runs (id) values (9)')
  expect(await it.asNew('select mode::text, size::text from runs where id = 9')).toEqual([{ mode: 'fast', size: 's' }])
  await it.expectClean()
})

scenario(63, 'a column of an altered enum keeps its index, and its domain is refused', async (engine) => {
  const it = await world(engine, {
    schema: `${tables}; create unique index tasks_mode on tasks (mode) where mode <> 'it''s ok'`,
    rows,
    files: { '2_enum.json': actions(deep) },
  })
  await it.start()
  await it.asNew("update tasks set mode = 'deep' where id = 2").catch(() => undefined)
  await it.complete()
  const [index] = await it.base("select indexdef as definition from pg_indexes where indexname = 'tasks_mode'")
  expect(index).toEqual({
    definition: `CREATE UNIQUE INDEX tasks_mode ON public.tasks USING btree (mode) WHERE (mode <> 'it''s ok'::mode)`,
  })
  await it.expectClean()
  await it.base('create domain any_mode as mode')
  it.files.write('3_enum.json', actions({ type: 'alter_enum', name: 'mode', add: [{ value: 'x', down: "'fast'" }] }))
  await expectRefused(it, {
    message: 'Domain any_mode is over mode, and the columns of a domain cannot be kept in step.',
    remedy: 'Alter the columns to the enum itself first.',
  })
})

async function labelsOf(it: World, name: string): Promise<unknown[]> {
  const labels = await it.base(`
    select enumlabel as label from pg_enum join pg_type on pg_type.oid = enumtypid
    where typname = '${name}' and typnamespace = 'public'::regnamespace order by enumsortorder`)
  return labels.map(({ label }) => label)
}
