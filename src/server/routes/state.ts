import { createRoute, z } from '@hono/zod-openapi'
import { invalid, lockIdleThread, notFound, saveThreadState, type TenantStore } from '../../store/store.ts'
import type { App, Services } from '../app.ts'
import type { CheckpointReference, Executor, ThreadState } from '../executors/executor.ts'
import { executorFor } from '../executors/find-executor.ts'
import { noState, projectionOf, selectedState } from '../threads/thread-state.ts'
import { queryBoolean, queryList } from '../forms/wire.ts'
import { checkpointBody, placeOf, stateSchema, threadParams, updateBody, updatedSchema } from '../forms/state.ts'

const tags = ['Threads']
const query = z.object({ subgraphs: queryBoolean, select: queryList })
const answer = { 200: { description: 'The state', content: { 'application/json': { schema: stateSchema } } } }

/** What a thread's state is, and changes of it from outside. */
export function stateRoutes(app: App, services: Services): void {
  readRoutes(app, services)
  updateRoute(app, services)
}

function readRoutes(app: App, { executors }: Services): void {
  const newest = createRoute({
    method: 'get',
    path: '/threads/{thread_id}/state',
    tags,
    summary: 'Get the newest state of a thread',
    request: { params: threadParams, query },
    responses: answer,
  })
  app.openapi(newest, async (c) => {
    const { subgraphs, select } = c.req.valid('query')
    const found = await read(executors, c.var.store, { threadId: c.req.valid('param').thread_id, subgraphs })
    return c.json(sent(found, select), 200)
  })

  const byId = createRoute({
    method: 'get',
    path: '/threads/{thread_id}/state/{checkpoint_id}',
    tags,
    summary: 'Get the state of a thread at a checkpoint',
    request: { params: threadParams.extend({ checkpoint_id: z.string() }), query },
    responses: answer,
  })
  app.openapi(byId, async (c) => {
    const { subgraphs, select } = c.req.valid('query')
    const { thread_id: threadId, checkpoint_id } = c.req.valid('param')
    const found = await read(executors, c.var.store, { threadId, checkpoint: { checkpoint_id }, subgraphs })
    return c.json(sent(found, select), 200)
  })

  const atPlace = createRoute({
    method: 'post',
    path: '/threads/{thread_id}/state/checkpoint',
    tags,
    summary: 'Get the state of a thread at a checkpoint, also of a subgraph',
    request: { params: threadParams, body: { content: { 'application/json': { schema: checkpointBody } } } },
    responses: answer,
  })
  app.openapi(atPlace, async (c) => {
    const { checkpoint, subgraphs, select } = c.req.valid('json')
    const wanted = { threadId: c.req.valid('param').thread_id, checkpoint: placeOf(checkpoint) }
    const found = await read(executors, c.var.store, { ...wanted, subgraphs: subgraphs ?? undefined })
    return c.json(sent(found, select), 200)
  })
}

function updateRoute(app: App, { executors }: Services): void {
  const update = createRoute({
    method: 'post',
    path: '/threads/{thread_id}/state',
    tags,
    summary: 'Write into the state of a thread; at an older checkpoint this begins a fork',
    request: { params: threadParams, body: { content: { 'application/json': { schema: updateBody } } } },
    responses: {
      200: { description: 'Where the new state is', content: { 'application/json': { schema: updatedSchema } } },
    },
  })
  app.openapi(update, async (c) => {
    const { values, as_node, checkpoint, checkpoint_id } = c.req.valid('json')
    const place = placeOf({ ...checkpoint, ...(checkpoint_id != null && { checkpoint_id }) })
    const what = { values, asNode: as_node ?? undefined, checkpoint: place }
    const written = await write(executors, c.var.store, { ...what, threadId: c.req.valid('param').thread_id })
    const reference = {
      thread_id: written.thread_id,
      checkpoint_ns: written.checkpoint_ns,
      checkpoint_id: written.checkpoint_id,
    }
    return c.json({ checkpoint: reference, configurable: reference }, 200)
  })
}

interface Place {
  readonly threadId: string
  readonly checkpoint?: Partial<CheckpointReference> | undefined
  readonly subgraphs?: boolean | undefined
}

async function read(executors: readonly Executor[], store: TenantStore, place: Place): Promise<ThreadState> {
  const { graph_id: graphId } = await store.threads.get(place.threadId)
  const found = graphId === null ? undefined : await executorFor(executors, graphId).state({ store, graphId, ...place })
  if (found !== undefined) return found
  if (place.checkpoint?.checkpoint_id !== undefined) throw notFound('checkpoint', place.checkpoint.checkpoint_id)
  return noState
}

// The state and what the thread's row says of it are written together.
function write(
  executors: readonly Executor[],
  outside: TenantStore,
  { threadId, checkpoint, ...what }: Place & { readonly values: unknown; readonly asNode: string | undefined },
): Promise<CheckpointReference> {
  return outside.transaction(async (store, tx) => {
    const { graph_id: graphId } = await lockIdleThread(tx, threadId)
    if (graphId === null) throw invalid('', `The thread ${threadId} has no graph yet: its first run gives it one.`)
    const executor = executorFor(executors, graphId)
    const thread = { store, threadId, graphId }
    const id = checkpoint?.checkpoint_id
    if (id !== undefined && (await executor.state({ ...thread, checkpoint })) === undefined) {
      throw notFound('checkpoint', id)
    }
    const written = await executor.updateState({ ...thread, checkpoint, ...what })
    const newest = await executor.state(thread)
    if (newest !== undefined) await saveThreadState(tx, threadId, projectionOf(newest))
    tx.wake('event', `thread:${threadId}`)
    return written
  })
}

function sent(state: ThreadState, select: readonly string[] | null | undefined): z.infer<typeof stateSchema> {
  return selectedState(state, select) as z.infer<typeof stateSchema>
}
