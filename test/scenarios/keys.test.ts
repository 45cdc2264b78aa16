import { expect } from 'vitest'
import { actions, expectRefused, refusal, scenario, world } from './world.ts'

const tables = `
  create table runs (id bigint primary key, agent text, cost numeric(8,2) not null, state text);
  create table notes (id bigint primary key, run_id bigint, body text)`
const rows = "insert into runs values (7, 'a', 1, 'done'); insert into notes values (1, 7, 'x'), (2, null, 'y')"
const referring = `${tables}; alter table notes add constraint notes_run_id_fkey foreign key (run_id) references runs (id)`

scenario(60, 'a foreign key that is added binds both versions from the start', async (engine) => {
  const it = await world(engine, { schema: tables, rows, files: { '2_key.json': addKey() } })
  const before = await it.catalog()
  await it.start()
  for (const side of [it.asOld, it.asNew]) {
    expect(await refusal(side('insert into notes values (9, 404, null)'))).toMatchObject({
      code: 'statement_failed',
      text: expect.stringContaining('Key (run_id)=(404) is not present in table "runs".') as string,
    })
    expect(await refusal(side('delete from runs where id = 7'))).toMatchObject({ code: 'statement_failed' })
  }
  await it.abort()
  expect(await it.catalog()).toEqual(before)
  await it.expectClean()
  await it.base('insert into notes values (10, 404, null); delete from notes where id = 10')

  await it.start({ complete: true })
  expect(await it.base(constraintsOf('notes'))).toEqual([
    { name: 'notes_pkey', definition: 'PRIMARY KEY (id)', valid: true },
    { name: 'notes_run_id_fkey', definition: 'FOREIGN KEY (run_id) REFERENCES runs(id)', valid: true },
  ])
  await it.expectClean()
})

scenario(60, 'rows that refer to nothing are counted, and no constraint is made', async (engine) => {
  const it = await world(engine, { schema: tables, rows: `${rows}, (3, 404, 'z')`, files: { '2_key.json': addKey() } })
  await expectRefused(it, {
    code: 'data_conflict',
    message:
      'The foreign key notes_run_id_fkey cannot be added: 1 row of table notes has a run_id that is no id of table runs.',
    remedy: 'Correct or delete these rows, or add those that they refer to, then run the same command again.',
  })
})

scenario(60, 'deletes and updates are passed on as the key says', async (engine) => {
  const it = await world(engine, {
    schema: `${tables}; create table marks (id bigint primary key, run_id bigint default 0)`,
    rows: `${rows}; insert into runs values (0, 'none', 0, null); insert into marks values (1, 7)`,
    files: {
      '2_key.json': actions(keyAction({ on_delete: 'cascade', on_update: 'CASCADE' }), {
        ...keyAction({ on_delete: 'set default' }),
        table: 'marks',
      }),
    },
  })
  await it.start()
  await it.asOld('update notes set run_id = 7')
  await it.asNew('delete from runs where id = 7')
  expect(await it.asOld('select id from notes')).toEqual([])
  expect(await it.asOld('select run_id from marks')).toEqual([{ run_id: 0 }])
  await it.complete()
  const definitions = [...(await it.base(constraintsOf('notes'))), ...(await it.base(constraintsOf('marks')))]
  expect(definitions.map(({ definition }) => definition)).toEqual([
    'PRIMARY KEY (id)',
    'FOREIGN KEY (run_id) REFERENCES runs(id) ON UPDATE CASCADE ON DELETE CASCADE',
    'PRIMARY KEY (id)',
    'FOREIGN KEY (run_id) REFERENCES runs(id) ON DELETE SET DEFAULT',
  ])
})

