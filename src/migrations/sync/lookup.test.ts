import { describe, expect, it } from 'vitest'
import { engines, freshPostgresUrl } from '../../../test/harness/engines.ts'
import {
  computed,
  lookedUp,
  rowOf,
  twoVersions,
  type TwoVersions,
  type Wanted,
} from '../../../test/harness/two-versions.ts'
import type { RequireRule } from './rule.ts'

const runs = rowOf('runs', { id: 'bigint', agent: 'text', state: 'text' })
const notes = rowOf('notes', { id: 'bigint', run_id: 'bigint', body: 'text' })
const newNotes = rowOf('notes', { id: 'bigint', run_id: 'bigint', body: 'text', agent: ['tmp_agent', 'text'] })

const tables = `
  create table runs (id bigint primary key, agent text, state text);
  create table notes (id bigint primary key, run_id bigint, body text, tmp_agent text);
  insert into runs values (7, 'acme', 'new'), (8, 'beta', 'new');
  insert into notes values (1, 7, 'one', 'acme'), (2, 7, 'two', 'acme'), (3, 8, 'three', 'beta');`
const oldViews = {
  runs: 'select id, agent, state from public.runs',
  notes: 'select id, run_id, body from public.notes',
}
const addAgent = lookedUp('up', 'notes.tmp_agent', 'text', notes, runs, {
  value: 'runs.agent',
  where: 'notes.run_id = runs.id',
})
const removeAgent = lookedUp('down', 'runs.agent', 'text', runs, newNotes, {
  value: 'notes.agent',
  where: 'runs.id = notes.run_id',
})
const added: Wanted = {
  tables,
  oldViews,
  newViews: {
    runs: 'select id, agent, state from public.runs',
    notes: 'select id, run_id, body, tmp_agent as agent from public.notes',
  },
  rules: [addAgent],
  pending: ['notes'],
}
const required: RequireRule = {
  kind: 'require',
  direction: 'up',
  table: 'runs',
  column: 'agent',
  origin: { migration: 'v2', action: 1, column: 'agent' },
}
const moved: Wanted = {
  ...added,
  newViews: {
    runs: 'select id, state from public.runs',
    notes: 'select id, run_id, body, tmp_agent as agent from public.notes',
  },
  rules: [addAgent, removeAgent, required],
}

const agents = (scene: TwoVersions) =>
  scene
    .asBase<{ id: number; tmp_agent: string | null }>('select id, tmp_agent from notes order by id')
    .then((rows) => rows.map((row) => row.tmp_agent))

