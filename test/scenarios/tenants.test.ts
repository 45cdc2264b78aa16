import { afterAll, expect, test } from 'vitest'
import { freshPostgresUrl, postgresVersions } from '../harness/engines.ts'
import type { Catalog } from '../../src/catalog/catalog.ts'
import { openDatabase, raw } from '../../src/database/database.ts'
import { phasedEngines, rolledBack } from './rolled-back.ts'
import { actions, expectRefused, world, type World } from './world.ts'

const role = `tenant_scenario_${process.pid}`

// Roles belong to the server, and outlive the databases of the tests.
afterAll(async () => {
  await using database = await openDatabase(await freshPostgresUrl(18))
  await using session = await database.session()
  await session.script(`drop role if exists ${role}; drop role if exists ${role}_mighty`)
})

const schema = `
  create table messages (tenant_id int not null, id bigserial primary key, body text);
  create index messages_of_tenant on messages (tenant_id);
  create table notes (id int primary key, tenant_id int);
  do $$ begin create role ${role}; exception when duplicate_object then null; end $$;
  do $$ begin create role ${role}_mighty bypassrls; exception when duplicate_object then null; end $$`
const rows = `insert into messages (tenant_id, body) values (1, 'ours'), (2, 'theirs')`

const isolation = { type: 'tenant_isolation', table: 'messages', roles: [role] }

/** What the application of a version gets, as its role, for a tenant: rows, or the code of an error. */
async function asTenant(it: World, version: string, tenant: number, text: string): Promise<unknown> {
  await using session = await it.database.session()
  const before = `set local search_path to "${version}"; set local app.tenant_id = '${tenant}'; set local role ${role}`
  try {
    return await session.transaction(async (tx) => {
      await tx.script(before)
      return tx.query(raw(text))
    })
  } catch (error) {
    return (error as { engineCode?: string }).engineCode
  }
}

const security = async (it: World) => {
  const catalog = (await it.catalog()) as Catalog
  const table = catalog.tables.find(({ name }) => name === 'messages')
  return { ...table?.rowSecurity, policies: table?.policies.map(({ name }) => name) }
}
const open = { enabled: false, forced: false, policies: [] }

for (const engine of phasedEngines) {
  test(`tenant_isolation binds from completion on, and a rollback takes it back [${engine.name}]`, async () => {
    const it = await world(engine, { schema, rows, files: { '2_isolate.json': actions(isolation) } })
    const before = await it.catalog()
    await it.start()
    // The old version does not say whose its sessions are.
    expect(await it.asOld('select body from messages order by id')).toHaveLength(2)
    expect(await it.asNew('select body from messages order by id')).toHaveLength(2)
    expect(await security(it)).toEqual(open)
    await it.abort()
    expect(await it.catalog()).toEqual(before)
    await it.expectClean()

    await it.start({ complete: true })
    expect(await security(it)).toEqual({ enabled: true, forced: true, policies: ['tenant_isolation'] })
    const version = 'migration_2_isolate'
    for (const [tenant, body] of [
      [1, 'ours'],
      [2, 'theirs'],
      [3, undefined],
    ] as const) {
      const seen = body === undefined ? [] : [{ body }]
      expect(await asTenant(it, version, tenant, 'select body from messages')).toEqual(seen)
      expect(await asTenant(it, 'public', tenant, 'update messages set body = body returning body')).toEqual(seen)
    }
    expect(await asTenant(it, version, 1, "insert into messages (tenant_id, body) values (2, 'x')")).toBe('42501')
    expect(
      await asTenant(it, version, 1, "insert into messages (tenant_id, body) values (1, 'y') returning body"),
    ).toEqual([{ body: 'y' }])
    await it.expectClean()

    await rolledBack(it)
    expect(await security(it)).toEqual(open)
    await it.base(`drop owned by ${role}`)
  })
}

test('tenant_isolation goes with what the same batch makes and renames, and with later versions', async () => {
  const [engine] = phasedEngines
  if (engine === undefined) throw new Error('There is no engine.')
  const it = await world(engine, { schema, rows })
  it.files.write(
    '2_isolate.json',
    actions(
      {
        type: 'create_table',
        name: 'made',
        columns: [
          { name: 'org', type: 'TEXT' },
          { name: 'id', type: 'INT' },
        ],
        primary_key: ['org', 'id'],
      },
      { type: 'tenant_isolation', table: 'made', column: 'org', setting: 'my.org', roles: [role] },
      { ...isolation },
      { type: 'rename_table', table: 'messages', new_name: 'posts' },
      { type: 'alter_column', table: 'posts', column: 'tenant_id', changes: { name: 'owner_id' } },
    ),
  )
  await it.start({ complete: true })
  it.files.write(
    '3_next.json',
    actions({ type: 'add_column', table: 'posts', column: { name: 'length', type: 'INT' }, up: 'length(body)' }),
  )
  await it.start({ complete: true })
  expect(await asTenant(it, 'migration_3_next', 1, 'select owner_id, body, length from posts')).toEqual([
    { owner_id: 1, body: 'ours', length: 4 },
  ])
  expect(await asTenant(it, 'migration_3_next', 1, "insert into made values ('x', 1)")).toBe('42501')
  await it.base(`drop owned by ${role}`)
})

test('tenant_isolation refuses what would not keep tenants apart, before anything is changed', async () => {
  const [engine] = phasedEngines
  if (engine === undefined) throw new Error('There is no engine.')
  const it = await world(engine, { schema, rows })
  const refused = async (change: object, message: string, remedy: string) => {
    it.files.write('2_isolate.json', actions({ ...isolation, ...change }))
    await expectRefused(it, { message, remedy })
  }
  await refused(
    { table: 'notes' },
    "Column tenant_id of table notes may be null, and a row without a tenant would be nobody's.",
    'Make it required first, by alter_column with changes = { nullable = false }.',
  )
  await refused({ column: 'tenant' }, 'Table messages has no column tenant.', 'Did you mean tenant_id?')
  await refused(
    { roles: [`${role}_nobody`] },
    `role "${role}_nobody" does not exist.`,
    'Create it, or name the role that the application has.',
  )
  await refused(
    { roles: [role, `${role}_mighty`] },
    `Row-level security does not bind role ${role}_mighty.`,
    'Take SUPERUSER and BYPASSRLS from the role, or name the role that the application has.',
  )
  await it.base('create policy p on messages using (true)')
  await refused(
    {},
    'Table messages has policies or row-level security already.',
    'Write in SQL what is to become of them.',
  )
})

test('tenant_isolation needs a server whose views respect it', async () => {
  const [oldest] = postgresVersions
  if (oldest === undefined) throw new Error('There is no server.')
  const it = await world(
    { name: 'postgres', freshUrl: oldest.freshUrl },
    {
      schema: 'create table messages (tenant_id int not null, id int primary key)',
      files: { '2_isolate.json': actions({ type: 'tenant_isolation', table: 'messages' }) },
    },
  )
  await expectRefused(it, {
    message: 'Before PostgreSQL 15 the views of a version show all rows, whatever a policy says.',
    remedy: 'Use a server of version 15 or later.',
  })
})
