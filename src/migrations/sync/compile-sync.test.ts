import { describe, expect, it } from 'vitest'
import { engines, postgresVersions } from '../../../test/harness/engines.ts'
import { computed, lookedUp, rowOf, twoVersions } from '../../../test/harness/two-versions.ts'
import type { ComputeRule, SyncRule } from './rule.ts'

const quote = (name: string) => `"${name.replaceAll('"', '""')}"`
const names = [
  'new',
  'old',
  'from',
  'end',
  'found',
  'tg_op',
  'Mixed Case',
  'quo"te',
  "apo'strophe",
  'back\\slash',
  '$$',
  '$sync$',
  'naïve 😀',
  'x'.repeat(63),
]

const databases = [
  ...engines.filter(({ name }) => name !== 'sqlite'),
  ...postgresVersions.map(({ version, freshUrl }) => ({ name: `PostgreSQL ${version}`, freshUrl })),
]

describe.each(databases)('on $name', (engine) => {
  it('works for tables and columns of any name', async () => {
    const rules: SyncRule[] = []
    let tables = ''
    const oldViews: Record<string, string> = {}
    const newViews: Record<string, string> = {}
    for (const [place, name] of names.entries()) {
      const column = names[(place + 1) % names.length] ?? ''
      const temporary = `tmp ${place}`
      tables += `create table ${quote(name)} (id bigint primary key, ${quote(column)} text, ${quote(temporary)} text);\n`
      oldViews[name] = `select id, ${quote(column)} from public.${quote(name)}`
      newViews[name] = `select id, ${quote(temporary)} as ${quote(column)} from public.${quote(name)}`
      const before = rowOf(name, { id: 'bigint', [column]: 'text' })
      const after = rowOf(name, { id: 'bigint', [column]: [temporary, 'text'] })
      const use = `${quote(name)}.${quote(column)}`
      const origin = { migration: `it's "v2" $sync$ \\`, action: 0, column }
      rules.push(
        {
          ...computed('up', 't.c', 'text', `upper(${quote(column)}) || '$$' || '$sync$' || E'\\\\'`, before),
          table: name,
          column: temporary,
          counterpart: column,
          origin,
        },
        {
          ...computed('down', 't.c', 'text', `(select lower(${use}) from (select 1) as x)`, after),
          table: name,
          column,
          counterpart: temporary,
          origin,
        },
      )
    }
    await using scene = await twoVersions(await engine.freshUrl(), {
      tables,
      oldViews,
      newViews,
      rules,
      pending: names,
    })
    for (const [place, name] of names.entries()) {
      const column = quote(names[(place + 1) % names.length] ?? '')
      const table = quote(name)
      await scene.asOld(`insert into ${table} (id, ${column}) values (1, 'a')`)
      await scene.asOld(`update ${table} set ${column} = 'b'`)
      expect(await scene.asNew(`select ${column} as value from ${table}`), name).toEqual([{ value: 'B$$$sync$\\' }])
      await scene.asNew(`update ${table} set ${column} = 'C'`)
      expect(await scene.asOld(`select ${column} as value from ${table}`), name).toEqual([{ value: 'c' }])
    }
    await scene.drop()
    expect(
      await scene.asBase(`
        select attname as left from pg_attribute where attname like '\\_\\_metastore%' and not attisdropped
        union all select proname from pg_proc where proname like '\\_\\_metastore%'
        union all select tgname from pg_trigger where not tgisinternal`),
    ).toEqual([])
  })
})

