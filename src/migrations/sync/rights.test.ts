import { describe, expect, it } from 'vitest'
import { engines } from '../../../test/harness/engines.ts'
import {
  computed,
  expression,
  lookedUp,
  rowOf,
  twoVersions,
  type TwoVersions,
} from '../../../test/harness/two-versions.ts'
import { sql } from '../../database/database.ts'
import type { DeriveRule } from './rule.ts'

const runs = rowOf('runs', { id: 'bigint', tenant: 'text', agent: 'text' })
const notes = rowOf('notes', { id: 'bigint', run_id: 'bigint', body: 'text' })
const costs: DeriveRule = {
  kind: 'derive',
  direction: 'up',
  table: 'costs',
  source: { table: 'runs', scope: runs },
  values: [{ column: 'run_id', expression: expression('id') }],
  conflict: ['run_id'],
  onSourceDelete: 'delete',
  origin: { migration: 'v2', action: 2, column: 'costs' },
}

async function sceneFor(url: string, more: string, role: string): Promise<TwoVersions> {
  return twoVersions(url, {
    tables: `
      create table runs (id bigint primary key, tenant text, agent text, tmp_size bigint);
      create table notes (id bigint primary key, run_id bigint, body text, tmp_agent text, tmp_who text);
      create table costs (run_id bigint primary key);
      create table secrets (agent text, size bigint);
      insert into secrets values ('acme', 42);
      create role ${role};
      grant select, insert, update, delete on runs, notes to ${role};
      ${more}`,
    oldViews: {
      runs: 'select id, tenant, agent from public.runs',
      notes: 'select id, run_id, body from public.notes',
    },
    rules: [
      computed('up', 'runs.tmp_size', 'bigint', '(select size from secrets where secrets.agent = runs.agent)', runs),
      lookedUp('up', 'notes.tmp_agent', 'text', notes, runs, {
        value: 'runs.agent',
        where: 'notes.run_id = runs.id',
      }),
      computed('up', 'notes.tmp_who', 'text', 'current_user::text', notes),
      costs,
    ],
    pending: ['runs', 'notes'],
  })
}

// Roles belong to the whole server, which other tests use as well.
const roleName = () => `writer_${process.pid}_${Math.random().toString(36).slice(2)}`

describe.each(engines.filter(({ name }) => name !== 'sqlite'))('on $name', (engine) => {
  it('scenario 77: a role with rights on its tables alone goes on writing, and gets no others', async () => {
    const role = roleName()
    await using scene = await sceneFor(await engine.freshUrl(), '', role)
    await scene.asBase(`grant usage on schema migration_v1 to ${role}`)
    await scene.asBase(`grant select, insert, update, delete on all tables in schema migration_v1 to ${role}`)
    {
      await using session = await scene.session('old')
      await session.script(`
        set role ${role};
        insert into runs values (1, 'a', 'acme');
        insert into notes values (1, 1, 'x');
        update runs set agent = 'beta';
        insert into runs values (2, 'a', 'acme');
        delete from runs where id = 2;`)
      await session.script('reset role')
    }
    expect(await scene.asBase('select tmp_size, (select array_agg(run_id) from costs) as costs from runs')).toEqual([
      { tmp_size: null, costs: [1] },
    ])
    expect(await scene.asBase('select tmp_agent, tmp_who from notes')).toEqual([{ tmp_agent: 'beta', tmp_who: role }])
    await using session = await scene.session('old')
    const [own] = await session.query<{ name: string }>(
      sql`select proname as name from pg_proc where prosecdef and proname like '\\_\\_metastore%' limit 1`,
    )
    await session.script(
      `set role ${role}; create temp table mine (id bigint, run_id bigint, agent text, tmp_agent text)`,
    )
    await expect(
      session.script(
        `create trigger t before insert on mine for each row execute function metastore_sync."${own?.name}"()`,
      ),
    ).rejects.toMatchObject({ engineCode: '42501' })
    await session.script('reset role')
    await session.close()
    await scene.asBase(`drop owned by ${role}`)
    await scene.asBase(`drop role ${role}`)
  })

  it('scenario 78: what policies hide from the writer is kept in step all the same', async () => {
    const role = roleName()
    const policies = ['runs', 'notes', 'costs']
      .map((table) => `alter table ${table} enable row level security; alter table ${table} force row level security;`)
      .join('\n')
    await using scene = await sceneFor(
      await engine.freshUrl(),
      `${policies}
       create policy own on runs to ${role} using (tenant = current_setting('app.tenant', true));
       create policy own on notes to ${role} using (body = current_setting('app.tenant', true));`,
      role,
    )
    await scene.asBase("insert into runs values (1, 'a', 'acme'), (2, 'b', 'beta')")
    await scene.asBase("insert into notes values (1, 1, 'a'), (2, 1, 'b'), (3, 2, 'b')")
    await scene.asBase(`grant usage on schema public, migration_v1 to ${role}`)
    {
      await using session = await scene.db.session()
      await session.script(`
        set search_path to migration_v1;
        set role ${role};
        set app.tenant = 'a';
        update public.runs set agent = 'zeta' where id in (1, 2);
        insert into public.notes values (4, 2, 'a');`)
      await session.script('reset role')
    }
    expect(await scene.asBase('select id, tmp_agent from notes order by id')).toEqual([
      { id: 1, tmp_agent: 'zeta' },
      { id: 2, tmp_agent: 'zeta' },
      { id: 3, tmp_agent: 'beta' },
      { id: 4, tmp_agent: 'beta' },
    ])
    await scene.asBase(`drop owned by ${role}`)
    await scene.asBase(`drop role ${role}`)
  })

  it('a writer cannot put a table of his own in the place of one that an expression reads', async () => {
    const role = roleName()
    await using scene = await sceneFor(await engine.freshUrl(), '', role)
    {
      await using session = await scene.session('old')
      await session.script(`
        create temp table secrets (agent text, size bigint);
        insert into pg_temp.secrets values ('acme', 1);
        insert into runs values (1, 'a', 'acme')`)
    }
    expect(await scene.asBase('select tmp_size from runs')).toEqual([{ tmp_size: 42 }])
    await scene.asBase(`drop owned by ${role}`)
    await scene.asBase(`drop role ${role}`)
  })
})
