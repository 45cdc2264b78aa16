import { expect } from 'vitest'
import { actions, expectRefused, refusal, scenario, world, type World } from './world.ts'

const alter = (table: string, column: string, changes: object, rest: object = {}) => ({
  type: 'alter_column',
  table,
  column,
  changes,
  ...rest,
})

const indexesOf = (table: string) => `
  select indexrelid::regclass::text as name, pg_get_indexdef(indexrelid) as definition, indisvalid as valid
  from pg_index where indrelid = '${table}'::regclass order by 1`
const constraintsOf = (pattern: string) => `
  select conname as name, conrelid::regclass::text as on, pg_get_constraintdef(oid) as definition, convalidated as valid
  from pg_constraint where connamespace = 'public'::regnamespace and conname like '${pattern}' order by 1, 2`
const typesOf = (table: string) => `
  select attname as name, format_type(atttypid, atttypmod) as type, attnotnull as fixed from pg_attribute
  where attrelid = '${table}'::regclass and attnum > 0 and not attisdropped order by attname`

scenario(42, 'indexes of every kind keep their names, columns and options', async (engine) => {
  const it = await world(engine, {
    schema: `
      create table t (id int primary key, code int not null, other text, unique (code));
      create index t_both on t (other collate "C", code desc nulls last);
      create index t_hash on t using hash (code);
      create index t_partial on t (other) where code > 10;
      create index t_expression on t ((code % 10)) include (other) with (fillfactor = 70);
      comment on index t_hash is 'by hash'`,
    rows: "insert into t select n, n, 'o' from generate_series(1, 50) n",
    files: { '2_big.json': actions(alter('t', 'code', { type: 'BIGINT' })) },
  })
  const before = await it.base(indexesOf('t'))
  await it.start()
  expect((await refusal(it.asOld("insert into t values (51, 7, 'x')"))).text).toContain('duplicate key')
  expect((await refusal(it.asNew("insert into t values (51, 7, 'x')"))).text).toContain('duplicate key')
  await it.complete()
  // The server itself writes the operator of the new type.
  const definition = 'CREATE INDEX t_expression ON public.t USING btree (((code % (10)::bigint))) INCLUDE (other)'
  expect(await it.base(indexesOf('t'))).toEqual(
    before.map((index) =>
      index['name'] === 't_expression' ? { ...index, definition: `${definition} WITH (fillfactor='70')` } : index,
    ),
  )
  expect(await it.base(constraintsOf('t_code%key'))).toMatchObject([{ definition: 'UNIQUE (code)', valid: true }])
  expect(await it.base("select obj_description('t_hash'::regclass) as comment")).toEqual([{ comment: 'by hash' }])
  expect(await it.base(typesOf('t'))).toContainEqual({ name: 'code', type: 'bigint', fixed: true })
  await it.expectClean()
})

scenario(42, 'duplicates are refused by what each version writes', async (engine) => {
  const it = await world(engine, {
    schema: 'create table t (id int primary key, name text unique)',
    rows: "insert into t values (1, 'Ada'), (2, 'Bob')",
    files: { '2_lower.json': actions(alter('t', 'name', {}, { up: 'lower(name)', down: 'name' })) },
  })
  await it.start()
  expect((await refusal(it.asNew("insert into t values (3, 'ada')"))).text).toContain('duplicate key')
  expect((await refusal(it.asOld("insert into t values (3, 'Bob')"))).text).toContain('duplicate key')
  await it.asOld("insert into t values (3, 'Cy')")
  await it.complete()
  expect(await it.base('select name from t order by id')).toEqual([{ name: 'ada' }, { name: 'bob' }, { name: 'cy' }])
  await it.expectClean()
})

const team = `
  create table users (id serial primary key, name text not null);
  create table posts (id int primary key, author int not null references users (id) on delete cascade);
  create table likes (post int references posts (id), liker int, constraint likes_liker foreign key (liker) references users)`
