import type { RunnableConfig } from '@langchain/core/runnables'
import type {
  ChannelVersions,
  Checkpoint,
  CheckpointMetadata,
  PendingWrite,
  SerializerProtocol,
} from '@langchain/langgraph-checkpoint'
import { type CheckpointAccess, type JsonObject, refuseNul, type TenantStore } from '../store/store.ts'
import { configurableText } from './configurable.ts'
import { serializedChannels, serializedWrites } from './serialized.ts'
import { nameOfThread, threadUuid } from './thread-name.ts'
import { checkpointIdOf } from './tuple.ts'

/** Looks after writes of which LangGraph reads no end when a run is cancelled or fails. */
export interface WriteWatch {
  /** What is being written at the moment. */
  readonly writing: Set<Promise<unknown>>
  /** Hears of a write that has failed, instead of LangGraph, which would leave the failure unread and so end the process. */
  failed(error: unknown): void
}

/** What a saver works with. */
export interface SaverOptions {
  /** The tenant's store, when it is asked for. */
  readonly store: () => Promise<TenantStore>
  /** Makes the row of a thread that is not there; a server's threads are made by its API. */
  readonly makesThreads: boolean
  /** The run that it is for: its checkpoints are the run's. */
  readonly runId?: string | undefined
  /** What the metadata of each checkpoint says besides what the graph says. */
  readonly metadata?: JsonObject | undefined
  /** Where checkpoints are read and written, when that is not the store itself. */
  readonly checkpoints?: CheckpointAccess | undefined
  readonly serde?: SerializerProtocol | undefined
  /** Who looks after the writes of a run; without it, whoever has asked for a write does. */
  readonly watch?: WriteWatch | undefined
}

/** Writes a checkpoint, with the channels that are new in it. */
export async function putCheckpoint(
  options: SaverOptions,
  serde: SerializerProtocol,
  config: RunnableConfig,
  what: {
    readonly checkpoint: Checkpoint
    readonly metadata: CheckpointMetadata
    readonly newVersions: ChannelVersions
  },
): Promise<RunnableConfig> {
  const threadId = required(config, 'thread_id')
  const namespace = configurableText(config, 'checkpoint_ns') ?? ''
  const { channel_values, ...rest } = what.checkpoint
  const metadata = JSON.parse(JSON.stringify({ ...options.metadata, ...what.metadata })) as JsonObject
  refuseNul(metadata, 'metadata')
  const row = {
    thread_id: threadUuid(threadId),
    checkpoint_ns: namespace,
    checkpoint_id: rest.id,
    parent_checkpoint_id: checkpointIdOf(config) ?? null,
    // A copy, since the graph goes on while it is being written.
    checkpoint: JSON.parse(JSON.stringify(rest)) as JsonObject,
    metadata,
    run_id: options.runId,
    channels: await serializedChannels(serde, channel_values, what.newVersions),
  }
  await writing(options, threadId, (checkpoints) => checkpoints.put(row))
  return { configurable: { thread_id: threadId, checkpoint_ns: namespace, checkpoint_id: rest.id } }
}

/** Writes what a task has written and no checkpoint has yet. */
export async function putWrites(
  options: SaverOptions,
  serde: SerializerProtocol,
  config: RunnableConfig,
  { writes, taskId }: { readonly writes: readonly PendingWrite[]; readonly taskId: string },
): Promise<void> {
  const threadId = required(config, 'thread_id')
  const at = {
    threadId: threadUuid(threadId),
    namespace: configurableText(config, 'checkpoint_ns') ?? '',
    checkpointId: required(config, 'checkpoint_id'),
    runId: options.runId,
  }
  const rows = await serializedWrites(serde, writes, taskId)
  await writing(options, threadId, (checkpoints) => checkpoints.putWrites(at, rows))
}

async function writing(
  options: SaverOptions,
  threadId: string,
  work: (checkpoints: CheckpointAccess) => Promise<void>,
): Promise<void> {
  if (options.checkpoints !== undefined) return work(options.checkpoints)
  return inTransaction(options, threadId, (store) => work(store.checkpoints))
}

/** Does what writes to a thread in one transaction with the making of its row, where that is the saver's. */
export async function inTransaction(
  { store, makesThreads }: SaverOptions,
  threadId: string,
  work: (store: TenantStore) => Promise<void>,
): Promise<void> {
  const outside = await store()
  await outside.transaction(async (same) => {
    if (makesThreads) await same.checkpoints.ensureThread(threadUuid(threadId), nameOfThread(threadId))
    await work(same)
  })
}

function required(config: RunnableConfig, key: 'thread_id' | 'checkpoint_id'): string {
  const value: unknown = config.configurable?.[key]
  if (typeof value === 'string' && value !== '') return value
  throw new TypeError(`The config that a checkpoint is written with has no "${key}" in its "configurable".`)
}
