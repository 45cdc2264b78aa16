import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { engines } from '../../../test/harness/engines.ts'
import { computed, expression, rowOf, twoVersions, type TwoVersions } from '../../../test/harness/two-versions.ts'

const runs = rowOf('runs', { id: 'bigint', agent: 'text', cost: 'numeric(8,2)', state: 'text' })

describe.each(engines.filter(({ name }) => name !== 'sqlite'))('on $name', (engine) => {
  describe('a column added with up', () => {
    let scene: TwoVersions
    beforeAll(async () => {
      scene = await twoVersions(await engine.freshUrl(), {
        tables: `
          create table runs (id bigint primary key, agent text, cost numeric(8,2) not null, state text, tmp_vendor text);
          insert into runs values (7, 'acme/a1', 0.25, 'new', 'acme');`,
        oldViews: { runs: 'select id, agent, cost, state from public.runs' },
        newViews: { runs: 'select id, agent, cost, state, tmp_vendor as vendor from public.runs' },
        rules: [computed('up', 'runs.tmp_vendor', 'text', "split_part(agent, '/', 1)", runs)],
        pending: ['runs'],
      })
    })
    afterAll(() => scene[Symbol.asyncDispose]())
    const vendorOf = async (id: number) =>
      (await scene.asNew<{ vendor: string }>(`select vendor from runs where id = ${id}`))[0]?.vendor

    it('gets its value when an old session inserts', async () => {
      await scene.asOld("insert into runs values (8, 'zeta/b', 1)")
      expect(await vendorOf(8)).toBe('zeta')
    })

    it('keeps what a new session writes when an old one changes something else', async () => {
      await scene.asNew("update runs set vendor = 'ACME' where id = 7")
      await scene.asOld("update runs set state = 'done' where id = 7")
      expect(await vendorOf(7)).toBe('ACME')
    })

    it('keeps it when an old session changes the source to what comes to the same', async () => {
      await scene.asOld("update runs set agent = 'acme/a2' where id = 7")
      expect(await vendorOf(7)).toBe('ACME')
    })

    it('follows when an old session changes the source', async () => {
      await scene.asOld("update runs set agent = 'beta/x' where id = 7")
      expect(await vendorOf(7)).toBe('beta')
    })

    it('is what a new session inserts, and the row is in step', async () => {
      await scene.asNew("insert into runs values (9, 'eta/x', 1, null, 'other')")
      const pending = scene.objects[0]?.pending
      expect(await scene.asBase(`select tmp_vendor, "${pending}" as pending from runs where id = 9`)).toEqual([
        { tmp_vendor: 'other', pending: false },
      ])
    })

    it('follows an upsert of an old session', async () => {
      await scene.asOld(
        "insert into runs values (8, 'theta/b', 1), (10, 'iota/b', 1) on conflict (id) do update set agent = excluded.agent",
      )
      expect([await vendorOf(8), await vendorOf(10)]).toEqual(['theta', 'iota'])
    })
  })

  it('completes a pending row whatever an old session changes, and leaves alone what the backfill gives', async () => {
    await using scene = await twoVersions(await engine.freshUrl(), {
      tables: `
        create table runs (id bigint primary key, agent text, cost numeric, state text, tmp_vendor text);
        insert into runs values (1, 'a/x'), (2, 'b/x'), (3, 'c/x');`,
      oldViews: { runs: 'select id, agent, state from public.runs' },
      rules: [computed('up', 'runs.tmp_vendor', 'text', "split_part(agent, '/', 1)", runs)],
      pending: ['runs'],
      inStep: false,
    })
    const pending = scene.objects[0]?.pending
    await scene.asOld('update runs set agent = agent where id = 1')
    await scene.asOld("update runs set state = 'x' where id = 3")
    // As a backfill does it where it may not switch triggers off.
    await scene.asBase(`update runs set tmp_vendor = 'set-based', "${pending}" = false where id = 2`)
    expect(await scene.asBase(`select id, tmp_vendor, "${pending}" as pending from runs order by id`)).toEqual([
      { id: 1, tmp_vendor: 'a', pending: false },
      { id: 2, tmp_vendor: 'set-based', pending: false },
      { id: 3, tmp_vendor: 'c', pending: false },
    ])
  })

  describe('a column altered in type and name', () => {
    let scene: TwoVersions
    const after = rowOf('runs', { id: 'bigint', agent: 'text', cost: ['tmp_cost', 'integer'], state: 'text' })
    beforeAll(async () => {
      scene = await twoVersions(await engine.freshUrl(), {
        tables: `
          create table runs (id bigint primary key, agent text, cost numeric(8,2) not null, state text, tmp_cost integer);
          insert into runs values (7, 'a', 0.25, null, 25);`,
        oldViews: { runs: 'select id, agent, cost, state from public.runs' },
        newViews: { runs: 'select id, agent, tmp_cost as cost_cents, state from public.runs' },
        rules: [
          computed('up', 'runs.tmp_cost', 'INTEGER', '(cost * 100)::int', runs, { counterpart: 'cost' }),
          computed('down', 'runs.cost', 'numeric(8,2)', 'cost / 100.0', after, { counterpart: 'tmp_cost' }),
        ],
        pending: ['runs'],
      })
    })
    afterAll(() => scene[Symbol.asyncDispose]())

    it('is what the other version wrote, both ways', async () => {
      await scene.asNew('update runs set cost_cents = 130 where id = 7')
      expect(await scene.asOld('select cost from runs where id = 7')).toEqual([{ cost: '1.30' }])
      await scene.asOld('update runs set cost = 2.00 where id = 7')
      expect(await scene.asNew('select cost_cents from runs where id = 7')).toEqual([{ cost_cents: 200 }])
      await scene.asNew("insert into runs (id, agent, cost_cents) values (8, 'b', 150)")
      expect(await scene.asOld('select cost from runs where id = 8')).toEqual([{ cost: '1.50' }])
      await scene.asOld("insert into runs (id, agent, cost) values (9, 'b', 1.5)")
      expect(await scene.asNew('select cost_cents from runs where id = 9')).toEqual([{ cost_cents: 150 }])
    })

    it('is judged by the type of the version that writes', async () => {
      await expect(scene.asOld('update runs set cost = 1000000 where id = 7')).rejects.toMatchObject({
        engineCode: '22003',
      })
    })

    it('fails the write that the other version cannot read, naming migration, action and column', async () => {
      await expect(scene.asNew('update runs set cost_cents = 2000000000 where id = 7')).rejects.toMatchObject({
        engineCode: '22003',
        message: expect.stringContaining('migration v2, action 1 (column cost): numeric field overflow'),
        remedy: expect.any(String),
      })
    })

    it('refuses an old session that writes the new column itself', async () => {
      await expect(scene.asOld('update migration_v2.runs set cost_cents = 1 where id = 7')).rejects.toMatchObject({
        engineCode: '55000',
        message: expect.stringContaining(
          'a session of the old version wrote to column tmp_cost of table runs, which only the new version has',
        ),
      })
      await expect(
        scene.asOld("insert into migration_v2.runs (id, agent, cost_cents) values (20, 'b', 150)"),
      ).rejects.toMatchObject({ engineCode: '55000' })
    })

    it('lets an old session write other columns by way of the new schema', async () => {
      await scene.asOld("update migration_v2.runs set state = 'by name' where id = 7")
      expect(await scene.asOld('select state from runs where id = 7')).toEqual([{ state: 'by name' }])
    })

    it('keeps prepared statements right in both sessions', async () => {
      await using old = await scene.session('old')
      await old.script('prepare set_cost (numeric) as update runs set cost = $1 where id = 7')
      await old.script('execute set_cost (3)')
      await old.script('execute set_cost (4)')
      await old.close()
      expect(await scene.asNew('select cost_cents from runs where id = 7')).toEqual([{ cost_cents: 400 }])
    })
  })

  it('keeps what one version wrote when a lossy change does not concern it', async () => {
    const before = rowOf('runs', { id: 'bigint', agent: 'text', state: 'text' })
    const after = rowOf('runs', { id: 'bigint', agent: ['tmp_agent', 'text'], state: 'text' })
    await using scene = await twoVersions(await engine.freshUrl(), {
      tables: `
        create table runs (id bigint primary key, agent text, state text, tmp_agent text);
        insert into runs values (7, 'Acme/A1', null, 'acme/a1');`,
      oldViews: { runs: 'select id, agent, state from public.runs' },
      newViews: { runs: 'select id, tmp_agent as agent, state from public.runs' },
      rules: [
        computed('up', 'runs.tmp_agent', 'text', 'lower(agent)', before, { counterpart: 'agent' }),
        computed('down', 'runs.agent', 'text', 'agent', after, { counterpart: 'tmp_agent' }),
      ],
      pending: ['runs'],
    })
    await scene.asNew("update runs set state = 'x' where id = 7")
    expect(await scene.asOld('select agent from runs')).toEqual([{ agent: 'Acme/A1' }])
    await scene.asOld("update runs set agent = 'ACME/A1' where id = 7")
    expect(await scene.asNew('select agent from runs')).toEqual([{ agent: 'acme/a1' }])
    await scene.asNew("update runs set agent = 'beta' where id = 7")
    expect(await scene.asOld('select agent from runs')).toEqual([{ agent: 'beta' }])
  })

  it('maps nulls both ways where only one version may have them', async () => {
    const before = rowOf('notes', { id: 'bigint', body: 'text', cost: 'numeric' })
    await using scene = await twoVersions(await engine.freshUrl(), {
      tables: `
        create table notes (id bigint primary key, body text, cost numeric not null, tmp_body text, tmp_cost numeric);
        alter table notes add constraint body_set check (tmp_body is not null);`,
      oldViews: { notes: 'select id, body, cost from public.notes' },
      newViews: { notes: 'select id, tmp_body as body, tmp_cost as cost from public.notes' },
      rules: [
        computed('up', 'notes.tmp_body', 'text', "coalesce(body, '')", before, { counterpart: 'body' }),
        computed('down', 'notes.body', 'text', 'body', rowOf('notes', { body: ['tmp_body', 'text'] }), {
          counterpart: 'tmp_body',
        }),
        computed('up', 'notes.tmp_cost', 'numeric', 'cost', before, { counterpart: 'cost' }),
        computed(
          'down',
          'notes.cost',
          'numeric',
          'coalesce(cost, 0)',
          rowOf('notes', { cost: ['tmp_cost', 'numeric'] }),
          { counterpart: 'tmp_cost' },
        ),
      ],
      pending: ['notes'],
    })
    await scene.asOld('insert into notes values (1, null, 5)')
    expect(await scene.asNew('select body, cost from notes')).toEqual([{ body: '', cost: '5' }])
    await expect(scene.asNew('update notes set body = null')).rejects.toMatchObject({ engineCode: '23514' })
    await expect(scene.asOld('update notes set cost = null')).rejects.toMatchObject({ engineCode: '23502' })
    await scene.asNew('update notes set cost = null')
    expect(await scene.asOld('select body, cost from notes')).toEqual([{ body: null, cost: '0' }])
    await scene.asOld("update notes set body = 'x'")
    expect(await scene.asNew('select body, cost from notes')).toEqual([{ body: 'x', cost: null }])
  })

  it('gives old sessions what down says of a removed column', async () => {
    await using scene = await twoVersions(await engine.freshUrl(), {
      tables: `
        create table runs (id bigint primary key, agent text, state text not null default 'queued');
        insert into runs values (7, 'a', 'done');`,
      oldViews: { runs: 'select id, agent, state from public.runs' },
      newViews: { runs: 'select id, agent from public.runs' },
      rules: [
        computed(
          'down',
          'runs.state',
          'text',
          "'unknown'",
          rowOf('runs', { id: 'bigint', agent: 'text', state: 'text' }),
        ),
      ],
    })
    await scene.asNew("insert into runs values (8, 'b')")
    await scene.asNew("update runs set agent = 'c' where id = 7")
    await scene.asOld("insert into runs (id, agent) values (9, 'b')")
    expect(await scene.asOld('select id, state from runs order by id')).toEqual([
      { id: 7, state: 'done' },
      { id: 8, state: 'unknown' },
      { id: 9, state: 'queued' },
    ])
    expect(scene.objects[0]?.pending).toBeNull()
  })

  it('applies several changes of one column in order, and back in reverse', async () => {
    const scope = (physical: string) => rowOf('t', { id: 'bigint', n: [physical, 'integer'] })
    await using scene = await twoVersions(await engine.freshUrl(), {
      tables: 'create table t (id bigint primary key, n integer, n1 integer, n2 integer, note text)',
      oldViews: { t: 'select id, n, note from public.t' },
      newViews: { t: 'select id, n2 as n, note from public.t' },
      rules: [
        computed('up', 't.n1', 'integer', 'n * 10', scope('n'), { counterpart: 'n' }),
        computed('down', 't.n', 'integer', 'n / 10', scope('n1'), { counterpart: 'n1' }),
        computed('up', 't.n2', 'integer', 'n + 3', scope('n1'), { counterpart: 'n1' }),
        computed('down', 't.n1', 'integer', 'n - 3', scope('n2'), { counterpart: 'n2' }),
      ],
      pending: ['t'],
    })
    await scene.asOld('insert into t values (1, 4)')
    expect(await scene.asNew('select n from t')).toEqual([{ n: 43 }])
    await scene.asOld('update t set n = 7')
    expect(await scene.asNew('select n from t')).toEqual([{ n: 73 }])
    await scene.asNew('update t set n = 93')
    expect(await scene.asOld('select n from t')).toEqual([{ n: 9 }])
    await scene.asOld("update t set note = 'x'")
    expect(await scene.asNew('select n from t')).toEqual([{ n: 93 }])
  })

  it('computes what is volatile once', async () => {
    await using scene = await twoVersions(await engine.freshUrl(), {
      tables: `create table t (id bigint primary key, a text, tmp text default 'none'); insert into t values (1, 'x', 'mine')`,
      oldViews: { t: 'select id, a from public.t' },
      newViews: { t: 'select id, a, tmp from public.t' },
      rules: [
        computed('up', 't.tmp', 'text', 'a || random()::text', rowOf('t', { id: 'bigint', a: 'text' }), {
          volatile: true,
        }),
      ],
      defaults: { 't.tmp': "'none'" },
      pending: ['t'],
    })
    await scene.asOld("update t set a = 'y' where id = 1")
    expect(await scene.asNew('select tmp from t')).toEqual([{ tmp: 'mine' }])
    await scene.asOld("insert into t values (2, 'z')")
    const [before] = await scene.asNew<{ tmp: string }>('select tmp from t where id = 2')
    expect(before?.tmp).toMatch(/^z0\.\d+|^z\d/)
    await scene.asOld("update t set a = 'zz' where id = 2")
    expect(await scene.asNew('select tmp from t where id = 2')).toEqual([before])
  })

  it('gives an insert its own expression where the other reads the table itself', async () => {
    const messages = rowOf('messages', { id: 'bigint', chat: 'integer' })
    await using scene = await twoVersions(await engine.freshUrl(), {
      tables: 'create table messages (id bigint primary key, chat integer, tmp_seq integer not null default 0)',
      oldViews: { messages: 'select id, chat from public.messages' },
      newViews: { messages: 'select id, chat, tmp_seq as seq from public.messages' },
      rules: [
        computed(
          'up',
          'messages.tmp_seq',
          'integer',
          '(select count(*) from messages m where m.chat = messages.chat and m.id <= messages.id)',
          messages,
          {
            onInsert: expression('(select 1 + count(*) from messages m where m.chat = messages.chat)'),
          },
        ),
      ],
      defaults: { 'messages.tmp_seq': '0' },
      pending: ['messages'],
    })
    for (const id of [1, 2, 3]) await scene.asOld(`insert into messages values (${id}, ${id % 2})`)
    expect(await scene.asNew('select id, seq from messages order by id')).toEqual([
      { id: 1, seq: 1 },
      { id: 2, seq: 1 },
      { id: 3, seq: 2 },
    ])
  })

  it('is not stopped by values that up cannot read, when an old session changes something else or mends them', async () => {
    const before = rowOf('t', { id: 'bigint', n: 'text', note: 'text' })
    await using scene = await twoVersions(await engine.freshUrl(), {
      tables: 'create table t (id bigint primary key, n text, note text, tmp integer)',
      oldViews: { t: 'select id, n, note from public.t' },
      newViews: { t: 'select id, tmp as n, note from public.t' },
      rules: [
        computed('up', 't.tmp', 'integer', 'n::int', before, { counterpart: 'n' }),
        computed('down', 't.n', 'text', "coalesce(n::text, 'none')", rowOf('t', { n: ['tmp', 'integer'] }), {
          counterpart: 'tmp',
        }),
      ],
      pending: ['t'],
    })
    await scene.asNew('insert into t values (1, null)')
    expect(await scene.asOld('select n from t')).toEqual([{ n: 'none' }])
    await scene.asOld("update t set note = 'x'")
    await scene.asOld("update t set n = '7'")
    expect(await scene.asNew('select n from t')).toEqual([{ n: 7 }])
    await expect(scene.asOld("update t set n = 'seven'")).rejects.toMatchObject({
      engineCode: '22P02',
      message: expect.stringContaining(
        'migration v2, action 1 (column tmp): invalid input syntax for type integer: "seven"',
      ),
    })
  })

  it('puts a value off where that is wanted, and takes it up again', async () => {
    const before = rowOf('t', { id: 'bigint', n: 'text', note: 'text' })
    await using scene = await twoVersions(await engine.freshUrl(), {
      tables: 'create table t (id bigint primary key, n text, note text, tmp integer)',
      oldViews: { t: 'select id, n, note from public.t' },
      newViews: { t: 'select id, tmp as n, note from public.t' },
      rules: [
        computed('up', 't.tmp', 'integer', 'n::int', before, { counterpart: 'n', errors: 'defer' }),
        computed('down', 't.n', 'text', 'n::text', rowOf('t', { n: ['tmp', 'integer'] }), { counterpart: 'tmp' }),
      ],
      pending: ['t'],
    })
    const pending = scene.objects[0]?.pending
    const rows = () => scene.asBase(`select id, n, tmp, "${pending}" as pending from t order by id`)
    const deferred = () =>
      scene.asBase('select "table", key, migration, action, "column", error from metastore_sync.deferred order by key')
    await scene.asOld("insert into t values (1, 'one'), (2, '2'), (3, '3')")
    await scene.asOld("update t set n = 'three' where id = 3")
    expect(await rows()).toEqual([
      { id: 1, n: 'one', tmp: null, pending: true },
      { id: 2, n: '2', tmp: 2, pending: false },
      { id: 3, n: 'three', tmp: null, pending: true },
    ])
    expect(await deferred()).toEqual([
      {
        table: 't',
        key: 'id = 1',
        migration: 'v2',
        action: 1,
        column: 'tmp',
        error: 'invalid input syntax for type integer: "one"',
      },
      {
        table: 't',
        key: 'id = 3',
        migration: 'v2',
        action: 1,
        column: 'tmp',
        error: 'invalid input syntax for type integer: "three"',
      },
    ])
    await scene.asNew("update t set note = 'touched' where id = 3")
    await scene.asOld("update t set n = '1' where id = 1")
    expect(await rows()).toEqual([
      { id: 1, n: '1', tmp: 1, pending: false },
      { id: 2, n: '2', tmp: 2, pending: false },
      { id: 3, n: 'three', tmp: null, pending: true },
    ])
    await scene.asNew('update t set n = 33 where id = 3')
    expect((await rows())[2]).toEqual({ id: 3, n: '33', tmp: 33, pending: false })
    expect(await deferred()).toEqual([])
  })

  it('tells values apart that are equal to the database, and those of types that know no equality', async () => {
    const before = rowOf('t', { id: 'bigint', j: 'json', n: 'numeric', b: 'box' })
    await using scene = await twoVersions(await engine.freshUrl(), {
      tables: 'create table t (id bigint primary key, j json, n numeric, b box, tj json, tn text, tb text)',
      oldViews: { t: 'select id, j, n, b from public.t' },
      newViews: { t: 'select id, tj, tn, tb from public.t' },
      rules: [
        computed('up', 't.tj', 'json', 'j', before),
        computed('up', 't.tn', 'text', 'n::text', before),
        computed('up', 't.tb', 'text', 'b::text', before),
      ],
      pending: ['t'],
    })
    await scene.asOld(`insert into t values (1, '{"a": 1}', 1.0, '(1,1),(0,0)')`)
    await scene.asOld(`update t set j = '{"a": 2}', n = 1.00, b = '(3,3),(2,2)'`)
    expect(await scene.asNew('select tj, tn, tb from t')).toEqual([{ tj: { a: 2 }, tn: '1.00', tb: '(3,3),(2,2)' }])
  })

  it('sees what generated columns are made of', async () => {
    const before = rowOf('t', { id: 'bigint', a: 'integer', twice: 'integer' })
    await using scene = await twoVersions(await engine.freshUrl(), {
      tables:
        'create table t (id bigint primary key, a integer, twice integer generated always as (a * 2) stored, tmp integer)',
      oldViews: { t: 'select id, a, twice from public.t' },
      newViews: { t: 'select id, a, tmp from public.t' },
      rules: [computed('up', 't.tmp', 'integer', 'twice + 1', before)],
      pending: ['t'],
      generated: (_, column) =>
        column === 'twice' ? { expression: expression('(a * 2)'), scope: rowOf('t', { a: 'integer' }) } : undefined,
    })
    await scene.asOld('insert into t (id, a) values (1, 5)')
    expect(await scene.asNew('select tmp from t')).toEqual([{ tmp: 11 }])
    await scene.asOld('update t set a = 6')
    expect(await scene.asNew('select tmp from t')).toEqual([{ tmp: 13 }])
  })
})