const teamRows = `
  insert into users (name) select 'u' || n from generate_series(1, 5) n;
  insert into posts select n, n from generate_series(1, 5) n;
  insert into likes select n, n from generate_series(1, 5) n`

async function expectTeamKept(it: World, before: readonly unknown[]): Promise<void> {
  expect(await it.base(constraintsOf('%'))).toEqual(before)
  expect(await it.base("select pg_get_serial_sequence('users', 'id') as sequence")).toEqual([
    { sequence: 'public.users_id_seq' },
  ])
}

scenario(43, 'a numbered primary key that two tables refer to becomes bigint', async (engine) => {
  const it = await world(engine, {
    schema: team,
    rows: teamRows,
    files: { '2_big.json': actions(alter('users', 'id', { type: 'BIGINT' })) },
  })
  const before = await it.base(constraintsOf('%'))
  const catalog = await it.catalog()
  await it.start()
  await it.asNew("insert into users (name) values ('new')")
  await it.asOld("insert into users (name) values ('old')")
  const everybody = await it.asNew('select id, name from users order by id')
  expect(new Set(everybody.map(({ id }) => id)).size).toBe(7)
  expect(await it.asOld('select id, name from users order by id')).toEqual(everybody)
  expect((await refusal(it.asNew('insert into posts values (9, 99)'))).text).toContain('foreign key')
  await it.abort()
  expect(await it.catalog()).toEqual(catalog)
  await it.start({ complete: true })
  const [last] = await it.base("insert into users (name) values ('last') returning id")
  expect(last?.['id']).toBeGreaterThan(Math.max(...everybody.map(({ id }) => Number(id))))
  expect(await it.base(typesOf('users'))).toEqual([
    { name: 'id', type: 'bigint', fixed: true },
    { name: 'name', type: 'text', fixed: true },
  ])
  await expectTeamKept(it, before)
  await it.base('delete from likes')
  await it.base('delete from users where id = 1')
  expect(await it.base('select count(*)::int as n from posts where author = 1')).toEqual([{ n: 0 }])
  await it.expectClean()
})

scenario(43, 'both ends of a foreign key in one batch', async (engine) => {
  const it = await world(engine, {
    schema: team,
    rows: teamRows,
    files: {
      '2_big.json': actions(
        alter('users', 'id', { type: 'BIGINT' }),
        alter('posts', 'author', { type: 'BIGINT' }),
        alter('likes', 'liker', { type: 'BIGINT' }),
      ),
    },
  })
  const before = await it.base(constraintsOf('%'))
  const catalog = await it.catalog()
  await it.start()
  await it.asNew("insert into users (id, name) values (60, 'new')")
  await it.asNew('insert into posts values (60, 60)')
  await it.asOld('insert into posts values (61, 60)')
  expect((await refusal(it.asOld('insert into posts values (62, 99)'))).text).toContain('foreign key')
  expect((await refusal(it.asNew('insert into posts values (62, 99)'))).text).toContain('foreign key')
  await it.asOld('delete from users where id = 60')
  expect(await it.asNew('select count(*)::int as n from posts where author = 60')).toEqual([{ n: 0 }])
  await it.abort()
  expect(await it.catalog()).toEqual(catalog)
  await it.start({ complete: true })
  await expectTeamKept(it, before)
  expect(await it.base(typesOf('posts'))).toContainEqual({ name: 'author', type: 'bigint', fixed: true })
  await it.expectClean()
})

