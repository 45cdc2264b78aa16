import type { Database, Listener } from '../database/database.ts'

/** What processes tell each other: a run waits for a worker, has new events, shall end; a cron has changed; a webhook waits. */
export type Topic = 'run' | 'event' | 'cancel' | 'cron' | 'webhook'

/** Tells whoever waits for something that it may have come, in this process and in the others on the same database. */
export interface WakeUps {
  /** Calls `handler` with the id of what the topic is about. The result ends that. */
  on(topic: Topic, handler: (id: string) => void): () => void
  /** Calls `handler` whenever messages may have been missed, so that it looks for itself. The result ends that. */
  onGap(handler: () => void): () => void
  /** Tells this process. */
  emit(topic: Topic, id: string): void
  close(): Promise<void>
}

/** The channel of NOTIFY that all processes of a store listen on; a message is `topic id`. */
export const channel = 'metastore_store'

/** How long to wait before a listening connection that broke is made anew, in milliseconds. */
const patience = 1000

/**
 * Wake-ups over LISTEN where the database has it (PostgreSQL manual, LISTEN). Nothing relies on a message: behind a transaction
 * pooler none arrives, and whoever waits also looks from time to time.
 */
export function wakeUps(database: Database): WakeUps {
  const handlers = new Map<Topic, Set<(id: string) => void>>()
  const gaps = new Set<() => void>()
  const stop = new AbortController()
  let listener: Promise<Listener | undefined> | undefined
  let timer: NodeJS.Timeout | undefined

  const emit = (topic: Topic, id: string): void => {
    for (const handler of handlers.get(topic) ?? []) handler(id)
  }
  const listen = async (): Promise<Listener | undefined> => {
    if (database.listen === undefined) return undefined
    try {
      const made = await database.listen(channel, (message) => {
        const [topic = '', id = ''] = message.split(' ')
        emit(topic as Topic, id)
      })
      made.lost.addEventListener('abort', again, { once: true })
      for (const gap of gaps) gap()
      return made
    } catch {
      again()
      return undefined
    }
  }
  const again = (): void => {
    if (stop.signal.aborted) return
    timer = setTimeout(() => {
      listener = listen()
    }, patience)
    timer.unref()
  }

  return {
    on(topic, handler) {
      listener ??= listen()
      const all = handlers.get(topic) ?? new Set()
      handlers.set(topic, all.add(handler))
      return () => all.delete(handler)
    },
    onGap(handler) {
      gaps.add(handler)
      return () => gaps.delete(handler)
    },
    emit,
    async close() {
      stop.abort()
      clearTimeout(timer)
      handlers.clear()
      await (await listener)?.close()
    },
  }
}
