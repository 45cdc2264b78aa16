import type { RunnableConfig } from '@langchain/core/runnables'
import type {
  BaseCheckpointSaver,
  ChannelVersions,
  Checkpoint,
  CheckpointListOptions,
  CheckpointMetadata,
  CheckpointPendingWrite,
  CheckpointTuple,
  PendingWrite,
  SerializerProtocol,
} from '@langchain/langgraph-checkpoint'
import type { JsonObject, PruneStrategy, StoredCheckpoint, StoreTransaction, TenantStore } from '../store/store.ts'
import { refuseNul } from '../store/store.ts'
import { nextVersion } from './channel-version.ts'
import { serializedChannels, serializedWrites, writesChannel } from './serialized.ts'
import { nameOfThread, threadUuid } from './thread-name.ts'

/** The LangGraph of whoever uses the saver: values that it reads have to be instances of that program's own classes. */
export interface CheckpointLibrary {
  readonly BaseCheckpointSaver: abstract new (serde?: SerializerProtocol) => BaseCheckpointSaver<string>
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
  /** Throws in a transaction that writes, when the run is somebody else's by now. */
  readonly fence?: ((tx: StoreTransaction) => Promise<void>) | undefined
  readonly serde?: SerializerProtocol | undefined
}

/** A checkpointer for LangGraph.js that keeps its checkpoints in the assistant schema. */
export interface Saver extends BaseCheckpointSaver<string> {
  /** Copies all checkpoints of a thread to another, under the same ids. */
  copyThread(threadId: string, targetId: string): Promise<void>
  /** Removes what runs have written. */
  deleteForRuns(runIds: readonly string[]): Promise<void>
  /** Removes the checkpoints of threads, all or all but the newest of each namespace. */
  prune(threadIds: readonly string[], strategy?: PruneStrategy): Promise<void>
}

