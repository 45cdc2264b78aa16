import { describe, expect, test } from 'vitest'
import { batchWorld, refusalOf } from '../../../test/harness/batch-world.ts'
import { engines, freshPostgresUrl } from '../../../test/harness/engines.ts'
import { emptyActions, makes, script, statements, step } from '../../../test/harness/handmade-batch.ts'
import { sql } from '../../database/database.ts'

const two = () => ({
  start: [makes('first'), makes('second')],
  complete: [step('third', statements(sql`create table third (id int)`)), step('fourth', statements(sql`select 1`))],
})

describe.each(engines.filter(({ name }) => name !== 'sqlite'))('phases on $name', ({ freshUrl }) => {
  test('a start leaves the batch in progress, and a complete records it', async () => {
    const world = await batchWorld(await freshUrl(), two, ['1_a', '2_b'])
    const steps: string[] = []
    expect(await world.start({ onStep: ({ label }) => steps.push(label) })).toEqual({
      state: 'in_progress',
      applied: [],
      inProgress: ['1_a', '2_b'],
      newSchema: 'migration_2_b',
      oldSchema: null,
      warnings: [],
    })
    expect(steps).toEqual(['make first', 'make second', 'create schema migration_2_b'])
    expect(await world.status()).toMatchObject({
      state: 'in_progress',
      applied: [],
      inProgress: ['1_a', '2_b'],
      pending: [],
      oldSchema: null,
      newSchema: 'migration_2_b',
      step: null,
      lockHolder: null,
      atHead: false,
    })
    expect(await world.complete()).toEqual({
      outcome: 'completed',
      schema: 'migration_2_b',
      applied: [
        { name: '1_a', durationMs: 0 },
        { name: '2_b', durationMs: expect.any(Number) },
      ],
    })
    expect(await world.tables()).toEqual(['first', 'second', 'third'])
    expect(await world.status()).toMatchObject({
      state: 'idle',
      applied: ['1_a', '2_b'],
      inProgress: [],
      newSchema: 'migration_2_b',
      atHead: true,
    })
    expect(await world.contents()).toMatchObject({
      history: [
        { name: '1_a', how: 'migrated' },
        { name: '2_b', how: 'migrated' },
      ],
      state: [
        { key: 'base', value: 'public' },
        { key: 'layout', value: '2' },
        { key: 'version', value: '2_b' },
      ],
      steps: [],
    })
    const [row] =
      await world.query(`select count(distinct batch) as batches, min(source) as source, min(format) as format,
      min(applied_by) as by from metastore.migrations`)
    expect(row).toEqual({ batches: 1, source: emptyActions, format: 'actions', by: 'ann@host' })
  })

  test('an abort leaves the database as it was, and the batch can be started again', async () => {
    const world = await batchWorld(await freshUrl(), two)
    await world.start()
    expect(await world.abort()).toEqual({ outcome: 'aborted', migrations: ['1_a'], lost: [], saved: [] })
    expect(await world.tables()).toEqual([])
    expect(await world.contents()).toMatchObject({
      history: [],
      state: [{ key: 'layout', value: '2' }],
      steps: [],
      catalog: { schemas: [{ name: 'public' }] },
    })
    expect(await world.start({ complete: true })).toMatchObject({ state: 'idle', applied: [{ name: '1_a' }] })
  })

  test('a step that fails takes the whole batch back, and the first error is told', async () => {
    const world = await batchWorld(await freshUrl(), () => ({
      start: [makes('first'), step('count_apples', statements(sql`select 1`, sql`select apples from nowhere`))],
    }))
    expect(await refusalOf(world.start())).toEqual({
      code: 'statement_failed',
      message: 'relation "nowhere" does not exist.',
      where: null,
      remedy: expect.any(String),
      details: [
        'This was the step: count apples.',
        'The statement was: select apples from nowhere',
        'Everything that the start of 1_a had done was taken back.',
      ],
    })
    expect(await world.tables()).toEqual([])
    expect(await world.status()).toMatchObject({ state: 'idle', inProgress: [], pending: ['1_a'] })
  })

  test('after SQL that only its author knows, the batch is compiled again with what it made', async () => {
    const world = await batchWorld(await freshUrl(), (catalogs) => {
      const opaque = [step('custom', script('create table made (id int)')), step('again', { kind: 'reintrospect' })]
      return catalogs === 1 ? { start: opaque, incomplete: true } : { start: [...opaque, makes('after')] }
    })
    await world.start()
    expect(await world.tables()).toEqual(['after', 'made'])
    const [stored] = await world.query(`select value::jsonb -> 'tables' -> 0 ->> 'name' as name
      from metastore.state where key = 'catalog:1'`)
    expect(stored).toEqual({ name: 'made' })
    await world.complete()
    expect(await world.query(`select key from metastore.state where key like 'catalog:%'`)).toEqual([])
  })

  test('scenario 81: data that only the new version has is counted, confirmed, and saved where that is asked for', async () => {
    const losses = [
      { what: 'first', count: sql`select count(*) as count from first`, rows: sql`select id from first` },
      { what: 'second', count: sql`select count(*) as count from second`, rows: sql`select id from second` },
    ]
    const world = await batchWorld(await freshUrl(), () => ({ ...two(), losses }))
    await world.start()
    await world.query('insert into first select generate_series(1, 5)')
    const told: unknown[] = []
    const confirm = (agreed: boolean) => async (lost: unknown) => (told.push(lost), Promise.resolve(agreed))
    expect(await world.abort({ confirm: confirm(false) })).toEqual({
      outcome: 'kept',
      migrations: ['1_a'],
      lost: [{ what: 'first', rows: 5 }],
      saved: [],
    })
    expect(await world.status()).toMatchObject({ state: 'in_progress' })
    expect(await world.abort({ confirm: confirm(true), saveLost: 'kept' })).toEqual({
      outcome: 'aborted',
      migrations: ['1_a'],
      lost: [{ what: 'first', rows: 5 }],
      saved: ['kept'],
    })
    expect(told).toEqual([[{ what: 'first', rows: 5 }], [{ what: 'first', rows: 5 }]])
    expect(await world.tables()).toEqual(['kept'])
    expect(await world.query('select count(*)::int as rows from kept')).toEqual([{ rows: 5 }])
  })
})

