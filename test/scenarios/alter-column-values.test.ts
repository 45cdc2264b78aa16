import { expect } from 'vitest'
import { actions, expectRefused, refusal, scenario, world } from './world.ts'

const runs = 'create table runs (id bigint primary key, label text, state text)'
const alter = (column: string, changes: object, rest: object = {}) =>
  actions({ type: 'alter_column', table: 'runs', column, changes, ...rest })
const numbers = { up: 'label::int', down: 'label::text' }

scenario(47, 'a value that does not survive the way there and back is left alone', async (engine) => {
  const it = await world(engine, {
    schema: runs,
    rows: "insert into runs values (1, '007', 'a')",
    files: { '2_number.json': alter('label', { type: 'INTEGER' }, numbers) },
  })
  await it.start()
  expect(await it.asNew('select label from runs')).toEqual([{ label: 7 }])
  await it.asNew("update runs set state = 'b'")
  await it.asNew('update runs set label = 7')
  expect(await it.asOld('select * from runs')).toEqual([{ id: 1, label: '007', state: 'b' }])
  await it.abort()
  expect(await it.base('select * from runs')).toEqual([{ id: 1, label: '007', state: 'b' }])
  await it.expectClean()
})

scenario(48, 'what up cannot convert fails the statement that wrote it, and says why', async (engine) => {
  const it = await world(engine, {
    schema: runs,
    rows: "insert into runs values (1, '1', 'a')",
    files: { '2_number.json': alter('label', { type: 'INTEGER' }, numbers) },
  })
  await it.start()
  const error = await refusal(it.asOld("update runs set label = 'many' where id = 1"))
  expect(error.text).toContain('2_number')
  expect(error.text).toContain('label')
  expect(error.text).toContain('invalid input syntax for type integer: "many"')
  expect(await it.asOld('select label from runs')).toEqual([{ label: '1' }])
  await it.complete()
  await it.expectClean()
})

scenario(48, 'up_errors = "defer": the write passes, and complete refuses until the row is mended', async (engine) => {
  const it = await world(engine, {
    schema: runs,
    rows: "insert into runs values (1, '1', 'a')",
    files: { '2_number.json': alter('label', { type: 'INTEGER' }, { ...numbers, up_errors: 'defer' }) },
  })
  await it.start()
  await it.asOld("insert into runs values (2, 'many', 'b')")
  expect(await it.asOld('select label from runs where id = 2')).toEqual([{ label: 'many' }])
  const refused = await refusal(it.complete())
  expect(refused.text).toContain('label')
  expect(await it.status()).toMatchObject({ state: 'in_progress' })
  await it.asOld("update runs set label = '2' where id = 2")
  await it.complete()
  expect(await it.base('select label from runs order by id')).toEqual([{ label: 1 }, { label: 2 }])
  await it.expectClean()
})

scenario(31, 'an existing row that cannot be converted takes everything back', async (engine) => {
  const it = await world(engine, {
    schema: runs,
    rows: "insert into runs values (1, '1', 'a'), (2, 'many', 'b')",
    files: { '2_number.json': alter('label', { type: 'INTEGER' }, numbers) },
  })
  const before = await it.catalog()
  const error = await refusal(it.start())
  expect(error).toMatchObject({ code: 'backfill_failed' })
  expect(error.text).toContain('invalid input syntax for type integer: "many"')
  expect(await it.catalog()).toEqual(before)
  expect(await it.status()).toMatchObject({ state: 'idle' })
  await it.expectClean()
})

scenario(40, 'what cannot be altered is refused in words', async (engine) => {
  const it = await world(engine, {
    schema: `${runs}; create table made (id int primary key, twice int generated always as (id * 2) stored)`,
    files: { '2_x.json': alter('lable', { name: 'title' }) },
  })
  await expectRefused(it, { message: 'Table runs has no column lable.', remedy: 'Did you mean label?' })
  it.files.write('2_x.json', alter('label', { name: 'state' }))
  await expectRefused(it, { message: 'Table runs has a column state already.', remedy: 'Choose another name.' })
  it.files.write('2_x.json', actions({ type: 'alter_column', table: 'rums', column: 'label', changes: { name: 'a' } }))
  await expectRefused(it, { message: 'There is no table rums.', remedy: 'Did you mean runs?' })
  it.files.write(
    '2_x.json',
    actions({ type: 'alter_column', table: 'made', column: 'twice', changes: { type: 'BIGINT' } }),
  )
  await expectRefused(it, {
    message: 'Column made.twice is generated, so it cannot be altered in step with another.',
    remedy: 'Add another column and remove this one.',
  })
})