scenario(60, 'a foreign key that cannot be made is refused, whatever the reason', async (engine) => {
  const it = await world(engine, { schema: referring, rows })
  const cases = [
    {
      file: addKey(),
      message: 'Table notes has a constraint notes_run_id_fkey already.',
      remedy: 'Rename or remove that one first.',
    },
    {
      file: addKey({ columns: ['run'] }),
      message: 'Table notes has no column run.',
      remedy: 'Name a column that it has at this place of the batch.',
    },
    {
      file: addKey({ columns: ['id'], referenced_table: 'run' }),
      message: 'There is no table run.',
      remedy: 'Did you mean runs?',
    },
    {
      file: addKey({ columns: ['body'], referenced_columns: ['agent'] }),
      message: 'No primary key or unique index of runs is on (agent).',
      remedy: 'Refer to the columns of one, or add a unique index in an earlier migration.',
    },
    {
      file: addKey({ columns: ['body'] }),
      message:
        'The foreign key cannot be made, because the types of its columns do not fit: notes.body is text and runs.id is bigint.',
      remedy: 'Alter one to the type of the other first.',
    },
  ]
  for (const { file, ...expected } of cases) {
    it.files.write('2_key.json', file)
    await expectRefused(it, expected)
  }
})

scenario(60, 'what is added stays on its columns when later actions alter and rename them', async (engine) => {
  const it = await world(engine, {
    schema: `${tables}; alter table notes add column cost numeric(8,2)`,
    rows: "insert into runs values (7, 'a', 1, 'done'); insert into notes values (1, 7, 'x', 2.5)",
    files: {
      '2_added.json': actions(
        keyAction({ on_delete: 'CASCADE' }),
        { type: 'add_check', table: 'notes', check: { name: 'cost_small', expression: 'notes.cost < 10' } },
        {
          type: 'add_index',
          table: 'notes',
          index: { name: 'notes_index', columns: ['cost', { expression: 'abs(cost)' }, 'run_id'], where: 'run_id > 0' },
        },
      ),
      '3_altered.json': actions(
        {
          type: 'alter_column',
          table: 'notes',
          column: 'cost',
          up: '(cost * 100)::int',
          down: 'cost / 100.0',
          changes: { name: 'cents', type: 'INTEGER' },
        },
        { type: 'alter_column', table: 'notes', column: 'run_id', changes: { name: 'run' } },
        { type: 'alter_column', table: 'notes', column: 'run', changes: { name: 'run_number', type: 'INTEGER' } },
        { type: 'rename_table', table: 'notes', new_name: 'memories' },
      ),
    },
  })
  // The check is over whole cents in the end.
  await expectRefused(it, {
    code: 'data_conflict',
    message: 'The check cost_small cannot be added: 1 row of table memories violates it.',
    remedy: 'Correct or delete these rows, then run the same command again.',
  })
  await it.base('update notes set cost = 0.05')
  const before = await it.catalog()
  await it.start()
  expect(await it.asNew('select run_number, cents from memories')).toEqual([{ run_number: 7, cents: 5 }])
  await it.abort()
  expect(await it.catalog()).toEqual(before)
  await it.start({ complete: true })
  expect(await it.base(constraintsOf('memories'))).toEqual([
    { name: 'cost_small', definition: 'CHECK ((cents < 10))', valid: true },
    { name: 'notes_pkey', definition: 'PRIMARY KEY (id)', valid: true },
    {
      name: 'notes_run_id_fkey',
      definition: 'FOREIGN KEY (run_number) REFERENCES runs(id) ON DELETE CASCADE',
      valid: true,
    },
  ])
  expect(await it.base("select indexdef as definition from pg_indexes where indexname = 'notes_index'")).toEqual([
    {
      definition:
        'CREATE INDEX notes_index ON public.memories USING btree (cents, abs(cents), run_number) WHERE (run_number > 0)',
    },
  ])
  await it.expectClean()
})

