import { Client } from 'pg'
import { describe, expect, test } from 'vitest'
import { engines, postgresVersions, type Engine } from '../../../test/harness/engines.ts'
import { startPostgres } from '../../../test/harness/postgres-server.ts'
import { id, openDatabase, sql, type Database, type Session } from '../../database/database.ts'
import { silent } from '../../progress.ts'
import type { RowScope } from '../batch/row-scope.ts'
import { nullsCheck } from './data-checks.ts'
import { preflight, type PreflightContext, type PreflightResult } from './preflight.ts'
import type { Binding, PreflightPlan } from './preflight-plan.ts'

const natives = postgresVersions.map(({ version, freshUrl }) => ({ name: `PostgreSQL ${version}`, freshUrl }))
const servers: readonly { name: string; freshUrl: Engine['freshUrl'] }[] = [
  ...natives,
  ...engines.filter(({ name }) => name === 'pglite'),
]

const emptyPlan: PreflightPlan = {
  base: 'public',
  oldSchema: null,
  tables: [],
  enums: [],
  bindings: [],
  checks: [],
  written: [],
  changed: [],
  creates: false,
}

const messages: RowScope = {
  alias: 'messages',
  columns: [
    { name: 'id', physical: 'id', type: 'integer' },
    { name: 'thread', physical: 'thread', type: 'integer' },
  ],
}

function perRow(text: string, parts: Partial<Binding> = {}): Binding {
  const source = `up = '${text}'`
  const place = { path: '3_rank.toml', source, offset: source.indexOf("'") }
  return {
    ...{ kind: 'value', text, rows: [messages], type: null, side: 'old', perRow: true, key: 'actions[0].up', place },
    ...parts,
  }
}

function run(
  { database, session }: { readonly database: Database; readonly session: Session },
  plan: Partial<PreflightPlan>,
  context: Partial<PreflightContext> = {},
): Promise<PreflightResult> {
  const retry = { lockTimeout: 1000, deadline: 0, busyDeadline: 0 }
  const { signal } = new AbortController()
  return preflight({ database, session, signal, progress: silent, retry, ...context }, { ...emptyPlan, ...plan })
}

const asJson = ({ problems, warnings }: PreflightResult) => ({
  problems: problems.map((problem) => problem.toJSON()),
  warnings: warnings.map((warning) => warning.toJSON()),
})

describe.each(servers)('the rows that an expression reads on $name', ({ freshUrl }) => {
  test('are counted by the plan: many for each row are refused, few are not', async () => {
    await using database = await openDatabase(await freshUrl())
    await using session = await database.session()
    await session.script(`
      create table messages (id integer primary key, thread integer);
      insert into messages select i, i % 100 from generate_series(1, 20000) i;
      create table threads (id integer primary key, title text);
      insert into threads select i, 'x' from generate_series(1, 100) i;
      create schema migration_v1;
      create view migration_v1.messages as select id, thread from messages;
      create view migration_v1.threads as select id, title from threads;`)
    const told = async (text: string, parts: Partial<Binding> = {}) => {
      const plan = {
        oldSchema: 'migration_v1',
        tables: [{ name: 'messages', created: false, columns: [{ name: 'thread', type: 'integer' }] }],
        bindings: [perRow(text, parts)],
      }
      return asJson(await run({ database, session }, plan)).problems
    }
    const rank =
      '(select rank from (select id, rank() over (partition by thread order by id) from messages) r where r.id = messages.id)'
    const ranked = await told(rank)
    expect(
      ranked.map((problem) => ({ ...problem, message: problem.message.replace(/\b\d\d,000 rows for/, 'N rows for') })),
    ).toEqual([
      {
        code: 'data_conflict',
        message: 'actions[0].up reads about N rows for each row that it is computed for; more than 10,000 are refused.',
        where: '3_rank.toml:1:6',
        remedy:
          'Give the action backfill = "<query that gives the key columns and value>", which runs once for all rows; or make an index first that the sub-query can use.',
        details: [expect.stringContaining("up = '(select rank"), '     ^'],
      },
    ])
    expect(await told(rank, { side: 'new' })).toHaveLength(1)
    expect(await told('(select count(*) from messages m where m.thread = messages.thread)')).toHaveLength(1)
    expect(await told('(select count(*) > 1 from messages)', { kind: 'condition' })).toHaveLength(1)
    expect(await told('(select count(*) from threads a, threads b where a.id < b.id)')).toHaveLength(1)
    expect(await told('(select count(*) from threads a join threads b using (id))')).toEqual([])
    expect(await told('(select count(*) from threads where id not in (select t.id from threads t))')).toEqual([])
    expect(await told('(with recent as materialized (select id from threads) select min(id) from recent)')).toEqual([])
    expect(await told('(select title from threads where id = messages.thread)')).toEqual([])
    expect(await told('(select m.thread from messages m where m.id = messages.id)')).toEqual([])
    expect(await told('(select max(id) from messages)')).toEqual([])
    expect(await told('(select thread from messages order by id limit 1)')).toEqual([])
    expect(await told('exists (select from messages m where m.id = messages.id)')).toEqual([])
    // What cannot be planned, as its constants fail, is not refused.
    expect(await told('(select 1 / 0 from messages)')).toEqual([])
    expect(await told(rank, { perRow: false })).toEqual([])
  })
})