scenario(43, 'an identity keeps its kind and its place', async (engine) => {
  const it = await world(engine, {
    schema: `
      create table u (id int generated always as identity primary key, name text);
      create table p (u int references u (id))`,
    rows: "insert into u (name) select 'u' || n from generate_series(1, 5) n; insert into p values (1), (2)",
    files: { '2_big.json': actions(alter('u', 'id', { type: 'BIGINT' })) },
  })
  const before = await it.catalog()
  await it.start()
  await it.asOld("insert into u (name) values ('old')")
  await it.asNew("insert into u (name) values ('new')")
  await it.abort()
  expect(await it.catalog()).toEqual(before)
  await it.start()
  const [newer] = await it.asNew("insert into u (name) values ('newer') returning id")
  await it.complete()
  const [after] = await it.base("insert into u (name) values ('after') returning id")
  expect(after?.['id']).toBeGreaterThan(Number(newer?.['id']))
  expect(
    await it.base("select attidentity as kind from pg_attribute where attrelid = 'u'::regclass and attname = 'id'"),
  ).toEqual([{ kind: 'a' }])
  expect(await it.base('select count(distinct id)::int as numbers from u')).toEqual([{ numbers: 9 }])
  expect(await it.base("select pg_get_serial_sequence('u', 'id') as sequence")).toEqual([
    { sequence: 'public.u_id_seq' },
  ])
  await it.expectClean()
})

scenario(44, 'only nullability changes: types are exactly as they were', async (engine) => {
  const columns = ['a', 'b', 'c', 'd', 'e', 'f']
  const it = await world(engine, {
    schema: `
      create type mood as enum ('good', 'bad');
      create table t (id int primary key, a varchar(20), b numeric(10,2), c timestamptz(3), d text[], e mood, f varchar(5)[])`,
    rows: `
      insert into t values (1, 'x', 1.5, '2026-01-01', '{a,"b c"}', 'good', '{q}');
      insert into t (id) values (2)`,
    files: {
      '2_fixed.json': actions(
        alter('t', 'a', { nullable: false }, { up: "coalesce(a, '')" }),
        alter('t', 'b', { nullable: false }, { up: 'coalesce(b, 0)' }),
        alter('t', 'c', { nullable: false }, { up: "coalesce(c, 'epoch')" }),
        alter('t', 'd', { nullable: false }, { up: "coalesce(d, '{}')" }),
        alter('t', 'e', { nullable: false }, { up: "coalesce(e, 'bad')" }),
        alter('t', 'f', { nullable: false }, { up: "coalesce(f, '{}')" }),
      ),
    },
  })
  const before = await it.base(typesOf('t'))
  const values = await it.base('select * from t where id = 1')
  await it.start()
  expect(await it.asNew('select * from t where id = 1')).toEqual(values)
  expect(await it.asNew('select a, b, d, e, f from t where id = 2')).toEqual([
    { a: '', b: '0.00', d: [], e: 'bad', f: [] },
  ])
  await it.complete()
  expect(await it.base(typesOf('t'))).toEqual(
    before.map((column) => (columns.includes(String(column['name'])) ? { ...column, fixed: true } : column)),
  )
  expect(await it.base(`select ${['id', ...columns].join()} from t where id = 1`)).toEqual(values)
  await it.expectClean()
})

scenario(45, 'what a column has of its own is there after it, under its own name', async (engine) => {
  const role = `reader_${crypto.randomUUID().slice(0, 8)}`
  const it = await world(engine, {
    schema: `
      create table t (id int primary key, name varchar(40) collate "C" not null default 'x',
        constraint t_short check (length(name) < 30) , constraint t_both check (id > 0 or name <> ''));
      comment on column t.name is 'whose it is';
      comment on constraint t_short on t is 'short';
      alter table t alter column name set statistics 321, alter column name set storage external;
      create role ${role};
      grant select (name), update (name) on t to ${role}`,
    rows: "insert into t values (1, 'Ada')",
    files: { '2_longer.json': actions(alter('t', 'name', { type: 'TEXT', name: 'title' })) },
  })
  const column = (name: string) => `
    select col_description(attrelid, attnum) as comment, attstattarget as statistics, attstorage as storage,
      attacl::text as grants, (select collname from pg_collation where oid = attcollation) as collation,
      (select pg_get_expr(adbin, adrelid) from pg_attrdef where adrelid = attrelid and adnum = attnum) as value
    from pg_attribute where attrelid = 't'::regclass and attname = '${name}'`
  const catalog = await it.catalog()
  const [before] = await it.base(column('name'))
  try {
    await it.start()
    expect((await refusal(it.asNew("insert into t values (2, repeat('x', 30))"))).text).toContain('check constraint')
    expect((await refusal(it.asOld("insert into t values (2, repeat('x', 30))"))).text).toContain('check constraint')
    await it.abort()
    expect(await it.catalog()).toEqual(catalog)
    await it.start({ complete: true })
    expect(await it.base(column('title'))).toEqual([before])
    const constraints = await it.base(constraintsOf('t\\_%'))
    expect(constraints.map(({ name }) => name)).toEqual(expect.arrayContaining(['t_both', 't_pkey', 't_short']))
    expect(JSON.stringify(constraints)).toContain('length(title) < 30')
    expect(
      await it.base("select obj_description(oid) as comment from pg_constraint where conname = 't_short'"),
    ).toEqual([{ comment: 'short' }])
    await it.expectClean()
  } finally {
    await it.base(`drop owned by ${role}; drop role ${role}`)
  }
})

