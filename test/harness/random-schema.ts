import { fc } from './properties.ts'

const types = [
  'integer',
  'bigint',
  'text',
  'character varying(20)',
  'numeric(8,2)',
  'timestamp with time zone',
  'app.mood',
  'app.note',
  'integer[]',
  'app.point',
  'boolean',
]
const defaults: Readonly<Record<string, readonly string[]>> = {
  integer: ['1', 'app.pick(1)::integer', "nextval('app.ticket')"],
  bigint: ["nextval('app.ticket'::regclass)"],
  text: ["'a'::text || 'b'", "'none'"],
  'timestamp with time zone': ['now()', "'2024-01-02 03:04:05+00'"],
  'integer[]': ["'{}'"],
  boolean: ['true', 'false'],
}

function column(name: string): fc.Arbitrary<string> {
  return fc.constantFrom(...types).chain((type) =>
    fc
      .record({
        value: fc.option(fc.constantFrom(...(defaults[type] ?? ['null']))),
        identity: fc.option(fc.constantFrom('always', 'by default'), { freq: 4 }),
        notNull: fc.boolean(),
        collate: fc.boolean(),
      })
      .map(({ value, identity, notNull, collate }) => {
        const isNumber = type === 'integer' || type === 'bigint'
        const parts = [name, type]
        if (collate && type === 'text') parts.push('collate "C"')
        if (identity && isNumber) parts.push(`generated ${identity} as identity`)
        else if (value) parts.push(`default ${value}`)
        if (notNull) parts.push('not null')
        return parts.join(' ')
      }),
  )
}

function table(name: string, others: readonly string[]): fc.Arbitrary<string[]> {
  return fc
    .record({
      columns: fc.tuple(...['a', 'b', 'c', 'd'].map((each) => fc.option(column(each), { freq: 3 }))),
      // Columns that constraints, indexes and views rely on.
      code: fc.constantFrom('integer', 'bigint'),
      key: fc.constantFrom('primary key (id, code)', 'primary key (code, id)', ''),
      generated: fc.option(fc.constantFrom('app.size(title)', 'length(title) + 1')),
      first: fc.boolean(),
      items: fc.subarray(parts(name)),
      references: fc.subarray(others.flatMap((other) => references(name, other))),
      serial: fc.boolean(),
      unlogged: fc.boolean(),
    })
    .map(({ columns, code, key, generated, first, items, references, serial, unlogged }) => {
      const base = ['id integer not null', `code ${code}`, 'title text', `constraint ${name}_id_key unique (id)`]
      const more = [...columns.flatMap((each) => each ?? []), ...(serial ? ['number serial'] : [])]
      const list = first ? [...more, ...base] : [...base, ...more]
      if (generated) list.push(`size integer generated always as (${generated}) stored`)
      if (key !== '') list.push(`constraint ${name}_pkey ${key}`)
      // A table that is not logged cannot be referred to by one that is.
      const create = unlogged && others.length === 2 ? 'create unlogged table' : 'create table'
      return [`${create} app.${name} (${list.join(', ')})`, ...items, ...references]
    })
}

function references(name: string, other: string): string[] {
  const add = `alter table app.${name} add constraint ${name}_${other}_fkey foreign key (code)`
  return [
    `${add} references app.${other} (id)`,
    `alter table app.${name} add constraint ${name}_${other}_weak foreign key (id) references app.${other} (id) on delete cascade deferrable initially deferred`,
  ]
}

function parts(name: string): string[] {
  const table = `app.${name}`
  return [
    `create index ${name}_title_idx on ${table} (lower(title))`,
    `create index ${name}_code_idx on ${table} (code desc nulls last) where code > 0`,
    `create unique index ${name}_size_idx on ${table} (app.size(title), id) include (code)`,
    `alter table ${table} add constraint ${name}_title_check check (app.size(title) > 0)`,
    `alter table ${table} add constraint ${name}_late_check check (code > 0) not valid`,
    `alter table ${table} add constraint ${name}_title_key unique (title, code) deferrable`,
    `create trigger ${name}_touch before update of title on ${table} for each row when (new.code is not null) execute function app.touch()`,
    `alter table ${table} enable row level security`,
    `alter table ${table} force row level security`,
    `create policy own on ${table} using (code = 1)`,
    `create policy reading on ${table} as restrictive for select using (app.size(title) > 0)`,
    `comment on table ${table} is 'One of ''them'''`,
    `comment on column ${table}.title is 'Shown'`,
    `grant select, insert on ${table} to public`,
    `grant update (title) on ${table} to public`,
    `alter table ${table} set (fillfactor = 70)`,
    `alter table ${table} alter column title set storage external, alter column title set statistics 100`,
    `alter table ${table} replica identity full`,
    `alter table ${table} cluster on ${name}_id_key`,
    `create rule ${name}_keep as on delete to ${table} do instead nothing`,
    `create statistics app.${name}_statistics (dependencies) on id, code from ${table}`,
    `create view app.${name}_open as select id, title from ${table} where code is not null`,
  ]
}

