import { randomUUID } from 'node:crypto'
import { OpenAPIHono } from '@hono/zod-openapi'
import type { Store, TenantStore } from '../store/store.ts'
import { RequestInvalid } from '../store/store.ts'
import type { Executor } from './executor.ts'
import { failureResponse } from './failure-response.ts'
import { assistantRoutes } from './routes/assistants.ts'
import { runRoutes } from './routes/runs.ts'
import type { RunService } from './runs/run-service.ts'
import { itemRoutes } from './routes/items.ts'
import { threadRoutes } from './routes/threads.ts'
import { historyRoutes } from './routes/history.ts'
import { stateRoutes } from './routes/state.ts'

/** Who sends a request. */
export interface Principal {
  readonly tenantId: string
  readonly userId: string | undefined
  readonly role: 'admin' | 'supporter' | 'user'
}

/** Finds out who sends a request. Throws `unauthenticated`. */
export type Authenticate = (headers: Headers) => Promise<Principal>

/** What a handler finds in its context. */
export interface Environment {
  Variables: {
    /** An id of the request, for logs. */
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
}

/** An application that answers as the rules of the protocol say, without any route. */
export function emptyApp(services: Services): App {
  const app: App = new OpenAPIHono<Environment>({
    defaultHook: (result) => {
      if (!result.success) throw new RequestInvalid(result.error.issues.map(problem))
    },
  })
  app.use(async (c, next) => {
    c.set('requestId', randomUUID())
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
  app.use(async (c, next) => {
    const principal = await services.authenticate(c.req.raw.headers)
    c.set('principal', principal)
    c.set('store', services.store.tenant(principal.tenantId))
    await next()
  })
  assistantRoutes(app, services)
  runRoutes(app, services)
  threadRoutes(app, services)
  itemRoutes(app)
  stateRoutes(app, services)
  historyRoutes(app, services)
  return app
}

function problem(issue: { readonly path: readonly PropertyKey[]; readonly message: string }): {
  path: string
  message: string
} {
  const path = issue.path.map((key) => (typeof key === 'number' ? `[${key}]` : `.${String(key)}`)).join('')
  return { path: path.replace(/^\./, ''), message: issue.message }
}
