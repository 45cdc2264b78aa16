import { sql } from '../../database/database.ts'
import type { StoreTransaction } from '../store-transaction.ts'
import { uuids } from '../values.ts'

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
  const touched = await tx.query<{ thread_id: string }>(sql`
    select thread_id from checkpoints where run_id = any(${uuids(runIds)})
    union select thread_id from runs where run_id = any(${uuids(runIds)})`)
  // A run also writes to the checkpoint that it begins at, such as the answer to a question.
  await tx.execute(sql`
    delete from checkpoint_writes w
    where w.thread_id = any(${uuids(touched.map(({ thread_id }) => thread_id))}) and w.run_id = any(${uuids(runIds)})`)
  await tx.execute(sql`
    delete from checkpoint_writes w using checkpoints c
    where c.run_id = any(${uuids(runIds)}) and w.thread_id = c.thread_id
      and w.checkpoint_ns = c.checkpoint_ns and w.checkpoint_id = c.checkpoint_id`)
  await tx.execute(sql`delete from checkpoints where run_id = any(${uuids(runIds)})`)
  for (const { thread_id } of touched) await removeUnusedBlobs(tx, thread_id)
}

async function removeUnusedBlobs(tx: StoreTransaction, threadId: string): Promise<void> {
  await tx.execute(sql`
    delete from checkpoint_blobs b where b.thread_id = ${threadId} and (b.checkpoint_ns, b.channel, b.version) not in (
      select c.checkpoint_ns, v.key, v.value from checkpoints c, jsonb_each_text(c.checkpoint -> 'channel_versions') v
      where c.thread_id = ${threadId})`)
}
