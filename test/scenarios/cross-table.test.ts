import { expect } from 'vitest'
import { id, raw } from '../../src/database/database.ts'
import { actions, expectRefused, refusal, scenario, world, type Row, type World } from './world.ts'

const schema = `
  create table runs (id bigint primary key, agent text not null, state text);
  create table notes (id bigint primary key, run_id bigint, body text)`
const rows = `
  insert into runs values (1, 'acme/a1', 'done'), (2, 'acme/a2', 'done');
  insert into notes values (1, 1, 'one'), (2, 2, 'two'), (3, 2, 'two again'), (4, null, 'of none')`
const added = {
  type: 'add_column',
  table: 'notes',
  column: { name: 'agent', type: 'TEXT' },
  up: { table: 'runs', value: 'runs.agent', where: 'notes.run_id = runs.id' },
}
const removed = {
  type: 'remove_column',
  table: 'runs',
  column: 'agent',
  down: { table: 'notes', value: 'notes.agent', where: 'runs.id = notes.run_id' },
}
const move = actions(added, removed)

/** Runs one statement in a connection of its own, whose search path is the version's. */
async function fresh(it: World, version: 'old' | 'new', text: string): Promise<Row[]> {
  const { oldSchema, newSchema } = await it.status()
  const schemaName = (version === 'old' ? oldSchema : newSchema) ?? 'public'
  await using session = await it.database.session()
  await session.script(`set search_path to ${id(schemaName).inline('postgres')}`)
  try {
    return await session.query<Row>(raw(text))
  } finally {
    await session.script('reset search_path')
  }
}

scenario(28, 'in the first migration ever, with each write in a connection of its own', async (engine) => {
  const it = await world(engine, {
    files: {
      '1_tables.json': actions({ type: 'custom', start: `${schema}; ${rows}` }, added),
    },
  })
  await it.start()
  await fresh(it, 'old', "insert into notes values (5, 1, 'more')")
  await fresh(it, 'old', "update runs set agent = 'changed' where id = 1")
  expect(await fresh(it, 'new', 'select id, agent from notes where run_id = 1 order by id')).toEqual([
    { id: 1, agent: 'changed' },
    { id: 5, agent: 'changed' },
  ])
  await it.complete()
  await it.expectClean()
})

scenario(
  28,
  'what the new application wrote stays until the old one changes the value at its source',
  async (engine) => {
    const it = await world(engine, { schema, rows, files: { '2_agent.json': actions(added) } })
    const agents = async () => (await it.asNew('select agent from notes order by id')).map(({ agent }) => agent)
    await it.start()
    expect(await agents()).toEqual(['acme/a1', 'acme/a2', 'acme/a2', null])
    await fresh(it, 'new', "update notes set agent = 'mine' where id = 3")
    await fresh(it, 'old', "update runs set state = 'queued'")
    await fresh(it, 'old', "update notes set body = 'edited'")
    await fresh(it, 'old', 'update runs set agent = agent')
    expect(await agents()).toEqual(['acme/a1', 'acme/a2', 'mine', null])
    await fresh(it, 'old', "update runs set agent = 'beta/x' where id = 2")
    expect(await agents()).toEqual(['acme/a1', 'beta/x', 'beta/x', null])
    await fresh(it, 'old', 'update notes set run_id = 1 where id in (3, 4)')
    await fresh(it, 'old', "insert into notes values (5, 9, 'before its run')")
    await fresh(it, 'old', "insert into runs values (9, 'late/r', null)")
    expect(await agents()).toEqual(['acme/a1', 'beta/x', 'acme/a1', 'acme/a1', 'late/r'])
    await fresh(it, 'old', 'update runs set id = 10 where id = 9')
    await fresh(it, 'old', 'delete from runs where id = 10')
    expect(await agents()).toEqual(['acme/a1', 'beta/x', 'acme/a1', 'acme/a1', 'late/r'])
    await it.complete()
    expect((await it.base('select agent from notes order by id')).map(({ agent }) => agent)).toEqual([
      'acme/a1',
      'beta/x',
      'acme/a1',
      'acme/a1',
      'late/r',
    ])
    await it.expectClean()
  },
)

