import type { ClaimedRun } from '../../store/store.ts'
import { noTelemetry, type TraceCarrier } from '../../telemetry/telemetry.ts'
import type { RunContext } from './run-context.ts'
import type { RunResult } from './run-finish.ts'

/**
 * Executes a run in a span, below the request or the cron that has made it, in whichever process that was. One that is taken over
 * has a span for each attempt.
 */
export async function runSpan(
  { telemetry = noTelemetry }: RunContext,
  run: ClaimedRun,
  execute: () => Promise<RunResult | undefined>,
): Promise<RunResult | undefined> {
  const trace = run.kwargs['trace'] as TraceCarrier | undefined
  const graph = { 'metastore.graph.id': run.kwargs['graph_id'] as string }
  const attributes = {
    ...graph,
    'metastore.run.id': run.run_id,
    'metastore.run.attempt': run.attempt,
    'metastore.thread.id': run.thread_id,
    'metastore.tenant.id': run.tenant_id,
  }
  return telemetry.span(
    'metastore.run',
    attributes,
    async ({ set, fail }) => {
      const began = performance.now()
      const result = await execute()
      // Without a result somebody else goes on with it, or it is gone.
      const ended = { 'metastore.run.status': result?.status ?? 'unfinished' }
      set(ended)
      if (result !== undefined && (result.status === 'error' || result.status === 'timeout')) fail(failureOf(result))
      telemetry.measure('metastore.run.duration', (performance.now() - began) / 1000, { ...graph, ...ended })
      return result
    },
    { kind: 'consumer', carrier: (name) => trace?.[name], apart: true },
  )
}

// Its name alone: a message of a graph may quote what a user wrote.
function failureOf({ status, body }: RunResult): { readonly code: string } {
  const { __error__: error } = body as { readonly __error__?: { readonly error: string } }
  return { code: error?.error ?? status }
}