describe.each(engines.filter(({ name }) => name !== 'sqlite'))('on $name', (engine) => {
  const before = rowOf('t', { id: 'bigint', cost: 'numeric' })
  const after = rowOf('t', { id: 'bigint', cost: ['tmp', 'integer'] })
  const altered = {
    oldViews: { t: 'select id, cost, seen from public.t' },
    newViews: { t: 'select id, tmp as cents, seen from public.t' },
    rules: [
      computed('up', 't.tmp', 'integer', '(cost * 100)::int', before, { counterpart: 'cost' }),
      computed('down', 't.cost', 'numeric', 'cost / 100.0', after, { counterpart: 'tmp' }),
    ],
    pending: ['t'],
  }

  it("lets users' triggers of any name see a whole row, and follows what they change", async () => {
    const triggers = ['audit', 'aaa', '!!', ' ', '~~~', 'ÿ', 'zzz']
    const tables = triggers.map((_, place) => `t${place}`)
    const inTable = (rule: ComputeRule, table: string): ComputeRule => ({
      ...rule,
      table,
      scope: { ...rule.scope, alias: table },
    })
    const made = triggers.map(
      (trigger, place) => `
        create table t${place} (id bigint primary key, cost numeric not null, tmp integer, seen text);
        create trigger ${quote(trigger)} before insert or update on t${place} for each row execute function check_cost();`,
    )
    const viewsOf = (columns: string) =>
      Object.fromEntries(tables.map((table) => [table, `select ${columns} from public.${table}`]))
    await using scene = await twoVersions(await engine.freshUrl(), {
      tables: `
        create function check_cost() returns trigger language plpgsql as $$
        begin
          if new.cost is null then raise 'no cost'; end if;
          new.seen := new.cost::text;
          if new.cost > 100 then new.cost := 100; end if;
          return new;
        end $$;
        ${made.join('\n')}`,
      oldViews: viewsOf('id, cost, seen'),
      newViews: viewsOf('id, tmp as cents, seen'),
      rules: tables.flatMap((table) => altered.rules.map((rule) => inTable(rule, table))),
      pending: tables,
      userTriggers: Object.fromEntries(triggers.map((trigger, place) => [`t${place}`, [trigger]])),
    })
    for (const [place, table] of tables.entries()) {
      await scene.asNew(`insert into ${table} (id, cents) values (1, 250), (2, 99900)`)
      await scene.asOld(`insert into ${table} (id, cost) values (3, 2), (4, 999)`)
      const rows = `select id, cost::float, tmp, seen::float from ${table} order by id`
      expect(await scene.asBase(rows), triggers[place]).toEqual([
        { id: 1, cost: 2.5, tmp: 250, seen: 2.5 },
        { id: 2, cost: 100, tmp: 10000, seen: 999 },
        { id: 3, cost: 2, tmp: 200, seen: 2 },
        { id: 4, cost: 100, tmp: 10000, seen: 999 },
      ])
      await scene.asNew(`update ${table} set cents = 50000 where id = 1`)
      await scene.asOld(`update ${table} set cost = 700 where id = 3`)
      expect(await scene.asBase(rows), triggers[place]).toMatchObject([
        { id: 1, cost: 100, tmp: 10000, seen: 500 },
        { id: 2 },
        { id: 3, cost: 100, tmp: 10000, seen: 700 },
        { id: 4 },
      ])
      const pending = scene.objects.find((one) => one.table === table)?.pending
      expect(await scene.asBase(`select id from ${table} where "${pending}"`)).toEqual([])
    }
  })

  it('keeps both versions of a partitioned table in step, and what one has written when rows move', async () => {
    const lossy = [
      computed('up', 't.tmp', 'integer', '(cost * 100)::int', before, { counterpart: 'cost' }),
      computed('down', 't.cost', 'numeric', 'cost / 100', after, { counterpart: 'tmp' }),
    ]
    for (const userTriggers of [{}, { t: ['nothing'] }]) {
      await using scene = await twoVersions(await engine.freshUrl(), {
        ...altered,
        rules: lossy,
        userTriggers,
        tables: `
          create table t (id bigint, cost numeric not null, tmp integer, seen text, primary key (id)) partition by range (id);
          create table t_low partition of t for values from (0) to (10);
          create table t_high partition of t for values from (10) to (20);`,
      })
      await scene.asOld('insert into t (id, cost) values (1, 2), (2, 3), (11, 3.5)')
      await scene.asNew('update t set cents = cents + 1 where id < 10')
      await scene.asOld('update t set id = 12 where id = 1')
      await scene.asNew('update t set id = 13 where id = 2')
      await scene.asNew('update t set id = 3 where id = 11')
      const pending = scene.objects[0]?.pending
      expect(await scene.asBase(`select id, cost::float, tmp, "${pending}" as pending from t order by id`)).toEqual([
        { id: 3, cost: 3.5, tmp: 350, pending: false },
        { id: 12, cost: 2, tmp: 201, pending: false },
        { id: 13, cost: 3, tmp: 301, pending: false },
      ])
    }
  })

  it('follows what a foreign key does to both columns of a key', async () => {
    const notes = rowOf('notes', { id: 'bigint', run_id: 'integer' })
    await using scene = await twoVersions(await engine.freshUrl(), {
      tables: `
        create table runs (id integer primary key, tmp_id bigint unique);
        create table notes (
          id bigint primary key, run_id integer references runs on update cascade,
          tmp_run bigint references runs (tmp_id) on update cascade
        );`,
      oldViews: { runs: 'select id from public.runs', notes: 'select id, run_id from public.notes' },
      newViews: { runs: 'select tmp_id as id from public.runs' },
      rules: [
        computed('up', 'runs.tmp_id', 'bigint', 'id', rowOf('runs', { id: 'integer' }), { counterpart: 'id' }),
        computed('down', 'runs.id', 'integer', 'id', rowOf('runs', { id: ['tmp_id', 'bigint'] }), {
          counterpart: 'tmp_id',
        }),
        computed('up', 'notes.tmp_run', 'bigint', 'run_id', notes, { counterpart: 'run_id' }),
      ],
      pending: ['runs', 'notes'],
    })
    await scene.asOld('insert into runs values (1), (2)')
    await scene.asOld('insert into notes values (5, 1), (6, 2)')
    await scene.asOld('update runs set id = 10 where id = 1')
    await scene.asNew('update runs set id = 20 where id = 2')
    expect(await scene.asBase('select id, run_id, tmp_run from notes order by id')).toEqual([
      { id: 5, run_id: 10, tmp_run: 10 },
      { id: 6, run_id: 20, tmp_run: 20 },
    ])
  })

  it("syncs what a user's trigger writes elsewhere while a value is pushed", async () => {
    const runs = rowOf('runs', { id: 'bigint', agent: 'text' })
    const notes = rowOf('notes', { id: 'bigint', run_id: 'bigint' })
    const log = rowOf('log', { id: 'bigint', what: 'text' })
    await using scene = await twoVersions(await engine.freshUrl(), {
      tables: `
        create table runs (id bigint primary key, agent text);
        create table notes (id bigint primary key, run_id bigint, tmp_agent text);
        create table log (id bigint generated always as identity primary key, what text, tmp_what text);
        create function log_it() returns trigger language plpgsql as $$
        begin
          insert into public.log (what) values ('note ' || new.id);
          return new;
        end $$;
        create trigger log_it before update on notes for each row execute function log_it();
        insert into runs values (1, 'a'); insert into notes values (7, 1, 'a');`,
      oldViews: { runs: 'select id, agent from public.runs' },
      newViews: { log: 'select id, tmp_what as what from public.log' },
      rules: [
        lookedUp('up', 'notes.tmp_agent', 'text', notes, runs, {
          value: 'runs.agent',
          where: 'notes.run_id = runs.id',
        }),
        computed('up', 'log.tmp_what', 'text', 'upper(what)', log, { counterpart: 'what' }),
      ],
      pending: ['notes', 'log'],
      userTriggers: { notes: ['log_it'] },
    })
    await scene.asOld("update runs set agent = 'b'")
    expect(await scene.asBase('select tmp_agent from notes')).toEqual([{ tmp_agent: 'b' }])
    expect(await scene.asNew('select what from log')).toEqual([{ what: 'NOTE 7' }])
  })
})
