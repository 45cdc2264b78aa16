import type { RunnableConfig } from '@langchain/core/runnables'
import type {
  BaseCheckpointSaver,
  ChannelVersions,
  Checkpoint,
  CheckpointListOptions,
  CheckpointMetadata,
  CheckpointTuple,
  PendingWrite,
  SerializerProtocol,
} from '@langchain/langgraph-checkpoint'
import type { CheckpointAccess, PruneStrategy } from '../store/store.ts'
import { nextVersion } from './channel-version.ts'
import { configurableText } from './configurable.ts'
import { inTransaction, putCheckpoint, putWrites, type SaverOptions } from './put.ts'
import { threadUuid } from './thread-name.ts'
import { readTuple, readTuples } from './tuple.ts'

/** The LangGraph of whoever uses the saver: values that it reads have to be instances of that program's own classes. */
export interface CheckpointLibrary {
  readonly BaseCheckpointSaver: abstract new (serde?: SerializerProtocol) => BaseCheckpointSaver
}

/** A checkpointer for LangGraph.js that keeps its checkpoints in the assistant schema. */
export interface Saver extends Pick<BaseCheckpointSaver, keyof BaseCheckpointSaver> {
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

    // LangGraph's types of graphs take savers that count in numbers only; its code takes both.
    override getNextVersion(current: number | undefined): number {
      return nextVersion(current) as unknown as number
    }

    override async getTuple(config: RunnableConfig): Promise<CheckpointTuple | undefined> {
      return readTuple(await this.#checkpoints(), this.serde, config)
    }

    override async *list(config: RunnableConfig, options?: CheckpointListOptions): AsyncGenerator<CheckpointTuple> {
      yield* readTuples(await this.#checkpoints(), this.serde, config, options)
    }

    override put(
      config: RunnableConfig,
      checkpoint: Checkpoint,
      metadata: CheckpointMetadata,
      newVersions: ChannelVersions,
    ): Promise<RunnableConfig> {
      const put = putCheckpoint(this.#options, this.serde, config, { checkpoint, metadata, newVersions })
      const written = {
        thread_id: configurableText(config, 'thread_id'),
        checkpoint_ns: configurableText(config, 'checkpoint_ns') ?? '',
        checkpoint_id: checkpoint.id,
      }
      return watched(this.#options, put, { configurable: written })
    }

    override putWrites(config: RunnableConfig, writes: PendingWrite[], taskId: string): Promise<void> {
      return watched(this.#options, putWrites(this.#options, this.serde, config, { writes, taskId }), undefined)
    }

    async #checkpoints(): Promise<CheckpointAccess> {
      return this.#options.checkpoints ?? (await this.#options.store()).checkpoints
    }

    override async deleteThread(threadId: string): Promise<void> {
      await (await this.#options.store()).checkpoints.deleteThread(threadUuid(threadId))
    }

    async copyThread(threadId: string, targetId: string): Promise<void> {
      const [from, to] = [threadUuid(threadId), threadUuid(targetId)]
      await inTransaction(this.#options, targetId, (store) => store.checkpoints.copyThread(from, to))
    }

    async deleteForRuns(runIds: readonly string[]): Promise<void> {
      await (await this.#options.store()).checkpoints.deleteForRuns(runIds)
    }

    async prune(threadIds: readonly string[], strategy: PruneStrategy = 'delete'): Promise<void> {
      const store = await this.#options.store()
      for (const threadId of threadIds) await store.checkpoints.prune(threadUuid(threadId), strategy)
    }
  }
}

/** The work of a write; where somebody looks after writes, it always comes to a result. */
function watched<T>({ watch }: SaverOptions, work: Promise<T>, otherwise: T): Promise<T> {
  if (watch === undefined) return work
  const { writing } = watch
  const settled = work
    .catch((error: unknown) => {
      watch.failed(error)
      return otherwise
    })
    .finally(() => writing.delete(settled))
  writing.add(settled)
  return settled
}

/** Waits until nothing more is written; what follows one write, such as the next of a chain, is waited for as well. */
export async function written(writing: ReadonlySet<Promise<unknown>>): Promise<void> {
  while (writing.size > 0) {
    await Promise.allSettled(writing)
    await new Promise(setImmediate)
  }
}
