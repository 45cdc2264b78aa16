import { hasEnded, type PlacedRun, type TenantStore } from '../../store/store.ts'
import type { RunService } from './run-service.ts'
import { eventText, heartbeatText } from './run-stream.ts'

/** What of the runs of a thread a stream tells: all of it, their beginnings and ends, or the state after each. */
export const threadStreamModes = ['run_modes', 'lifecycle', 'state_update'] as const

/** Which events of a thread somebody reads. */
export interface ThreadStreamQuery {
  readonly store: TenantStore
  readonly threadId: string
  readonly modes: readonly (typeof threadStreamModes)[number][]
  /** The id of the event after which they begin; `-` for all of them, undefined for those to come. */
  readonly after: string | undefined
  readonly signal: AbortSignal
}

/** Where a stream is: after an event of a run (-1: before the first), or after all of them. */
interface Position {
  readonly run: PlacedRun
  readonly seq: number | 'end'
}

/** The events of all runs of a thread, one run after another, as text of server-sent events, until the reader goes. */
export async function* threadStream(service: RunService, query: ThreadStreamQuery): AsyncGenerator<string> {
  const { store, threadId, signal } = query
  using watch = service.watches.open(`thread:${threadId}`)
  let at = await beginning(query)
  while (!signal.aborted) {
    if (at !== undefined && at.seq !== 'end') {
      yield* eventsOfRun(service, query, at.run, at.seq)
      at = { run: at.run, seq: 'end' }
      continue
    }
    const next = await store.runs.next(threadId, at?.run.place)
    if (next !== undefined) at = { run: next, seq: -1 }
    else if (!(await watch.changed(service.heartbeat, signal))) yield heartbeatText
  }
}

async function beginning({ store, threadId, after }: ThreadStreamQuery): Promise<Position | undefined> {
  if (after === '-') return undefined
  const [runId, seq] = after === undefined ? [] : after.split(':')
  const known = runId !== undefined && /^[\da-f-]{36}$/i.test(runId) && /^(?:\d{1,15}|end)$/.test(seq ?? '')
  const run = await store.runs.place(threadId, known ? runId : undefined)
  if (run === undefined) return undefined
  if (known) return { run, seq: seq === 'end' ? 'end' : Number(seq) }
  return hasEnded(run.status) ? { run, seq: 'end' } : { run, seq: await store.runEvents.last(run.run_id) }
}

async function* eventsOfRun(
  service: RunService,
  { store, threadId, modes, signal }: ThreadStreamQuery,
  { run_id }: PlacedRun,
  after: number,
): AsyncGenerator<string> {
  using watch = service.watches.open(run_id)
  const all = modes.includes('run_modes')
  const lifecycle = all || modes.includes('lifecycle')
  let last = after
  while (!signal.aborted) {
    const page = await store.runEvents.after(run_id, last)
    for (const event of page?.events ?? []) {
      if (event.seq <= last) continue
      last = event.seq
      if (all || (lifecycle && event.event === 'metadata')) yield eventText(event, `${run_id}:${event.seq}`)
    }
    if (page?.more === true) continue
    if (page === undefined || hasEnded(page.status)) break
    if (!(await watch.changed(service.heartbeat, signal))) yield heartbeatText
  }
  if (signal.aborted) return
  if (modes.includes('state_update')) {
    const thread = await store.threads.get(threadId)
    const data = JSON.stringify({ thread_id: threadId, run_id, status: thread.status, values: thread.values })
    yield eventText({ event: 'state_update', data }, `${run_id}:${last}`)
  }
  const done = JSON.stringify({ status: 'run_done', run_id })
  if (lifecycle) yield eventText({ event: 'metadata', data: done }, `${run_id}:end`)
}
