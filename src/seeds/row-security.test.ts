import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { freshPostgresUrl } from '../../test/harness/engines.ts'
import { seedWorld, type SeedWorld } from '../../test/harness/seed-world.ts'
import { applySeeds, planSeeds, verifySeeds } from './seeds.ts'

// Roles belong to the server, which other tests use as well.
const suffix = randomUUID().slice(0, 8)
const [owner, other] = [`seed_owner_${suffix}`, `seed_other_${suffix}`]

let world: SeedWorld
beforeAll(async () => {
  world = await seedWorld(
    { freshUrl: () => freshPostgresUrl(18) },
    `create role ${owner}; create role ${other};
     create schema metastore authorization ${owner};
     grant all on schema public to ${owner}, ${other}; grant all on schema metastore to ${other};
     set role ${owner};
     alter default privileges in schema metastore grant all on tables to ${other};
     create table notes (id integer primary key, tenant text not null, body text);
     alter table notes enable row level security, force row level security;
     create policy tenants on notes using (tenant = current_setting('app.tenant', true));
     grant all on notes to ${other};`,
  )
})
afterAll(async () => {
  await world.session.script(`reset role; drop owned by ${owner}; drop owned by ${other}; drop role ${owner}, ${other}`)
  await world.close()
})
beforeEach(async () => {
  await world.session.script(`set role ${owner}; drop policy if exists seeding on notes`)
})

function notes(body: string): void {
  world.clear()
  world.write(
    'a.json',
    JSON.stringify({
      table: 'notes',
      rows: [
        { id: 1, tenant: 'a', body },
        { id: 2, tenant: 'b', body },
      ],
      expect: [{ table: 'notes', count: 2 }],
    }),
  )
}

test('an owner that forced row-level security binds is told which policy is missing, before anything is written', async () => {
  notes('first')
  const refusal = {
    code: 'seed_invalid',
    where: 'seeds/a.json:1:10',
    message: `Row-level security of table notes binds role ${owner}, so that not all of its rows would be seen.`,
    remedy: `Seed as a role that has BYPASSRLS, or let the owner see every row: create policy seeding on "public"."notes" to "${owner}" using (true) with check (true);`,
  }
  await expect(applySeeds(world.options())).rejects.toMatchObject(refusal)
  await expect(planSeeds(world.options())).rejects.toMatchObject(refusal)
})

test('with that policy the owner seeds every tenant, compares with every row, and sees what is expected', async () => {
  notes('first')
  await world.session.script(`create policy seeding on notes to ${owner} using (true) with check (true)`)
  const counts = async () => (await applySeeds(world.options())).files.map((file) => file.counts)
  expect(await counts()).toEqual([{ inserted: 2, updated: 0, unchanged: 0, removed: 0 }])
  notes('second')
  expect(await counts()).toEqual([{ inserted: 0, updated: 2, unchanged: 0, removed: 0 }])
  expect((await verifySeeds(world.options())).map(({ ok }) => ok)).toEqual([true])
})

test('a policy that writes but does not see, or that another restricts, is not enough', async () => {
  notes('third')
  const refusal = { code: 'seed_invalid' }
  await world.session.script(`create policy seeding on notes for insert to ${owner} with check (true)`)
  await expect(applySeeds(world.options())).rejects.toMatchObject(refusal)
  await world.session.script(`
    drop policy seeding on notes; create policy seeding on notes to ${owner} using (true);
    create policy limit_all on notes as restrictive using (tenant <> 'b')`)
  await expect(applySeeds(world.options())).rejects.toMatchObject(refusal)
  await world.session.script('drop policy limit_all on notes')
})

test('a role that does not own the table is sent to one that does', async () => {
  notes('fourth')
  await world.session.script(`set role ${other}`)
  await expect(applySeeds(world.options())).rejects.toMatchObject({
    code: 'seed_invalid',
    message: `Row-level security of table notes binds role ${other}, so that not all of its rows would be seen.`,
    remedy: 'Seed as the owner of the table, or as a role that has BYPASSRLS.',
  })
})

test('an expectation never counts only the rows that policies show', async () => {
  notes('second')
  const [found] = await verifySeeds(world.options())
  expect(found).toMatchObject({
    ok: false,
    found: 'a failure: query would be affected by row-level security policy for table "notes".',
  })
})

test('rows that are hidden elsewhere are told, since the policies of all tables are in force or none', async () => {
  notes('fifth')
  await world.session.script(`
    create policy seeding on notes to ${owner} using (true) with check (true);
    create table "Closed" (id integer primary key);
    alter table "Closed" enable row level security, force row level security`)
  await expect(applySeeds(world.options())).rejects.toMatchObject({
    message: `Row-level security binds role ${owner} and hides rows of public."Closed" from it, so that what is written to notes could not be compared with every row.`,
    remedy: `Seed as a role that has BYPASSRLS, or give it a policy for all rows of public."Closed" as well.`,
  })
  await world.session.script('drop table "Closed"')
})
