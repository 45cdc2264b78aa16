import { beforeAll, describe, expect, test } from 'vitest'
import { introspect, type Catalog } from '../../catalog/catalog.ts'
import { openDatabase, sql, type Session } from '../../database/database.ts'
import { freshPostgresUrl, postgresVersions } from '../../../test/harness/engines.ts'
import { readStatistics } from '../check/statistics.ts'
import type { PlannedStep } from '../planned.ts'
import { loadParser } from '../sql/parser.ts'
import { forecastPlan } from './forecast.ts'
import type { StepForecast } from './forecast-statement.ts'
import { stronger, tableLockModes, type TableLockMode } from './lock-mode.ts'

const world = `
  create table customers (id int primary key, name varchar(20), note text, born date not null);
  create table orders (id int primary key, customer int, amount int not null, paid boolean,
    constraint paid_known check (paid is not null) not valid);
  alter table orders add constraint orders_customer_fkey foreign key (customer) references customers (id) not valid;
  create unique index customers_name on customers (name);
  create unique index customers_born on customers (born);
  create index orders_amount on orders (amount);
  create table events (at int not null, what text) partition by range (at);
  create table events_1 partition of events for values from (0) to (10);
  create table events_2 (at int not null, what text);
  create view totals as select sum(at) from events_2;
  create function touch() returns trigger language plpgsql as 'begin return new; end';
  create function tell() returns int language plpgsql as 'begin return 1; end';
  create trigger touched before update on orders for each row execute function touch();
  create policy own on orders;
  insert into customers select n, 'c' || n, null, date '2000-01-01' + n from generate_series(1, 500) n;
  insert into orders select n, n, n, true from generate_series(1, 500) n;
  analyze;`

// What only newer servers know is left out; what cannot run in a transaction is tested below.
const statements = [
  'alter table orders add column more int',
  'alter table orders add column more int default 3 not null',
  'alter table orders add column more uuid default gen_random_uuid()',
  'alter table orders add column more serial',
  'alter table orders add column more int generated always as identity',
  'alter table orders add column more int generated always as (amount * 2) stored',
  'alter table orders add column more int references customers (id)',
  'alter table orders drop column paid',
  'alter table orders alter column amount type bigint',
  'alter table customers alter column name type varchar(40)',
  'alter table customers alter column name type text',
  'alter table customers alter column name type varchar(10)',
  'alter table orders alter column customer set not null',
  'alter table orders alter column amount set not null',
  'alter table orders alter column amount drop not null',
  'alter table orders alter column amount set default 0',
  'alter table orders alter column amount set statistics 500',
  'alter table orders alter column amount set (n_distinct = 5)',
  'alter table customers alter column note set storage external',
  'alter table orders add constraint positive check (amount > 0)',
  'alter table orders add constraint positive check (amount > 0) not valid',
  'alter table orders validate constraint paid_known',
  'alter table orders validate constraint orders_customer_fkey',
  'alter table orders add constraint again foreign key (id) references customers (id)',
  'alter table orders add constraint again foreign key (id) references customers (id) not valid',
  'alter table orders drop constraint orders_customer_fkey',
  'alter table orders drop constraint paid_known',
  'alter table customers add constraint one unique (name)',
  'alter table customers add constraint one unique using index customers_born',
  'alter table orders set unlogged',
  'alter table orders set (fillfactor = 70)',
  'alter table orders reset (fillfactor)',
  'alter table orders disable trigger touched',
  'alter table orders enable row level security',
  'alter table orders rename to purchases',
  'alter table orders rename column amount to total',
  'alter table orders rename constraint paid_known to known',
  'alter index orders_amount rename to orders_amounts',
  'alter table events attach partition events_2 for values from (10) to (20)',
  'alter table events detach partition events_1',
  'alter table orders replica identity full',
  'alter table orders owner to current_user',
  'alter table orders add column a int, add column b int, alter column amount type bigint',
  'create index on orders (paid)',
  'create index on events (what)',
  'drop index orders_amount',
  'reindex index orders_amount',
  'reindex table orders',
  'create table new_one (id int primary key, customer int references customers)',
  'create table new_one (like orders including all)',
  'create table new_one partition of events for values from (30) to (40)',
  'create table new_one () inherits (customers)',
  'create table new_one as select * from orders',
  'create trigger again before insert on orders for each row execute function touch()',
  'drop trigger touched on orders',
  'create policy more on orders',
  'alter policy own on orders using (true)',
  'drop policy own on orders',
  'create rule nothing as on delete to orders do instead nothing',
  'create view more as select * from orders',
  'create or replace view totals as select sum(at) from events_2',
  'drop view totals',
  'drop table orders',
  'truncate orders',
  'comment on table orders is $$x$$',
  'comment on column orders.amount is $$x$$',
  'create statistics more on amount, paid from orders',
  'alter table events add column more int',
  'alter table events alter column what set not null',
  'alter table events add constraint later check (at > 0)',
  'alter table events rename to happenings',
  'alter table events rename column what to that',
  'alter table events alter column what set default $$x$$',
  'alter table events disable trigger user',
  'alter table events owner to current_user',
  'create trigger again before insert on events_1 for each row execute function touch()',
  'create trigger again after insert on events for each row execute function touch()',
  'drop table events',
  'truncate events',
  'lock table events in share mode',
  'update events set what = $$x$$',
  'delete from events',
  'create policy more on events',
  'update orders set amount = 1',
  'update orders set amount = 1 where id = 4',
  'delete from orders where id = 4',
  'insert into orders (id, amount, paid) select id + 1000, 1, true from customers',
  'insert into orders (id, amount, paid) values (9000, 1, true)',
  'select * from orders for update',
  'select count(*) from orders join customers on customer = customers.id',
  'lock table orders in share mode',
  'cluster orders using orders_pkey',
  'analyze orders',
  'create type mood as enum ($$a$$)',
  'create function more() returns int language sql as $$select 1$$',
  'set local work_mem = $$8MB$$',
]

