import { SpanStatusCode } from '@opentelemetry/api'
import { beforeEach, describe, expect, test } from 'vitest'
import { loadTelemetry } from '../../src/telemetry/open-telemetry.ts'
import { noTelemetry } from '../../src/telemetry/telemetry.ts'
import { recordTelemetry } from '../harness/telemetry.ts'
import { commandLine } from './command-line.ts'

test('without an SDK nothing is loaded, and nothing happens', async () => {
  expect(await loadTelemetry()).toBe(noTelemetry)
})

describe('with an SDK', () => {
  const recorded = recordTelemetry()

  beforeEach(() => recorded.reset())

  test('a setup is a tree of spans, with what was measured', async () => {
    const line = commandLine({
      'metastore.toml': '[database.main]\nurl = "pglite:data"\n',
      'migrations/001_runs.sql':
        'create table runs (id int primary key, n int);\ninsert into runs select i, i from generate_series(1, 250) i;\n',
      'migrations/002_double.toml':
        '[[actions]]\ntype = "add_column"\ntable = "runs"\nup = "n * 2"\n[actions.column]\nname = "double"\ntype = "INTEGER"\n',
      'seeds/001_runs.json': '{ "table": "runs", "key": ["id"], "rows": [{ "id": 1000, "n": 1, "double": 2 }] }',
    })
    expect(await line.run('setup --no-audit')).toMatchObject({ status: 0, stderr: '' })
    const [root] = recorded.tree() as [[string, object, [string, object, ...[string, object][]]]]
    expect(root.slice(0, 2)).toEqual(['metastore setup', { 'metastore.exit_status': 0 }])
    const [name, attributes, ...inside] = root[2]
    expect([name, attributes]).toEqual(['metastore.database', { 'metastore.database': 'main' }])
    const steps = inside.filter(([each]) => each === 'metastore.step')
    expect(steps.length).toBeGreaterThan(3)
    expect(inside.map(([each]) => each).filter((each) => each !== 'metastore.step')).toEqual([
      'metastore.lock',
      'metastore.migration',
      'metastore.lock',
      'metastore.seed',
    ])
    expect(steps.flatMap(([, , backfill]: readonly unknown[]) => (backfill === undefined ? [] : [backfill]))).toEqual([
      [
        'metastore.backfill',
        {
          'db.collection.name': 'public.runs',
          'metastore.rows': 250,
          'metastore.batches': expect.any(Number) as number,
        },
      ],
    ])
    expect(inside.find(([each]) => each === 'metastore.seed')?.[1]).toEqual({
      'metastore.file': 'seeds/001_runs.json',
      'metastore.rows': 1,
    })
    expect(recorded.values()).toEqual({
      'metastore.backfill.rows': 250,
      'metastore.lock.wait.duration': 2,
      'metastore.migration.duration': 2,
      'metastore.migrations': 2,
      'metastore.seed.files': 1,
      'metastore.seed.rows': 1,
    })
  })

  test('a failure is noted by its code, and nothing of what the server says', async () => {
    const line = commandLine({
      'metastore.toml': '[database.main]\nurl = "sqlite:app.db"\n',
      'migrations/001_bad.sql': "select 'hunter2' from nowhere;\n",
    })
    expect((await line.run('migrate')).status).toBe(1)
    const finished = recorded.spans()
    const failed = finished.filter(({ status }) => status.code === SpanStatusCode.ERROR)
    expect(failed.map(({ name, status }) => [name, status.message])).toEqual([
      ['metastore.migration', 'statement_failed'],
      ['metastore.database', 'statement_failed'],
      ['metastore migrate', 'statement_failed'],
    ])
    expect(JSON.stringify(finished.map(({ attributes, status, events }) => [attributes, status, events]))).not.toMatch(
      /hunter2|nowhere/,
    )
  })

  test('TRACEPARENT makes a command a part of the trace of the pipeline that runs it', async () => {
    const line = commandLine({
      'metastore.toml': '[database.main]\nurl = "sqlite:app.db"\n',
      'migrations/001_a.sql': 'select 1;\n',
    })
    const environment = { TRACEPARENT: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' }
    expect(await line.run('migrate', { environment })).toMatchObject({ status: 0, stderr: '' })
    const traces = new Set(recorded.spans().map((span) => span.spanContext().traceId))
    expect([...traces]).toEqual(['0af7651916cd43dd8448eb211c80319c'])
    expect(recorded.tree('b7ad6b7169203331')).toMatchObject([
      ['metastore migrate', { 'metastore.exit_status': 0 }, expect.anything()],
    ])

    recorded.reset()
    // What cannot be read is no trace, and no failure.
    expect(await line.run('migrate', { environment: { TRACEPARENT: 'yes' } })).toMatchObject({ status: 0, stderr: '' })
    expect(recorded.tree()).toMatchObject([['metastore migrate', { 'metastore.exit_status': 0 }, expect.anything()]])
  })
})
