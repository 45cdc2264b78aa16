import type { MiddlewareHandler } from 'hono'
import { cors } from 'hono/cors'
import { matchedRoutes } from 'hono/route'
import { MetastoreError } from '../errors.ts'
import { type App, emptyApp, type Environment, type Services } from './app.ts'
import { authorize } from './authorization/authorization.ts'
import { type RateLimit, rateLimit } from './requests/rate-limit.ts'
import { RateLimited } from './requests/rate-limited.ts'
import { requestSpan } from './requests/request-span.ts'
import { requestBody } from './requests/request-body.ts'
import { assistantRoutes } from './routes/assistants.ts'
import { documentationRoutes } from './routes/documentation.ts'
import { cronRoutes } from './routes/crons.ts'
import { historyRoutes } from './routes/history.ts'
import { itemRoutes } from './routes/items.ts'
import { runRoutes } from './routes/runs.ts'
import { stateRoutes } from './routes/state.ts'
import { systemRoutes } from './routes/system.ts'
import { threadRoutes } from './routes/threads.ts'
import { type ServerMetrics, serverMetrics } from './requests/server-metrics.ts'
import { noTelemetry } from '../telemetry/telemetry.ts'
import { tenantApi } from './tenant-api.ts'

/** The whole application. */
export function createApp(services: Services): App {
  const app = emptyApp(services)
  const metrics = services.metrics ?? serverMetrics(services.store)
  observe(app, services, metrics)
  if (services.corsOrigins !== undefined && services.corsOrigins.length > 0) app.use(pagesOf(services.corsOrigins))
  systemRoutes(app, services, metrics)
  documentationRoutes(app)
  // What follows is for whoever is known: of nobody else is a body read.
  app.use(identify(services))
  app.use(requestBody(services.bodyLimits ?? { bytes: 20_000_000, depth: 100 }))
  assistantRoutes(app, services)
  runRoutes(app, services)
  threadRoutes(app, services)
  itemRoutes(app)
  stateRoutes(app, services)
  historyRoutes(app, services)
  cronRoutes(app)
  tenantApi(app, services)
  return app
}

function observe(app: App, { logRequest, telemetry = noTelemetry }: Services, metrics: ServerMetrics): void {
  app.use(async (c, next) => {
    const began = performance.now()
    const route = matchedRoutes(c).findLast(({ path: pattern }) => pattern !== '/*')?.path
    await requestSpan(c, telemetry, route, next)
    const milliseconds = Math.round((performance.now() - began) * 10) / 10
    const { method, path } = c.req
    const { status } = c.res
    metrics.request(method, route ?? 'none', status, milliseconds / 1000)
    telemetry.measure('http.server.request.duration', milliseconds / 1000, {
      'http.request.method': method,
      'http.response.status_code': status,
      ...(route !== undefined && { 'http.route': route }),
    })
    const { requestId } = c.var
    const tenantId = (c.var as Partial<Environment['Variables']>).principal?.tenantId
    // The second part of traceparent (W3C Trace Context, section 3.2).
    const traceId = c.var.trace?.['traceparent']?.split('-')[1]
    logRequest?.({ requestId, method, path, status, milliseconds, tenantId, traceId })
  })
}

function pagesOf(origins: readonly string[]) {
  return cors({
    origin: origins.includes('*') ? '*' : [...origins],
    exposeHeaders: [
      'Content-Location',
      'Location',
      'X-Pagination-Total',
      'X-Pagination-Next',
      'X-Request-Id',
      'Retry-After',
    ],
    allowMethods: ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'],
    maxAge: 600,
  })
}

function identify({ store, authenticate, requestsPerMinute, isDone }: Services): MiddlewareHandler<Environment> {
  const limit: RateLimit | undefined = requestsPerMinute === undefined ? undefined : rateLimit(requestsPerMinute)
  return async (c, next) => {
    if (isDone?.() === true) throw stopping()
    const principal = await authenticate(c.req.raw.headers)
    c.set('principal', principal)
    const seconds = limit?.take(principal)
    if (seconds !== undefined) throw tooManyRequests(seconds)
    authorize(principal, c.req.method, c.req.path)
    const ownerId = principal.role === 'user' ? principal.userId : undefined
    c.set('store', store.tenant(principal.tenantId, { ownerId }))
    return next()
  }
}

function tooManyRequests(seconds: number): RateLimited {
  const remedy = 'Send fewer at a time, or ask for a higher limit.'
  return new RateLimited(seconds, 'Too many requests have come with this key.', remedy)
}

function stopping(): MetastoreError {
  return new MetastoreError({
    code: 'unavailable',
    message: 'The server is stopping, and has done nothing of this.',
    remedy: 'Send the request to another one.',
  })
}