/** The checkpointer's class for a program's own LangGraph. */
export function saverClass({ BaseCheckpointSaver }: CheckpointLibrary): new (options: SaverOptions) => Saver {
  return class MetastoreSaver extends BaseCheckpointSaver implements Saver {
    readonly #options: SaverOptions

    constructor(options: SaverOptions) {
      super(options.serde)
      this.#options = options
    }

    override getNextVersion(current: string | number | undefined): string {
      return nextVersion(current)
    }

    override async getTuple(config: RunnableConfig): Promise<CheckpointTuple | undefined> {
      const { thread_id, checkpoint_ns = '' } = config.configurable ?? {}
      if (thread_id === undefined) return undefined
      const store = await this.#options.store()
      const found = await store.checkpoints.newest({
        threadId: threadUuid(thread_id),
        namespace: checkpoint_ns,
        checkpointId: checkpointId(config),
      })
      return found && this.#tuple(store, found)
    }

    override async *list(config: RunnableConfig, options: CheckpointListOptions = {}): AsyncGenerator<CheckpointTuple> {
      const { thread_id, checkpoint_ns } = config.configurable ?? {}
      const store = await this.#options.store()
      const query = {
        threadId: thread_id === undefined ? undefined : threadUuid(thread_id),
        namespace: checkpoint_ns,
        checkpointId: checkpointId(config),
        before: options.before && checkpointId(options.before),
        metadata: options.filter,
      }
      for await (const found of store.checkpoints.list(query, options.limit)) yield this.#tuple(store, found)
    }

    override async put(
      config: RunnableConfig,
      checkpoint: Checkpoint,
      metadata: CheckpointMetadata,
      newVersions: ChannelVersions,
    ): Promise<RunnableConfig> {
      const threadId = required(config, 'thread_id')
      const namespace = config.configurable?.checkpoint_ns ?? ''
      const { channel_values, ...rest } = checkpoint
      const all = asJson({ ...this.#options.metadata, ...metadata })
      refuseNul(all, 'metadata')
      const row = {
        thread_id: threadUuid(threadId),
        checkpoint_ns: namespace,
        checkpoint_id: checkpoint.id,
        parent_checkpoint_id: checkpointId(config) ?? null,
        checkpoint: rest,
        metadata: all,
        run_id: this.#options.runId,
        channels: await serializedChannels(this.serde, channel_values, newVersions),
      }
      await this.#write(threadId, (store) => store.checkpoints.put(row))
      return { configurable: { thread_id: threadId, checkpoint_ns: namespace, checkpoint_id: checkpoint.id } }
    }

    override async putWrites(config: RunnableConfig, writes: PendingWrite[], taskId: string): Promise<void> {
      const threadId = required(config, 'thread_id')
      const at = {
        threadId: threadUuid(threadId),
        namespace: config.configurable?.checkpoint_ns ?? '',
        checkpointId: required(config, 'checkpoint_id'),
      }
      const rows = await serializedWrites(this.serde, writes, taskId)
      await this.#write(threadId, (store) => store.checkpoints.putWrites(at, rows))
    }

    override async deleteThread(threadId: string): Promise<void> {
      await (await this.#options.store()).checkpoints.deleteThread(threadUuid(threadId))
    }

    async copyThread(threadId: string, targetId: string): Promise<void> {
      await this.#write(targetId, (store) => store.checkpoints.copyThread(threadUuid(threadId), threadUuid(targetId)))
    }

    async deleteForRuns(runIds: readonly string[]): Promise<void> {
      await (await this.#options.store()).checkpoints.deleteForRuns(runIds)
    }

    async prune(threadIds: readonly string[], strategy: PruneStrategy = 'delete'): Promise<void> {
      const store = await this.#options.store()
      for (const threadId of threadIds) await store.checkpoints.prune(threadUuid(threadId), strategy)
    }

    // What is written for a run is written in one transaction with the proof that the run is still ours.
    async #write(threadId: string, work: (store: TenantStore) => Promise<void>): Promise<void> {
      const { fence, makesThreads } = this.#options
      const store = await this.#options.store()
      await store.transaction(async (same, tx) => {
        await fence?.(tx)
        if (makesThreads) await same.checkpoints.ensureThread(threadUuid(threadId), nameOfThread(threadId))
        await work(same)
      })
    }

    async #tuple(store: TenantStore, found: StoredCheckpoint): Promise<CheckpointTuple> {
      const thread_id =
        found.reference !== null && threadUuid(found.reference) === found.thread_id ? found.reference : found.thread_id
      const { checkpoint_ns, checkpoint_id } = found
      const checkpoint = found.checkpoint as unknown as Checkpoint
      const channel_values: Record<string, unknown> = {}
      for (const { channel, type, blob } of found.channels) {
        if (blob !== null) channel_values[channel] = await this.serde.loadsTyped(type, blob)
      }
      const pendingWrites: CheckpointPendingWrite[] = []
      for (const { task_id, channel, type, blob } of found.writes) {
        pendingWrites.push([task_id, channel, await this.serde.loadsTyped(type, blob)])
      }
      const at = (id: string) => ({ configurable: { thread_id, checkpoint_ns, checkpoint_id: id } })
      const tuple: CheckpointTuple = {
        config: at(checkpoint_id),
        checkpoint: { ...checkpoint, channel_values },
        metadata: found.metadata as unknown as CheckpointMetadata,
        pendingWrites,
      }
      if (found.parent_checkpoint_id === null) return tuple
      if (checkpoint.v < 4) await this.#takeOverSends(store, found, found.parent_checkpoint_id, tuple.checkpoint)
      return { ...tuple, parentConfig: at(found.parent_checkpoint_id) }
    }

    // Checkpoints before format 4 had the tasks that a step sends in the writes of the checkpoint before.
    async #takeOverSends(
      store: TenantStore,
      { thread_id, checkpoint_ns }: StoredCheckpoint,
      parent: string,
      checkpoint: Checkpoint,
    ): Promise<void> {
      const at = { threadId: thread_id, namespace: checkpoint_ns, checkpointId: parent }
      const sent = await store.checkpoints.writesTo(at, writesChannel)
      checkpoint.channel_values[writesChannel] = await Promise.all(
        sent.map(({ type, blob }) => this.serde.loadsTyped(type, blob)),
      )
      const versions = Object.values(checkpoint.channel_versions).map(String)
      checkpoint.channel_versions = {
        ...checkpoint.channel_versions,
        [writesChannel]: versions.toSorted().at(-1) ?? nextVersion(undefined),
      }
    }
  }
}

function checkpointId(config: RunnableConfig): string | undefined {
  const { checkpoint_id, thread_ts } = config.configurable ?? {}
  return (checkpoint_id as string | undefined) || (thread_ts as string | undefined) || undefined
}

function required(config: RunnableConfig, key: 'thread_id' | 'checkpoint_id'): string {
  const value: unknown = config.configurable?.[key]
  if (typeof value === 'string' && value !== '') return value
  throw new TypeError(`The config that a checkpoint is written with has no "${key}" in its "configurable".`)
}

function asJson(metadata: object): JsonObject {
  return JSON.parse(JSON.stringify(metadata)) as JsonObject
}
