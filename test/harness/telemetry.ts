import { AsyncLocalStorage } from 'node:async_hooks'
import { context, metrics, propagation, ROOT_CONTEXT, trace, type Context } from '@opentelemetry/api'
import { W3CTraceContextPropagator } from '@opentelemetry/core'
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics'
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base'
import { afterAll, beforeAll } from 'vitest'

/** What an SDK has been given, which is registered as long as the tests of a suite run. */
export interface RecordedTelemetry {
  /** The spans that have ended. */
  spans(): readonly ReadableSpan[]
  /** The spans below a parent, or without one, as a tree, each with what it says, those that ended first first. */
  tree(parent?: string): unknown[]
  /** The last value of each counter, and how often each histogram was fed. */
  values(): Readonly<Record<string, number>>
  reset(): void
}

/** Registers an SDK of OpenTelemetry that keeps everything, before the tests of a suite and until after them. */
export function recordTelemetry(): RecordedTelemetry {
  const spans = new InMemorySpanExporter()
  const measured = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE)

  beforeAll(() => {
    trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(spans)] }))
    const reader = new PeriodicExportingMetricReader({ exporter: measured, exportIntervalMillis: 3_600_000 })
    metrics.setGlobalMeterProvider(new MeterProvider({ readers: [reader] }))
    context.setGlobalContextManager(localContexts())
    propagation.setGlobalPropagator(new W3CTraceContextPropagator())
  })

  afterAll(() => {
    trace.disable()
    metrics.disable()
    context.disable()
    propagation.disable()
  })

  const tree = (parent?: string): unknown[] =>
    spans
      .getFinishedSpans()
      .filter((span) => span.parentSpanContext?.spanId === parent)
      .map((span) => [span.name, span.attributes, ...tree(span.spanContext().spanId)])
  return {
    spans: () => spans.getFinishedSpans(),
    tree,
    values() {
      const found: Record<string, number> = {}
      for (const { scopeMetrics } of measured.getMetrics().slice(-1)) {
        for (const { descriptor, dataPoints } of scopeMetrics.flatMap((scope) => scope.metrics)) {
          for (const { value } of dataPoints) found[descriptor.name] = (found[descriptor.name] ?? 0) + amountOf(value)
        }
      }
      return found
    },
    reset() {
      spans.reset()
      measured.reset()
    },
  }
}

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
