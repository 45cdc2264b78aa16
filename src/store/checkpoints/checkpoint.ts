import type { JsonObject } from '../values.ts'

/** The value of a channel in one version, serialized. Without bytes (type `empty`) the channel has no value. */
export interface ChannelBlob {
  readonly channel: string
  readonly version: string
  readonly type: string
  readonly blob: Uint8Array | null
}

/** What a task has written and no checkpoint has yet. */
export interface CheckpointWrite {
  readonly task_id: string
  readonly idx: number
  readonly channel: string
  readonly type: string
  readonly blob: Uint8Array
}

/** A checkpoint without its values. */
export interface CheckpointHead {
  readonly thread_id: string
  readonly checkpoint_ns: string
  readonly checkpoint_id: string
  readonly parent_checkpoint_id: string | null
  /** In the form of LangGraph, without `channel_values`. */
  readonly checkpoint: JsonObject
  readonly metadata: JsonObject
}

/** A checkpoint as it is stored. */
export interface StoredCheckpoint extends CheckpointHead {
  /** The name of a thread that is known by something else than a UUID. */
  readonly reference: string | null
  readonly channels: readonly ChannelBlob[]
  /** In the order of task and index. */
  readonly writes: readonly CheckpointWrite[]
}

/** A checkpoint that is to be stored, with the channels that are new in it. */
export interface NewCheckpoint extends CheckpointHead {
  /** The run that it is of. */
  readonly run_id: string | undefined
  readonly channels: readonly ChannelBlob[]
}

/** Where writes belong. */
export interface WritesOf {
  readonly threadId: string
  readonly namespace: string
  readonly checkpointId: string
  /** The run that writes them. */
  readonly runId?: string | undefined
}
