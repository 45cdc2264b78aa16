import type { RunnableConfig } from '@langchain/core/runnables'
import type {
  Checkpoint,
  CheckpointListOptions,
  CheckpointMetadata,
  CheckpointTuple,
  SerializerProtocol,
} from '@langchain/langgraph-checkpoint'
import type { StoredCheckpoint, TenantStore } from '../store/store.ts'
import { nextVersion } from './channel-version.ts'
import { sendsChannel } from './serialized.ts'
import { threadUuid } from './thread-name.ts'

/** The checkpoint that a config points to, or the newest of its thread and namespace. */
export async function readTuple(
  store: TenantStore,
  serde: SerializerProtocol,
  config: RunnableConfig,
): Promise<CheckpointTuple | undefined> {
  const { thread_id, checkpoint_ns = '' } = config.configurable ?? {}
  if (thread_id === undefined) return undefined
  const found = await store.checkpoints.newest({
    threadId: threadUuid(thread_id),
    namespace: checkpoint_ns,
    checkpointId: checkpointIdOf(config),
  })
  return found && tupleOf(store, serde, found)
}

/** The checkpoints that a config and options describe, the newest first. */
export async function* readTuples(
  store: TenantStore,
  serde: SerializerProtocol,
  config: RunnableConfig,
  { before, filter, limit }: CheckpointListOptions = {},
): AsyncGenerator<CheckpointTuple> {
  const { thread_id, checkpoint_ns } = config.configurable ?? {}
  const query = {
    threadId: thread_id === undefined ? undefined : threadUuid(thread_id),
    namespace: checkpoint_ns,
    checkpointId: checkpointIdOf(config),
    before: before && checkpointIdOf(before),
    metadata: filter,
  }
  for await (const found of store.checkpoints.list(query, limit)) yield tupleOf(store, serde, found)
}

/** The id of the checkpoint that a config points to, by either of its names. */
export function checkpointIdOf(config: RunnableConfig): string | undefined {
  const { checkpoint_id, thread_ts } = config.configurable ?? {}
  return (checkpoint_id as string | undefined) || (thread_ts as string | undefined) || undefined
}

async function tupleOf(
  store: TenantStore,
  serde: SerializerProtocol,
  found: StoredCheckpoint,
): Promise<CheckpointTuple> {
  const { checkpoint_ns, checkpoint_id, parent_checkpoint_id: parent, reference } = found
  // Threads that a program names otherwise than by UUIDs are known to it by their names.
  const thread_id = reference !== null && threadUuid(reference) === found.thread_id ? reference : found.thread_id
  const at = (id: string) => ({ configurable: { thread_id, checkpoint_ns, checkpoint_id: id } })
  const values = await Promise.all(
    found.channels.flatMap(({ channel, type, blob }) =>
      blob === null ? [] : [serde.loadsTyped(type, blob).then((value: unknown) => [channel, value] as const)],
    ),
  )
  const checkpoint = {
    ...(found.checkpoint as unknown as Checkpoint),
    channel_values: Object.fromEntries(values),
  }
  if (parent !== null && checkpoint.v < 4) await takeOverSends(store, serde, found, checkpoint)
  return {
    config: at(checkpoint_id),
    checkpoint,
    metadata: found.metadata as unknown as CheckpointMetadata,
    pendingWrites: await Promise.all(
      found.writes.map(async ({ task_id, channel, type, blob }): Promise<[string, string, unknown]> => [
        task_id,
        channel,
        await serde.loadsTyped(type, blob),
      ]),
    ),
    ...(parent !== null && { parentConfig: at(parent) }),
  }
}

// Checkpoints before format 4 have the tasks that a step sends in the writes of the checkpoint before.
async function takeOverSends(
  store: TenantStore,
  serde: SerializerProtocol,
  { thread_id, checkpoint_ns, parent_checkpoint_id }: StoredCheckpoint,
  checkpoint: Checkpoint,
): Promise<void> {
  const at = { threadId: thread_id, namespace: checkpoint_ns, checkpointId: parent_checkpoint_id ?? '' }
  const sent = await store.checkpoints.writesTo(at, sendsChannel)
  checkpoint.channel_values[sendsChannel] = await Promise.all(
    sent.map(({ type, blob }): Promise<unknown> => serde.loadsTyped(type, blob)),
  )
  const newest = Object.values(checkpoint.channel_versions).map(String).toSorted().at(-1)
  checkpoint.channel_versions = {
    ...checkpoint.channel_versions,
    [sendsChannel]: newest ?? nextVersion(undefined),
  }
}
