import type { NewCheckpoint, PlacedWrite, RunEvent, RunWrites } from '../../store/store.ts'

/** How much may wait to be written before whoever tells has to wait as well. */
const patience = { entries: 500, size: 1_000_000 }

/** How many entries are written at a time. */
const batchSize = 200

/** What one run writes, on its way to the store: what it tells and its checkpoints, in the order in which they came. */
export interface RunLog {
  /** Notes an event, and waits while too much is unwritten. Throws what JSON cannot say. */
  event(event: string, data: unknown): Promise<void>
  /** Notes a checkpoint, and waits while too much is unwritten. */
  checkpoint(checkpoint: NewCheckpoint): Promise<void>
  /** Notes writes to a checkpoint, and waits while too much is unwritten. */
  writes(writes: readonly PlacedWrite[]): Promise<void>
  /** Waits until all that is noted is written. Throws what that has failed with. */
  flush(): Promise<void>
  /** Takes no more, and returns what is not written yet, with the place of the next event. After a failure, only events. */
  close(): Promise<{ readonly unwritten: RunWrites; readonly next: number }>
  /** What a write has failed with; nothing is written after that. */
  readonly failure: { readonly cause: unknown } | undefined
}

/** What a log needs. */
interface RunLogOptions {
  /** The place of the first event. */
  readonly next: number
  /** Milliseconds to collect entries before they are written, so that a short run writes them together with its end. */
  readonly delay: number
  /** Writes entries, all or nothing. */
  readonly write: (writes: RunWrites) => Promise<void>
  /** Called when they cannot be written. */
  readonly onFailure: (cause: unknown) => void
}

/** One thing that is to be written, and about how large it is. */
interface Entry {
  readonly events?: readonly RunEvent[]
  readonly checkpoints?: readonly NewCheckpoint[]
  readonly writes?: readonly PlacedWrite[]
  readonly size: number
}

/** Collects what a run writes and stores it in batches, without making the run wait for each. */
export function runLog({ next: first, delay, write, onFailure }: RunLogOptions): RunLog {
  let next = first
  let buffer: Entry[] = []
  let size = 0
  let writing: Promise<void> | undefined
  let timer: NodeJS.Timeout | undefined
  let closed = false
  let failure: { readonly cause: unknown } | undefined

  const writeAll = async (): Promise<void> => {
    while (buffer.length > 0 && failure === undefined && !closed) {
      const batch = buffer.slice(0, batchSize)
      try {
        await write(together(batch))
      } catch (cause) {
        failure = { cause }
        onFailure(cause)
        return
      }
      buffer = buffer.slice(batch.length)
      size -= sizeOf(batch)
    }
  }
  const start = (): Promise<void> => {
    clearTimeout(timer)
    timer = undefined
    writing ??= writeAll().finally(() => (writing = undefined))
    return writing
  }
  const add = async (entry: Entry): Promise<void> => {
    if (closed) return
    buffer.push(entry)
    size += entry.size
    if (buffer.length > patience.entries || size > patience.size) await start()
    else if (writing === undefined) timer ??= setTimeout(() => void start(), delay)
  }

  return {
    async event(event, data) {
      if (closed) return
      const text = (JSON.stringify(data) as string | undefined) ?? 'null'
      await add({ events: [{ seq: next++, event, data: text }], size: text.length })
    },
    checkpoint: (checkpoint) => add({ checkpoints: [checkpoint], size: bytesOf(checkpoint.channels) }),
    writes: (writes) => add({ writes, size: bytesOf(writes) }),
    async flush() {
      while (buffer.length > 0 && failure === undefined && !closed) await start()
      if (failure !== undefined) throw failure.cause
    },
    async close() {
      closed = true
      clearTimeout(timer)
      await writing
      const unwritten = together(buffer)
      return { unwritten: failure === undefined ? unwritten : { ...together([]), events: unwritten.events }, next }
    },
    get failure() {
      return failure
    },
  }
}

function together(entries: readonly Entry[]): RunWrites {
  return {
    events: entries.flatMap(({ events = [] }) => events),
    checkpoints: entries.flatMap(({ checkpoints = [] }) => checkpoints),
    writes: entries.flatMap(({ writes = [] }) => writes),
  }
}

function sizeOf(entries: readonly Entry[]): number {
  return entries.reduce((sum, { size }) => sum + size, 0)
}

function bytesOf(values: readonly { readonly blob: Uint8Array | null }[]): number {
  return values.reduce((sum, { blob }) => sum + (blob?.byteLength ?? 0), 0)
}
