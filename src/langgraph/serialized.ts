import type { ChannelVersions, PendingWrite, SerializerProtocol } from '@langchain/langgraph-checkpoint'
import type { ChannelBlob, CheckpointWrite } from '../store/store.ts'

/** The channel of tasks that a step sends. */
export const sendsChannel = '__pregel_tasks'

/** Channels of which a task writes one value, and the index that stands for it in the library's own savers. */
const specialIndexes: Readonly<Record<string, number>> = {
  __error__: -1,
  __scheduled__: -2,
  __interrupt__: -3,
  __resume__: -4,
}

/** The channels that a checkpoint has new values of; `empty` for one that has none. */
export function serializedChannels(
  serde: SerializerProtocol,
  values: Readonly<Record<string, unknown>>,
  newVersions: ChannelVersions,
): Promise<ChannelBlob[]> {
  return Promise.all(
    Object.entries(newVersions).map(async ([channel, version]) => {
      if (!Object.hasOwn(values, channel)) return { channel, version: String(version), type: 'empty', blob: null }
      const [type, blob] = await serde.dumpsTyped(values[channel])
      return { channel, version: String(version), type, blob }
    }),
  )
}

/** What a task has written, in its order. */
export function serializedWrites(
  serde: SerializerProtocol,
  writes: readonly PendingWrite[],
  taskId: string,
): Promise<CheckpointWrite[]> {
  return Promise.all(
    writes.map(async ([channel, value], index) => {
      const [type, blob] = await serde.dumpsTyped(value)
      return { task_id: taskId, idx: specialIndexes[channel] ?? index, channel, type, blob }
    }),
  )
}