scenario(61, 'a foreign key that is removed binds both versions until completion', async (engine) => {
  const it = await world(engine, { schema: referring, rows, files: { '2_key.json': removeKey('notes_run_id_fkey') } })
  const before = await it.catalog()
  await it.start()
  for (const side of [it.asOld, it.asNew]) {
    expect(await refusal(side('insert into notes values (9, 404, null)'))).toMatchObject({
      message: 'insert or update on table "notes" violates foreign key constraint "notes_run_id_fkey".',
    })
  }
  await it.abort()
  expect(await it.catalog()).toEqual(before)
  await it.start({ complete: true })
  await it.asNew('insert into notes values (9, 404, null)')
  expect(await it.base(constraintsOf('notes'))).toMatchObject([{ name: 'notes_pkey' }])
  await it.expectClean()
})

scenario(61, 'a foreign key that is not there cannot be removed', async (engine) => {
  const it = await world(engine, { schema: referring, rows })
  const cases = [
    {
      file: removeKey('notes_run_fkey'),
      message: 'Table notes has no foreign key notes_run_fkey.',
      remedy: 'Did you mean notes_run_id_fkey?',
    },
    {
      file: removeKey('notes_pkey'),
      message: 'Table notes has no foreign key notes_pkey.',
      remedy: 'Name one that it has: notes_run_id_fkey.',
    },
    {
      file: actions({ type: 'remove_foreign_key', table: 'runs', foreign_key: 'notes_run_id_fkey' }),
      message: 'Table runs has no foreign key notes_run_id_fkey.',
      remedy: 'The table has no foreign key at this place of the batch.',
    },
    {
      file: actions(
        { type: 'remove_foreign_key', table: 'notes', foreign_key: 'notes_run_id_fkey' },
        { type: 'remove_foreign_key', table: 'notes', foreign_key: 'notes_run_id_fkey' },
      ),
      message: 'The foreign key notes_run_id_fkey of notes is removed by an earlier action of the batch.',
      remedy: 'The table has no foreign key at this place of the batch.',
    },
  ]
  for (const { file, ...expected } of cases) {
    it.files.write('2_key.json', file)
    await expectRefused(it, expected)
  }
})

scenario(61, 'a foreign key is taken for another one in one batch', async (engine) => {
  const it = await world(engine, {
    schema: referring,
    rows,
    files: {
      '2_key.json': actions(
        { type: 'remove_foreign_key', table: 'notes', foreign_key: 'notes_run_id_fkey' },
        keyAction({ on_delete: 'CASCADE' }),
      ),
    },
  })
  const before = await it.catalog()
  await it.start()
  await it.abort()
  expect(await it.catalog()).toEqual(before)
  await it.start({ complete: true })
  expect(await it.base(constraintsOf('notes'))).toEqual([
    { name: 'notes_pkey', definition: 'PRIMARY KEY (id)', valid: true },
    {
      name: 'notes_run_id_fkey',
      definition: 'FOREIGN KEY (run_id) REFERENCES runs(id) ON DELETE CASCADE',
      valid: true,
    },
  ])
  await it.expectClean()
})

scenario(65, 'a check that is added refuses what violates it in both versions', async (engine) => {
  const it = await world(engine, { schema: tables, rows, files: { '2_check.json': addCheck('cost >= 0') } })
  const before = await it.catalog()
  await it.start()
  for (const side of [it.asOld, it.asNew]) {
    expect(await refusal(side("insert into runs values (9, 'b', -1, null)"))).toMatchObject({
      code: 'statement_failed',
      message: 'new row for relation "runs" violates check constraint "cost_not_negative".',
    })
  }
  await it.abort()
  expect(await it.catalog()).toEqual(before)
  await it.start({ complete: true })
  expect(await it.base(constraintsOf('runs'))).toEqual([
    { name: 'cost_not_negative', definition: 'CHECK ((cost >= (0)::numeric))', valid: true },
    { name: 'runs_pkey', definition: 'PRIMARY KEY (id)', valid: true },
  ])
  await it.expectClean()
})

