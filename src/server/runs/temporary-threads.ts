import type { TenantStore } from '../../store/store.ts'

/** Milliseconds that threads wait for others, to be removed together. */
const delay = 100

/** How many are removed at a time. */
const most = 200

/** The removal of threads that were made for runs which have ended and been read. What it misses is swept. */
export interface TemporaryThreads {
  /** Removes a thread soon. */
  remove(store: TenantStore, threadId: string): void
  /** Removes those that wait, and waits for that. */
  close(): Promise<void>
}

/** Removes threads together, those of a tenant and user at a time. */
export function temporaryThreads(onFailure: (error: Error) => void): TemporaryThreads {
  const waiting = new Map<TenantStore, readonly string[]>()
  let timer: NodeJS.Timeout | undefined
  let removing = Promise.resolve()
  let closed = false

  const removeAll = async (): Promise<void> => {
    const all = [...waiting]
    waiting.clear()
    for (const [store, threadIds] of all) {
      for (let first = 0; first < threadIds.length; first += most) {
        await store.runs
          .removeTemporaryThreads(threadIds.slice(first, first + most))
          .catch((error: unknown) => onFailure(error as Error))
      }
    }
  }
  const start = (): void => {
    timer = undefined
    removing = removing.then(removeAll)
  }
  return {
    remove(store, threadId) {
      if (closed) return
      waiting.set(store, [...(waiting.get(store) ?? []), threadId])
      timer ??= setTimeout(start, delay)
    },
    async close() {
      closed = true
      clearTimeout(timer)
      start()
      await removing
    },
  }
}