scenario(28, 'a column that must not be null has its default where the source has no row', async (engine) => {
  const it = await world(engine, {
    schema,
    rows,
    files: {
      '2_agent.json': actions({
        ...added,
        column: { name: 'agent', type: 'TEXT', nullable: false, default: "'nobody'" },
      }),
    },
  })
  await it.start()
  await fresh(it, 'old', "insert into notes values (5, 77, 'x')")
  await fresh(it, 'old', 'update notes set run_id = 78 where id = 1')
  expect(await it.asNew('select id, agent from notes order by id')).toEqual([
    { id: 1, agent: 'nobody' },
    { id: 2, agent: 'acme/a2' },
    { id: 3, agent: 'acme/a2' },
    { id: 4, agent: 'nobody' },
    { id: 5, agent: 'nobody' },
  ])
  await it.complete()
  await it.expectClean()
})

scenario(28, 'a value from its own table, or a name that both tables have, is refused', async (engine) => {
  const it = await world(engine, {
    schema,
    rows,
    files: { '2_agent.json': actions({ ...added, up: { table: 'notes', value: 'body', where: 'true' } }) },
  })
  await expectRefused(it, {
    message: 'The value of notes.agent would come from its own table.',
    remedy: 'Write up = "<SQL>" with a sub-query instead.',
  })
  it.files.write('2_agent.json', actions({ ...added, up: { table: 'runs', value: 'agent', where: 'run_id = id' } }))
  await expectRefused(it, {
    code: 'schema_conflict',
    message: 'Both runs and notes have a column id.',
    remedy: 'Write runs.id or notes.id.',
  })
})

// Each write stands in a connection of its own; the run and its note have the same number.
const writes = {
  'old: run, note': [
    ['old', "insert into runs values (10, 'first', null)"],
    ['old', "insert into notes values (10, 10, 'n')"],
  ],
  'old: note, run': [
    ['old', "insert into notes values (10, 10, 'n')"],
    ['old', "insert into runs values (10, 'first', null)"],
  ],
  'new: run, note': [
    ['new', 'insert into runs (id) values (10)'],
    ['new', "insert into notes values (10, 10, 'n', 'first')"],
  ],
  'new: note, run': [
    ['new', "insert into notes values (10, 10, 'n', 'first')"],
    ['new', 'insert into runs (id) values (10)'],
  ],
  'old: run, new: note': [
    ['old', "insert into runs values (10, 'lost', null)"],
    ['new', "insert into notes values (10, 10, 'n', 'first')"],
  ],
  'new: run, old: note': [
    ['new', 'insert into runs (id) values (10)'],
    ['old', "insert into notes values (10, 10, 'n')"],
    ['old', "update runs set agent = 'first' where id = 10"],
  ],
} as const

for (const [title, inserts] of Object.entries(writes)) {
  scenario(53, `a column moves to another table, in connections of their own: ${title}`, async (engine) => {
    const it = await world(engine, { schema, rows, files: { '2_move.json': move } })
    const seen = async () => ({
      old: (await fresh(it, 'old', 'select agent from runs where id = 10'))[0]?.['agent'],
      new: (await fresh(it, 'new', 'select agent from notes where id = 10'))[0]?.['agent'],
    })
    await it.start()
    for (const [version, text] of inserts) await fresh(it, version, text)
    expect(await seen()).toEqual({ old: 'first', new: 'first' })
    await fresh(it, 'old', "update runs set agent = 'second' where id = 10")
    expect(await seen()).toEqual({ old: 'second', new: 'second' })
    await fresh(it, 'new', "update notes set agent = 'third' where id = 10")
    expect(await seen()).toEqual({ old: 'third', new: 'third' })
    await fresh(it, 'old', "update notes set body = 'b' where id = 10")
    await fresh(it, 'new', "update runs set state = 'b' where id = 10")
    expect(await seen()).toEqual({ old: 'third', new: 'third' })
    await it.complete()
    expect(await it.base('select * from notes where id = 10')).toEqual([
      { id: 10, run_id: 10, body: 'b', agent: 'third' },
    ])
    expect(await it.base('select * from runs where id = 10')).toEqual([{ id: 10, state: 'b' }])
    await it.expectClean()
  })
}

