import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client'
import type { Store } from '../../store/store.ts'

/** What a server counts, for Prometheus. */
export interface ServerMetrics {
  readonly registry: Registry
  /** Counts a request that was answered; `route` is its pattern, so that ids make no series of their own. */
  request(method: string, route: string, status: number, seconds: number): void
}

/** Counters of a server; with `ofProcess` also of its memory and its event loop. */
export function serverMetrics(
  store: Store,
  { ofProcess = false }: { readonly ofProcess?: boolean } = {},
): ServerMetrics {
  const registry = new Registry()
  const registers = [registry]
  const requests = new Counter({
    name: 'metastore_http_requests_total',
    help: 'Requests that were answered.',
    labelNames: ['method', 'route', 'status'],
    registers,
  })
  const durations = new Histogram({
    name: 'metastore_http_request_duration_seconds',
    help: 'How long answers took to begin.',
    labelNames: ['method', 'route'],
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
    registers,
  })
  registry.registerMetric(connectionsOf(store))
  if (ofProcess) collectDefaultMetrics({ register: registry, prefix: 'metastore_' })
  return {
    registry,
    request(method, route, status, seconds) {
      requests.inc({ method, route, status })
      durations.observe({ method, route }, seconds)
    },
  }
}

// Asked for when somebody reads it.
function connectionsOf(store: Store): Gauge {
  return new Gauge({
    name: 'metastore_store_connections',
    help: 'Connections to the database: open, busy, and callers that wait for one.',
    labelNames: ['state'],
    registers: [],
    collect() {
      for (const [state, value] of Object.entries(store.load)) this.set({ state }, value)
    },
  })
}