describe.each(natives)('what stands around a batch on $name', ({ name, freshUrl }) => {
  async function withRole(
    script: string,
    work: (given: { role: string; url: string; owner: Session }) => Promise<void>,
  ): Promise<void> {
    const url = await freshUrl()
    const role = `limited_${process.pid}_${name.slice(-2)}`
    await using database = await openDatabase(url)
    await using owner = await database.session()
    await owner.script(
      `set password_encryption = 'scram-sha-256'; create role ${role} login password 'limited'; ${script.replaceAll('$role', role)}`,
    )
    const limited = new URL(url)
    limited.username = role
    limited.password = 'limited'
    try {
      await work({ role, url: limited.href, owner })
    } finally {
      await owner.script(`reassign owned by ${role} to current_user; drop owned by ${role}; drop role ${role}`)
    }
  }

  async function asLimited(url: string, plan: Partial<PreflightPlan>): Promise<ReturnType<typeof asJson>> {
    await using database = await openDatabase(url)
    await using session = await database.session()
    return asJson(await run({ database, session }, plan))
  }

  test('all that the role may not do is told, each with the statement that allows it', () =>
    withRole(
      `create table runs (id bigint); create table notes (id bigint); revoke create on schema public from public;
      alter table notes owner to $role`,
      async ({ role, url }) => {
        const database = new URL(url).pathname.slice(1)
        const plan = { changed: ['runs', 'notes'], creates: true, bindings: [perRow('id')] }
        expect(await asLimited(url, plan)).toEqual({
          problems: [
            {
              code: 'privilege_missing',
              message: `Role ${role} may not create schemas in database ${database}, and every version of the application has one.`,
              where: `database ${database}`,
              remedy: `Run as its owner: grant create on database "${database}" to "${role}";`,
              details: [],
            },
            {
              code: 'privilege_missing',
              message: `Role ${role} may not create anything in schema public.`,
              where: 'schema public',
              remedy: `Run as its owner: grant create on schema "public" to "${role}";`,
              details: [],
            },
            {
              code: 'privilege_missing',
              message: `Table runs belongs to postgres, so role ${role} may not change it.`,
              where: 'table public.runs',
              remedy: `Migrate as postgres, or as a role that is a member of it: grant "postgres" to "${role}";`,
              details: [],
            },
          ],
          warnings: [],
        })
        expect(await asLimited(url, { changed: ['notes'] })).toMatchObject({
          problems: [{ where: `database ${database}` }],
        })
      },
    ))

  test('row-level security that would hide rows is told, and that which does not is not', () =>
    withRole(
      `create table forced (id bigint, tenant text); create table plain (id bigint, tenant text);
      create table others (id bigint) partition by list (id); create table others_1 partition of others for values in (1);
      alter table forced enable row level security; alter table forced force row level security;
      alter table plain enable row level security; alter table others_1 enable row level security;
      alter table forced owner to $role; alter table plain owner to $role; grant select on others, others_1 to $role`,
      async ({ role, url, owner }) => {
        await owner.script(`grant create on database ${new URL(url).pathname.slice(1)} to ${role}`)
        const check = nullsCheck({
          ...{ schema: 'public', table: 'forced', key: ['id'], column: { name: 'tenant', value: id('tenant') } },
          ...{ label: 'NOT NULL of forced.tenant', place: { path: undefined, source: '', offset: 0 } },
        })
        const written = ['forced', 'plain', 'others']
        const hidden = (table: string, remedy: string) => ({
          code: 'privilege_missing',
          message: `Row-level security of table ${table} binds role ${role}, so that not all of its rows would be brought up to date.`,
          where: `table public.${table}`,
          remedy,
          details: [],
        })
        expect(await asLimited(url, { written, checks: [check] })).toEqual({
          problems: [
            hidden(
              'forced',
              'Migrate as a role that has BYPASSRLS, or run: alter table "public"."forced" no force row level security;',
            ),
            hidden('others_1', 'Migrate as the owner of the table, or as a role that has BYPASSRLS.'),
            {
              code: 'privilege_missing',
              message:
                'It cannot be told whether the rows fit the NOT NULL of forced.tenant: query would be affected by row-level security policy for table "forced".',
              where: null,
              remedy: 'Migrate as a role that may read all rows of the table.',
              details: expect.any(Array) as unknown,
            },
          ],
          warnings: [],
        })
        await owner.script(`alter role ${role} bypassrls; insert into forced values (1, null)`)
        expect((await asLimited(url, { written, checks: [check] })).problems.map(({ message }) => message)).toEqual([
          'Column tenant cannot be NOT NULL: 1 row of table forced has no value in it.',
        ])
      },
    ))

  test('scenario 75: triggers that fire during a backfill are told where the role cannot keep them from it', () =>
    withRole(
      `create table runs (id bigint, agent text); alter table runs owner to $role;
      create function touch() returns trigger language plpgsql as 'begin return new; end';
      create trigger on_update before update on runs for each row execute function touch();
      create trigger on_insert before insert on runs for each row execute function touch();
      create trigger on_agent before update of agent on runs for each row execute function touch();
      create trigger disabled before update on runs for each row execute function touch();
      create trigger always before update on runs for each row execute function touch();
      alter table runs disable trigger disabled; alter table runs enable always trigger always;`,
      async ({ role, url, owner }) => {
        const modern = !name.endsWith('13')
        const database = new URL(url)
        await owner.script(`grant create on database ${database.pathname.slice(1)} to ${role}`)
        const fires = (trigger: string) => ({
          code: 'trigger_fires',
          message: `Trigger ${trigger} of table runs fires for every row that the backfill brings up to date, as role ${role} may not set session_replication_role.`,
          where: 'table public.runs',
          remedy: modern
            ? `Run as a superuser: grant set on parameter session_replication_role to "${role}"; or see that the trigger does no harm to rows that change in no other way.`
            : 'Migrate as a superuser, or see that the trigger does no harm to rows that change in no other way.',
          details: [],
        })
        expect(await asLimited(url, { written: ['runs'] })).toEqual({
          problems: [],
          warnings: [fires('always'), fires('on_update')],
        })
        const always = {
          code: 'trigger_fires',
          message:
            'Trigger always of table runs fires for every row that the backfill brings up to date, as it is enabled for replication too.',
          where: 'table public.runs',
          remedy: 'See that the trigger does no harm to rows that change in no other way.',
          details: [],
        }
        await owner.script(
          modern ? `grant set on parameter session_replication_role to ${role}` : `alter role ${role} superuser`,
        )
        expect(await asLimited(url, { written: ['runs'] })).toEqual({ problems: [], warnings: [always] })
      },
    ))

  test('transactions that have long used a table are told with their process and age', async () => {
    const url = await freshUrl()
    await using database = await openDatabase(url)
    await using session = await database.session()
    await using other = await database.session()
    await session.script('create table runs (id bigint); create table notes (id bigint); create table calm (id bigint)')
    await other.transaction(async (tx) => {
      const [{ pid } = { pid: 0 }] = await tx.query<{ pid: number }>(sql`
        select pg_backend_pid() as pid, (select count(*) from runs), (select count(*) from notes)`)
      await tx.query(sql`set local application_name = 'psql'`)
      const changed = { changed: ['runs', 'notes', 'calm'] }
      const { problems, warnings } = asJson(await run({ database, session }, changed, { longTransaction: 0 }))
      expect(problems).toEqual([])
      expect(warnings.map((warning) => ({ ...warning, message: warning.message.replace(/\d+ s,/, 'N s,') }))).toEqual([
        {
          code: 'transaction_open',
          message: `Server process ${pid} (psql, postgres) has used tables notes, runs in a transaction for N s, and changes of them wait for it.`,
          where: 'tables notes, runs',
          remedy: `End it in its application, or with select pg_terminate_backend(${pid});`,
          details: [],
        },
      ])
      expect(await run({ database, session }, { changed: ['calm'] }, { longTransaction: 0 })).toEqual({
        problems: [],
        warnings: [],
      })
      expect(await run({ database, session }, changed)).toEqual({ problems: [], warnings: [] })
    })
  })

  test('a table that writers are kept out of can be bound and explained, and one that is being dropped is waited for', async () => {
    const url = await freshUrl()
    await using database = await openDatabase(url)
    await using session = await database.session()
    await using other = await database.session()
    await session.script('create table messages (id integer primary key, thread integer)')
    const plan = {
      bindings: [perRow('id'), perRow('(select max(m.id) from messages m)')],
      written: ['messages'],
      changed: ['messages'],
    }
    await other.transaction(async (tx) => {
      // Conflicts with every mode but ACCESS SHARE.
      await tx.script('lock table messages in exclusive mode')
      expect(await run({ database, session }, plan)).toEqual({ problems: [], warnings: [] })
    })
    await other.transaction(async (tx) => {
      await tx.script('lock table messages in access exclusive mode')
      const retry = { lockTimeout: 1, deadline: 0, busyDeadline: 0 }
      await expect(run({ database, session }, plan, { retry })).rejects.toMatchObject({ reason: 'lock_timeout' })
    })
    const left = sql`select (select count(*)::int from pg_prepared_statements) as prepared,
      (select count(*)::int from pg_namespace where nspname like '%preflight%' or nspname like '%metastore%') as schemas`
    expect(await session.query(left)).toEqual([{ prepared: 0, schemas: 0 }])
  })
})

test('a prepared transaction that has long used a table is told by its name', async () => {
  const server = await startPostgres(18, { settings: { max_prepared_transactions: '1' } })
  try {
    await using database = await openDatabase(server.url('postgres'))
    await using session = await database.session()
    // A session of ours refuses a script that ends its transaction in this way.
    const client = new Client(server.url('postgres'))
    await client.connect()
    await client.query('create table runs (id bigint)')
    await client.query("begin; insert into runs values (1); prepare transaction 'order 7'")
    await client.end()
    const { warnings } = asJson(await run({ database, session }, { changed: ['runs'] }, { longTransaction: 0 }))
    expect(warnings.map((warning) => ({ ...warning, message: warning.message.replace(/\d+ s,/, 'N s,') }))).toEqual([
      {
        code: 'transaction_open',
        message: 'The prepared transaction order 7 has used table runs for N s, and changes of them wait for it.',
        where: 'table runs',
        remedy: 'End it with commit prepared or rollback prepared.',
        details: [],
      },
    ])
  } finally {
    await server.stop()
  }
})