scenario(53, 'NOT NULL binds the old application, and not the new one between its two inserts', async (engine) => {
  const it = await world(engine, { schema, rows, files: { '2_move.json': move } })
  const before = await it.catalog()
  await it.start()
  expect((await refusal(fresh(it, 'old', 'insert into runs (id) values (10)'))).message).toBe(
    'null value in column "agent" of relation "runs" violates not-null constraint.',
  )
  expect((await refusal(fresh(it, 'old', 'update runs set agent = null where id = 1'))).message).toBe(
    'null value in column "agent" of relation "runs" violates not-null constraint.',
  )
  await fresh(it, 'new', 'insert into runs (id) values (10)')
  // What the new application left so is not for the old one to mend.
  await fresh(it, 'old', "update runs set state = 'seen' where id = 10")
  await fresh(it, 'new', "insert into notes values (10, 10, 'n', 'first')")
  await it.abort()
  expect(await it.catalog()).toEqual(before)
  expect(await it.base('select * from runs order by id')).toEqual([
    { id: 1, agent: 'acme/a1', state: 'done' },
    { id: 2, agent: 'acme/a2', state: 'done' },
    { id: 10, agent: 'first', state: 'seen' },
  ])
  await it.expectClean()
})

const members = `
  create table users (id bigint primary key);
  create table documents (
    id bigint primary key, title text, owner bigint not null references users, owner_role text not null)`
const link = actions(
  {
    type: 'create_table',
    name: 'memberships',
    primary_key: ['document_id', 'user_id'],
    columns: [
      { name: 'document_id', type: 'BIGINT' },
      { name: 'user_id', type: 'BIGINT' },
      { name: 'role', type: 'TEXT', nullable: false },
    ],
    foreign_keys: [{ columns: ['user_id'], referenced_table: 'users', referenced_columns: ['id'] }],
    up: {
      table: 'documents',
      values: {
        document_id: 'documents.id',
        user_id: 'documents.owner',
        role: "case documents.owner_role when 'adm' then 'admin' else documents.owner_role end",
      },
    },
  },
  {
    type: 'remove_column',
    table: 'documents',
    column: 'owner',
    down: { table: 'memberships', value: 'memberships.user_id', where: 'documents.id = memberships.document_id' },
  },
  {
    type: 'remove_column',
    table: 'documents',
    column: 'owner_role',
    down: {
      table: 'memberships',
      value: "case memberships.role when 'admin' then 'adm' else memberships.role end",
      where: 'documents.id = memberships.document_id',
    },
  },
)

scenario(54, 'from one owner to many members: the link follows, and the columns do', async (engine) => {
  const it = await world(engine, {
    schema: members,
    rows: "insert into users select generate_series(1, 9); insert into documents values (1, 'a', 1, 'adm'), (2, 'b', 2, 'reader')",
    files: { '2_members.json': link },
  })
  const links = () => it.asNew('select * from memberships order by 1, 2')
  await it.start()
  expect(await links()).toEqual([
    { document_id: 1, user_id: 1, role: 'admin' },
    { document_id: 2, user_id: 2, role: 'reader' },
  ])
  await fresh(it, 'old', "insert into documents values (3, 'c', 3, 'adm')")
  await fresh(it, 'old', "update documents set owner_role = 'writer' where id = 1")
  await it.database.session().then(async (session) => {
    await session.transaction(async (tx) => {
      await tx.script('set local search_path to migration_2_members')
      await tx.query(raw("insert into documents values (4, 'd')"))
      await tx.query(raw("insert into memberships values (4, 4, 'admin')"))
    })
    await session.close()
  })
  expect(await links()).toEqual([
    { document_id: 1, user_id: 1, role: 'writer' },
    { document_id: 2, user_id: 2, role: 'reader' },
    { document_id: 3, user_id: 3, role: 'admin' },
    { document_id: 4, user_id: 4, role: 'admin' },
  ])
  expect(await fresh(it, 'old', 'select id, owner, owner_role from documents order by id')).toEqual([
    { id: 1, owner: 1, owner_role: 'writer' },
    { id: 2, owner: 2, owner_role: 'reader' },
    { id: 3, owner: 3, owner_role: 'adm' },
    { id: 4, owner: 4, owner_role: 'adm' },
  ])
  for (const column of ['owner', 'owner_role']) {
    expect((await refusal(fresh(it, 'old', `update documents set ${column} = null where id = 1`))).message).toBe(
      `null value in column "${column}" of relation "documents" violates not-null constraint.`,
    )
  }
  await it.complete()
  expect(await it.base('select * from documents order by id limit 1')).toEqual([{ id: 1, title: 'a' }])
  await it.expectClean()
})

