import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { introspect } from '../../src/catalog/catalog.ts'
import { openDatabase, raw, sql, type Database, type Session, type Transaction } from '../../src/database/database.ts'
import { isolateTenants } from '../../src/migrations/tenant-isolation.ts'
import { engines } from '../harness/engines.ts'

const ours = '11111111-1111-1111-1111-111111111111'
const theirs = '22222222-2222-2222-2222-222222222222'
const role = `tenant_app_${process.pid}`

const tables = `
  create role ${role};
  grant pg_write_server_files to ${role};
  create table threads (tenant_id uuid not null, id int primary key, title text);
  create table messages (
    tenant_id uuid not null,
    id int primary key,
    thread_id int references threads,
    body text);
  insert into threads values ('${ours}', 1, 'our thread'), ('${theirs}', 2, 'their thread');
  insert into messages values ('${ours}', 1, 1, 'ours'), ('${theirs}', 2, 2, 'theirs');
  create view plain with (security_invoker = true) as select * from messages;
  create function all_bodies() returns setof text language sql as 'select body from messages';
  create function spy(body text) returns boolean language plpgsql cost 0.0001 as
    $$ begin if body like '%their%' then raise exception 'seen: %', body; end if; return true; end $$;
  grant select, insert, update, delete on plain to ${role};`

// What a tenant tries, and what must come of it: rows, or the code of an error.
const attempts: readonly (readonly [statement: string, outcome: unknown])[] = [
  ['select body from messages', [{ body: 'ours' }]],
  ['select body from messages where id = 2 or true', [{ body: 'ours' }]],
  ['select body from messages where id = 2 for update', []],
  ['select count(*)::int as rows from messages', [{ rows: 1 }]],
  ['select body from messages where spy(body)', [{ body: 'ours' }]],
  ['select title from threads t where exists (select from messages m where m.thread_id = t.id and t.id = 2)', []],
  ['select (select max(body) from messages where id = 2) as body', [{ body: null }]],
  ['with m as (table messages) select body from m', [{ body: 'ours' }]],
  ['select m.body from threads t full join messages m on true', [{ body: 'ours' }]],
  ['select * from all_bodies() as body', [{ body: 'ours' }]],
  ['select body from plain', [{ body: 'ours' }]],
  [`insert into messages values ('${ours}', 3, 1, 'x') returning body`, [{ body: 'x' }]],
  [`insert into messages values ('${theirs}', 3, null, 'x')`, '42501'],
  [`insert into messages select '${theirs}', 3, null, 'x'`, '42501'],
  [`insert into plain values ('${theirs}', 3, null, 'x')`, '42501'],
  [`insert into messages (id, body) values (3, 'x')`, '42501'],
  ['update messages set body = body where id = 2 returning body', []],
  ['update messages set body = body returning body', [{ body: 'ours' }]],
  ['update messages m set body = t.title from threads t where t.id = 2 returning body', []],
  [`update messages set tenant_id = '${theirs}'`, '42501'],
  ['update plain set body = body where id = 2 returning body', []],
  ['delete from messages where id = 2 returning body', []],
  ['delete from messages m using threads t where t.id = 2 returning m.body', []],
  ['delete from messages returning body', [{ body: 'ours' }]],
  ['delete from plain where id = 2 returning body', []],
  // The key is taken; whose row it is in is not said, and that row is neither read nor written.
  [`insert into messages values ('${ours}', 2, 1, 'x') on conflict (id) do update set body = 'x'`, '42501'],
  [
    `insert into messages values ('${ours}', 2, 1, 'x') on conflict (id) do update set body = messages.body returning body`,
    '42501',
  ],
  [`insert into messages values ('${ours}', 2, 1, 'x') on conflict do nothing returning body`, []],
  [`insert into messages values ('${theirs}', 2, 2, 'x') on conflict do nothing`, '42501'],
  [
    `merge into messages m using (values (2)) v (id) on m.id = v.id when matched then update set body = 'x' when not matched then do nothing`,
    [],
  ],
  [
    `merge into messages m using (values (9)) v (id) on m.id = v.id when not matched then insert values ('${theirs}', 9, null, 'x')`,
    '42501',
  ],
  ['merge into messages m using (values (2)) v (id) on m.id = v.id when matched then delete', []],
  // A thread of another tenant and one that does not exist are the same.
  [`insert into messages values ('${ours}', 4, 2, 'x')`, '23503'],
  [`insert into messages values ('${ours}', 4, 99, 'x')`, '23503'],
  ['update messages set thread_id = 2', '23503'],
  ['truncate messages', '42501'],
  ['alter table messages disable row level security', '42501'],
  ['alter table messages no force row level security', '42501'],
  ['drop policy tenant_isolation on messages', '42501'],
  ['create policy mine on messages using (true)', '42501'],
  ['set local row_security = off; select body from messages', '42501'],
  ['create table copies as select body from messages', '42501'],
]