const parser = await loadParser()

async function forecaster(session: Session, serverMajor: number) {
  const context = {
    parser,
    schema: 'public',
    catalog: await introspect(session, 'postgres', {}),
    statistics: await readStatistics(session),
    serverMajor,
  }
  return (text: string, step: Partial<PlannedStep> = {}, pace = {}): StepForecast => {
    const planned = { kind: 'transaction', label: 'it', sql: text, ...step } as const
    const [[forecast] = []] = forecastPlan(
      [{ name: 'a', path: 'a.sql', direction: 'up', atomic: true, steps: [planned] }],
      { ...context, pace },
    )
    return forecast ?? expect.unreachable()
  }
}

const names = ['customers', 'orders', 'events', 'events_1', 'events_2', 'totals']

/** What a statement really locks, and which tables have other files after it. */
async function happens(session: Session, text: string) {
  const undo = new Error('undo')
  const locks = new Map<string, TableLockMode>()
  const rewritten: string[] = []
  await session
    .transaction(async (tx) => {
      const files = () =>
        tx.query<{ name: string; oid: number; file: number }>(sql`
          select relname::text as name, oid::int8 as oid, relfilenode::int8 as file
          from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'p', 'v')`)
      const before = await files()
      await tx.script(text)
      const held = await tx.query<{ oid: number; mode: string }>(sql`
        select relation::int8 as oid, mode from pg_locks where pid = pg_backend_pid() and locktype = 'relation'`)
      for (const { oid, mode } of held) {
        const name = before.find((one) => one.oid === oid)?.name
        if (name === undefined) continue
        const words = mode
          .replace(/Lock$/, '')
          .replaceAll(/(?<=[a-z])(?=[A-Z])/g, ' ')
          .toLowerCase()
        const known = tableLockModes.find((one) => one === words) ?? expect.unreachable(words)
        locks.set(name, stronger(known, locks.get(name) ?? known))
      }
      const after = await files()
      for (const { oid, name, file } of before) {
        if (after.some((one) => one.oid === oid && one.file !== file)) rewritten.push(name)
      }
      throw undo
    })
    .catch((error: unknown) => {
      if (error !== undo) throw error
    })
  return { locks, rewritten }
}

describe.each(postgresVersions)('on PostgreSQL $version', ({ freshUrl }) => {
  test('every statement takes the locks that were foretold, and rewrites what was foretold', async () => {
    await using database = await openDatabase(await freshUrl())
    await using session = await database.session()
    await session.script(world)
    const forecast = await forecaster(session, database.server.major)
    const [foretold, real] = [[] as unknown[], [] as unknown[]]
    for (const text of statements) {
      const { locks, statements: [statement] = [] } = forecast(text)
      expect([text, statement?.unknown]).toEqual([text, null])
      const actual = await happens(session, text)
      const told = new Map(locks.map(({ table, mode }) => [table.replace('public.', ''), mode]))
      const rewrites = (statement?.work ?? []).filter(({ kind }) => kind === 'rewrite' || kind === 'evaluate')
      const shown = (modes: ReadonlyMap<string, string>) => names.flatMap((name) => modes.get(name) ?? [])
      foretold.push([text, shown(told), rewrites.map(({ table }) => table.replace('public.', ''))])
      // TRUNCATE gives a table new files as well, and writes nothing into them.
      real.push([text, shown(actual.locks), text.startsWith('truncate') ? [] : actual.rewritten])
    }
    expect(foretold).toEqual(real)
  })
})

