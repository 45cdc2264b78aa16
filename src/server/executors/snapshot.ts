import type { CheckpointReference, Interrupt, ThreadState } from './executor.ts'
import type { JsonObject } from '../../store/store.ts'
import { plain } from './plain.ts'

/** The state of a graph as LangGraph.js gives it. */
export interface Snapshot {
  readonly values: unknown
  readonly next: readonly string[]
  readonly tasks: readonly SnapshotTask[]
  readonly metadata?: object | undefined
  readonly createdAt?: string | undefined
  readonly config: SnapshotConfig
  readonly parentConfig?: SnapshotConfig | undefined
}

interface SnapshotTask {
  readonly id: string
  readonly name: string
  readonly path?: readonly unknown[]
  readonly error?: unknown
  readonly interrupts: readonly { readonly id?: string; readonly value?: unknown }[]
  readonly state?: unknown
  readonly result?: unknown
}

interface SnapshotConfig {
  readonly configurable?: Readonly<Record<string, unknown>>
}

/** A state in the form of the protocol. */
export function threadState(snapshot: Snapshot): ThreadState {
  const tasks = snapshot.tasks.map(taskState)
  return {
    values: plain(snapshot.values),
    next: snapshot.next,
    tasks,
    metadata: plain(snapshot.metadata ?? {}) as JsonObject,
    created_at: snapshot.createdAt ?? null,
    checkpoint: checkpointReference(snapshot.config),
    parent_checkpoint: snapshot.parentConfig === undefined ? null : checkpointReference(snapshot.parentConfig),
    interrupts: tasks.flatMap(({ interrupts }) => interrupts),
  }
}

/** Where a config of LangGraph points to; null when it names no checkpoint. */
export function checkpointReference({ configurable = {} }: SnapshotConfig): CheckpointReference | null {
  const { thread_id, checkpoint_ns = '', checkpoint_id, checkpoint_map } = configurable
  if (typeof checkpoint_id !== 'string') return null
  return {
    thread_id: String(thread_id),
    checkpoint_ns: String(checkpoint_ns),
    checkpoint_id,
    checkpoint_map: (checkpoint_map as JsonObject | undefined) ?? null,
  }
}

function taskState(task: SnapshotTask): ThreadState['tasks'][number] {
  return {
    id: task.id,
    name: task.name,
    path: task.path ?? [],
    error: plain(task.error) ?? null,
    interrupts: task.interrupts.map(interruptOf),
    ...subgraphOf(task.state),
    result: plain(task.result) ?? null,
  }
}

function interruptOf({ id, value }: { readonly id?: string; readonly value?: unknown }): Interrupt {
  return { id: id ?? '', value: plain(value) ?? null }
}

// A subgraph's state, where it was asked for, or else where it is.
function subgraphOf(state: unknown): { readonly checkpoint: unknown; readonly state: unknown } {
  if (typeof state !== 'object' || state === null) return { checkpoint: null, state: null }
  if ('values' in state) return { checkpoint: null, state: threadState(state as Snapshot) }
  return { checkpoint: (state as SnapshotConfig).configurable ?? null, state: null }
}
