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

/** Removes threads together, tenant by tenant. */
export function temporaryThreads(onFailure: (error: Error) => void): TemporaryThreads {
  const waiting = new Map<string, { readonly store: TenantStore; readonly threadIds: readonly string[] }>()
  let timer: NodeJS.Timeout | undefined
  let removing = Promise.resolve()

  const removeAll = async (): Promise<void> => {
    const tenants = [...waiting.values()]
    waiting.clear()
    for (const { store, threadIds } of tenants) {
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
      const threadIds = waiting.get(store.id)?.threadIds ?? []
      waiting.set(store.id, { store, threadIds: [...threadIds, threadId] })
      timer ??= setTimeout(start, delay)
    },
    async close() {
      clearTimeout(timer)
      start()
      await removing
    },
  }
}