describe('a forecast', () => {
  const sizes = (rows: number | null) => ({
    collectedAt: '2026-01-01T00:00:00Z',
    indexes: [],
    tables: [{ schema: 'public', name: 'orders', rows, bytes: 800_000_000, indexBytes: 200_000_000, columns: [] }],
  })

  let catalog: Catalog

  beforeAll(async () => {
    await using database = await openDatabase(await freshPostgresUrl(18))
    await using session = await database.session()
    await session.script('create table orders (id int primary key, amount int); create table other (id int)')
    catalog = await introspect(session, 'postgres', {})
  })

  function of(step: Partial<PlannedStep>, rows: number | null = 8_000_000, pace = {}): StepForecast {
    const planned = { kind: 'transaction', label: 'it', sql: null, ...step } as const
    const [[forecast] = []] = forecastPlan(
      [{ name: 'a', path: 'a.sql', direction: 'up', atomic: true, steps: [planned] }],
      {
        parser,
        schema: 'public',
        catalog,
        statistics: sizes(rows),
        serverMajor: 18,
        pace,
      },
    )
    return forecast ?? expect.unreachable()
  }

  test('adds up what a transaction does, and holds its strongest lock to the end', () => {
    const forecast = of({
      sql: `create table fresh (id int); create index on fresh (id); lock table orders in share mode;
        alter table orders add check (amount > 0); alter table orders alter column amount type bigint`,
    })
    expect(forecast).toMatchObject({
      locks: [{ table: 'public.orders', mode: 'access exclusive' }],
      waits: 'reads and writes',
    })
    const [scan, rewrite] = [800 / 400, 8_000_000 / 800_000]
    expect(forecast.seconds?.least).toBeCloseTo((scan + rewrite) / 3)
    expect(forecast.seconds?.most).toBeCloseTo((scan + rewrite) * 3 + 3 * 0.1)
    expect(forecast.statements.map(({ locks }) => locks.length)).toEqual([0, 0, 1, 1, 1])
  })

  test('says from what it is made, and what it cannot know', () => {
    const [known, neverAnalysed, noStatistics, block] = [
      of({ sql: 'create index on orders (amount)' }),
      of({ sql: 'create index on orders (amount)' }, null),
      of({ sql: 'create index on other (id)' }),
      of({ sql: 'do $$ begin perform 1; end $$; alter table orders add column c int' }),
    ]
    expect(known.statements[0]?.basis).toBe('rows, bytes and usual rates')
    expect(neverAnalysed.statements[0]?.basis).toBe('bytes and usual rates; never analysed')
    expect(noStatistics).toMatchObject({ seconds: null, statements: [{ basis: 'no statistics of the table' }] })
    expect(block).toMatchObject({
      waits: null,
      seconds: null,
      statements: [{ unknown: 'a DO block' }, { unknown: null }],
    })
    expect(of({ kind: 'code', sql: null, label: 'fill.ts' })).toMatchObject({
      statements: [{ statement: 'fill.ts', unknown: 'a migration in code' }],
    })
  })

  test('of a backfill keeps nobody waiting, and takes as long as it is slowed down', () => {
    const step = { kind: 'backfill', sql: 'update orders set amount = 1', label: 'fill' } as const
    const [free, slowed] = [of(step), of(step, 8_000_000, { throttle: 0.5, batchSize: 1000, batchDelay: 10 })]
    expect(free.statements[0]).toMatchObject({ waits: 'nothing', work: [{ kind: 'update', rows: 8_000_000 }] })
    expect(slowed.seconds?.least).toBeCloseTo((free.seconds?.least ?? 0) * 2 + 80)
  })

  test('of statements that cannot run in a transaction tells what they lock', () => {
    const of1 = (sql: string) => of({ kind: 'outside', sql }).locks
    expect(of1('create index concurrently on orders (amount)')).toEqual([
      { table: 'public.orders', mode: 'share update exclusive' },
    ])
    expect(of1('drop index concurrently orders_pkey')).toEqual([
      { table: 'public.orders', mode: 'share update exclusive' },
    ])
    expect(of1('vacuum full orders')).toEqual([{ table: 'public.orders', mode: 'access exclusive' }])
    expect(of1('vacuum orders')).toEqual([{ table: 'public.orders', mode: 'share update exclusive' }])
    expect(of1('reindex (concurrently) table orders')).toEqual([
      { table: 'public.orders', mode: 'share update exclusive' },
    ])
  })
})