scenario(55, 'an abort that would leave NOT NULL broken is refused, unless a value is given', async (engine) => {
  const it = await world(engine, { schema, rows, files: { '2_move.json': move } })
  const before = await it.catalog()
  await it.start()
  await fresh(it, 'new', "insert into runs values (10, 'alone')")
  const error = await refusal(it.abort())
  expect(error).toMatchObject({
    code: 'abort_blocked',
    kind: 'state',
    message: 'The new version has written rows in which runs.agent is null, which the old version does not allow.',
    where: 'runs.agent',
    remedy:
      'Give them a value, or have the abort do it with --fill and an SQL expression over the row; or complete instead.',
  })
  expect(await it.status()).toMatchObject({ state: 'in_progress' })
  await fresh(it, 'old', "insert into runs values (11, 'both', null)")
  await it.abort({ fill: "'nobody ' || id" })
  expect(await it.base('select * from runs where id > 9 order by id')).toEqual([
    { id: 10, agent: 'nobody 10', state: 'alone' },
    { id: 11, agent: 'both', state: null },
  ])
  expect(await it.catalog()).toEqual(before)
  await it.expectClean()
})

const alter = (table: string, column: string, changes: object, rest: object = {}) => ({
  type: 'alter_column',
  table,
  column,
  changes,
  ...rest,
})
const lifecycles: Readonly<Record<string, readonly object[]>> = {
  'a column from another table': [added],
  'a column from another table that must not be null': [
    { ...added, column: { name: 'agent', type: 'TEXT', nullable: false, default: "'nobody'" } },
  ],
  'a move': [added, removed],
  'a move whose columns are altered, before and after': [
    alter('runs', 'agent', { name: 'worker' }, { up: 'upper(agent)', down: 'lower(agent)' }),
    { ...added, up: { ...added.up, value: 'runs.worker' } },
    alter('notes', 'agent', { type: 'varchar(40)', name: 'worker' }),
    { ...removed, column: 'worker', down: { ...removed.down, value: 'notes.worker' } },
  ],
  'a move between tables that are renamed': [
    { type: 'rename_table', table: 'notes', new_name: 'memories' },
    { type: 'rename_table', table: 'runs', new_name: 'jobs' },
    { ...added, table: 'memories', up: { table: 'jobs', value: 'jobs.agent', where: 'memories.run_id = jobs.id' } },
    {
      ...removed,
      table: 'jobs',
      down: { table: 'memories', value: 'memories.agent', where: 'jobs.id = memories.run_id' },
    },
  ],
  'a column from another table whose key is altered': [
    alter('runs', 'id', { type: 'TEXT' }, { up: 'id::text', down: 'id::bigint' }),
    alter('notes', 'run_id', { type: 'TEXT' }, { up: 'run_id::text', down: 'run_id::bigint' }),
    added,
  ],
}

for (const [title, list] of Object.entries(lifecycles)) {
  scenario(69, `start, abort, start and complete of ${title} is start and complete`, async (engine) => {
    const files = { '2_move.json': actions(...list) }
    const ended = async (one: World) => [
      await one.catalog(),
      await one.base(
        `select to_jsonb(t) as t from ${list.length === 4 && title.includes('renamed') ? 'memories' : 'notes'} t order by id`,
      ),
    ]
    const straight = await world(engine, { schema, rows, files })
    await straight.start({ complete: true })
    await straight.expectClean()
    const it = await world(engine, { schema, rows, files })
    const before = [await it.catalog(), await it.base('select * from runs order by id')]
    await it.start()
    await it.abort()
    expect([await it.catalog(), await it.base('select * from runs order by id')]).toEqual(before)
    await it.expectClean()
    await it.start()
    await it.complete()
    expect(await ended(it)).toEqual(await ended(straight))
    await it.expectClean()
  })
}
