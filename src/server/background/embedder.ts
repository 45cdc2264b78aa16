import { embedWaiting, queueItems, type Store } from '../../store/store.ts'
import { type RepeatedWork, repeatWork, type RepeatedWorkOptions } from './repeated-work.ts'

/**
 * Asks the embedding model about what waits for it, from now on: what was written before there was one, or while it was away. A store
 * without a model has nothing to do.
 */
export function startEmbedder(
  { embeddings, admin }: Store,
  signal: AbortSignal,
  options: Omit<RepeatedWorkOptions, 'pass'>,
): RepeatedWork[] {
  if (embeddings === undefined) return []
  // Once: what is written from now on waits by itself.
  let queued = false
  const pass = async (): Promise<number> => {
    if (!queued) await queueItems(admin.transaction, embeddings, signal)
    queued = true
    await embedWaiting(admin.transaction, embeddings, signal)
    return Infinity
  }
  const work = repeatWork({ ...options, pass })
  work.look()
  return [work]
}
