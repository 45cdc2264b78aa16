import { randomUUID } from 'node:crypto'
import { OpenAPIHono } from '@hono/zod-openapi'
import type { Encryption, Store, TenantStore } from '../store/store.ts'
import { RequestInvalid } from '../store/store.ts'
import type { Executor } from './executors/executor.ts'
import type { AnswerChat } from './chat/chat.ts'
import { failureResponse } from './requests/failure-response.ts'
import type { Authenticate, Principal } from './authentication/principal.ts'
import type { BodyLimits } from './requests/request-body.ts'
import type { AnsweredRequest } from './requests/request-log.ts'
import type { RunService } from './runs/run-service.ts'
import type { ServerMetrics } from './requests/server-metrics.ts'
import type { Telemetry, TraceCarrier } from '../telemetry/telemetry.ts'

export type { Authenticate, Principal } from './authentication/principal.ts'

/** What a handler finds in its context. */
export interface Environment {
  Variables: {
    /** An id of the request, for logs: the client's own, or a new one. */
    requestId: string
    principal: Principal
    /** What the principal's tenant has. */
    store: TenantStore
    /** What tells others of the request's span. */
    trace: TraceCarrier | undefined
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
  /** Answers in the chats of tenants; without it, what their documents say is the answer. */
  readonly answer?: AnswerChat | undefined
  /** Encrypts the keys of language models; without it none can be stored. */
  readonly encryption?: Encryption | undefined
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
  /** Where spans and measurements go; nowhere unless said. */
  readonly telemetry?: Telemetry
  /** Why requests should be sent elsewhere; undefined when they should not. */
  readonly notReady?: () => Promise<string | undefined>
  /** Whether nothing is done any more, because the server ends. */
  readonly isDone?: () => boolean
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

function problem(issue: { readonly path: readonly PropertyKey[]; readonly message: string }): {
  path: string
  message: string
} {
  const path = issue.path.map((key) => (typeof key === 'number' ? `[${key}]` : `.${String(key)}`)).join('')
  return { path: path.replace(/^\./, ''), message: issue.message }
}