describe.each(engines.filter(({ name }) => name !== 'sqlite'))('tenants on $name', ({ freshUrl }) => {
  let database: Database
  let session: Session

  beforeAll(async () => {
    database = await openDatabase(await freshUrl())
    session = await database.session()
    await session.script(tables)
    for (const table of ['threads', 'messages']) {
      const input = { schema: 'public', table, column: 'tenant_id', setting: 'app.tenant_id', roles: [role] }
      const { up } = isolateTenants(await introspect(session, 'postgres'), input)
      for (const statement of up) await session.query(statement)
    }
  })
  afterAll(async () => {
    await session.script(`reset all; drop owned by ${role}; drop role ${role}`)
    await database.close()
  })

  /** What a tenant gets, in a transaction that is rolled back. */
  async function asTenant<T>(tenant: string | null, work: (tx: Transaction) => Promise<T>): Promise<T> {
    const done = new Error('rolled back')
    let result: { readonly value: T } | undefined
    await session
      .transaction(async (tx) => {
        if (tenant !== null) await tx.query(sql`select set_config('app.tenant_id', ${tenant}, true)`)
        await tx.script(`set local role ${role}`)
        result = { value: await work(tx) }
        throw done
      })
      .catch((error: unknown) => {
        if (error !== done) throw error
      })
    if (result === undefined) throw done
    return result.value
  }

  async function outcomeOf(tenant: string | null, text: string): Promise<unknown> {
    const statements = text.split('; ')
    try {
      return await asTenant(tenant, async (tx) => {
        for (const statement of statements.slice(0, -1)) await tx.script(statement)
        return tx.query(raw(statements.at(-1) ?? ''))
      })
    } catch (error) {
      return (error as { engineCode?: string }).engineCode
    }
  }

  test.each(attempts)('%s', async (statement, outcome) => {
    expect(await outcomeOf(ours, statement)).toEqual(outcome)
    expect(await session.query(sql`select tenant_id::text as tenant, id, body from messages order by id`)).toEqual([
      { tenant: ours, id: 1, body: 'ours' },
      { tenant: theirs, id: 2, body: 'theirs' },
    ])
  })

  test('a session that says no tenant sees no row and writes none', async () => {
    for (const tenant of [null, '']) {
      expect(await outcomeOf(tenant, 'select body from messages')).toEqual([])
      expect(await outcomeOf(tenant, 'delete from messages returning body')).toEqual([])
      expect(await outcomeOf(tenant, `insert into messages values ('${ours}', 3, null, 'x')`)).toBe('42501')
    }
    expect(await outcomeOf('no uuid', 'select body from messages')).toBe('22P02')
  })

  test('an error about a key of another tenant holds nothing but what was sent', async () => {
    const messageOf = (thread: number) =>
      asTenant(ours, (tx) => tx.query(sql`insert into messages values (${ours}::uuid, 4, ${thread}::int, 'x')`)).catch(
        (error: unknown) => JSON.stringify(error).replaceAll(`, ${thread})`, ', N)'),
      )
    expect(await messageOf(2)).toBe(await messageOf(99))
  })

  test('a prepared statement sees the tenant of each time that it runs', async () => {
    const bodies = await asTenant(ours, async (tx) => {
      const found: unknown[] = []
      await tx.script(
        'prepare all_of_mine as select body from messages; set local plan_cache_mode = force_generic_plan',
      )
      for (const tenant of [ours, theirs, '']) {
        await tx.query(sql`select set_config('app.tenant_id', ${tenant}, true)`)
        found.push(await tx.query(sql`execute all_of_mine`))
      }
      return found
    })
    await session.script('deallocate all_of_mine')
    expect(bodies).toEqual([[{ body: 'ours' }], [{ body: 'theirs' }], []])
  })

  test('COPY writes out the own rows only, and writes none in', async () => {
    // Where the server may write; it is removed with the server.
    const [place] = await session.query<{ file: string }>(sql`
      select current_setting('data_directory') || '/tenant-copy' as file`)
    const file = place?.file ?? ''
    const text = await asTenant(ours, async (tx) => {
      await tx.script(`copy messages (body) to '${file}'; reset role`)
      return tx.query(sql`select pg_read_file(${file}) as text`)
    })
    expect(text).toEqual([{ text: 'ours\n' }])
    const target = { table: ['messages'], columns: ['tenant_id', 'id', 'body'] }
    await expect(asTenant(ours, (tx) => tx.load(target, [[theirs, 5, 'x']]))).rejects.toMatchObject({
      engineCode: expect.stringMatching(/^(?:0A000|42501)$/) as string,
    })
  })

  test('the owner is bound as well', async () => {
    const rows = await asTenant(ours, async (tx) => {
      await tx.script(`reset role; alter table messages owner to ${role}; set local role ${role}`)
      return tx.query(sql`select body from messages`)
    })
    expect(rows).toEqual([{ body: 'ours' }])
  })
})
