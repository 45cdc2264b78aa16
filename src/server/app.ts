import { randomUUID } from 'node:crypto'
import { OpenAPIHono } from '@hono/zod-openapi'
import type { MiddlewareHandler } from 'hono'
import { cors } from 'hono/cors'
import { matchedRoutes } from 'hono/route'
import type { Store, TenantStore } from '../store/store.ts'
import { RequestInvalid } from '../store/store.ts'
import { authorize } from './authorization.ts'
import type { Executor } from './executor.ts'
import { failureResponse, tooManyRequests } from './failure-response.ts'
import type { Authenticate, Principal } from './principal.ts'
import { isPublic } from './public-paths.ts'
import { type RateLimit, rateLimit } from './rate-limit.ts'
import { type BodyLimits, requestBody } from './request-body.ts'
import type { AnsweredRequest } from './request-log.ts'
import { assistantRoutes } from './routes/assistants.ts'
import { runRoutes } from './routes/runs.ts'
import type { RunService } from './runs/run-service.ts'
import { itemRoutes } from './routes/items.ts'
import { threadRoutes } from './routes/threads.ts'
import { cronRoutes } from './routes/crons.ts'
import { historyRoutes } from './routes/history.ts'
import { stateRoutes } from './routes/state.ts'
import { documentationRoutes } from './routes/documentation.ts'
import { systemRoutes } from './routes/system.ts'
import { type ServerMetrics, serverMetrics } from './server-metrics.ts'

export type { Authenticate, Principal } from './principal.ts'

/** What a handler finds in its context. */
export interface Environment {
  Variables: {
    /** An id of the request, for logs: the client's own, or a new one. */
    requestId: string
    principal: Principal
    /** What the principal's tenant has. */
    store: TenantStore
  }
}

/** The application that routes are added to. */
export type App = OpenAPIHono<Environment>

/** What handlers work with, besides what is of the request. */
export interface Services {
  readonly store: Store
  readonly executors: readonly Executor[]
  readonly runs: RunService
  readonly authenticate: Authenticate
  /** Writes a failure that no client may read to the log. */
  readonly logFailure: (error: Error, requestId: string) => void
  /** Writes that a request was answered to the log. */
  readonly logRequest?: (answered: AnsweredRequest) => void
  /** Whether everybody is let in, without a key. */
  readonly open?: boolean
  /** 20 MB and 100 levels unless said. */
  readonly bodyLimits?: BodyLimits
  /** Requests a minute for each key; without limit unless said. */
  readonly requestsPerMinute?: number | undefined
  /** The origins of pages that may ask, or `*`. */
  readonly corsOrigins?: readonly string[]
  readonly metrics?: ServerMetrics
  /** Why requests should be sent elsewhere; undefined when they should not. */
  readonly notReady?: () => Promise<string | undefined>
}

/** An application that answers as the rules of the protocol say, without any route. */
export function emptyApp(services: Services): App {
  const app: App = new OpenAPIHono<Environment>({
    defaultHook: (result) => {
      if (!result.success) throw new RequestInvalid(result.error.issues.map(problem))
    },
  })
  app.use(async (c, next) => {
    const given = c.req.header('x-request-id') ?? ''
    c.set('requestId', /^[\w.:-]{1,128}$/.test(given) ? given : randomUUID())
    c.header('X-Request-Id', c.var.requestId)
    await next()
  })
  app.onError((error, c) => failureResponse(error, c, (failure) => services.logFailure(failure, c.var.requestId)))
  app.notFound((c) => {
    const message = `There is no route ${c.req.method} ${c.req.path}.`
    return c.json({ error: 'not_found', message, detail: message }, 404)
  })
  return app
}

/** The whole application. */
export function createApp(services: Services): App {
  const app = emptyApp(services)
  const metrics = services.metrics ?? serverMetrics(services.store)
  observe(app, services, metrics)
  if (services.corsOrigins !== undefined && services.corsOrigins.length > 0) app.use(pagesOf(services.corsOrigins))
  app.use(requestBody(services.bodyLimits ?? { bytes: 20_000_000, depth: 100 }))
  systemRoutes(app, services, metrics)
  documentationRoutes(app)
  app.use(identify(services))
  assistantRoutes(app, services)
  runRoutes(app, services)
  threadRoutes(app, services)
  itemRoutes(app)
  stateRoutes(app, services)
  historyRoutes(app, services)
  cronRoutes(app)
  return app
}

function observe(app: App, { logRequest }: Services, metrics: ServerMetrics): void {
  app.use(async (c, next) => {
    const began = performance.now()
    await next()
    const milliseconds = Math.round((performance.now() - began) * 10) / 10
    const { method, path } = c.req
    const { status } = c.res
    metrics.request(
      method,
      matchedRoutes(c).findLast((route) => route.path !== '/*')?.path ?? 'none',
      status,
      milliseconds / 1000,
    )
    const { requestId } = c.var
    const tenantId = (c.var as Partial<Environment['Variables']>).principal?.tenantId
    logRequest?.({ requestId, method, path, status, milliseconds, tenantId })
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

function identify({ store, authenticate, requestsPerMinute }: Services): MiddlewareHandler<Environment> {
  const limit: RateLimit | undefined = requestsPerMinute === undefined ? undefined : rateLimit(requestsPerMinute)
  return async (c, next) => {
    if (isPublic(c.req.path)) return next()
    const principal = await authenticate(c.req.raw.headers)
    c.set('principal', principal)
    const seconds = limit?.take(principal)
    if (seconds !== undefined) throw tooManyRequests(seconds)
    authorize(principal, c.req.method, c.req.path)
    c.set('store', store.tenant(principal.tenantId))
    return next()
  }
}

function problem(issue: { readonly path: readonly PropertyKey[]; readonly message: string }): {
  path: string
  message: string
} {
  const path = issue.path.map((key) => (typeof key === 'number' ? `[${key}]` : `.${String(key)}`)).join('')
  return { path: path.replace(/^\./, ''), message: issue.message }
}