describe('phases', () => {
  const freshUrl = () => freshPostgresUrl(18)

  test('with nothing in progress, complete and abort do nothing, also where metastore has never been', async () => {
    const world = await batchWorld(await freshUrl(), two, [])
    expect(await world.complete()).toEqual({ outcome: 'nothing', applied: [], schema: null })
    expect(await world.abort()).toEqual({ outcome: 'nothing', migrations: [], lost: [], saved: [] })
    expect(await world.start()).toMatchObject({ state: 'idle', applied: [], inProgress: [] })
    expect(await world.query(`select 1 from pg_namespace where nspname = 'metastore'`)).toEqual([])
  })

  test('a failure that cannot be taken back either tells both, and an abort goes on later', async () => {
    const undo = statements(sql`drop table in_the_way`)
    const world = await batchWorld(await freshUrl(), () => ({
      start: [makes('first'), step('stuck', statements(sql`select 1`), undo), step('fail', statements(sql`fail`))],
    }))
    expect(await refusalOf(world.start())).toEqual({
      code: 'batch_failed',
      message: 'The start of 1_a failed and could not be taken back: table "in_the_way" does not exist.',
      where: '1_a',
      remedy: 'Remove what is in the way, and take it back with metastore abort.',
      details: [
        'This was the step: take back: stuck.',
        'The statement was: drop table in_the_way',
        'What made the start fail: syntax error at or near "fail".',
        'This was the step: fail.',
        'The statement was: fail',
      ],
    })
    expect(await world.status()).toMatchObject({ state: 'aborting', inProgress: ['1_a'] })
    await world.query('create table in_the_way ()')
    expect(await world.abort()).toMatchObject({ outcome: 'aborted' })
    expect(await world.tables()).toEqual([])
  })

  test('a failure while preparing to complete leaves the batch in progress', async () => {
    const world = await batchWorld(await freshUrl(), () => ({
      ...two(),
      prepare: [step('be_ready', statements(sql`select ready from readiness`))],
    }))
    await world.start()
    expect(await refusalOf(world.complete())).toMatchObject({
      message: 'relation "readiness" does not exist.',
      details: [
        'This was the step: be ready.',
        'The statement was: select ready from readiness',
        '1_a is still in progress: both versions are in use, and it can be aborted.',
      ],
    })
    expect(await world.status()).toMatchObject({ state: 'in_progress' })
    await world.query('create table readiness (ready bool)')
    expect(await world.complete()).toMatchObject({ outcome: 'completed' })
  })

  test('what is to be prepared is prepared anew by each complete, and taken back by an abort', async () => {
    const world = await batchWorld(await freshUrl(), () => ({
      start: [makes('prepared')],
      prepare: [
        step(
          'count',
          statements(sql`insert into prepared select count(*) from prepared`),
          statements(sql`delete from prepared`),
        ),
        step('fail', statements(sql`select * from missing`)),
      ],
    }))
    await world.start()
    await refusalOf(world.complete())
    await refusalOf(world.complete())
    expect(await world.query('select id from prepared order by id')).toEqual([{ id: 0 }, { id: 1 }])
    await world.abort()
    expect(await world.tables()).toEqual([])
  })

  test('a failure after the old version is gone is gone on with by the next complete', async () => {
    const world = await batchWorld(await freshUrl(), () => ({
      start: [makes('first')],
      complete: [
        step('once', statements(sql`insert into first values (1)`)),
        step('swap', statements(sql`select * from missing`)),
      ],
    }))
    await world.start()
    expect(await refusalOf(world.complete())).toMatchObject({
      details: [
        'This was the step: swap.',
        'The statement was: select * from missing',
        'The old version is gone already: run metastore complete to go on with 1_a.',
      ],
    })
    expect(await world.status()).toMatchObject({ state: 'completing', inProgress: ['1_a'] })
    expect(await refusalOf(world.abort())).toMatchObject({
      code: 'batch_not_abortable',
      message: '1_a cannot be aborted any more: the completion has begun, and the old version is gone.',
      remedy: 'Finish with metastore complete.',
    })
    await world.query('create table missing ()')
    expect(await world.complete()).toMatchObject({ outcome: 'completed', applied: [{ name: '1_a' }] })
    expect(await world.query('select id from first')).toEqual([{ id: 1 }])
  })

  test('problems of a batch are told before anything is changed', async () => {
    const { MetastoreError } = await import('../../errors.ts')
    const problem = new MetastoreError({ code: 'migration_invalid', message: 'Wrong.', remedy: 'Mend it.' })
    const world = await batchWorld(await freshUrl(), () => ({ problems: [problem], start: [makes('first')] }))
    expect(await refusalOf(world.start())).toMatchObject({ code: 'migration_invalid', message: 'Wrong.' })
    expect(await world.status()).toMatchObject({ state: 'idle', pending: ['1_a'] })
    expect(await world.tables()).toEqual([])
  })

  test('a database with tables and no history is refused', async () => {
    const world = await batchWorld(await freshUrl(), two)
    await world.query('create table runs (id int)')
    expect(await refusalOf(world.start())).toMatchObject({
      code: 'database_unmanaged',
      message: 'Schema public has a table (runs), and metastore has never migrated this database.',
      remedy:
        'Take it over with metastore baseline, or with metastore adopt where another tool has migrated it; or name an empty database.',
    })
    for (const name of ['a', 'b', 'c']) await world.query(`create table ${name} (id int)`)
    expect(await refusalOf(world.start())).toMatchObject({
      message: 'Schema public has tables (a, b, c and 1 more), and metastore has never migrated this database.',
    })
    expect(await world.status()).toMatchObject({ state: 'idle', applied: [] })
  })

  test('several lost things are saved in numbered tables, and a name that is taken stops the abort, which goes on later', async () => {
    const losses = ['first', 'second'].map((what) => ({
      what,
      count: sql`select 1 as count`,
      rows: sql`select ${what}::text as what`,
    }))
    const world = await batchWorld(await freshUrl(), () => ({
      ...two(),
      losses: losses.map((loss) => ({ ...loss, rows: sql`select 1 as one` })),
    }))
    await world.start()
    await world.query('create table kept_2 ()')
    expect(await refusalOf(world.abort({ saveLost: 'kept' }))).toMatchObject({
      code: 'abort_blocked',
      message: 'What would be lost cannot be kept in kept_2: there is something of that name already.',
      where: 'table kept_2',
      remedy: 'Rename or drop it, and run metastore abort again.',
    })
    await world.query('drop table kept_2')
    expect(await world.abort()).toMatchObject({ outcome: 'aborted', saved: ['kept_1', 'kept_2'] })
    expect(await world.tables()).toEqual(['kept_1', 'kept_2'])
  })

  test('rows that the old version cannot have stop an abort, unless it fills them', async () => {
    const world = await batchWorld(await freshUrl(), () => ({
      start: [step('make', statements(sql`create table runs (id int, state text)`), statements(sql`drop table runs`))],
      abortChecks: [
        {
          label: 'runs.state may not be null',
          table: 'runs',
          column: 'state',
          query: sql`select id from runs where state is null limit 5`,
        },
      ],
    }))
    await world.start()
    await world.query('insert into runs (id) values (1)')
    expect(await refusalOf(world.abort())).toEqual({
      code: 'abort_blocked',
      message: 'The new version has written rows in which runs.state is null, which the old version does not allow.',
      where: 'runs.state',
      remedy:
        'Give them a value, or have the abort do it with --fill and an SQL expression over the row; or complete instead.',
      details: ['runs.state may not be null'],
    })
    expect(await refusalOf(world.abort({ fill: 'nullif(id, 1)::text' }))).toMatchObject({
      code: 'abort_blocked',
      remedy:
        'The expression nullif(id, 1)::text gives null for some of them: give one that does not, or complete instead.',
    })
    expect(await world.status()).toMatchObject({ state: 'in_progress' })
    expect(await world.abort({ fill: "'unknown'" })).toMatchObject({ outcome: 'aborted' })
  })

  test('a batch whose steps this version does not know is left alone', async () => {
    let key = 'before'
    const world = await batchWorld(await freshUrl(), () => ({ start: [step(key, statements(sql`select 1`))] }))
    await world.start()
    key = 'after'
    const refusal = await refusalOf(world.complete())
    expect(refusal).toMatchObject({ code: 'batch_incompatible', details: [] })
    expect(refusal.message).toMatch(
      /^1_a was started by metastore \S+, which took other steps than this version would\.$/,
    )
    expect(refusal.remedy).toMatch(/^Complete or abort it with metastore \S+\.$/)
    expect(await refusalOf(world.abort())).toMatchObject({ code: 'batch_incompatible' })
    expect(await world.status()).toMatchObject({ state: 'in_progress' })
  })
})
