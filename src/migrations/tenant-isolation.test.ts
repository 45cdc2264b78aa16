import { describe, expect, test } from 'vitest'
import { engines } from '../../test/harness/engines.ts'
import { introspect, type Catalog } from '../catalog/catalog.ts'
import { openDatabase, sql, type Database, type Session, type Sql } from '../database/database.ts'
import { isolateTenants } from './tenant-isolation.ts'

const schema = 'public'
const input = { schema, column: 'tenant_id', setting: 'app.tenant_id', roles: [] as readonly string[] }

async function withTables(work: (session: Session, catalog: () => Promise<Catalog>) => Promise<void>): Promise<void> {
  await using database: Database = await openDatabase((await engines[0]?.freshUrl()) ?? '')
  await using session = await database.session()
  await session.script(`
    create table tenants (id uuid primary key);
    create table threads (id bigint generated always as identity primary key, tenant_id uuid references tenants);
    create table messages (
      tenant_id uuid not null,
      id bigserial primary key,
      thread_id bigint references threads on delete set null deferrable,
      slug text unique);
    create table "or""der" ("te nant" integer not null, note text);`)
  await work(session, () => introspect(session, 'postgres', { schemas: [schema] }))
}

const texts = (statements: readonly Sql[]) => statements.map((statement) => statement.inline('postgres'))

describe('tenant isolation', () => {
  test('takes the tenant along in keys, and its way back leads back', () =>
    withTables(async (session, catalog) => {
      const before = await catalog()
      const { up, down, remarks } = isolateTenants(before, { ...input, table: 'messages', roles: [] })
      expect(texts(up)).toEqual([
        'alter table "public"."messages" add constraint "messages_tenant_id_id_key" unique ("tenant_id", "id")',
        'alter table "public"."threads" add constraint "threads_tenant_id_id_key" unique ("tenant_id", "id")',
        'alter table "public"."messages" add constraint "messages_tenant_id_thread_id_fkey"\n' +
          '  foreign key ("tenant_id", "thread_id")\n' +
          '  references "public"."threads" ("tenant_id", "id") on delete set null ("thread_id") deferrable',
        'alter table "public"."messages" drop constraint "messages_thread_id_fkey"',
        'create policy "tenant_isolation" on "public"."messages"\n' +
          `  using ("tenant_id" = (select nullif(current_setting('app.tenant_id', true), '')::uuid))\n` +
          `  with check ("tenant_id" = (select nullif(current_setting('app.tenant_id', true), '')::uuid))`,
        'alter table "public"."messages" enable row level security',
        'alter table "public"."messages" force row level security',
      ])
      expect(remarks).toEqual([
        'Constraint messages_slug_key is unique over (slug) across tenants: a tenant can find out that another one has a value.',
      ])
      for (const statement of up) await session.query(statement)
      for (const statement of down) await session.query(statement)
      expect(await catalog()).toEqual(before)
    }))

  test('makes the tenant required where it was not', () =>
    withTables(async (_, catalog) => {
      const { up, remarks } = isolateTenants(await catalog(), { ...input, table: 'threads' })
      expect(texts(up)[0]).toBe('alter table "public"."threads" alter column "tenant_id" set not null')
      expect(remarks).toEqual([])
    }))

  test('bears any name, a table without a key, and another type', () =>
    withTables(async (session, catalog) => {
      const odd = { ...input, column: 'te nant', table: 'or"der', setting: 'my.t' }
      const before = await catalog()
      const { up, down } = isolateTenants(before, odd)
      for (const statement of up) await session.query(statement)
      expect((await catalog()).tables.find(({ name }) => name === 'or"der')?.policies[0]?.using).toBe(
        `("te nant" = ( SELECT (NULLIF(current_setting('my.t'::text, true), ''::text))::integer AS "nullif"))`,
      )
      for (const statement of down) await session.query(statement)
      expect(await catalog()).toEqual(before)
    }))

  test('refuses to rest on a role that no policy binds', () =>
    withTables(async (session, catalog) => {
      const role = `mighty_${process.pid}`
      await session.script(`create role ${role} bypassrls`)
      const { up } = isolateTenants(await catalog(), { ...input, table: 'messages', roles: [role] })
      await expect(session.script(`begin; ${texts(up).join(';')}; commit`)).rejects.toMatchObject({
        message: `Row-level security does not bind ${role}.`,
      })
      await session.script('rollback')
      await session.query(sql`select 1`)
      await session.script(`drop role ${role}`)
    }))

  test.each([
    ['message', 'tenant_id', 'The migrations make no table message in schema public.', 'Did you mean messages?'],
    ['nothing', 'tenant_id', 'The migrations make no table nothing in schema public.', 'Name a table that they make.'],
    [
      'messages',
      'tenantid',
      'Table messages has no column tenantid.',
      'Did you mean tenant_id? Name the column that says whose a row is.',
    ],
  ])('names what is not there: %s.%s', (table, column, message, remedy) =>
    withTables(async (_, catalog) => {
      const known = await catalog()
      expect(() => isolateTenants(known, { ...input, table, column })).toThrow(
        expect.objectContaining({ code: 'schema_conflict', message, remedy }) as Error,
      )
    }),
  )
})
