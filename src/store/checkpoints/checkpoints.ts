import { join, sql, type Sql } from '../../database/database.ts'
import { copyThread, deleteForRuns, deleteThread } from './checkpoint-removal.ts'
import { notFound, violates } from '../failures.ts'
import type { Run } from '../runs/run.ts'
import type {
  ChannelBlob,
  CheckpointHead,
  CheckpointWrite,
  NewCheckpoint,
  StoredCheckpoint,
  WritesOf,
} from './checkpoint.ts'
import { saveCheckpoints } from './checkpoint-saving.ts'
import { keepLatest, type PruneStrategy } from '../threads/thread-pruning.ts'
import type { StoreTransaction } from '../store-transaction.ts'
import { json, type JsonObject, texts } from '../values.ts'

export type { PruneStrategy } from '../threads/thread-pruning.ts'

/** Which checkpoints; what is not given does not matter. */
export interface CheckpointQuery {
  readonly threadId?: string | undefined
  readonly namespace?: string | undefined
  readonly checkpointId?: string | undefined
  /** Only those before this checkpoint. */
  readonly before?: string | undefined
  /** What the metadata of each contains. */
  readonly metadata?: JsonObject | undefined
}

/** The checkpoints of a tenant's threads. */
export interface Checkpoints {
  /** The newest that the query finds. */
  newest(query: CheckpointQuery): Promise<StoredCheckpoint | undefined>
  /** The newest first, page by page, each page a transaction of its own. */
  list(query: CheckpointQuery, limit?: number): AsyncGenerator<StoredCheckpoint>
  /** What was written to a checkpoint on one channel. */
  writesTo(at: WritesOf, channel: string): Promise<CheckpointWrite[]>
  /** Throws `not_found` when there is no such thread. */
  put(checkpoint: NewCheckpoint): Promise<void>
  /** Writes of a negative index replace earlier ones; others are kept as they were first. Throws `not_found` as `put` does. */
  putWrites(at: WritesOf, writes: readonly CheckpointWrite[]): Promise<void>
  /** Makes the thread's row, if it is not there. `reference` is what a thread is known by whose name is no UUID. */
  ensureThread(threadId: string, reference: string | undefined): Promise<void>
  /** Removes the checkpoints of a thread, and leaves the thread. */
  deleteThread(threadId: string): Promise<void>
  /** Copies the checkpoints of a thread to another that is there, under the same ids. */
  copyThread(threadId: string, targetId: string): Promise<void>
  /** Removes what runs have written, so that each thread is as if they had never been. */
  deleteForRuns(runIds: readonly string[]): Promise<void>
  /** Removes the checkpoints of a thread, all or all but the newest of each namespace, with what the newest is made of. */
  prune(threadId: string, strategy: PruneStrategy): Promise<void>
}

/** Where a program that works on a thread finds its checkpoints and leaves new ones. */
export type CheckpointAccess = Pick<Checkpoints, 'newest' | 'list' | 'writesTo' | 'put' | 'putWrites'>

/** How many checkpoints are read at a time. */
const pageSize = 20

/** The checkpoints that transactions of `run` see. */
export function checkpoints(run: Run): Checkpoints {
  return {
    newest: (query) => run(async (tx) => (await withValues(tx, await heads(tx, query, 1)))[0]),
    list: (query, limit) => list(run, query, limit ?? Infinity),
    writesTo: (at, channel) =>
      run((tx) =>
        tx.query<CheckpointWrite>(sql`
          select task_id, idx, channel, type, blob from checkpoint_writes
          where thread_id = ${at.threadId} and checkpoint_ns = ${at.namespace} and checkpoint_id = ${at.checkpointId}
            and channel = ${channel}
          order by task_id collate "C", idx`),
      ),
    put: (checkpoint) =>
      run((tx) =>
        refusingStrangers(checkpoint.thread_id, () => saveCheckpoints(tx, { checkpoints: [checkpoint], writes: [] })),
      ),
    putWrites: (at, writes) =>
      run((tx) =>
        refusingStrangers(at.threadId, () =>
          saveCheckpoints(tx, { checkpoints: [], writes: writes.map((write) => ({ at, ...write })) }),
        ),
      ),
    ensureThread: (threadId, reference) =>
      run(async (tx) => {
        await tx.execute(sql`
          insert into threads (tenant_id, thread_id, reference) values (${tx.tenantId}, ${threadId}, ${reference ?? null})
          on conflict (tenant_id, thread_id) do nothing`)
      }),
    deleteThread: (threadId) => run((tx) => deleteThread(tx, threadId)),
    copyThread: (threadId, targetId) =>
      run((tx) => refusingStrangers(targetId, () => copyThread(tx, threadId, targetId))),
    deleteForRuns: (runIds) => run((tx) => deleteForRuns(tx, runIds)),
    prune: (threadId, strategy) =>
      run((tx) => (strategy === 'delete' ? deleteThread(tx, threadId) : keepLatest(tx, tx.tenantId, threadId))),
  }
}

type Head = CheckpointHead & { readonly reference: string | null }

async function* list(run: Run, query: CheckpointQuery, limit: number): AsyncGenerator<StoredCheckpoint> {
  let after: Head | undefined
  for (let left = limit; left > 0;) {
    const size = Math.min(left, pageSize)
    const place = after
    const page = await run(async (tx) => withValues(tx, await heads(tx, query, size, place)))
    yield* page
    after = page.at(-1)
    left -= size
    if (page.length < size) return
  }
}

