import { expect, onTestFinished, test } from 'vitest'
import { openDatabase } from '../../src/database/database.ts'
import { freshPostgresUrl } from '../harness/engines.ts'
import { actions, world } from './world.ts'

const role = `forced_owner_${process.pid}`

// As the owner of an application's tables on a managed server: no superuser, no BYPASSRLS, and bound by its own policies.
async function ownerUrl(): Promise<string> {
  const url = await freshPostgresUrl(18)
  const server = await openDatabase(url)
  const session = await server.session()
  const database = new URL(url).pathname.slice(1)
  await session.script(
    `set password_encryption = 'scram-sha-256'; create role ${role} login password 'limited';
    grant create on database ${database} to ${role}; grant create on schema public to ${role}`,
  )
  onTestFinished(async () => {
    await session.script(`reassign owned by ${role} to current_user; drop owned by ${role}; drop role ${role}`)
    await server.close()
  })
  const limited = new URL(url)
  limited.username = role
  limited.password = 'limited'
  return limited.href
}

const schema = `
  create table runs (id bigint primary key, tenant text not null, agent text not null);
  create table notes (id bigint primary key, run_id bigint references runs (id), body text);
  create policy tenant on runs to public using (tenant = current_setting('app.tenant', true));
  create policy owner_sees on runs to ${role} using (true) with check (true);
  create policy owner_sees on notes to ${role} using (true);
  alter table runs enable row level security; alter table runs force row level security;
  alter table notes enable row level security; alter table notes force row level security`
const rows = `
  insert into runs values (1, 'a', 'acme/a1'), (2, 'b', 'acme/a2');
  insert into notes values (1, 1, 'one'), (2, 2, 'two')`
const files = {
  '2_agents.json': actions(
    {
      type: 'add_column',
      table: 'notes',
      column: { name: 'agent', type: 'TEXT', nullable: false },
      up: { table: 'runs', value: 'runs.agent', where: 'notes.run_id = runs.id' },
    },
    {
      type: 'alter_column',
      table: 'runs',
      column: 'agent',
      up: 'upper(agent)',
      down: 'lower(agent)',
      changes: { type: 'VARCHAR(40)' },
    },
  ),
}

test('an owner whom row-level security binds, and whose own policies are open, migrates every row and keeps both versions in step', async () => {
  const url = await ownerUrl()
  const it = await world({ name: 'postgres', freshUrl: () => Promise.resolve(url) }, { schema, rows, files })
  await it.start()
  expect(await it.asNew('select id, agent from notes order by id')).toEqual([
    { id: 1, agent: 'acme/a1' },
    { id: 2, agent: 'acme/a2' },
  ])
  await it.asOld("update runs set agent = 'acme/b2' where id = 2")
  await it.asOld("insert into notes values (3, 2, 'three')")
  expect(await it.asNew('select id, agent from notes order by id')).toEqual([
    { id: 1, agent: 'acme/a1' },
    { id: 2, agent: 'acme/b2' },
    { id: 3, agent: 'acme/b2' },
  ])
  expect(await it.asNew('select id, agent from runs order by id')).toEqual([
    { id: 1, agent: 'ACME/A1' },
    { id: 2, agent: 'ACME/B2' },
  ])
  await it.complete()
  expect(await it.asNew('select count(*)::int as rows from runs where agent = upper(agent)')).toEqual([{ rows: 2 }])
})

test('an owner to whom a policy hides rows is refused before anything is changed', async () => {
  const url = await ownerUrl()
  const closed = `${schema}; create policy less on runs as restrictive to public using (tenant = 'a')`
  const it = await world({ name: 'postgres', freshUrl: () => Promise.resolve(url) }, { schema: closed, files })
  await expect(it.start()).rejects.toMatchObject({
    code: 'privilege_missing',
    message: `Row-level security of table runs binds role ${role}, so that not all of its rows would be brought up to date.`,
  })
  expect(await it.status()).toMatchObject({ state: 'idle' })
})
