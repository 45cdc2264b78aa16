import { createRoute, z } from '@hono/zod-openapi'
import type { JsonObject, TenantStore } from '../../store/store.ts'
import type { App, Services } from '../app.ts'
import type { Executor, HistoryQuery, ThreadState } from '../executors/executor.ts'
import { executorFor } from '../executors/find-executor.ts'
import { selectedState } from '../threads/thread-state.ts'
import { historyBody, historyQuery, placeOf, stateSchema, threadParams } from '../forms/state.ts'

const tags = ['Threads']
const answer = {
  200: { description: 'The states', content: { 'application/json': { schema: z.array(stateSchema) } } },
}

/** What a thread's state was, the newest first. */
export function historyRoutes(app: App, { executors }: Services): void {
  const byBody = createRoute({
    method: 'post',
    path: '/threads/{thread_id}/history',
    tags,
    summary: 'List the states of a thread, the newest first',
    request: { params: threadParams, body: { content: { 'application/json': { schema: historyBody } } } },
    responses: answer,
  })
  app.openapi(byBody, async (c) => {
    const { limit, before, metadata, checkpoint, select } = c.req.valid('json')
    const found = await read(executors, c.var.store, {
      threadId: c.req.valid('param').thread_id,
      limit: limit ?? 10,
      before: before ?? undefined,
      metadata: (metadata ?? undefined) as JsonObject | undefined,
      checkpoint: placeOf(checkpoint),
    })
    return c.json(found.map((state) => selectedState(state, select)) as z.infer<typeof stateSchema>[], 200)
  })

  const byQuery = createRoute({
    method: 'get',
    path: '/threads/{thread_id}/history',
    tags,
    summary: 'List the states of a thread, the newest first',
    request: { params: threadParams, query: historyQuery },
    responses: answer,
  })
  app.openapi(byQuery, async (c) => {
    const { limit, before } = c.req.valid('query')
    const threadId = c.req.valid('param').thread_id
    const found = await read(executors, c.var.store, { threadId, limit: limit ?? 10, before })
    return c.json(found as z.infer<typeof stateSchema>[], 200)
  })
}

async function read(
  executors: readonly Executor[],
  store: TenantStore,
  query: Omit<HistoryQuery, 'store' | 'graphId'>,
): Promise<ThreadState[]> {
  const { graph_id: graphId } = await store.threads.get(query.threadId)
  const found: ThreadState[] = []
  if (graphId === null) return found
  for await (const state of executorFor(executors, graphId).history({ store, graphId, ...query })) found.push(state)
  return found
}