describe.each(engines.filter(({ name }) => name !== 'sqlite'))('on $name', (engine) => {
  describe('a column looked up in another table', () => {
    it('follows the source, and is filled in new rows', async () => {
      await using scene = await twoVersions(await engine.freshUrl(), added)
      await scene.asOld("update runs set agent = 'zeta' where id = 7")
      expect(await agents(scene)).toEqual(['zeta', 'zeta', 'beta'])
      await scene.asOld("insert into notes values (4, 8, 'four'), (5, 99, 'five')")
      expect(await agents(scene)).toEqual(['zeta', 'zeta', 'beta', 'beta', null])
      await scene.asOld("insert into runs values (99, 'late')")
      expect(await agents(scene)).toEqual(['zeta', 'zeta', 'beta', 'beta', 'late'])
      await scene.asOld('update notes set run_id = 8 where id = 1')
      expect(await agents(scene)).toEqual(['beta', 'zeta', 'beta', 'beta', 'late'])
    })

    it('keeps what a new session writes until an old one changes what it comes from', async () => {
      await using scene = await twoVersions(await engine.freshUrl(), added)
      await scene.asNew("update notes set agent = 'mine' where id = 1")
      await scene.asOld("update notes set body = 'x' where id = 1")
      await scene.asOld("update runs set state = 'x', agent = agent where id = 7")
      expect(await agents(scene)).toEqual(['mine', 'acme', 'beta'])
      await scene.asNew("update runs set agent = 'other' where id = 7")
      expect(await agents(scene)).toEqual(['mine', 'acme', 'beta'])
      await scene.asOld("update runs set agent = 'third' where id = 7")
      expect(await agents(scene)).toEqual(['third', 'third', 'beta'])
    })

    it('takes the match with the smallest key, and pushed writes in their order', async () => {
      const events = rowOf('events', { id: 'bigint', run_id: 'bigint', what: 'text' })
      await using scene = await twoVersions(await engine.freshUrl(), {
        tables: `
          create table runs (id bigint primary key, tmp_what text);
          create table events (id bigint primary key, run_id bigint, what text);
          insert into events values (3, 1, 'c'), (2, 1, 'b'), (9, 2, 'z')`,
        oldViews: { runs: 'select id from public.runs', events: 'select id, run_id, what from public.events' },
        newViews: { runs: 'select id, tmp_what as what from public.runs' },
        rules: [
          lookedUp('up', 'runs.tmp_what', 'text', rowOf('runs', { id: 'bigint' }), events, {
            value: 'upper(what)',
            where: 'run_id = runs.id',
          }),
        ],
        pending: ['runs'],
      })
      await scene.asOld('insert into runs values (1)')
      expect(await scene.asNew('select what from runs')).toEqual([{ what: 'B' }])
      await scene.asOld("update events set what = 'cc' where id = 3")
      expect(await scene.asNew('select what from runs')).toEqual([{ what: 'CC' }])
    })

    it('gives the default where nothing is found', async () => {
      await using scene = await twoVersions(await engine.freshUrl(), {
        ...added,
        tables: `${tables} alter table notes alter tmp_agent set default 'nobody', alter tmp_agent set not null;`,
        defaults: { 'notes.tmp_agent': "'nobody'" },
      })
      await scene.asOld("insert into notes values (4, 99, 'x')")
      await scene.asOld('update notes set run_id = 98 where id = 1')
      await scene.asOld('update runs set agent = null where id = 8')
      expect(await agents(scene)).toEqual(['nobody', 'acme', 'nobody', 'nobody'])
    })

    it('names migration, action and column when its value fails', async () => {
      await using scene = await twoVersions(await engine.freshUrl(), {
        ...added,
        rules: [
          lookedUp('up', 'notes.tmp_agent', 'text', notes, runs, {
            value: '(1 / length(runs.agent))::text',
            where: 'notes.run_id = runs.id',
          }),
        ],
      })
      await scene.asOld("insert into runs values (9, '')")
      const failed = {
        engineCode: '22012',
        message: expect.stringContaining('migration v2, action 1 (column tmp_agent): division by zero'),
      }
      await expect(scene.asOld("insert into notes values (4, 9, 'x')")).rejects.toMatchObject(failed)
      await expect(scene.asOld("update runs set agent = '' where id = 7")).rejects.toMatchObject(failed)
    })
  })

  describe('a column moved to another table', () => {
    it('agrees for whatever either version writes, in any order', async () => {
      await using scene = await twoVersions(await engine.freshUrl(), moved)
      const oldAgents = async () =>
        (await scene.asOld<{ agent: string | null }>('select agent from runs order by id')).map(({ agent }) => agent)
      await scene.asNew("update notes set agent = 'n1' where run_id = 7")
      expect(await oldAgents()).toEqual(['n1', 'beta'])
      await scene.asOld("update runs set agent = 'o1' where id = 8")
      expect(await agents(scene)).toEqual(['n1', 'n1', 'o1'])
      await scene.asNew("insert into notes values (10, 20, 'x', 'first')")
      await scene.asNew('insert into runs values (20)')
      expect(await oldAgents()).toEqual(['n1', 'o1', 'first'])
      await scene.asNew('insert into runs values (21)')
      await scene.asNew("insert into notes values (11, 21, 'x', 'second')")
      expect(await oldAgents()).toEqual(['n1', 'o1', 'first', 'second'])
      await scene.asOld("insert into runs values (22, 'third')")
      await scene.asOld("insert into notes values (12, 22, 'x')")
      expect(await agents(scene)).toEqual(['n1', 'n1', 'o1', 'first', 'second', 'third'])
    })

    it('may be null for new sessions meanwhile, and not for old ones', async () => {
      await using scene = await twoVersions(await engine.freshUrl(), moved)
      await scene.asNew('insert into runs values (30)')
      await scene.asOld("update runs set state = 'x' where id = 30")
      const refused = {
        engineCode: '23502',
        message: expect.stringContaining(
          'null value in column "agent" of relation "runs" violates not-null constraint',
        ),
      }
      await expect(scene.asOld('insert into runs values (31)')).rejects.toMatchObject(refused)
      await expect(scene.asOld('update runs set agent = null where id = 7')).rejects.toMatchObject(refused)
    })

    it('can be taken apart table by table in any order', async () => {
      for (const reverse of [false, true]) {
        await using scene = await twoVersions(await engine.freshUrl(), moved)
        await scene.drop(reverse)
        await scene.drop(reverse)
        expect(
          await scene.asBase(`
            select count(*) as count from pg_proc p join pg_namespace n on n.oid = pronamespace
            where nspname = 'metastore_sync' and proname like '\\_\\_metastore%'`),
        ).toEqual([{ count: 0 }])
        expect(await scene.asBase('select tgname from pg_trigger where not tgisinternal')).toEqual([])
        await scene.asOld("insert into notes values (50, 7, 'x')")
      }
    })
  })

  it('reads what an earlier rule of the batch gives its own row', async () => {
    const upper = rowOf('notes', { id: 'bigint', run_id: ['tmp_run', 'bigint'], body: 'text' })
    await using scene = await twoVersions(await engine.freshUrl(), {
      ...added,
      tables: `${tables} alter table notes add tmp_run bigint; alter table notes add tmp_len integer`,
      rules: [
        computed('up', 'notes.tmp_run', 'bigint', 'run_id - 1', notes),
        lookedUp('up', 'notes.tmp_agent', 'text', upper, runs, {
          value: 'runs.agent',
          where: 'notes.run_id = runs.id',
        }),
        computed('up', 'notes.tmp_len', 'integer', 'length(agent)', newNotes),
      ],
    })
    await scene.asOld("insert into notes values (4, 9, 'x')")
    await scene.asOld('update notes set run_id = 8 where id = 3')
    await scene.asOld("update runs set agent = 'longer' where id = 7")
    expect(await scene.asBase('select id, tmp_run, tmp_agent, tmp_len from notes where id > 2 order by id')).toEqual([
      { id: 3, tmp_run: null, tmp_agent: 'beta', tmp_len: null },
      { id: 4, tmp_run: 8, tmp_agent: 'beta', tmp_len: 4 },
    ])
    await scene.asOld('update notes set run_id = 8 where id = 4')
    expect(await scene.asBase('select tmp_run, tmp_agent, tmp_len from notes where id = 4')).toEqual([
      { tmp_run: 7, tmp_agent: 'longer', tmp_len: 6 },
    ])
  })
})

describe('many sessions', () => {
  it('leave no row stale when source and target are written at the same time', async () => {
    await using scene = await twoVersions(await freshPostgresUrl(18), {
      ...added,
      tables: `
        create table runs (id bigint primary key, agent text, state text);
        create table notes (id bigint generated by default as identity primary key, run_id bigint, body text, tmp_agent text);
        create index on notes (run_id);
        insert into runs select g, 'a', 'x' from generate_series(1, 4) g`,
    })
    const work = async (writer: number): Promise<void> => {
      await using session = await scene.session('old')
      for (let round = 0; round < 25; round += 1) {
        const run = ((round + writer) % 4) + 1
        await (writer % 2 === 0
          ? session.script(`update runs set agent = 'w${writer}-${round}' where id = ${run}`)
          : session.script(`insert into notes (run_id) values (${run})`))
      }
    }
    await Promise.all(Array.from({ length: 8 }, (_, writer) => work(writer)))
    expect(
      await scene.asBase(
        'select count(*) as rows, count(*) filter (where tmp_agent is distinct from agent) as stale from notes join runs on runs.id = run_id',
      ),
    ).toEqual([{ rows: 100, stale: 0 }])
  })
})
