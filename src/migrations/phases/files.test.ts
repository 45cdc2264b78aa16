import { describe, expect, test } from 'vitest'
import { batchWorld, refusalOf } from '../../../test/harness/batch-world.ts'
import { freshPostgresUrl } from '../../../test/harness/engines.ts'
import { emptyActions, statements, step } from '../../../test/harness/handmade-batch.ts'
import { sql } from '../../database/database.ts'

const fresh = () => freshPostgresUrl(18)
// A step that notes which part ran when.
const logged = () => ({ start: [step('log', statements(sql`insert into log (what) values ('batch')`))] })
const log = '0_log.sql'
const logSql =
  'create table log (id int generated always as identity, what text);\n-- metastore:down\ndrop table log;\n'
const note = (what: string) =>
  `insert into log (what) values ('${what}');\n-- metastore:down\ndelete from log where what = '${what}';\n`

describe('parts of a run', () => {
  test('every part but the last is completed in turn, and the last batch stays in progress', async () => {
    const world = await batchWorld(await fresh(), logged, ['1_a', '2_b', '4_d', '5_e'])
    world.files.write(log, logSql)
    world.files.write('3_c.sql', note('3_c'))
    expect(await world.start()).toMatchObject({
      state: 'in_progress',
      applied: [{ name: '0_log' }, { name: '1_a' }, { name: '2_b' }, { name: '3_c' }],
      inProgress: ['4_d', '5_e'],
      oldSchema: 'migration_2_b',
      newSchema: 'migration_5_e',
      warnings: [],
    })
    const entries = await world.query('select what from log order by id')
    expect(entries.map(({ what }) => what)).toEqual(['batch', '3_c', 'batch'])
  })

  test('a file that stands last is applied, so nothing stays in progress', async () => {
    const world = await batchWorld(await fresh(), logged, ['1_a'])
    world.files.write(log, logSql)
    world.files.write('2_b.sql', note('2_b'))
    expect(await world.start()).toMatchObject({ state: 'idle', inProgress: [], newSchema: 'migration_1_a' })
  })

  test('one by one, each file of actions is started and completed, and the last stays in progress', async () => {
    const world = await batchWorld(await fresh(), () => ({}), ['1_a', '2_b', '3_c'])
    expect(await world.start({ oneByOne: true })).toMatchObject({
      applied: [{ name: '1_a' }, { name: '2_b' }],
      inProgress: ['3_c'],
      oldSchema: 'migration_2_b',
    })
  })

  test('goes as far as it is told, and asked again does nothing', async () => {
    const world = await batchWorld(await fresh(), () => ({}), ['1_a', '2_b', '3_c'])
    const to = { kind: 'name', name: '2_b' } as const
    expect(await world.start({ to })).toMatchObject({ inProgress: ['1_a', '2_b'], newSchema: 'migration_2_b' })
    expect(await world.start({ to })).toMatchObject({ state: 'in_progress', inProgress: ['1_a', '2_b'], applied: [] })
    expect(await world.status()).toMatchObject({ pending: ['3_c'] })
  })

  test('a start says which files have no down part before it does anything', async () => {
    const world = await batchWorld(await fresh(), () => ({}), ['1_a'])
    world.files.write('0_first.sql', 'create table first (id int);')
    const said: string[] = []
    const { warnings } = await world.start(
      {},
      { progress: (event) => event.kind === 'notice' && said.push(event.message) },
    )
    const expected = ['migrations/0_first.sql: 0_first has no down part, so what it does cannot be taken back.']
    expect(warnings).toEqual(expected)
    expect(said).toEqual(expected.map((warning) => `Warning: ${warning}`))
    expect((await world.start({ complete: true })).warnings).toEqual([])
  })

  test('files without actions are applied by a start as by a migrate, and no version schema is made', async () => {
    const world = await batchWorld(await fresh(), () => ({}), [])
    world.files.write(log, logSql)
    expect(await world.start()).toMatchObject({
      state: 'idle',
      applied: [{ name: '0_log' }],
      inProgress: [],
      newSchema: null,
      oldSchema: null,
    })
  })

  test('what a file does shows in the version schema that stands', async () => {
    const world = await batchWorld(await fresh(), () => ({}), ['1_a'])
    world.files.write('2_b.sql', 'create table runs (id int);')
    await world.start({ complete: true })
    expect(await world.query('select id from migration_1_a.runs')).toEqual([])
    world.files.write('3_c.sql', 'alter table runs alter column id type text; alter table runs add column name text;')
    await world.migrate()
    expect(await world.query('select id, name from migration_1_a.runs')).toEqual([])
    await world.withEngine(async (engine) => {
      const { rollback } = await import('../rollback/rollback.ts')
      world.files.write(
        '4_d.sql',
        'alter table runs add column d int;\n-- metastore:down\nalter table runs drop column d;',
      )
      await world.migrate()
      await rollback(engine, await world.files.read())
    })
    expect(await world.query('select * from migration_1_a.runs')).toEqual([])
  })
})

