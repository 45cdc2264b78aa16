import type { ChannelVersions, PendingWrite, SerializerProtocol } from '@langchain/langgraph-checkpoint'
import { type ChannelBlob, type CheckpointWrite, invalid } from '../store/store.ts'

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
      const [type, blob] = await dumped(serde, channel, values[channel])
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
      const [type, blob] = await dumped(serde, channel, value)
      return { task_id: taskId, idx: specialIndexes[channel] ?? index, channel, type, blob }
    }),
  )
}

/** What LangGraph's serializer writes instead of a value that it cannot write, without a word. */
const unserializable = '[unable to serialize, circular reference is too complex to analyze]'

// A value that is lost in writing would be missed later, by whoever reads the thread: a function makes no text at all, which no
// reader understands.
async function dumped(serde: SerializerProtocol, channel: string, value: unknown): Promise<[string, Uint8Array]> {
  const [type, blob] = await serde.dumpsTyped(value)
  if (type !== 'json') return [type, blob]
  const isLost =
    blob.length === unserializable.length + 2 && textOf(blob) === unserializable && value !== unserializable
  if (blob.length > 0 && !isLost) return [type, blob]
  throw invalid(
    channel,
    'This value of the state cannot be stored: a function, a symbol, a bigint, or more levels than can be written. Put into the state what JSON can say.',
  )
}

function textOf(blob: Uint8Array): unknown {
  return JSON.parse(Buffer.from(blob).toString())
}
