import type { RunnableConfig } from '@langchain/core/runnables'
import type {
  Checkpoint,
  CheckpointListOptions,
  CheckpointMetadata,
  CheckpointTuple,
  SerializerProtocol,
} from '@langchain/langgraph-checkpoint'
import type { CheckpointAccess, StoredCheckpoint } from '../store/store.ts'
import { nextVersion } from './channel-version.ts'
import { configurableText } from './configurable.ts'
import { sendsChannel } from './serialized.ts'
import { threadUuid } from './thread-name.ts'

/** The checkpoint that a config points to, or the newest of its thread and namespace. */
export async function readTuple(
  checkpoints: CheckpointAccess,
  serde: SerializerProtocol,
  config: RunnableConfig,
): Promise<CheckpointTuple | undefined> {
  const thread = configurableText(config, 'thread_id')
  if (thread === undefined) return undefined
  const found = await checkpoints.newest({
    threadId: threadUuid(thread),
    namespace: configurableText(config, 'checkpoint_ns') ?? '',
    checkpointId: checkpointIdOf(config),
  })
  return found && tupleOf(checkpoints, serde, found)
}

/** The checkpoints that a config and options describe, the newest first. */
export async function* readTuples(
  checkpoints: CheckpointAccess,
  serde: SerializerProtocol,
  config: RunnableConfig,
  { before, filter, limit }: CheckpointListOptions = {},
): AsyncGenerator<CheckpointTuple> {
  const thread = configurableText(config, 'thread_id')
  const query = {
    threadId: thread === undefined ? undefined : threadUuid(thread),
    namespace: configurableText(config, 'checkpoint_ns'),
    checkpointId: checkpointIdOf(config),
    before: before && checkpointIdOf(before),
    metadata: filter,
  }
  for await (const found of checkpoints.list(query, limit)) yield tupleOf(checkpoints, serde, found)
}

/** The id of the checkpoint that a config points to, by either of its names. */
export function checkpointIdOf(config: RunnableConfig): string | undefined {
  return configurableText(config, 'checkpoint_id') || configurableText(config, 'thread_ts') || undefined
}

async function tupleOf(
  checkpoints: CheckpointAccess,
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
  if (parent !== null && checkpoint.v < 4) await takeOverSends(checkpoints, serde, found, checkpoint)
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
  checkpoints: CheckpointAccess,
  serde: SerializerProtocol,
  { thread_id, checkpoint_ns, parent_checkpoint_id }: StoredCheckpoint,
  checkpoint: Checkpoint,
): Promise<void> {
  const at = { threadId: thread_id, namespace: checkpoint_ns, checkpointId: parent_checkpoint_id ?? '' }
  const sent = await checkpoints.writesTo(at, sendsChannel)
  checkpoint.channel_values[sendsChannel] = await Promise.all(
    sent.map(({ type, blob }): Promise<unknown> => serde.loadsTyped(type, blob)),
  )
  const newest = Object.values(checkpoint.channel_versions).map(String).toSorted().at(-1)
  checkpoint.channel_versions = {
    ...checkpoint.channel_versions,
    [sendsChannel]: newest ?? nextVersion(undefined),
  }
}
