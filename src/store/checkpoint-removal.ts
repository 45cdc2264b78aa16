import { sql } from '../database/database.ts'
import type { StoreTransaction } from './transaction.ts'
import { texts, uuids } from './values.ts'

/** What pruning leaves of a thread's checkpoints. */
export type PruneStrategy = 'delete' | 'keep_latest'

/** Removes all checkpoints of a thread. */
export async function deleteThread(tx: StoreTransaction, threadId: string): Promise<void> {
  await tx.execute(sql`delete from checkpoint_writes where thread_id = ${threadId}`)
  await tx.execute(sql`delete from checkpoint_blobs where thread_id = ${threadId}`)
  await tx.execute(sql`delete from checkpoints where thread_id = ${threadId}`)
}

/**
 * Copies all checkpoints of a thread, in the database. What their metadata says of the thread is said of the copy; runs stay
 * with the original.
 */
export async function copyThread(tx: StoreTransaction, threadId: string, targetId: string): Promise<void> {
  await tx.execute(sql`
    insert into checkpoints (tenant_id, thread_id, created_at, checkpoint_ns, checkpoint_id, parent_checkpoint_id, type, checkpoint, metadata)
    select tenant_id, ${targetId}::uuid, created_at, checkpoint_ns, checkpoint_id, parent_checkpoint_id, type, checkpoint,
      case when metadata ->> 'thread_id' = ${threadId} then metadata || jsonb_build_object('thread_id', ${targetId}::text) else metadata end
    from checkpoints where thread_id = ${threadId}`)
  await tx.execute(sql`
    insert into checkpoint_blobs (tenant_id, thread_id, checkpoint_ns, channel, version, type, blob)
    select tenant_id, ${targetId}::uuid, checkpoint_ns, channel, version, type, blob
    from checkpoint_blobs where thread_id = ${threadId}`)
  await tx.execute(sql`
    insert into checkpoint_writes
      (tenant_id, thread_id, idx, checkpoint_ns, checkpoint_id, task_id, task_path, channel, type, blob)
    select tenant_id, ${targetId}::uuid, idx, checkpoint_ns, checkpoint_id, task_id, task_path, channel, type, blob
    from checkpoint_writes where thread_id = ${threadId}`)
}

/** Removes the checkpoints of runs, and what nothing refers to any more. */
export async function deleteForRuns(tx: StoreTransaction, runIds: readonly string[]): Promise<void> {
  if (runIds.length === 0) return
  const touched = await tx.query<{ thread_id: string }>(
    sql`select distinct thread_id from checkpoints where run_id = any(${uuids(runIds)})`,
  )
  await tx.execute(sql`
    delete from checkpoint_writes w using checkpoints c
    where c.run_id = any(${uuids(runIds)}) and w.thread_id = c.thread_id
      and w.checkpoint_ns = c.checkpoint_ns and w.checkpoint_id = c.checkpoint_id`)
  await tx.execute(sql`delete from checkpoints where run_id = any(${uuids(runIds)})`)
  for (const { thread_id } of touched) await removeUnusedBlobs(tx, thread_id)
}

/** Removes the checkpoints of a thread but those that its newest ones are made of. */
export async function pruneThread(tx: StoreTransaction, threadId: string, strategy: PruneStrategy): Promise<void> {
  if (strategy === 'delete') return deleteThread(tx, threadId)
  const newest = await tx.query<{ checkpoint_ns: string; checkpoint_id: string }>(sql`
    select checkpoint_ns, max(checkpoint_id) as checkpoint_id from checkpoints
    where thread_id = ${threadId} group by checkpoint_ns`)
  for (const { checkpoint_ns, checkpoint_id } of newest) {
    const kept = texts(await ancestry(tx, threadId, checkpoint_ns, checkpoint_id))
    for (const table of [sql`checkpoint_writes`, sql`checkpoints`]) {
      await tx.execute(sql`
        delete from ${table} where thread_id = ${threadId} and checkpoint_ns = ${checkpoint_ns}
          and checkpoint_id <> all(${kept})`)
    }
  }
  await removeUnusedBlobs(tx, threadId)
}

/**
 * The checkpoints that one is made of: itself, and for channels that are kept as deltas (LangGraph counts those steps in the
 * metadata) its ancestors back to the nearest that has the whole value.
 */
async function ancestry(tx: StoreTransaction, threadId: string, namespace: string, newest: string): Promise<string[]> {
  const kept: string[] = []
  let pending: Set<string> | undefined
  for (let next: string | null = newest; next !== null;) {
    const found: Ancestor | undefined = await tx.first<Ancestor>(sql`
      select c.parent_checkpoint_id,
        array(select jsonb_object_keys(coalesce(c.metadata -> 'counters_since_delta_snapshot', '{}'))) as deltas,
        array(
          select b.channel from jsonb_each_text(c.checkpoint -> 'channel_versions') v
            join checkpoint_blobs b on b.thread_id = c.thread_id and b.checkpoint_ns = c.checkpoint_ns
              and b.channel = v.key and b.version = v.value
          where b.type <> 'empty'
        ) as stored
      from checkpoints c
      where c.thread_id = ${threadId} and c.checkpoint_ns = ${namespace} and c.checkpoint_id = ${next}`)
    if (found === undefined) break
    kept.push(next)
    pending ??= new Set(found.deltas)
    for (const channel of found.stored) pending.delete(channel)
    if (pending.size === 0) break
    next = found.parent_checkpoint_id
  }
  return kept
}

interface Ancestor {
  readonly parent_checkpoint_id: string | null
  readonly deltas: readonly string[]
  readonly stored: readonly string[]
}

async function removeUnusedBlobs(tx: StoreTransaction, threadId: string): Promise<void> {
  await tx.execute(sql`
    delete from checkpoint_blobs b where b.thread_id = ${threadId} and (b.checkpoint_ns, b.channel, b.version) not in (
      select c.checkpoint_ns, v.key, v.value from checkpoints c, jsonb_each_text(c.checkpoint -> 'channel_versions') v
      where c.thread_id = ${threadId})`)
}
