import type { RunEvent } from '../../store/store.ts'

/** How much may wait to be written before whoever tells has to wait as well. */
const patience = { events: 500, characters: 1_000_000 }

/** How many events are written at a time. */
const batchSize = 200

/** What one run tells, on its way to the event log of the store. */
export interface EventLog {
  /** Notes an event, and waits while too much is unwritten. Throws what JSON cannot say. */
  add(event: string, data: unknown): Promise<void>
  /** Takes no more, and returns what is not written yet, with the place of the next event. */
  close(): Promise<{ readonly unwritten: RunEvent[]; readonly next: number }>
}

/** What a log needs. */
interface EventLogOptions {
  /** The place of the first event. */
  readonly next: number
  /** Milliseconds to collect events before they are written, so that a short run writes them together with its end. */
  readonly delay: number
  /** Writes events, in order. */
  readonly write: (events: readonly RunEvent[]) => Promise<void>
  /** Called when they cannot be written. */
  readonly onFailure: (error: unknown) => void
}

/** Collects the events of a run and writes them in batches, without making the run wait for each. */
export function eventLog({ next: first, delay, write, onFailure }: EventLogOptions): EventLog {
  let next = first
  let buffer: RunEvent[] = []
  let characters = 0
  let writing: Promise<void> | undefined
  let timer: NodeJS.Timeout | undefined
  let closed = false

  const flush = async (): Promise<void> => {
    while (buffer.length > 0 && !closed) {
      const batch = buffer.slice(0, batchSize)
      await write(batch)
      buffer = buffer.slice(batch.length)
      characters -= batch.reduce((sum, { data }) => sum + data.length, 0)
    }
  }
  const start = (): Promise<void> => {
    timer = undefined
    writing ??= flush()
      .catch(onFailure)
      .finally(() => (writing = undefined))
    return writing
  }

  return {
    async add(event, data) {
      if (closed) return
      const text = (JSON.stringify(data) as string | undefined) ?? 'null'
      buffer.push({ seq: next++, event, data: text })
      characters += text.length
      if (buffer.length > patience.events || characters > patience.characters) await start()
      else if (writing === undefined) timer ??= setTimeout(() => void start(), delay)
    },
    async close() {
      closed = true
      clearTimeout(timer)
      await writing
      return { unwritten: buffer, next }
    },
  }
}