scenario(46, 'a policy and user views are made again as they were', async (engine) => {
  const it = await world(engine, {
    schema: `
      create table t (id int primary key, owner text not null, n int);
      create view mine as select id, owner from t where owner = 'me';
      create view over_mine as select count(*) as many from mine;
      create policy own on t using (owner = current_user)`,
    rows: "insert into t values (1, 'me', 1), (2, 'you', 2)",
    files: { '2_lower.json': actions(alter('t', 'owner', {}, { up: "owner || '!'", down: "rtrim(owner, '!')" })) },
  })
  const views = "select viewname, definition from pg_views where schemaname = 'public' order by 1"
  const policies = 'select policyname, qual from pg_policies'
  const before = await it.catalog()
  const definitions = await it.base(views)
  const policy = await it.base(policies)
  await it.start()
  expect(await it.base('select many::int from over_mine')).toEqual([{ many: 1 }])
  await it.abort()
  expect(await it.catalog()).toEqual(before)
  await it.start({ complete: true })
  expect(await it.base(views)).toEqual(definitions)
  expect(await it.base(policies)).toEqual(policy)
  expect(await it.base('select many::int from over_mine')).toEqual([{ many: 0 }])
  await it.expectClean()
})

scenario(46, 'a view and a policy that read two altered tables', async (engine) => {
  const it = await world(engine, {
    schema: `
      create table users (id int primary key, name text not null);
      create table runs (id int primary key, owner int not null, cost int);
      create view owners as select runs.id, users.name, runs.cost from runs join users on users.id = runs.owner;
      create view all_owners as select count(*) as many, max(users.id) as last from owners, users;
      create policy own on runs using (exists (select from users where users.id = runs.owner and users.name = current_user))`,
    rows: "insert into users values (1, 'me'); insert into runs values (1, 1, 5)",
    files: {
      '2_big.json': actions(
        alter('users', 'id', { type: 'BIGINT' }),
        alter('runs', 'owner', { type: 'BIGINT', name: 'owner_id' }),
      ),
    },
  })
  const views = "select viewname, definition from pg_views where schemaname = 'public' order by 1"
  const definitions = await it.base(views)
  const before = await it.catalog()
  await it.start()
  await it.abort()
  expect(await it.catalog()).toEqual(before)
  await it.start({ complete: true })
  const renamed = JSON.parse(JSON.stringify(definitions).replaceAll('runs.owner', 'runs.owner_id')) as unknown
  expect(await it.base(views)).toEqual(renamed)
  expect(await it.base('select id, name, cost from owners')).toEqual([{ id: 1, name: 'me', cost: 5 }])
  const [policy] = await it.base('select qual from pg_policies')
  expect(policy?.['qual']).toContain('(users.id = runs.owner_id)')
  await it.expectClean()
})

