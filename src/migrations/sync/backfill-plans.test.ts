import { describe, expect, it } from 'vitest'
import { engines } from '../../../test/harness/engines.ts'
import { computed, expression, lookedUp, rowOf, twoVersions } from '../../../test/harness/two-versions.ts'
import { emptyCatalog } from '../../catalog/catalog.ts'
import { id, join, sql, type Sql } from '../../database/database.ts'
import type { BackfillPlan } from '../backfill/plan.ts'
import { backfillPlans } from './backfill-plans.ts'
import type { DeriveRule, SyncRule } from './rule.ts'

const runs = rowOf('runs', { id: 'bigint', agent: 'text', cost: 'numeric' })
const newRuns = rowOf('runs', { id: 'bigint', agent: 'text', cost: ['tmp_cents', 'integer'] })
const notes = rowOf('notes', { id: 'bigint', run_id: 'bigint' })
const newCosts = rowOf('costs', { run_id: 'bigint', cents: 'integer' })
const derived: DeriveRule = {
  kind: 'derive',
  direction: 'up',
  table: 'costs',
  source: { table: 'runs', scope: newRuns },
  values: [
    { column: 'run_id', expression: expression('id') },
    { column: 'cents', expression: expression('cost') },
  ],
  conflict: ['run_id'],
  onSourceDelete: 'delete',
  origin: { migration: 'v2', action: 3, column: 'costs' },
}
const rules: SyncRule[] = [
  lookedUp('up', 'notes.tmp_cents', 'integer', notes, newCosts, {
    value: 'cents',
    where: 'notes.run_id = costs.run_id',
    key: ['run_id'],
  }),
  computed('up', 'notes.tmp_double', 'integer', 'cents * 2', rowOf('notes', { cents: ['tmp_cents', 'integer'] })),
  computed('up', 'runs.tmp_cents', 'integer', 'cost * 100', runs, { counterpart: 'cost' }),
  computed('up', 'runs.tmp_text', 'text', "'c' || cost", newRuns),
  computed('up', 'runs.agent', 'text', 'agent', runs),
  computed('up', 'runs.tmp_rank', 'bigint', '(select count(*) from runs r where r.id <= runs.id)', runs, {
    backfill: 'select id, rank() over (order by id) from runs',
  }),
  derived,
]

const plansOf = (list: readonly SyncRule[], pending: readonly string[]): BackfillPlan[] =>
  backfillPlans({
    rules: list,
    base: 'public',
    stateSchema: 'metastore',
    target: 'v2',
    sync: new Map(pending.map((table) => [table, { pending: `pending of ${table}` }])),
    keyOf: () => ['id'],
    catalog: emptyCatalog('postgres'),
  })

describe('the plans of a batch', () => {
  it('are in an order in which nothing is read before it is written', () => {
    expect(
      plansOf(rules, ['runs', 'notes', 'costs']).map((plan) =>
        plan.kind === 'derive' ? `into ${plan.into}` : plan.table,
      ),
    ).toEqual(['runs', 'into costs', 'notes'])
  })

  it('are in some order where tables read each other', () => {
    const circle = [
      lookedUp('up', 'runs.a', 'text', runs, notes, { value: 'notes.id', where: 'run_id = runs.id' }),
      lookedUp('up', 'notes.b', 'text', notes, runs, { value: 'runs.id', where: 'run_id = runs.id' }),
    ]
    expect(plansOf(circle, ['runs', 'notes']).map(({ table }) => table)).toEqual(['runs', 'notes'])
  })

  it('leave out what gives a column itself, and what has a query of its own', () => {
    const [plan] = plansOf(rules, ['runs', 'notes'])
    expect(plan).toMatchObject({
      kind: 'update',
      table: 'runs',
      pending: 'pending of runs',
      key: ['id'],
      errors: 'fail',
      assignments: [{ column: 'tmp_cents', type: 'integer' }, { column: 'tmp_text' }],
      queries: [{ column: 'tmp_rank', type: 'bigint' }],
      origins: [
        { column: 'tmp_cents', migration: 'v2' },
        { column: 'tmp_text', migration: 'v2' },
        { column: 'agent', migration: 'v2' },
        { column: 'tmp_rank', migration: 'v2' },
      ],
    })
  })

  it('have none for tables that carry no mark', () => {
    expect(plansOf(rules, []).map(({ kind }) => kind)).toEqual(['derive'])
  })
})

describe.each(engines.filter(({ name }) => name !== 'sqlite'))('on $name', (engine) => {
  it('give existing rows what the triggers give new ones', async () => {
    const kept = rules.filter((rule) => rule.kind !== 'compute' || rule.backfill === null)
    await using scene = await twoVersions(await engine.freshUrl(), {
      tables: `
        create table runs (id bigint primary key, agent text, cost numeric, tmp_cents integer, tmp_text text);
        create table notes (id bigint primary key, run_id bigint, tmp_cents integer, tmp_double integer);
        create table costs (run_id bigint primary key, cents integer);
        insert into runs values (1, 'a', 0.254), (2, 'b', 1);
        insert into notes values (10, 1), (11, 2), (12, 99);`,
      rules: kept,
      pending: ['runs', 'notes'],
      inStep: false,
    })
    const sync = new Map(scene.objects.map((one) => [one.table, one]))
    const plans = backfillPlans({
      ...scene.input,
      rules: kept,
      sync,
      keyOf: () => ['id'],
      catalog: emptyCatalog('postgres'),
    })
    await using session = await scene.session('base')
    for (const plan of plans) await session.query(allAtOnce(plan))
    await session.script('insert into runs values (3, null, 0.254); insert into notes values (13, 3)')
    expect(await session.query(sql`select tmp_cents, tmp_text from runs order by id`)).toEqual([
      { tmp_cents: 25, tmp_text: 'c25' },
      { tmp_cents: 100, tmp_text: 'c100' },
      { tmp_cents: 25, tmp_text: 'c25' },
    ])
    expect(await session.query(sql`select tmp_cents, tmp_double from notes order by id`)).toEqual([
      { tmp_cents: 25, tmp_double: 50 },
      { tmp_cents: 100, tmp_double: 200 },
      { tmp_cents: null, tmp_double: null },
      { tmp_cents: 25, tmp_double: 50 },
    ])
    for (const { table, pending } of scene.objects) {
      if (pending !== null) {
        expect(await session.query(sql`select count(*) as count from ${id(table)} where ${id(pending)}`)).toEqual([
          { count: 0 },
        ])
      }
    }
  })
})

// The simplest runner there is: one statement for each plan.
function allAtOnce(plan: BackfillPlan): Sql {
  if (plan.kind === 'update') {
    const set = plan.assignments.map(({ column, value }) => sql`${id(column)} = ${value}`)
    return sql`
      update ${id(plan.schema, plan.table)} as ${id(plan.alias)}
      set ${join(set)}, ${id(plan.pending)} = false
      where ${id(plan.pending)}`
  }
  return sql`
    insert into ${id(plan.schema, plan.into)} (${join(plan.values.map(({ column }) => id(column)))})
    select ${join(plan.values.map(({ value }) => value))}
    from ${id(plan.schema, plan.table)} as ${id(plan.alias)}
    on conflict (${join(plan.conflict.map((column) => id(column)))}) do nothing`
}
