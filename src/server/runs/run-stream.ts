import { hasEnded, type RunEvent, type TenantStore } from '../../store/store.ts'
import type { RunService } from './run-service.ts'
import { isRequested } from './stream-modes.ts'

/** Which events of a run somebody reads. */
export interface StreamQuery {
  readonly store: TenantStore
  readonly runId: string
  /** The place after which they begin; -1 for all of them. */
  readonly after: number
  /** Undefined: all that the run tells. */
  readonly modes: readonly string[] | undefined
  readonly signal: AbortSignal
}

/** The events of a run as text of server-sent events (HTML standard, 9.2), until the run has ended, with signs of life between. */
export async function* runStream(service: RunService, query: StreamQuery): AsyncGenerator<string> {
  const { store, runId, modes, signal } = query
  using watch = service.watches.open(runId)
  let last = query.after
  while (!signal.aborted) {
    const page = await store.runEvents.after(runId, last)
    if (page === undefined) return
    let text = ''
    for (const event of page.events) {
      // A batch whose first try was not known to have been written may be there twice.
      if (event.seq <= last) continue
      last = event.seq
      if (modes === undefined || isRequested(event.event, modes)) text += eventText(event, String(event.seq))
    }
    if (text !== '') yield text
    if (page.more) continue
    if (hasEnded(page.status)) return
    if (!(await watch.changed(service.heartbeat, signal))) yield heartbeatText
  }
}

/** What keeps a silent stream alive. Without an empty line, which SDKs take for the end of an event without a name. */
export const heartbeatText = ': heartbeat\n'

/** One event as text. */
export function eventText({ event, data }: Pick<RunEvent, 'event' | 'data'>, id: string): string {
  return `event: ${event.replaceAll(/[\r\n]/g, ' ')}\ndata: ${data}\nid: ${id}\n\n`
}

/** Where a reader goes on: after the event that it names, from the beginning with -1; undefined when it does not say. */
export function lastEventId(headers: Headers): number | undefined {
  const text = headers.get('last-event-id')
  if (text === null || !/^-?\d{1,15}$/.test(text)) return undefined
  return Math.max(-1, Number(text))
}

/** A body that is read from an iterator as fast as the client reads it. `onClose` hears whether the client went away. */
export function streamBody(
  chunks: AsyncIterator<string>,
  service: Pick<RunService, 'track' | 'closing'>,
  abort: AbortController,
  onClose: (gone: boolean) => Promise<void>,
): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder()
  let settle: () => void = () => {}
  void service.track(new Promise<void>((resolve) => (settle = resolve)))
  const ended = async (gone: boolean): Promise<void> => {
    abort.abort()
    await onClose(gone).finally(settle)
  }
  return new ReadableStream({
    async pull(controller) {
      const next = await chunks.next()
      if (next.done !== true) return controller.enqueue(encoder.encode(next.value))
      // Whoever reads on elsewhere must not take this for the end of the run: the server breaks the connection off.
      if (!service.closing.aborted) controller.close()
      await ended(false)
    },
    cancel: () => ended(true),
  })
}