scenario(46, 'what cannot be made again is listed, and nothing is dropped', async (engine) => {
  const it = await world(engine, {
    schema: `
      create table t (id int primary key, n int not null, twice int generated always as (n * 2) stored);
      create function noop() returns trigger language plpgsql as $$ begin return new; end $$;
      create trigger t_n before update of n on t for each row execute function noop()`,
    files: { '2_big.json': actions(alter('t', 'n', { type: 'BIGINT' })) },
  })
  const before = await it.catalog()
  const error = await refusal(it.start())
  expect(error).toMatchObject({ kind: 'input' })
  expect(error.text).toContain('The generated column twice of t is computed from a column that is replaced.')
  expect(error.text).toContain('The trigger t_n of t names a column that is replaced')
  expect(await it.catalog()).toEqual(before)
  expect(await it.status()).toMatchObject({ state: 'idle' })
})

scenario(46, 'a column that a table is partitioned by is refused', async (engine) => {
  const it = await world(engine, {
    schema: `
      create table t (id int, day date not null) partition by range (day);
      create table t_2026 partition of t for values from ('2026-01-01') to ('2027-01-01')`,
    files: { '2_time.json': actions(alter('t', 'day', { type: 'TIMESTAMPTZ' })) },
  })
  await expectRefused(it, {
    message: 'The table t is partitioned by its column day, which therefore cannot be replaced.',
    remedy: 'Make a new table with create_table and its up, and remove this one.',
  })
})

scenario(
  46,
  'an index and foreign keys that the new type does not fit are refused before a row is copied',
  async (engine) => {
    const it = await world(engine, {
      schema: `
      create table t (id bigint primary key, code varchar(20) unique);
      create index t_code_prefix on t (code varchar_pattern_ops);
      create table child (id bigint primary key, t_code varchar(20) references t (code), t_id bigint references t)`,
      files: {
        '2_types.json': actions(
          alter('t', 'code', { type: 'INTEGER' }, { up: 'length(code)', down: 'code::text' }),
          alter('child', 't_id', { type: 'TEXT' }, { up: 't_id::text', down: 't_id::bigint' }),
        ),
      },
    })
    const before = await it.catalog()
    const { kind, text } = await refusal(it.start())
    expect(kind).toBe('input')
    expect(text).toContain(
      'PostgreSQL does not accept index t_code_prefix of t for the new column: operator class "varchar_pattern_ops" does not accept data type integer.',
    )
    expect(text).toContain('Remove the index in a migration before this one, and add one that fits in one after it.')
    const unfit = 'cannot be made, because the types of its columns do not fit'
    expect(text).toContain(
      `The foreign key child_t_code_fkey of child ${unfit}: child.t_code is character varying(20) and t.code is INTEGER.`,
    )
    expect(text).toContain(`The foreign key child_t_id_fkey of child ${unfit}: child.t_id is TEXT and t.id is bigint.`)
    expect(text).toContain(
      'Alter the columns on both sides in the same batch, or remove the foreign key in a migration before this one.',
    )
    expect(await it.catalog()).toEqual(before)
    expect(await it.status()).toMatchObject({ state: 'idle' })
  },
)

scenario(
  46,
  'a table that another one inherits from is refused, whose rows would not be kept in step',
  async (engine) => {
    const it = await world(engine, {
      schema: `
      create table t (id bigint primary key, n int);
      create table heir (more int) inherits (t)`,
      files: { '2_big.json': actions(alter('t', 'n', { type: 'BIGINT' })) },
    })
    const refused = {
      message: 'Table t is inherited by heir, and both versions cannot be kept in step in its rows.',
      remedy:
        'Change it in a migration of SQL while nobody writes, or end the inheritance in a migration before this one (alter table … no inherit …).',
    }
    await expectRefused(it, refused)
    it.files.write('2_big.json', actions({ type: 'remove_column', table: 't', column: 'n' }))
    await expectRefused(it, refused)
    it.files.write(
      '2_big.json',
      actions({ type: 'add_column', table: 't', column: { name: 'm', type: 'INTEGER' }, up: 'n * 2' }),
    )
    await expectRefused(it, refused)
    it.files.write('2_big.json', actions(alter('t', 'n', { name: 'number' })))
    await it.start({ complete: true })
    expect(await it.base('select number from heir')).toEqual([])
  },
)