describe('while a batch is in progress', () => {
  test('what is pending besides is named, and nothing is started', async () => {
    const world = await batchWorld(await fresh(), () => ({}), ['1_a'])
    await world.start()
    world.files.write('2_b.json', emptyActions)
    world.files.write('3_c.sql', 'select 1;')
    expect(await refusalOf(world.start())).toEqual({
      code: 'batch_in_progress',
      message: '1_a is in progress: started, and neither completed nor aborted. 2_b and 3_c wait for that.',
      where: null,
      remedy: 'Finish with metastore complete, or take it back with metastore abort; then run this again.',
      details: [],
    })
    expect(await refusalOf(world.migrate())).toMatchObject({ code: 'batch_in_progress' })
  })

  test('start --complete completes it, and then starts and completes the rest', async () => {
    const world = await batchWorld(await fresh(), () => ({}), ['1_a'])
    await world.start()
    world.files.write('2_b.json', emptyActions)
    expect(await world.start({ complete: true })).toMatchObject({
      state: 'idle',
      applied: [{ name: '1_a' }, { name: '2_b' }],
      newSchema: 'migration_2_b',
    })
  })

  test('a file of it that changed is told by the next start, and completing needs no files', async () => {
    const world = await batchWorld(await fresh(), () => ({}), ['1_a', '2_b'])
    await world.start()
    world.files.write('2_b.json', JSON.stringify({ description: 'changed', actions: [] }))
    expect(await refusalOf(world.start())).toEqual({
      code: 'batch_files_changed',
      message: 'The file of 2_b changed after the batch was started.',
      where: 'migrations/2_b.json',
      remedy: 'Restore the files and run again, or take the batch back with metastore abort and start again.',
      details: [],
    })
    expect(await world.complete()).toMatchObject({ outcome: 'completed' })
    expect(await refusalOf(world.start())).toMatchObject({ code: 'migration_edited' })
  })

  test('rolling back, stamping and forgetting are refused', async () => {
    const { rollback } = await import('../rollback/rollback.ts')
    const { forget, stamp } = await import('../stamp.ts')
    const world = await batchWorld(await fresh(), () => ({}), ['1_a'])
    world.files.write(log, logSql)
    await world.start()
    const files = await world.files.read()
    const refusal = { code: 'batch_in_progress' }
    await world.withEngine(async (engine) => {
      expect(await refusalOf(rollback(engine, files))).toMatchObject(refusal)
      expect(await refusalOf(stamp(engine, files, { kind: 'head' }))).toMatchObject(refusal)
      expect(await refusalOf(forget(engine, '0_log'))).toMatchObject(refusal)
    })
    expect(await world.status()).toMatchObject({ state: 'in_progress', applied: ['0_log'] })
  })
})

