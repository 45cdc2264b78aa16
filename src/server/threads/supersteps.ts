import { z } from '@hono/zod-openapi'
import { MetastoreError } from '../../errors.ts'
import { invalid, type Thread, type TenantStore } from '../../store/store.ts'
import type { Executor } from '../executors/executor.ts'
import { executorFor } from '../executors/find-executor.ts'
import { jsonObject } from '../forms/wire.ts'
import { projectionOf } from './thread-state.ts'

/** A step of a history that a thread begins with. */
export const superstepSchema = z.object({
  updates: z
    .array(
      z.object({
        values: z.union([jsonObject, z.array(z.unknown())]).nullish(),
        command: z.object({ update: z.unknown(), resume: z.unknown(), goto: z.unknown() }).partial().nullish(),
        as_node: z.string().nullish(),
      }),
    )
    .min(1),
})

/** A thread to be made, with the states that it begins with. */
export interface ThreadWithStates {
  readonly store: TenantStore
  readonly executors: readonly Executor[]
  readonly thread: Parameters<TenantStore['threads']['create']>[0]
  readonly ifExists: 'raise' | 'do_nothing' | undefined
  readonly supersteps: readonly z.infer<typeof superstepSchema>[]
}

/**
 * Makes a thread, and writes its states one after another, in one transaction: when one is refused there is no thread, and nobody
 * sees half of them. A thread that is there already gets no states. Throws `request_invalid` for what the graph does not take,
 * and what `threads.create` throws.
 */
export async function createWithStates({ store: outside, ...wanted }: ThreadWithStates): Promise<Thread> {
  const { thread, ifExists, supersteps } = wanted
  if (supersteps.length === 0) return outside.threads.create(thread, ifExists)
  const updates = updatesOf(supersteps)
  const graphId = thread.metadata?.graph_id
  if (typeof graphId !== 'string') throw invalid('metadata.graph_id', 'States need a graph: say which one.')
  const executor = executorFor(wanted.executors, graphId)
  return outside.transaction(async (store) => {
    const made = await store.threads.create(thread, 'raise').catch((error: unknown) => {
      if (ifExists === 'do_nothing' && error instanceof MetastoreError && error.code === 'conflict') return undefined
      throw error
    })
    if (made === undefined) return store.threads.get(thread.threadId ?? '')
    const { thread_id: threadId } = made
    for (const { values, asNode } of updates) await executor.updateState({ store, threadId, graphId, values, asNode })
    const state = await executor.state({ store, threadId, graphId })
    if (state !== undefined) await store.threads.saveState(threadId, projectionOf(state))
    return store.threads.get(threadId)
  })
}

// Each update is a state of its own: that is what executors write.
function updatesOf(
  supersteps: ThreadWithStates['supersteps'],
): { readonly values: unknown; readonly asNode: string | undefined }[] {
  return supersteps.flatMap((step, index) =>
    step.updates.map(({ values, command, as_node }, place) => {
      for (const part of ['resume', 'goto'] as const) {
        if (command?.[part] == null) continue
        throw invalid(
          `supersteps[${index}].updates[${place}].command.${part}`,
          'A history says what was written; only a run resumes and goes on.',
        )
      }
      return { values: command?.update ?? values ?? null, asNode: as_node ?? undefined }
    }),
  )
}
