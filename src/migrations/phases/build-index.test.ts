import { describe, expect, test } from 'vitest'
import { batchWorld, refusalOf } from '../../../test/harness/batch-world.ts'
import { freshPostgresUrl } from '../../../test/harness/engines.ts'
import { step } from '../../../test/harness/handmade-batch.ts'
import { raw, sql } from '../../database/database.ts'
import type { BuildIndexBody } from '../batch/phase-step.ts'

const internalName = '__metastore_00000000_runs_agent'

function build(more: Partial<BuildIndexBody> = {}) {
  const body: BuildIndexBody = {
    kind: 'build_index',
    schema: 'public',
    table: 'runs',
    internalName,
    finalName: 'runs_agent',
    definition: sql`using btree (agent)`,
    unique: false,
    partitioned: false,
    ...more,
  }
  const undo = [internalName, 'runs_agent'].map((name) => ({ kind: 'drop_index', schema: 'public', name }) as const)
  return () => ({ start: [step('build', body, ...undo)] })
}

async function worldWith(schema: string, more: Partial<BuildIndexBody> = {}) {
  const world = await batchWorld(await freshPostgresUrl(18), build(more))
  world.files.write('0_schema.sql', `${schema};\n-- metastore:down\nselect 1;\n`)
  await world.migrate({ to: { kind: 'name', name: '0_schema' } })
  const indexes = () =>
    world.query(`select indexrelid::regclass::text as name, indisvalid as valid
      from pg_index where indrelid::regclass::text ~ '^(runs|parts)' order by 1`)
  return { ...world, indexes }
}

const runs = `create table runs (agent text); insert into runs values ('a'), ('a')`

describe('an index that is built without blocking writers', () => {
  test('has its final name and is valid, and an abort leaves none', async () => {
    const world = await worldWith(runs)
    await world.start()
    expect(await world.indexes()).toEqual([{ name: 'runs_agent', valid: true }])
    await world.abort()
    expect(await world.indexes()).toEqual([])
  })

  test('replaces the invalid one that a failed build of its own left', async () => {
    const world = await worldWith(runs)
    await expect(world.query(`create unique index concurrently ${internalName} on runs (agent)`)).rejects.toMatchObject(
      { reason: 'constraint' },
    )
    expect(await world.indexes()).toEqual([{ name: internalName, valid: false }])
    const said: string[] = []
    await world.start({}, { progress: (event) => event.kind === 'notice' && said.push(event.message) })
    expect(said).toContain(`Dropping the invalid index ${internalName} that a failed build left.`)
    expect(await world.indexes()).toEqual([{ name: 'runs_agent', valid: true }])
  })

  test('leaves nothing where rows forbid it', async () => {
    const world = await worldWith(runs, { unique: true })
    expect(await refusalOf(world.start())).toMatchObject({
      code: 'statement_failed',
      details: expect.arrayContaining(['Everything that the start of 1_a had done was taken back.']),
    })
    expect(await world.indexes()).toEqual([])
    expect(await world.status()).toMatchObject({ state: 'idle' })
  })

  test('whose name is taken meanwhile takes the start back, and leaves the other alone', async () => {
    const world = await worldWith(runs)
    await world.query('create table other (id int)')
    await world.query('create index runs_agent on other (id)')
    await refusalOf(world.start())
    expect(
      await world.query(
        `select indrelid::regclass::text as table from pg_index where indexrelid = 'runs_agent'::regclass`,
      ),
    ).toEqual([{ table: 'other' }])
    expect(await world.indexes()).toEqual([])
  })

  test('is waited for where the server still builds what a client began that died', async () => {
    const world = await worldWith(runs)
    await using holder = await world.database.session()
    await using builder = await world.database.session()
    const { starting, building } = await holder.transaction(async (tx) => {
      await tx.query(sql`insert into runs values ('b')`)
      const build = builder.script(`create index concurrently ${internalName} on runs (agent)`)
      const waits = () => world.query(`select 1 from pg_stat_progress_create_index`)
      while ((await waits()).length === 0) await world.query('select pg_sleep(0.005)')
      let told = (_message: string): void => {}
      const waiting = new Promise<string>((resolve) => (told = resolve))
      const start = world.start(
        {},
        {
          progress: (event) => {
            if (event.kind === 'notice' && event.message.includes('still building')) told(event.message)
          },
        },
      )
      expect(await waiting).toMatch(
        new RegExp(`^Server process \\d+ is still building index ${internalName}; waiting for it\\.$`),
      )
      return { starting: start, building: build }
    })
    await building
    expect(await starting).toMatchObject({ state: 'in_progress' })
    expect(await world.indexes()).toEqual([{ name: 'runs_agent', valid: true }])
  })
})

describe('an index of a partitioned table', () => {
  const parts = `
    create table parts (agent text, kind text) partition by list (kind);
    create table parts_a partition of parts for values in ('a');
    create table parts_b partition of parts for values in ('b', 'c') partition by list (kind);
    create table parts_b_b partition of parts_b for values in ('b');
    create index parts_a_runs_agent on parts_a (kind)`

  test('is built for each partition, at any depth, under a name of its own', async () => {
    const world = await worldWith(parts, { table: 'parts', partitioned: true })
    await world.start()
    expect(await world.indexes()).toEqual([
      { name: 'parts_a_runs_agent', valid: true },
      { name: 'parts_a_runs_agent_1', valid: true },
      { name: 'parts_b_b_runs_agent', valid: true },
      { name: 'parts_b_runs_agent', valid: true },
      { name: 'runs_agent', valid: true },
    ])
    await world.query(`create table parts_b_c partition of parts_b for values in ('c')`)
    expect((await world.indexes()).length).toBe(6)
    await world.abort()
    expect(await world.indexes()).toEqual([{ name: 'parts_a_runs_agent', valid: true }])
  })
})

test('partitions with long names get names that fit', async () => {
  const table = 'é'.repeat(31)
  const schema = `create table parts (agent text) partition by list (agent);
    create table "${table}" partition of parts for values in ('a')`
  const world = await worldWith(schema, { table: 'parts', partitioned: true })
  await world.start()
  await using session = await world.database.session()
  const names = await session.query<{ name: string }>(
    raw(
      `select relname as name from pg_class where relkind = 'i' and oid in (select indexrelid from pg_index where indrelid = '"${table}"'::regclass)`,
    ),
  )
  expect(names).toEqual([{ name: `${table}_` }])
})