const extras: readonly { readonly needs: readonly number[]; readonly make: readonly string[] }[] = [
  {
    needs: [0],
    make: [
      'create view app.first as select id, code from app.t0',
      'create view app.second as select code from app.first',
      "comment on view app.first is 'First'",
    ],
  },
  {
    needs: [0, 1],
    make: [
      'create view app.both as select t0.id, t1.title, app.pick(t0.id) as picked from app.t0 join app.t1 using (id)',
    ],
  },
  {
    needs: [1],
    make: [
      'create materialized view app.counts as select code, count(*) as n from app.t1 group by code',
      'create unique index counts_key on app.counts (code)',
    ],
  },
  { needs: [1], make: ["create function app.titles(one app.t1) returns text language sql as 'select one.title'"] },
  { needs: [0], make: ['create publication changes for table app.t0'] },
  { needs: [], make: ['alter default privileges in schema app grant select on tables to public'] },
  { needs: [], make: ["comment on schema app is 'Ours'", 'grant usage on schema app to public'] },
  { needs: [], make: ["create procedure app.tidy(days integer) language sql as 'select 1'"] },
  { needs: [], make: ['create aggregate app.longest (text) (sfunc = textcat, stype = text)'] },
  { needs: [], make: ['create type app.span as range (subtype = integer)'] },
  { needs: [0], make: ['revoke execute on function app.pick(integer) from public'] },
]

function partitioned(partitions: readonly string[] | null, items: readonly string[]): string[] {
  if (partitions === null) return []
  const bounds = { p_one: "for values in ('one')", p_two: "for values in ('two')", p_rest: 'default' }
  const value = items.includes('default') ? " default 'one'" : ''
  return [
    `create table app.p (kind text not null${value}, id integer, at timestamp with time zone) partition by list (kind)`,
    ...(items.includes('key') ? ['alter table app.p add constraint p_pkey primary key (kind, id)'] : []),
    ...(items.includes('check') ? ['alter table app.p add constraint p_check check (id > 0)'] : []),
    ...(items.includes('index') ? ['create index p_at_idx on app.p (at)'] : []),
    ...(items.includes('trigger')
      ? ['create trigger p_touch after insert on app.p for each row execute function app.touch()']
      : []),
    ...partitions.map((name) => `create table app.${name} partition of app.p ${bounds[name as keyof typeof bounds]}`),
  ]
}

function heir(items: readonly string[] | null): string[] {
  if (items === null) return []
  const check = items.includes('check') ? ', constraint base_check check (one > 0)' : ''
  return [
    `create table app.base (one integer, two text not null${check})`,
    `create table app.heir (${items.includes('own') ? 'three integer' : ''}) inherits (app.base)`,
  ]
}

/**
 * Statements that make a schema by chance, in an order that works. Names come from a small pool, so that two schemas have
 * objects in common that differ in some of their properties. PostgreSQL 13 and later.
 */
export const randomSchema: fc.Arbitrary<readonly string[]> = fc
  .record({
    labels: fc.uniqueArray(fc.constantFrom('sad', 'ok', 'happy', 'fine'), { minLength: 2 }),
    domain: fc.record({
      base: fc.constantFrom('text', 'character varying(40)'),
      extras: fc.subarray([
        "default 'none'",
        'not null',
        'constraint at_least check (length(value) > 0)',
        'constraint at_most check (app.size(value) < 100)',
      ]),
    }),
    attributes: fc.shuffledSubarray(['x integer', 'y numeric(8,2)', 'label text'], { minLength: 1 }),
    sequence: fc.subarray(['increment 5', 'minvalue 1 start 7', 'cache 20', 'cycle', 'as integer']),
    size: fc.constantFrom('select length(value)', 'select coalesce(length(value), 0)'),
    pick: fc.constantFrom(
      'app.pick(value integer) returns integer language sql',
      'app.pick(amount integer) returns integer language sql',
      'app.pick(value integer) returns bigint language sql stable',
    ),
    tables: fc.tuple(fc.option(table('t0', [])), fc.option(table('t1', ['t0'])), fc.option(table('t2', ['t0', 't1']))),
    partitions: fc.option(fc.subarray(['p_one', 'p_two', 'p_rest'])),
    partitioned: fc.subarray(['index', 'key', 'check', 'trigger', 'default']),
    heir: fc.option(fc.subarray(['own', 'check'])),
    rest: fc.subarray([...extras]),
  })
  .map((world) => {
    const { domain, tables } = world
    return [
      'create schema app',
      `create type app.mood as enum (${world.labels.map((label) => `'${label}'`).join(', ')})`,
      `create function app.size(value text) returns integer language sql immutable as '${world.size}'`,
      `create domain app.note as ${domain.base} ${domain.extras.join(' ')}`,
      `create type app.point as (${world.attributes.join(', ')})`,
      `create sequence app.ticket ${world.sequence.join(' ')}`,
      `create function ${world.pick} as 'select 1'`,
      'create function app.touch() returns trigger language plpgsql as $$ begin return new; end $$',
      ...tables.flatMap((table) => table ?? []).filter((each) => isPossible(each, tables)),
      ...partitioned(world.partitions, world.partitioned),
      ...heir(world.heir),
      ...world.rest.flatMap(({ needs, make }) => (needs.every((place) => tables[place]) ? make : [])),
    ]
  })

// A table that is not there cannot be referred to.
function isPossible(statement: string, tables: readonly unknown[]): boolean {
  const other = /references app\.t(\d)/.exec(statement)?.[1]
  return other === undefined || tables[Number(other)] !== null
}