async function heads(tx: StoreTransaction, query: CheckpointQuery, limit: number, after?: Head): Promise<Head[]> {
  const conditions = [
    query.threadId === undefined ? undefined : sql`c.thread_id = ${query.threadId}`,
    query.namespace === undefined ? undefined : sql`c.checkpoint_ns = ${query.namespace}`,
    query.checkpointId === undefined ? undefined : sql`c.checkpoint_id = ${query.checkpointId}`,
    query.before === undefined ? undefined : sql`c.checkpoint_id < ${query.before}`,
    query.metadata === undefined ? undefined : sql`c.metadata @> ${json(query.metadata)}`,
    after &&
      sql`(c.checkpoint_id, c.checkpoint_ns, c.thread_id) < (${after.checkpoint_id}, ${after.checkpoint_ns}, ${after.thread_id}::uuid)`,
  ].filter((condition) => condition !== undefined)
  return tx.query<Head>(sql`
    select c.thread_id, t.reference, c.checkpoint_ns, c.checkpoint_id, c.parent_checkpoint_id, c.checkpoint, c.metadata
    from checkpoints c join threads t on t.tenant_id = c.tenant_id and t.thread_id = c.thread_id
    where ${join([sql`true`, ...conditions], ' and ')}
    order by c.checkpoint_id desc, c.checkpoint_ns desc, c.thread_id desc
    limit ${limit}`)
}

/** A checkpoint's namespace within a thread, and what belongs to it. */
type Placed<T> = T & { readonly thread_id: string; readonly checkpoint_ns: string; readonly checkpoint_id: string }

async function withValues(tx: StoreTransaction, found: readonly Head[]): Promise<StoredCheckpoint[]> {
  if (found.length === 0) return []
  const versions = found.flatMap((head) => versionsOf(head).map((each) => ({ head, ...each })))
  const [writes, blobs] = await tx.together<[Placed<CheckpointWrite>, PlacedBlob]>([writesOf(found), blobsOf(versions)])
  const blobsByKey = new Map(blobs.map((blob) => [blobKey(blob.thread_id, blob.checkpoint_ns, blob), blob]))
  return found.map((head) => ({
    ...head,
    channels: versionsOf(head).flatMap((each) => {
      const blob = blobsByKey.get(blobKey(head.thread_id, head.checkpoint_ns, each))
      return blob === undefined ? [] : [blob]
    }),
    writes: writes.filter(
      (write) =>
        write.checkpoint_id === head.checkpoint_id &&
        write.checkpoint_ns === head.checkpoint_ns &&
        write.thread_id === head.thread_id,
    ),
  }))
}

function wanted(found: readonly Head[]): Sql {
  return sql`unnest(${texts(found.map((head) => head.thread_id))}::uuid[], ${texts(found.map((head) => head.checkpoint_ns))},
      ${texts(found.map((head) => head.checkpoint_id))}) wanted (thread_id, checkpoint_ns, checkpoint_id)`
}

interface VersionOf {
  readonly channel: string
  readonly version: string
}

function writesOf(found: readonly Head[]): Sql {
  return sql`
    select w.thread_id, w.checkpoint_ns, w.checkpoint_id, w.task_id, w.idx, w.channel, w.type, w.blob
    from ${wanted(found)} join checkpoint_writes w
      on w.thread_id = wanted.thread_id and w.checkpoint_ns = wanted.checkpoint_ns and w.checkpoint_id = wanted.checkpoint_id
    order by w.task_id collate "C", w.idx`
}

type PlacedBlob = ChannelBlob & { readonly thread_id: string; readonly checkpoint_ns: string }

function blobsOf(versions: readonly ({ readonly head: Head } & VersionOf)[]): Sql {
  // Checkpoints that follow each other share most of their channels.
  const unique = [
    ...new Map(versions.map((each) => [blobKey(each.head.thread_id, each.head.checkpoint_ns, each), each])).values(),
  ]
  return sql`
    select b.thread_id, b.checkpoint_ns, b.channel, b.version, b.type, b.blob
    from unnest(${texts(unique.map(({ head }) => head.thread_id))}::uuid[],
        ${texts(unique.map(({ head }) => head.checkpoint_ns))}, ${texts(unique.map(({ channel }) => channel))},
        ${texts(unique.map(({ version }) => version))}) wanted (thread_id, checkpoint_ns, channel, version)
      join checkpoint_blobs b on b.thread_id = wanted.thread_id and b.checkpoint_ns = wanted.checkpoint_ns
        and b.channel = wanted.channel and b.version = wanted.version
    where b.type <> 'empty'`
}

function versionsOf(head: CheckpointHead): VersionOf[] {
  const versions = (head.checkpoint['channel_versions'] ?? {}) as Readonly<Record<string, unknown>>
  return Object.entries(versions).map(([channel, version]) => ({ channel, version: String(version) }))
}

function blobKey(threadId: string, namespace: string, { channel, version }: VersionOf): string {
  return JSON.stringify([threadId, namespace, channel, version])
}

// The foreign key on threads is what tells that a thread has been deleted meanwhile.
async function refusingStrangers(threadId: string, work: () => Promise<void>): Promise<void> {
  try {
    await work()
  } catch (error) {
    for (const table of ['checkpoints', 'checkpoint_blobs', 'checkpoint_writes']) {
      if (violates(error, `${table}_tenant_id_thread_id_fkey`)) throw notFound('thread', threadId)
    }
    throw error
  }
}
