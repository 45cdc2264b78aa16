import { type Database, DatabaseError, openDatabase } from '../database/database.ts'
import { MetastoreError } from '../errors.ts'
import { conflict, type ForeignThread, type JsonObject, readForeignThreads, type TenantStore } from '../store/store.ts'
import { paddedVersion } from './channel-version.ts'
import { openedStore, type Place } from './opened-store.ts'
import { nameOfThread, threadUuid } from './thread-name.ts'

/** What is taken over, and where it goes. */
export interface AdoptionOptions {
  /** The database that has the tables of `PostgresSaver`: a URL, or one that the program has opened. */
  readonly from: string | Database
  /** Their schema; `public` by default. */
  readonly schema?: string
  readonly to: Place
}

/** How much was taken over. */
export interface Adopted {
  readonly threads: number
  readonly checkpoints: number
}

/**
 * Copies the checkpoints of LangGraph's own `PostgresSaver` into the assistant schema, thread by thread. The tables that they
 * are in are only read, and what was copied is not copied again, so that it can be run while they are still in use and once
 * more after that. Versions counted in integers are written so that they compare with those that come after them.
 */
export async function adoptPostgresSaver({ from, schema = 'public', to }: AdoptionOptions): Promise<Adopted> {
  const opened = openedStore(to)
  const source = typeof from === 'string' ? await openDatabase(from) : from
  try {
    const store = await opened.tenant()
    await using session = await source.session()
    let [threads, checkpoints] = [0, 0]
    for await (const thread of readForeignThreads(session, schema)) {
      await adoptThread(store, thread)
      threads += 1
      checkpoints += thread.checkpoints.length
    }
    return { threads, checkpoints }
  } catch (error) {
    throw noTables(error, source, schema)
  } finally {
    if (typeof from === 'string') await source.close()
    await opened.close()
  }
}

async function adoptThread(outside: TenantStore, thread: ForeignThread): Promise<void> {
  const { threadId: name, writes } = thread
  refuseForeignTypes(thread)
  const threadId = threadUuid(name)
  const blobs = new Map(
    thread.blobs.map(({ checkpoint_ns, ...blob }) => [
      JSON.stringify([checkpoint_ns, blob.channel, String(blob.version)]),
      { ...blob, version: paddedVersion(blob.version) },
    ]),
  )
  await outside.transaction(async (store) => {
    await store.checkpoints.ensureThread(threadId, nameOfThread(name))
    for (const { checkpoint_ns, checkpoint, ...row } of thread.checkpoints) {
      const keys = Object.entries(checkpoint['channel_versions'] ?? {}).map(([channel, version]) =>
        JSON.stringify([checkpoint_ns, channel, String(version)]),
      )
      // Once for each version: the checkpoints that share it find it there.
      const channels = keys.flatMap((key) => blobs.get(key) ?? [])
      for (const key of keys) blobs.delete(key)
      const adopted = { ...row, thread_id: threadId, checkpoint_ns, run_id: undefined, channels }
      await store.checkpoints.put({ ...adopted, checkpoint: withPaddedVersions(checkpoint) })
    }
    for (const { checkpoint_ns, checkpoint_id, ...write } of writes) {
      await store.checkpoints.putWrites({ threadId, namespace: checkpoint_ns, checkpointId: checkpoint_id }, [write])
    }
  })
}

function withPaddedVersions(checkpoint: JsonObject): JsonObject {
  const padded = (versions: unknown): JsonObject =>
    Object.fromEntries(
      Object.entries((versions ?? {}) as Readonly<Record<string, string | number>>).map(([channel, version]) => [
        channel,
        paddedVersion(version),
      ]),
    )
  return {
    ...checkpoint,
    // Values are with their versions, never here.
    channel_values: undefined,
    channel_versions: padded(checkpoint['channel_versions']),
    versions_seen: Object.fromEntries(
      Object.entries(checkpoint['versions_seen'] ?? {}).map(([node, versions]) => [node, padded(versions)]),
    ),
  }
}

// The Python library writes values in a form of its own, which LangGraph.js cannot read.
function refuseForeignTypes({ threadId, blobs, writes }: ForeignThread): void {
  const known = new Set(['json', 'bytes', 'empty'])
  const strange = [...blobs, ...writes].find(({ type }) => !known.has(type))
  if (strange === undefined) return
  throw conflict(
    `The thread ${threadId} has values of the type ${strange.type}, which LangGraph.js cannot read.`,
    'Take over tables that the PostgresSaver of LangGraph.js has written.',
  )
}

function noTables(error: unknown, { address }: Database, schema: string): unknown {
  if (!(error instanceof DatabaseError) || error.reason !== 'missing_object') return error
  return new MetastoreError({
    code: 'adoption_source_missing',
    message: `The schema ${schema} of ${address} has no tables of a PostgresSaver.`,
    remedy: 'Name the schema in which they are: { schema: … }.',
    cause: error,
  })
}
