import { hasEnded, type PlacedRun, type StateUpdate, type TenantStore, type UpdatePlace } from '../../store/store.ts'
import type { CheckpointReference, ThreadState } from '../executors/executor.ts'
import type { RunService } from './run-service.ts'
import { eventText, heartbeatText } from './run-stream.ts'

/** What of a thread a stream tells: all of its runs, their beginnings and ends, or the state after each and after each update. */
export const threadStreamModes = ['run_modes', 'lifecycle', 'state_update'] as const

/** Which events of a thread somebody reads. */
export interface ThreadStreamQuery {
  readonly store: TenantStore
  readonly threadId: string
  readonly modes: readonly (typeof threadStreamModes)[number][]
  /** The id of the event after which they begin; `-` for all of them, undefined for those to come. */
  readonly after: string | undefined
  /** Reads the state of the thread at a checkpoint, or the newest; undefined when nobody can. */
  readonly stateAt: (checkpoint: Partial<CheckpointReference> | undefined) => Promise<ThreadState | undefined>
  readonly signal: AbortSignal
}

// Of an event of a run, or of an update after that run (or before all).
const eventId = /^([\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12})?:(?:(\d{1,15}|end)|state:([\w-]{1,100}))$/i

/** Where a stream is: after an event of a run (-1: before the first) or after all of them, and after which update. */
interface Position {
  readonly run: PlacedRun | undefined
  readonly seq: number | 'end'
  readonly update: UpdatePlace | undefined
}

/**
 * The events of all runs of a thread, one run after another, and of its updates from outside between them, as text of server-sent
 * events, until the reader goes.
 */
export async function* threadStream(service: RunService, query: ThreadStreamQuery): AsyncGenerator<string> {
  const { signal } = query
  using watch = service.watches.open(`thread:${query.threadId}`)
  let at = await beginning(query)
  while (!signal.aborted) {
    if (at.run !== undefined && at.seq !== 'end') {
      yield* eventsOfRun(service, query, at.run, at.seq)
      at = { ...at, seq: 'end' }
      continue
    }
    const next = await nextOf(query, at)
    if (next !== undefined && 'run_id' in next) at = { ...at, run: next, seq: -1 }
    else if (next !== undefined) {
      yield await stateEvent(query, `${at.run?.run_id ?? ''}:state:${next.checkpoint_id}`, { update: next })
      at = { ...at, update: next }
    } else if (!(await watch.changed(service.heartbeat, signal))) yield heartbeatText
  }
}

async function beginning({ store, threadId, modes, after }: ThreadStreamQuery): Promise<Position> {
  const begin: Position = { run: undefined, seq: 'end', update: undefined }
  if (after === '-') return begin
  const known = eventId.exec(after ?? '')
  const [, runId, seq, checkpointId] = known ?? []
  if (known !== null && (runId !== undefined || checkpointId !== undefined)) {
    const run = runId === undefined ? undefined : await store.runs.place(threadId, runId)
    const update = checkpointId === undefined ? undefined : await store.stateUpdates.place(threadId, checkpointId)
    // No state is written from outside while a run is under way: what comes after its beginning comes after its end.
    return { run, seq: seq === undefined || seq === 'end' ? 'end' : Number(seq), update: update ?? run }
  }
  const run = await store.runs.place(threadId, undefined)
  const update = modes.includes('state_update') ? await store.stateUpdates.place(threadId, undefined) : undefined
  const isOver = run === undefined || hasEnded(run.status)
  return { run, seq: isOver ? 'end' : await store.runEvents.last(run.run_id), update: update ?? run }
}

// What has happened first of what was not told yet.
async function nextOf(
  { store, threadId, modes }: ThreadStreamQuery,
  { run, update }: Position,
): Promise<PlacedRun | StateUpdate | undefined> {
  const nextRun = () => store.runs.next(threadId, run?.place)
  const before = await nextRun()
  const written = modes.includes('state_update') ? await store.stateUpdates.next(threadId, update) : undefined
  if (written === undefined) return before
  // What was made while the update was looked for may come before it.
  const made = before ?? (await nextRun())
  return made === undefined || Date.parse(written.place) <= Date.parse(made.place) ? written : made
}

async function* eventsOfRun(
  service: RunService,
  query: ThreadStreamQuery,
  { run_id }: PlacedRun,
  after: number,
): AsyncGenerator<string> {
  const { store, modes, signal } = query
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
    // Nothing more is told of the run, unless that it is done.
    yield await stateEvent(query, `${run_id}:${lifecycle ? last : 'end'}`, { runId: run_id })
  }
  const done = JSON.stringify({ status: 'run_done', run_id })
  if (lifecycle) yield eventText({ event: 'metadata', data: done }, `${run_id}:end`)
}

async function stateEvent(
  { store, threadId, stateAt }: ThreadStreamQuery,
  id: string,
  of: { readonly update: StateUpdate } | { readonly runId: string },
): Promise<string> {
  const thread = await store.threads.get(threadId)
  const at = 'update' in of ? of.update : undefined
  const state = await stateAt(at && { checkpoint_ns: at.checkpoint_ns, checkpoint_id: at.checkpoint_id })
  const data = {
    thread_id: threadId,
    run_id: 'runId' in of ? of.runId : null,
    status: thread.status,
    values: state === undefined ? thread.values : state.values,
    state: state ?? null,
  }
  return eventText({ event: 'state_update', data: JSON.stringify(data) }, id)
}
