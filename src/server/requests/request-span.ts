import type { Context } from 'hono'
import type { Telemetry } from '../../telemetry/telemetry.ts'
import type { Environment } from '../app.ts'
import { isPublic } from '../authentication/public-paths.ts'

/**
 * Answers a request in a span, by the names that OpenTelemetry has for HTTP. It goes on with the trace that the client tells of.
 * Probes and the like have none: they come every few seconds, and would be most of what there is.
 */
export async function requestSpan(
  c: Context<Environment>,
  telemetry: Telemetry,
  route: string | undefined,
  answer: () => Promise<void>,
): Promise<void> {
  const { method, path } = c.req
  if (isPublic(path)) return answer()
  const attributes = {
    'http.request.method': method,
    'metastore.request.id': c.var.requestId,
    ...(route !== undefined && { 'http.route': route }),
  }
  return telemetry.span(
    route === undefined ? method : `${method} ${route}`,
    attributes,
    async ({ set, fail }) => {
      c.set('trace', telemetry.carrier())
      await answer()
      const { status } = c.res
      set({ 'http.response.status_code': status })
      // Whoever was not let in has none.
      const { principal } = c.var as Partial<Environment['Variables']>
      if (principal !== undefined) set({ 'metastore.tenant.id': principal.tenantId })
      if (status >= 500) fail(c.error ?? { code: String(status) })
    },
    { kind: 'server', carrier: (name) => c.req.header(name) },
  )
}