describe('after the start of a batch was interrupted', () => {
  const steps = () => ({
    start: [step('one', statements(sql`create table one (id int)`), statements(sql`drop table one`))],
  })
  const interrupted = async () => {
    const world = await batchWorld(await fresh(), steps, ['1_a'])
    const { options, engine } = world.interruptedAfter('one')
    expect(await refusalOf(world.start(options, engine))).toMatchObject({
      code: 'canceled',
      details: [
        'The start of 1_a is not finished: run the same command again to go on, or metastore abort to take it back.',
      ],
    })
    expect(await world.status()).toMatchObject({ state: 'applying', inProgress: ['1_a'], newSchema: null })
    return world
  }

  test('a file that changed stops it from going on', async () => {
    const world = await interrupted()
    world.files.write('1_a.json', JSON.stringify({ description: 'changed', actions: [] }))
    expect(await refusalOf(world.start())).toMatchObject({ code: 'batch_files_changed', where: 'migrations/1_a.json' })
    expect(await world.abort()).toMatchObject({ outcome: 'aborted' })
    expect(await world.tables()).toEqual([])
    expect(await world.start()).toMatchObject({ inProgress: ['1_a'] })
  })

  test('a file that was added stops it from going on, unless only the batch is asked for', async () => {
    const world = await interrupted()
    world.files.write('2_b.json', emptyActions)
    expect(await refusalOf(world.start())).toEqual({
      code: 'batch_files_changed',
      message: '2_b came after 1_a was started, so it is not part of that batch.',
      where: null,
      remedy:
        'Go on with metastore start --migration 1_a, or take the batch back with metastore abort and start again.',
      details: [],
    })
    expect(await world.start({ to: { kind: 'name', name: '1_a' } })).toMatchObject({ inProgress: ['1_a'] })
  })

  test('complete and migrate are refused, start goes on', async () => {
    const world = await interrupted()
    expect(await refusalOf(world.complete())).toEqual({
      code: 'batch_applying',
      message: 'The start of 1_a was interrupted and is not finished.',
      where: null,
      remedy: 'Go on with metastore start, or take it back with metastore abort.',
      details: [],
    })
    expect(await refusalOf(world.migrate())).toMatchObject({ code: 'batch_applying' })
    expect(await world.start()).toMatchObject({ state: 'in_progress' })
  })
})

test('an abort that was interrupted has to be finished before anything else', async () => {
  const world = await batchWorld(
    await fresh(),
    () => ({
      start: ['one', 'two'].map((name) => step(name, statements(sql`select 1`), statements(sql`select 1`))),
    }),
    ['1_a'],
  )
  await world.start()
  const { options, engine } = world.interruptedAfter('take back: two')
  expect(await refusalOf(world.abort(options, engine))).toMatchObject({ code: 'canceled' })
  expect(await world.status()).toMatchObject({ state: 'aborting', newSchema: null })
  const refusal = {
    code: 'batch_aborting',
    message: 'The abort of 1_a was interrupted and is not finished.',
    where: null,
    remedy: 'Finish it with metastore abort; then run this again.',
    details: [],
  }
  expect(await refusalOf(world.start())).toEqual(refusal)
  expect(await refusalOf(world.complete())).toEqual(refusal)
  expect(await refusalOf(world.migrate())).toEqual(refusal)
  expect(await world.abort()).toMatchObject({ outcome: 'aborted' })
  expect(await world.status()).toMatchObject({ state: 'idle' })
})

test('a completion that was interrupted has to be finished before anything else', async () => {
  const world = await batchWorld(
    await fresh(),
    () => ({ complete: ['one', 'two'].map((name) => step(name, statements(sql`select 1`))) }),
    ['1_a'],
  )
  await world.start()
  const { options, engine } = world.interruptedAfter('one')
  expect(await refusalOf(world.complete(options, engine))).toMatchObject({ code: 'canceled' })
  expect(await world.status()).toMatchObject({ state: 'completing', oldSchema: null, newSchema: 'migration_1_a' })
  const refusal = {
    code: 'batch_completing',
    message: 'The completion of 1_a was interrupted and is not finished.',
    where: null,
    remedy: 'Finish it with metastore complete; then run this again.',
    details: [],
  }
  expect(await refusalOf(world.start())).toEqual(refusal)
  expect(await refusalOf(world.migrate())).toEqual(refusal)
  expect(await world.start({ complete: true })).toMatchObject({ state: 'idle', applied: [{ name: '1_a' }] })
})
