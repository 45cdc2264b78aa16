import type * as Api from '@opentelemetry/api'
import { toolVersion } from '../version.ts'
import {
  metrics,
  noTelemetry,
  type Attributes,
  type MetricName,
  type SpanPlace,
  type Telemetry,
  type TraceCarrier,
} from './telemetry.ts'

// Where every copy of the API keeps what an SDK has registered, so that copies of one major version work together.
const registry = Symbol.for('opentelemetry.js.api.1')

// In seconds. Those that an SDK has itself are for milliseconds.
const explicitBucketBoundaries = [
  0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600, 14_400,
]

/**
 * Telemetry by OpenTelemetry, where an SDK has been registered in this process, as with NODE_OPTIONS="--import ./otel.mjs".
 * Without one, or without @opentelemetry/api, nothing is loaded and nothing happens.
 */
export async function loadTelemetry(): Promise<Telemetry> {
  if (!(registry in globalThis)) return noTelemetry
  try {
    return openTelemetry(await import('@opentelemetry/api'))
  } catch {
    // It is optional: whoever has an SDK and not the API beside metastore gets no telemetry, and no failure.
    return noTelemetry
  }
}

function openTelemetry(api: typeof Api): Telemetry {
  const tracer = api.trace.getTracer('metastore', toolVersion)
  const meter = api.metrics.getMeter('metastore', toolVersion)
  const instruments = new Map<MetricName, (value: number, attributes: Attributes) => void>()
  const instrumentOf = (name: MetricName) => {
    let instrument = instruments.get(name)
    if (instrument === undefined) {
      const { kind, unit, description } = metrics[name]
      const made =
        kind === 'counter'
          ? meter.createCounter(name, { unit, description })
          : meter.createHistogram(name, { unit, description, advice: { explicitBucketBoundaries } })
      instrument = (value, attributes) => ('add' in made ? made.add(value, attributes) : made.record(value, attributes))
      instruments.set(name, instrument)
    }
    return instrument
  }
  return {
    span: (name, attributes, work, place = {}) => {
      const { context, kind } = placeOf(api, place)
      return tracer.startActiveSpan(name, { attributes, kind }, context, async (span) => {
        // Not its message: what a server says of a row may hold what the row holds.
        const fail = (error: unknown) => {
          span.setAttribute('error.type', codeOf(error))
          span.setStatus({ code: api.SpanStatusCode.ERROR, message: codeOf(error) })
        }
        try {
          return await work({ set: (more) => span.setAttributes(more), fail })
        } catch (error) {
          fail(error)
          throw error
        } finally {
          span.end()
        }
      })
    },
    carrier: () => carrierOf(api),
    detached: (work) => api.context.with(api.ROOT_CONTEXT, work),
    measure: (metric, value, attributes = {}) => instrumentOf(metric)(value, attributes),
    flush: async () => {
      // What the API gives stands before the one that an SDK has registered, and cannot be flushed itself.
      const standIn = api.trace.getTracerProvider() as { readonly getDelegate?: () => unknown }
      const tracing = standIn.getDelegate?.() ?? standIn
      await Promise.allSettled([flush(tracing), flush(api.metrics.getMeterProvider())])
    },
  }
}

function placeOf(api: typeof Api, { kind, carrier, apart = false }: SpanPlace) {
  const around = apart ? api.ROOT_CONTEXT : api.context.active()
  const isBelow = api.trace.getSpan(around) !== undefined
  const context =
    isBelow || carrier === undefined
      ? around
      : api.propagation.extract(around, carrier, { get: (read, name) => read(name) ?? undefined, keys: () => [] })
  const kinds = { server: api.SpanKind.SERVER, client: api.SpanKind.CLIENT, consumer: api.SpanKind.CONSUMER }
  // Where the SDK watches HTTP as well, the request has its span already, and this is a part of it.
  const isPart = kind === undefined || (kind === 'server' && isBelow)
  return { context, kind: isPart ? api.SpanKind.INTERNAL : kinds[kind] }
}

// The trace alone, and not what else travels with it: that may be what a client wrote.
function carrierOf(api: typeof Api): TraceCarrier | undefined {
  const span = api.trace.getActiveSpan()
  if (span === undefined) return undefined
  const carrier: Record<string, string> = {}
  api.propagation.inject(api.trace.setSpan(api.ROOT_CONTEXT, span), carrier)
  return Object.keys(carrier).length === 0 ? undefined : carrier
}

async function flush(provider: unknown): Promise<void> {
  const { forceFlush } = provider as { readonly forceFlush?: () => Promise<void> }
  await forceFlush?.call(provider)
}

function codeOf(error: unknown): string {
  const { code, name } = (error ?? {}) as { readonly code?: unknown; readonly name?: unknown }
  if (typeof code === 'string') return code
  return typeof name === 'string' ? name : 'unknown'
}
