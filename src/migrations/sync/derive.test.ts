import { describe, expect, it } from 'vitest'
import { engines } from '../../../test/harness/engines.ts'
import { expression, rowOf, twoVersions, type Wanted } from '../../../test/harness/two-versions.ts'
import type { DeriveRule } from './rule.ts'

const runs = rowOf('runs', { id: 'bigint', agent: 'text', cost: 'numeric(8,2)' })
const rule: DeriveRule = {
  kind: 'derive',
  direction: 'up',
  table: 'run_costs',
  source: { table: 'runs', scope: runs },
  values: [
    { column: 'run_id', expression: expression('id') },
    { column: 'cents', expression: expression('(cost * 100)::int') },
    { column: 'agent', expression: expression('lower(agent)') },
  ],
  conflict: ['run_id'],
  onSourceDelete: 'keep',
  origin: { migration: 'v2', action: 0, column: 'run_costs' },
}
const wanted: Wanted = {
  tables: `
    create table runs (id bigint generated always as identity primary key, agent text, cost numeric(8,2) not null);
    create table run_costs (run_id bigint primary key, cents integer, agent text, note text default 'auto');
    insert into runs (agent, cost) values ('A', 0.25);
    insert into run_costs values (1, 25, 'a')`,
  oldViews: { runs: 'select id, agent, cost from public.runs' },
  newViews: {
    runs: 'select id, agent, cost from public.runs',
    run_costs: 'select run_id, cents, agent, note from public.run_costs',
  },
  rules: [rule],
}

describe.each(engines.filter(({ name }) => name !== 'sqlite'))('on $name', (engine) => {
  it('rows of a new table follow those that old sessions write', async () => {
    await using scene = await twoVersions(await engine.freshUrl(), wanted)
    await scene.asOld("insert into runs (agent, cost) values ('B', 1.50), ('C', 3)")
    await scene.asOld('update runs set cost = 2 where id = 2')
    expect(await scene.asNew('select run_id, cents, agent, note from run_costs order by run_id')).toEqual([
      { run_id: 1, cents: 25, agent: 'a', note: 'auto' },
      { run_id: 2, cents: 200, agent: 'b', note: 'auto' },
      { run_id: 3, cents: 300, agent: 'c', note: 'auto' },
    ])
    await scene.asOld('delete from runs where id = 2')
    expect(await scene.asNew('select count(*) as rows from run_costs')).toEqual([{ rows: 3 }])
  })

  it('keeps what new sessions write in columns that an old session does not change', async () => {
    await using scene = await twoVersions(await engine.freshUrl(), wanted)
    await scene.asNew("update run_costs set cents = 99, note = 'n' where run_id = 1")
    await scene.asOld("update runs set agent = 'Z' where id = 1")
    await scene.asOld("update runs set agent = 'z' where id = 1")
    expect(await scene.asNew('select * from run_costs')).toEqual([{ run_id: 1, cents: 99, agent: 'z', note: 'n' }])
    await scene.asOld('update runs set cost = 0.30 where id = 1')
    expect(await scene.asNew('select * from run_costs')).toEqual([{ run_id: 1, cents: 30, agent: 'z', note: 'n' }])
  })

  it('does nothing for what new sessions write', async () => {
    await using scene = await twoVersions(await engine.freshUrl(), wanted)
    await scene.asNew("insert into runs (agent, cost) values ('B', 1.50)")
    await scene.asNew('update runs set cost = 9 where id = 1')
    expect(await scene.asNew('select run_id, cents from run_costs')).toEqual([{ run_id: 1, cents: 25 }])
  })

  it('a row goes with its source where that is wanted, before a foreign key looks', async () => {
    await using scene = await twoVersions(await engine.freshUrl(), {
      ...wanted,
      tables: `${wanted.tables}; alter table run_costs add foreign key (run_id) references runs`,
      rules: [{ ...rule, onSourceDelete: 'delete' }],
    })
    await scene.asOld("insert into runs (agent, cost) values ('B', 1.50)")
    await scene.asOld('delete from runs where id = 1')
    expect(await scene.asNew('select run_id from run_costs')).toEqual([{ run_id: 2 }])
  })

  it('a value that was in the way of old rows counts as changed', async () => {
    await using scene = await twoVersions(await engine.freshUrl(), {
      ...wanted,
      rules: [
        {
          ...rule,
          values: [
            { column: 'run_id', expression: expression('id') },
            { column: 'cents', expression: expression('agent::int') },
          ],
        },
      ],
    })
    await scene.asOld("update runs set agent = '5' where id = 1")
    expect(await scene.asNew('select cents from run_costs')).toEqual([{ cents: 5 }])
    await expect(scene.asOld("update runs set agent = 'five' where id = 1")).rejects.toMatchObject({
      engineCode: '22P02',
      message: expect.stringContaining(
        'migration v2, action 1 (column run_costs): invalid input syntax for type integer: "five"',
      ),
    })
  })

  it('has its own time and chance only once', async () => {
    await using scene = await twoVersions(await engine.freshUrl(), {
      ...wanted,
      rules: [
        {
          ...rule,
          values: [
            { column: 'run_id', expression: expression('id') },
            { column: 'cents', expression: expression('cost::int') },
            { column: 'note', expression: expression('agent || gen_random_uuid()') },
          ],
        },
      ],
    })
    await scene.asOld("insert into runs (agent, cost) values ('B', 1)")
    const [before] = await scene.asNew<{ note: string }>('select note from run_costs where run_id = 2')
    expect(before?.note).toMatch(/^B[0-9a-f-]{36}$/)
    await scene.asOld("update runs set agent = 'C', cost = 4 where id = 2")
    expect(await scene.asNew('select cents, note from run_costs where run_id = 2')).toEqual([{ cents: 4, ...before }])
  })
})
