import { AsyncLocalStorage } from 'node:async_hooks'
import { context, metrics, ROOT_CONTEXT, SpanStatusCode, trace, type Context } from '@opentelemetry/api'
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics'
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { loadTelemetry } from '../../src/telemetry/open-telemetry.ts'
import { noTelemetry } from '../../src/telemetry/telemetry.ts'
import { commandLine } from './command-line.ts'

test('without an SDK nothing is loaded, and nothing happens', async () => {
  expect(await loadTelemetry()).toBe(noTelemetry)
})

describe('with an SDK', () => {
  const spans = new InMemorySpanExporter()
  const measured = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE)

  beforeAll(() => {
    trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(spans)] }))
    const reader = new PeriodicExportingMetricReader({ exporter: measured, exportIntervalMillis: 3_600_000 })
    metrics.setGlobalMeterProvider(new MeterProvider({ readers: [reader] }))
    context.setGlobalContextManager(localContexts())
  })

  beforeEach(() => {
    spans.reset()
    measured.reset()
  })

  afterAll(() => {
    trace.disable()
    metrics.disable()
    context.disable()
  })

  /** The spans as a tree, each with what it says, those that ended first first. */
  function tree(parent?: string): unknown[] {
    return spans
      .getFinishedSpans()
      .filter((span) => span.parentSpanContext?.spanId === parent)
      .map((span) => [span.name, span.attributes, ...tree(span.spanContext().spanId)])
  }

  /** The last value of each counter, and how often each histogram was fed. */
  function values(): Readonly<Record<string, number>> {
    const found: Record<string, number> = {}
    for (const { scopeMetrics } of measured.getMetrics().slice(-1)) {
      for (const { descriptor, dataPoints } of scopeMetrics.flatMap((scope) => scope.metrics)) {
        for (const { value } of dataPoints) found[descriptor.name] = (found[descriptor.name] ?? 0) + amountOf(value)
      }
    }
    return found
  }

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
    const [root] = tree() as [[string, object, [string, object, ...[string, object][]]]]
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
    expect(values()).toEqual({
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
    const finished = spans.getFinishedSpans()
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
})

function amountOf(value: unknown): number {
  return typeof value === 'number' ? value : (value as { count: number }).count
}

// What SDKs for Node bring with them.
function localContexts() {
  const storage = new AsyncLocalStorage<Context>()
  const manager = {
    active: () => storage.getStore() ?? ROOT_CONTEXT,
    with: <A extends unknown[], F extends (...args: A) => ReturnType<F>>(
      active: Context,
      work: F,
      self?: ThisParameterType<F>,
      ...args: A
    ): ReturnType<F> => storage.run(active, () => work.call(self as ThisParameterType<F>, ...args)),
    bind: <T>(_context: Context, target: T): T => target,
    enable: () => manager,
    disable: () => manager,
  }
  return manager
}
