import type { CheckpointAccess, JsonObject, TenantStore } from '../../store/store.ts'

/** Where in a thread's history something is. */
export interface CheckpointReference {
  readonly thread_id: string
  readonly checkpoint_ns: string
  readonly checkpoint_id: string
  readonly checkpoint_map?: JsonObject | null
}

/** One run of a graph that is to be executed now, as the worker that has claimed it gives it to its executor. */
export interface Execution {
  readonly store: TenantStore
  readonly runId: string
  readonly threadId: string
  readonly assistantId: string
  readonly graphId: string
  /** 1 for the first; a later one goes on from the last checkpoint. */
  readonly attempt: number
  readonly input: unknown
  readonly command: { readonly update?: unknown; readonly resume?: unknown; readonly goto?: unknown } | undefined
  /** Merged: of the assistant, of the thread, of the run. */
  readonly config: JsonObject
  readonly context: JsonObject
  readonly metadata: JsonObject
  /** Where to start instead of the newest checkpoint. */
  readonly checkpoint: Partial<CheckpointReference> | undefined
  readonly interruptBefore: readonly string[] | '*' | undefined
  readonly interruptAfter: readonly string[] | '*' | undefined
  /** As asked for; each event that is given is one of these. */
  readonly streamModes: readonly string[]
  readonly streamSubgraphs: boolean
  readonly durability: 'sync' | 'async' | 'exit'
  /** Aborts when the run is cancelled, has taken too long, or its worker has lost it. */
  readonly signal: AbortSignal
  /** The checkpoints of the thread, with those that the run is about to write. */
  readonly checkpoints: CheckpointAccess
}

/** What a run tells: the name of a stream mode (with `|namespace` for a subgraph), and its data as JSON. */
export interface ExecutionEvent {
  readonly event: string
  readonly data: unknown
}

/** An interruption that waits for an answer. */
export interface Interrupt {
  readonly id: string
  readonly value: unknown
}

/** What a thread's state is at a checkpoint, in the form of the protocol. */
export interface ThreadState {
  readonly values: unknown
  readonly next: readonly string[]
  readonly tasks: readonly {
    readonly id: string
    readonly name: string
    readonly path: readonly unknown[]
    readonly error: unknown
    readonly interrupts: readonly Interrupt[]
    readonly checkpoint: unknown
    readonly state: unknown
    readonly result: unknown
  }[]
  readonly metadata: JsonObject
  readonly created_at: string | null
  readonly checkpoint: CheckpointReference | null
  readonly parent_checkpoint: CheckpointReference | null
  readonly interrupts: readonly Interrupt[]
}

/** JSON Schemas of what a graph takes and gives; null where they are not known. */
export interface GraphSchemas {
  readonly graph_id: string
  readonly input_schema: unknown
  readonly output_schema: unknown
  readonly state_schema: unknown
  readonly config_schema: unknown
  readonly context_schema: unknown
}

/** What executes the graphs that it knows: LangGraph.js graphs, a chat with a language model, the built-in assistant. */
export interface Executor {
  /** The graphs that it executes. */
  readonly graphIds: readonly string[]
  /** Whether they are this tool's, so that chats with agents of theirs need no run. */
  readonly isBuiltIn?: boolean
  /** Executes a run to its end, its failure or its interruption. Throws what the graph throws. */
  run(execution: Execution): AsyncIterable<ExecutionEvent>
  /** The state at a checkpoint, or the newest; undefined when there is no such checkpoint. */
  state(at: StateQuery): Promise<ThreadState | undefined>
  /** The states of a thread, the newest first. */
  history(query: HistoryQuery): AsyncIterable<ThreadState>
  /** Writes a state from outside, and returns where it is. Throws `request_invalid` for a node that the graph does not have. */
  updateState(update: StateUpdate): Promise<CheckpointReference>
  schemas(graphId: string): Promise<GraphSchemas>
  /** The nodes and edges of the graph; `xray` is how deep subgraphs are drawn. */
  draw(graphId: string, xray: boolean | number): Promise<{ readonly nodes: unknown[]; readonly edges: unknown[] }>
}

/** Which state. */
export interface StateQuery {
  readonly store: TenantStore
  readonly threadId: string
  readonly graphId: string
  readonly checkpoint?: Partial<CheckpointReference> | undefined
  readonly subgraphs?: boolean | undefined
  /** Where its checkpoints are read; in the store unless said. */
  readonly checkpoints?: CheckpointAccess | undefined
}

/** Which states. */
export interface HistoryQuery extends StateQuery {
  readonly limit: number
  /** The checkpoint before which to begin. */
  readonly before?: string | undefined
  /** What the metadata of each contains. */
  readonly metadata?: JsonObject | undefined
}

/** What to write into a thread's state. */
export interface StateUpdate extends StateQuery {
  readonly values: unknown
  readonly asNode?: string | undefined
}
