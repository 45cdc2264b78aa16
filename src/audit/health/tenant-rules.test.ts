import { afterAll, beforeAll, expect, test } from 'vitest'
import { freshPostgresUrl } from '../../../test/harness/engines.ts'
import { introspect, type Catalog } from '../../catalog/catalog.ts'
import { openDatabase, type Database } from '../../database/database.ts'
import { isolateTenants } from '../../migrations/tenant-isolation.ts'
import { readLiveFacts, type LiveFacts } from './live-facts.ts'
import { keyWithoutTenant, tenantNotIsolated } from './tenant-rules.ts'

const on = (table: string) => `alter table ${table} enable row level security, force row level security;`
const own = "(tenant_id = current_setting('app.tenant_id', true)::int)"

const tables = `
  create table tenants (id int primary key);
  create table bare (tenant_id int references tenants, id uuid primary key default gen_random_uuid());
  create table off (like bare including all);
  create policy p on off using ${own};
  create table unforced (like bare including all);
  create policy p on unforced using ${own};
  alter table unforced enable row level security;
  create table writable (like bare including all);
  create policy r on writable for select using ${own};
  create policy w on writable for insert with check (true);
  ${on('writable')}
  create table opened (like bare including all);
  create policy p on opened using ${own};
  create policy q on opened for delete using (id is not null);
  ${on('opened')}
  create table closed (like bare including all);
  create policy p on closed using ${own};
  create policy wide on closed for select using (true);
  create policy narrow on closed as restrictive using ${own};
  create policy migrator on closed to current_user using (true);
  ${on('closed')}
  create table sealed (like bare including all);
  ${on('sealed')}
  create table parted (tenant_id int, id int, email text) partition by list (id);
  create policy p on parted using ${own};
  ${on('parted')}
  create table parted_1 partition of parted for values in (1);
  create table threads (tenant_id int not null, id int generated always as identity primary key, slug text unique, unique (tenant_id, id));
  create table messages (tenant_id int not null, code text primary key, thread_id int references threads, other int,
    unique (tenant_id, other), foreign key (tenant_id, other) references threads (tenant_id, id));
  create unique index messages_lower on messages (lower(code));
  create table attachments (id int primary key, thread_id int references threads);`

let database: Database
let catalog: Catalog
let facts: LiveFacts

beforeAll(async () => {
  database = await openDatabase(await freshPostgresUrl(18))
  await using session = await database.session()
  await session.script(tables)
  for (const table of ['threads', 'messages']) {
    const input = { schema: 'public', table, column: 'tenant_id', setting: 'app.tenant_id', roles: [] }
    const known = await introspect(session, 'postgres')
    // The policy and the switches alone: what the rules say of keys is a matter of its own.
    for (const statement of isolateTenants(known, input).up) {
      if (/policy|row level security/.test(statement.inline('postgres'))) await session.query(statement)
    }
  }
  catalog = await introspect(session, 'postgres')
  facts = await readLiveFacts(session)
})
afterAll(() => database.close())

test('every way in which a table of tenants stays open is found, and none that is closed', () => {
  const found = tenantNotIsolated.find(catalog, facts, { tenantColumn: 'tenant_id' })
  expect(found.map(({ objectKey, message, severity }) => [objectKey, message, severity])).toEqual([
    [
      'table public.attachments',
      'Table public.attachments refers to rows of tenants in public.threads, has no column tenant_id, and its row-level security is off.',
      'P1',
    ],
    [
      'table public.bare',
      'Table public.bare holds rows of tenants (tenant_id), and no policy keeps tenants apart.',
      undefined,
    ],
    [
      'table public.off',
      'Table public.off holds rows of tenants (tenant_id), and its row-level security is off.',
      undefined,
    ],
    [
      'table public.off',
      'Table public.off holds rows of tenants (tenant_id), and its owner sees all of them.',
      undefined,
    ],
    [
      'table public.opened',
      'Table public.opened holds rows of tenants (tenant_id), and no policy keeps tenants apart in delete.',
      undefined,
    ],
    [
      'table public.parted_1',
      'Table public.parted_1 holds rows of tenants (tenant_id), and no policy keeps tenants apart.',
      undefined,
    ],
    [
      'table public.unforced',
      'Table public.unforced holds rows of tenants (tenant_id), and its owner sees all of them.',
      undefined,
    ],
    [
      'table public.writable',
      'Table public.writable holds rows of tenants (tenant_id), and no policy keeps tenants apart in insert.',
      undefined,
    ],
  ])
  expect(found[1]?.remedy).toBe('Write the migration with metastore new --tenant-table bare, and apply it.')
})

test('what mends a table is SQL that runs, and the query to look at it too', async () => {
  await using session = await database.session()
  const found = tenantNotIsolated.find(catalog, facts, { tenantColumn: 'tenant_id' })
  for (const { repair, query } of found) for (const statement of [...repair, query]) await session.script(statement)
  const after = tenantNotIsolated.find(await introspect(session, 'postgres'), facts, { tenantColumn: 'tenant_id' })
  expect(after.map(({ objectKey }) => objectKey)).not.toContain('table public.off')
})

test('keys that leave the tenant out are found, and none that nobody can guess', () => {
  const found = keyWithoutTenant.find(catalog, facts, { tenantColumn: 'tenant_id' })
  expect(found.map(({ message }) => message)).toEqual([
    'Unique index messages_lower of public.messages is over (lower(code)) across tenants.',
    'Primary key messages_pkey of public.messages is over (code) across tenants.',
    "Foreign key messages_thread_id_fkey of public.messages leaves the tenant out, so a row may refer to another tenant's in public.threads.",
    'Unique index threads_slug_key of public.threads is over (slug) across tenants.',
  ])
  expect(found[2]?.remedy).toBe(
    'Refer with (tenant_id, thread_id) to (tenant_id, id), which needs a unique constraint there.',
  )
})

test('where no column is declared, nothing is looked for', () => {
  for (const rule of [tenantNotIsolated, keyWithoutTenant]) {
    expect(rule.find(catalog, facts, { tenantColumn: null })).toEqual([])
  }
})