scenario(65, 'a check that rows violate, or that means nothing, is refused', async (engine) => {
  const it = await world(engine, {
    schema: `${tables}; alter table runs add constraint cost_positive check (cost > 0)`,
    rows,
  })
  const cases = [
    {
      file: addCheck('cost > 1'),
      message: 'The check cost_not_negative cannot be added: 1 row of table runs violates it.',
      remedy: 'Correct or delete these rows, then run the same command again.',
    },
    {
      file: addCheck('cots > 1'),
      message: 'There is no column cots in runs.',
      remedy: 'Did you mean cost?',
    },
    {
      file: addCheck('cost'),
      message:
        'PostgreSQL does not accept actions[0].check.expression: argument of CHECK must be type boolean, not type numeric.',
      remedy: 'Write a condition: an expression that is true or false.',
    },
    {
      file: addCheck('cost > (select count(*) from notes)'),
      message: 'A check cannot read other rows.',
      remedy: 'Compare columns of the row only.',
    },
    {
      file: actions({ type: 'add_check', table: 'runs', check: { name: 'cost_positive', expression: 'cost > 0' } }),
      message: 'Table runs has a constraint cost_positive already.',
      remedy: 'Choose another name.',
    },
    {
      file: actions({ type: 'remove_check', table: 'runs', check: 'cost_positiv' }),
      message: 'Table runs has no check cost_positiv.',
      remedy: 'Did you mean cost_positive?',
    },
  ]
  for (const { file, ...expected } of cases) {
    it.files.write('2_check.json', file)
    await expectRefused(it, expected)
  }
})

scenario(65, 'a check that is removed binds both versions until completion', async (engine) => {
  const it = await world(engine, {
    schema: `${tables}; alter table runs add constraint cost_positive check (cost > 0)`,
    rows,
    files: { '2_check.json': actions({ type: 'remove_check', table: 'runs', check: 'cost_positive' }) },
  })
  const before = await it.catalog()
  await it.start()
  for (const side of [it.asOld, it.asNew]) {
    expect(await refusal(side("insert into runs values (9, 'b', -1, null)"))).toMatchObject({
      message: 'new row for relation "runs" violates check constraint "cost_positive".',
    })
  }
  await it.abort()
  expect(await it.catalog()).toEqual(before)
  await it.start({ complete: true })
  await it.asNew("insert into runs values (9, 'b', -1, null)")
  await it.expectClean()
})

scenario(65, 'a check is taken for another one of its name in one batch', async (engine) => {
  const it = await world(engine, {
    schema: `${tables}; alter table runs add constraint cost_not_negative check (cost > 0)`,
    rows,
    files: {
      '2_check.json': actions(
        { type: 'remove_check', table: 'runs', check: 'cost_not_negative' },
        { type: 'add_check', table: 'runs', check: { name: 'cost_not_negative', expression: 'cost < 100' } },
      ),
    },
  })
  const before = await it.catalog()
  await it.start()
  for (const cost of [0, 100]) {
    expect(await refusal(it.asNew(`insert into runs values (9, 'b', ${cost}, null)`))).toMatchObject({
      code: 'statement_failed',
    })
  }
  await it.abort()
  expect(await it.catalog()).toEqual(before)
  await it.start({ complete: true })
  expect(await it.base(constraintsOf('runs'))).toMatchObject([
    { name: 'cost_not_negative', definition: 'CHECK ((cost < (100)::numeric))', valid: true },
    { name: 'runs_pkey' },
  ])
  await it.expectClean()
})

