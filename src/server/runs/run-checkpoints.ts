import type {
  ChannelBlob,
  CheckpointAccess,
  CheckpointQuery,
  CheckpointWrite,
  NewCheckpoint,
  StoredCheckpoint,
} from '../../store/store.ts'
import type { RunLog } from './run-log.ts'

/** What the checkpoints of a run are read from and written to. */
interface RunCheckpointOptions {
  readonly threadId: string
  /** Those of the thread that are stored. */
  readonly stored: CheckpointAccess
  readonly log: RunLog
  /** Whether the thread was made for the run, so that nothing is stored yet. */
  readonly newThread: boolean
  /** Whether a write is over only when it is stored. */
  readonly sync: boolean
}

/**
 * The checkpoints of a thread as the run that works on it sees them: those that are stored, and its own that are on their way.
 * Nobody else writes any as long as the run has its lease, so the newest is read once, and known from then on.
 */
export function runCheckpoints({ threadId, stored, log, newThread, sync }: RunCheckpointOptions): CheckpointAccess {
  const newest = new Map<string, StoredCheckpoint | undefined>()
  const begun = new Set<string>()
  /** The last that was asked for by its id, which may be where a fork begins. */
  const chosen = new Map<string, StoredCheckpoint>()
  const known = (namespace: string, id: string): StoredCheckpoint | undefined =>
    [newest.get(namespace), chosen.get(namespace)].find((each) => each?.checkpoint_id === id)
  const noted = async (work: Promise<void>): Promise<void> => {
    await work
    if (sync) await log.flush()
  }

  const read = async (query: CheckpointQuery, namespace: string): Promise<StoredCheckpoint | undefined> => {
    const { checkpointId } = query
    if (checkpointId === undefined && newest.has(namespace)) return newest.get(namespace)
    if (checkpointId === undefined && newThread && !begun.has(namespace)) return undefined
    const held = checkpointId === undefined ? undefined : known(namespace, checkpointId)
    if (held !== undefined) return held
    await log.flush()
    const found = await stored.newest(query)
    if (checkpointId !== undefined && found !== undefined) chosen.set(namespace, found)
    // What was put meanwhile is newer.
    if (checkpointId === undefined && !newest.has(namespace)) newest.set(namespace, found)
    return found
  }

  return {
    async newest(query) {
      const { namespace, before, metadata } = query
      const ofThis = query.threadId === threadId && before === undefined && metadata === undefined
      if (ofThis && namespace !== undefined) return copied(await read(query, namespace))
      await log.flush()
      return stored.newest(query)
    },
    async *list(query, limit) {
      await log.flush()
      yield* stored.list(query, limit)
    },
    async writesTo(at, channel) {
      await log.flush()
      return stored.writesTo(at, channel)
    },
    async put(checkpoint) {
      if (checkpoint.thread_id !== threadId) return stored.put(checkpoint)
      const { checkpoint_ns: namespace, checkpoint_id: id, parent_checkpoint_id: parent } = checkpoint
      const complete = asStored(checkpoint, {
        parent: parent === null ? undefined : known(namespace, parent),
        same: known(namespace, id),
      })
      begun.add(namespace)
      // Without all of its values it is read from the store when it is asked for.
      if (complete === undefined) newest.delete(namespace)
      else if (id >= (newest.get(namespace)?.checkpoint_id ?? '')) newest.set(namespace, complete)
      await noted(log.checkpoint(checkpoint))
    },
    async putWrites(at, writes) {
      if (at.threadId !== threadId) return stored.putWrites(at, writes)
      for (const held of [newest, chosen]) {
        const found = held.get(at.namespace)
        if (found?.checkpoint_id === at.checkpointId) held.set(at.namespace, withWrites(found, writes))
      }
      await noted(log.writes(writes.map((write) => ({ ...write, at }))))
    },
  }
}

// Whoever reads it may change what it gets.
function copied(found: StoredCheckpoint | undefined): StoredCheckpoint | undefined {
  return found && { ...found, checkpoint: structuredClone(found.checkpoint), metadata: structuredClone(found.metadata) }
}

/** A new checkpoint as it will be read; undefined when a value that it has from before is not known. */
function asStored(
  { channels, ...head }: NewCheckpoint,
  { parent, same }: { readonly parent: StoredCheckpoint | undefined; readonly same: StoredCheckpoint | undefined },
): StoredCheckpoint | undefined {
  const all: ChannelBlob[] = []
  for (const [channel, version] of versionsOf(head)) {
    const own = channels.find((each) => each.channel === channel && each.version === version)
    if (own === undefined && versionsOf(parent).every(([other, last]) => other !== channel || last !== version)) {
      return undefined
    }
    const value = own ?? parent?.channels.find((each) => each.channel === channel)
    if (value !== undefined && value.blob !== null) all.push(value)
  }
  return { ...head, reference: parent?.reference ?? null, channels: all, writes: same?.writes ?? [] }
}

function versionsOf(head: Pick<NewCheckpoint, 'checkpoint'> | undefined): [channel: string, version: string][] {
  const versions = (head?.checkpoint['channel_versions'] ?? {}) as Readonly<Record<string, unknown>>
  return Object.entries(versions).map(([channel, version]) => [channel, String(version)])
}

// As the store keeps them: of a negative index the last, of others the first.
function withWrites(found: StoredCheckpoint, added: readonly CheckpointWrite[]): StoredCheckpoint {
  const all = new Map(found.writes.map((write) => [`${write.idx} ${write.task_id}`, write]))
  for (const write of added) {
    const key = `${write.idx} ${write.task_id}`
    if (write.idx < 0 || !all.has(key)) all.set(key, write)
  }
  return { ...found, writes: [...all.values()].toSorted(inOrder) }
}

function inOrder(one: CheckpointWrite, other: CheckpointWrite): number {
  if (one.task_id !== other.task_id) return one.task_id < other.task_id ? -1 : 1
  return one.idx - other.idx
}
