import { expect, test } from 'vitest'
import { batchWorld } from '../../../test/harness/batch-world.ts'
import { freshPostgresUrl } from '../../../test/harness/engines.ts'
import { locking, makes, step } from '../../../test/harness/handmade-batch.ts'
import { openDatabase, raw, sql } from '../../database/database.ts'
import { openEngine } from '../engine.ts'
import { readStatus } from '../status.ts'

const backfill = step('fill', {
  kind: 'backfill',
  plan: {
    kind: 'update',
    schema: 'public',
    table: 'runs',
    alias: 'runs',
    pending: 'pending',
    assignments: [{ column: 'vendor', value: sql`upper(agent)`, type: 'text' }],
    queries: [],
    origins: [],
    key: ['id'],
  },
})
const schema = `create table runs (id int primary key, agent text, vendor text, pending boolean default true);
  insert into runs select i, 'agent ' || i from generate_series(1, 50) i;\n-- metastore:down\ndrop table runs;`

async function worldAtSwap() {
  const url = await freshPostgresUrl(18)
  const swap = locking('access exclusive', ['runs'], sql`alter table runs drop column pending`)
  const world = await batchWorld(url, () => ({ start: [backfill, step('swap', swap)], complete: [makes('last')] }))
  world.files.write('0_schema.sql', schema)
  await world.migrate({ to: { kind: 'name', name: '0_schema' } })
  return { ...world, url }
}

test('scenario 8: status answers while the work goes on, and shows who works and how far backfills are', async () => {
  const world = await worldAtSwap()
  await using reader = await world.database.session()
  const { starting } = await reader.transaction(async (tx) => {
    await tx.query(sql`select id from runs`)
    const running = world.start()
    const filled = () => world.query(`select 1 from metastore.steps where step = 'fill' and status = 'done'`)
    while ((await filled()).length === 0) await world.query('select pg_sleep(0.005)')
    const status = await world.status()
    expect(status).toMatchObject({
      state: 'applying',
      inProgress: ['1_a'],
      pending: [],
      oldSchema: null,
      newSchema: null,
      backfills: [{ label: 'fill', rowsDone: 50, done: true }],
      lockHolder: { command: 'metastore' },
      atHead: false,
    })
    expect(status.lockHolder?.holder).toMatch(new RegExp(`^ann@host \\(pid ${process.pid} on .+\\)$`))
    return { starting: running }
  })
  await starting
  expect(await world.status()).toMatchObject({ state: 'in_progress', lockHolder: null, step: null })
})

test('scenario 13: who has not been heard of for half a minute is shown no more', async () => {
  const world = await worldAtSwap()
  const { options, engine } = world.interruptedAfter('fill')
  await expect(world.start(options, engine)).rejects.toMatchObject({ code: 'canceled' })
  const lease = (age: string) =>
    world.query(`insert into metastore.state values ('lease', jsonb_build_object('holder', 'bob@host (pid 1)', 'command',
      'start', 'since', '2026-01-01T00:00:00Z', 'heartbeat', clock_timestamp() - interval '${age}', 'step', 'swap')::text)
      on conflict (key) do update set value = excluded.value`)
  await lease('31 s')
  expect(await world.status()).toMatchObject({ state: 'applying', lockHolder: null, step: null })
  await lease('20 s')
  expect(await world.status()).toMatchObject({
    lockHolder: { holder: 'bob@host (pid 1)', step: 'swap' },
    step: { label: 'swap', migration: null },
  })
})

test('status needs to read only, on a database that was never touched as on one with a batch', async () => {
  const world = await worldAtSwap()
  const readOnly = async (url: string) => {
    await using database = await openDatabase(`${url}?options=-c%20default_transaction_read_only%3Don`)
    await using engine = await openEngine(database)
    await expect(engine.session.query(raw('create table forbidden ()'))).rejects.toThrow('read-only transaction')
    return await readStatus(engine, await world.files.read())
  }
  expect(await readOnly(await freshPostgresUrl(18))).toMatchObject({
    state: 'idle',
    managed: false,
    current: null,
    inProgress: [],
    pending: ['0_schema', '1_a'],
  })
  await world.start()
  expect(await readOnly(world.url)).toMatchObject({ state: 'in_progress', inProgress: ['1_a'], current: '0_schema' })
})