scenario(65, 'a check over columns that the batch adds and alters judges their new values', async (engine) => {
  const it = await world(engine, {
    schema: tables,
    rows,
    files: {
      '2_check.json': actions(
        {
          type: 'alter_column',
          table: 'runs',
          column: 'cost',
          up: '(cost * 100)::int',
          down: 'cost / 100.0',
          changes: { name: 'cents', type: 'INTEGER' },
        },
        { type: 'add_column', table: 'runs', column: { name: 'vat', type: 'INTEGER' }, up: 'cents / 5' },
        {
          type: 'add_check',
          table: 'runs',
          check: { name: 'vat_below_cents', expression: 'vat <= cents AND cents < 1000' },
        },
      ),
    },
  })
  await it.start()
  expect(await it.asNew('select cents, vat from runs')).toEqual([{ cents: 100, vat: 20 }])
  expect(await refusal(it.asOld("insert into runs values (9, 'b', 10, null)"))).toMatchObject({
    code: 'statement_failed',
  })
  expect(await refusal(it.asNew("insert into runs values (9, 'b', 10, null, 11)"))).toMatchObject({
    code: 'statement_failed',
  })
  await it.asOld("insert into runs values (9, 'b', 9.99, null)")
  await it.complete()
  expect(await it.base(constraintsOf('runs'))).toMatchObject([
    { name: 'runs_pkey' },
    { name: 'vat_below_cents', definition: 'CHECK (((vat <= cents) AND (cents < 1000)))', valid: true },
  ])
  await it.expectClean()
})

scenario(65, 'a table is created with its checks, comments and foreign keys', async (engine) => {
  const it = await world(engine, {
    schema: tables,
    files: {
      '2_table.json': actions({
        type: 'create_table',
        name: 'prices',
        comment: "what it's worth",
        primary_key: 'id',
        columns: [
          { name: 'id', type: 'BIGINT', generated: 'ALWAYS AS IDENTITY' },
          { name: 'run_id', type: 'BIGINT', comment: 'the run' },
          { name: 'price', type: 'INTEGER', nullable: false },
        ],
        foreign_keys: [
          { columns: ['run_id'], referenced_table: 'runs', referenced_columns: ['id'], on_delete: 'SET NULL' },
        ],
        checks: [{ name: 'price_positive', expression: 'price > 0' }, { expression: 'price < 100' }],
      }),
    },
  })
  await it.start()
  for (const price of [0, 100]) {
    expect(await refusal(it.asNew(`insert into prices (price) values (${price})`))).toMatchObject({
      code: 'statement_failed',
    })
  }
  await it.asNew('insert into prices (price) values (1)')
  await it.complete()
  expect(await it.base(constraintsOf('prices'))).toEqual([
    { name: 'price_positive', definition: 'CHECK ((price > 0))', valid: true },
    { name: 'prices_pkey', definition: 'PRIMARY KEY (id)', valid: true },
    { name: 'prices_price_check', definition: 'CHECK ((price < 100))', valid: true },
    {
      name: 'prices_run_id_fkey',
      definition: 'FOREIGN KEY (run_id) REFERENCES runs(id) ON DELETE SET NULL',
      valid: true,
    },
  ])
  const [comments] = await it.asNew(`
    select obj_description('public.prices'::regclass) as base, obj_description('prices'::regclass) as view,
      col_description('public.prices'::regclass, 2) as base_column, col_description('prices'::regclass, 2) as view_column`)
  expect(comments).toEqual({
    base: "what it's worth",
    view: "what it's worth",
    base_column: 'the run',
    view_column: 'the run',
  })
  await it.expectClean()
})

function keyAction(more: object = {}): object {
  const key = { columns: ['run_id'], referenced_table: 'runs', referenced_columns: ['id'], ...more }
  return { type: 'add_foreign_key', table: 'notes', foreign_key: key }
}

function addKey(more: object = {}): string {
  return actions(keyAction(more))
}

function removeKey(name: string): string {
  return actions({ type: 'remove_foreign_key', table: 'notes', foreign_key: name })
}

function addCheck(expression: string): string {
  return actions({ type: 'add_check', table: 'runs', check: { name: 'cost_not_negative', expression } })
}

// Without what only version 18 has a name for.
function constraintsOf(table: string): string {
  return `select conname as name, pg_get_constraintdef(oid) as definition, convalidated as valid
    from pg_constraint where conrelid = 'public.${table}'::regclass and contype <> 'n' order by conname`
}