scenario(40, 'a type that needs up, and none is given', async (engine) => {
  const it = await world(engine, {
    schema: runs,
    files: { '2_x.json': alter('label', { type: 'INTEGER' }) },
  })
  const before = await it.catalog()
  const error = await refusal(it.start())
  expect(error).toMatchObject({ kind: 'input', code: 'binding_failed' })
  expect(error.text).toContain('label')
  expect(await it.catalog()).toEqual(before)
  expect(await it.status()).toMatchObject({ state: 'idle' })
})

scenario(40, 'an unknown type and a default of another type are refused', async (engine) => {
  const it = await world(engine, {
    schema: runs,
    files: { '2_x.json': alter('label', { type: 'INTEGR' }, { up: '1', down: "'1'" }) },
  })
  const before = await it.catalog()
  expect((await refusal(it.start())).text).toContain('integr')
  it.files.write('2_x.json', alter('id', { default: "'many'" }))
  expect((await refusal(it.start())).text).toContain('many')
  expect(await it.catalog()).toEqual(before)
  expect(await it.status()).toMatchObject({ state: 'idle' })
})

scenario(40, 'a primary key cannot become nullable', async (engine) => {
  const it = await world(engine, {
    schema: runs,
    files: { '2_x.json': alter('id', { nullable: true }, { down: 'coalesce(id, 0)' }) },
  })
  await expectRefused(it, {
    code: 'schema_conflict',
    message: 'runs.id belongs to the primary key or is an identity, so it cannot be null.',
    remedy: 'Remove nullable from the changes.',
  })
})

scenario(40, 'a default that does not fit the new type is refused before anything is done', async (engine) => {
  const it = await world(engine, {
    schema: "create table runs (id bigint primary key, label text default 'many')",
    files: { '2_number.json': alter('label', { type: 'INTEGER' }, numbers) },
  })
  const before = await it.catalog()
  expect(await refusal(it.start())).toMatchObject({
    kind: 'input',
    code: 'binding_failed',
    message: expect.stringContaining(
      "PostgreSQL does not accept the default 'many'::text that label keeps without actions[0].changes.default: ",
    ) as string,
  })
  expect(await it.catalog()).toEqual(before)
  it.files.write('2_number.json', alter('label', { type: 'INTEGER', default: '5' }, numbers))
  await it.start()
  await it.asNew('insert into runs (id) values (1)')
  expect(await it.asOld('select label from runs')).toEqual([{ label: '5' }])
  await it.complete()
  await it.expectClean()
})

scenario(69, 'a column of a table that the batch makes is altered as it is, with its key', async (engine) => {
  const it = await world(engine, {
    schema: runs,
    files: {
      '2_made.json': actions(
        {
          type: 'create_table',
          name: 'made',
          primary_key: 'id',
          columns: [
            { name: 'id', type: 'INTEGER' },
            { name: 'size', type: 'TEXT', default: "'1'" },
          ],
        },
        { type: 'alter_column', table: 'made', column: 'id', changes: { type: 'BIGINT', name: 'made_id' } },
        {
          type: 'alter_column',
          table: 'made',
          column: 'size',
          up: 'coalesce(size, $$0$$)::int',
          down: 'size::text',
          changes: { type: 'INTEGER', nullable: false, default: '2' },
        },
      ),
    },
  })
  const before = await it.catalog()
  await it.start()
  expect(await it.asNew('insert into made (made_id) values (1) returning *')).toEqual([{ made_id: 1, size: 2 }])
  await it.abort()
  expect(await it.catalog()).toEqual(before)
  await it.start({ complete: true })
  expect(
    await it.base("select pg_get_constraintdef(oid) as key from pg_constraint where conname = 'made_pkey'"),
  ).toEqual([{ key: 'PRIMARY KEY (made_id)' }])
  expect((await refusal(it.base('insert into made values (1, null)'))).text).toContain('"size"')
  await it.expectClean()
})
