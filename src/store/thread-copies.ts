import { sql } from '../database/database.ts'
import { notFound } from './failures.ts'
import { columnsOf, present, type Thread } from './thread.ts'
import type { StoreTransaction } from './transaction.ts'

/**
 * Copies a thread with its checkpoints, under their ids. The rows never leave the database, and one statement copies all, so
 * that what is written meanwhile is copied whole or not at all. The checkpoints belong to no run of the copy.
 */
export async function copyThread(tx: StoreTransaction, threadId: string): Promise<Thread> {
  const from = sql`t.tenant_id = current_tenant() and t.thread_id = ${threadId}`
  const made = await tx.first<{ thread_id: string }>(sql`
    with made as (
      insert into threads (
        tenant_id, thread_id, user_id, assistant_id, state_updated_at, ttl_minutes, ttl_strategy, next_nodes, values_omitted,
        status, title, agent_type, model, provider, metadata, config, interrupts, error, "values")
      select tenant_id, new_id(), user_id, assistant_id, state_updated_at, ttl_minutes, ttl_strategy, next_nodes,
        values_omitted, status, title, agent_type, model, provider, metadata, config, interrupts, error, "values"
      from threads
      where ${present} and thread_id = ${threadId}
      returning thread_id
    ), copied_checkpoints as (
      insert into checkpoints (
        tenant_id, thread_id, created_at, checkpoint_ns, checkpoint_id, parent_checkpoint_id, type, checkpoint, metadata)
      select t.tenant_id, m.thread_id, t.created_at, t.checkpoint_ns, t.checkpoint_id, t.parent_checkpoint_id, t.type,
        t.checkpoint,
        case
          when t.metadata ->> 'thread_id' = t.thread_id::text
          then t.metadata || jsonb_build_object('thread_id', m.thread_id)
          else t.metadata
        end
      from checkpoints t, made m
      where ${from}
    ), copied_blobs as (
      insert into checkpoint_blobs (tenant_id, thread_id, checkpoint_ns, channel, version, type, blob)
      select t.tenant_id, m.thread_id, t.checkpoint_ns, t.channel, t.version, t.type, t.blob
      from checkpoint_blobs t, made m
      where ${from}
    ), copied_writes as (
      insert into checkpoint_writes (
        tenant_id, thread_id, idx, checkpoint_ns, checkpoint_id, task_id, task_path, channel, type, blob)
      select t.tenant_id, m.thread_id, t.idx, t.checkpoint_ns, t.checkpoint_id, t.task_id, t.task_path, t.channel, t.type,
        t.blob
      from checkpoint_writes t, made m
      where ${from}
    )
    select thread_id from made`)
  if (made === undefined) throw notFound('thread', threadId)
  // A failed run is not copied, but what it said is; what is said of runs to do is not so of the copy.
  await tx.execute(sql`
    update threads set status = case when next_nodes <> '{}' or interrupts <> '{}' then 'interrupted' else 'idle' end
    where tenant_id = current_tenant() and thread_id = ${made.thread_id} and status = 'busy'`)
  const copy = await tx.first<Thread>(sql`
    select ${columnsOf()} from threads where tenant_id = current_tenant() and thread_id = ${made.thread_id}`)
  if (copy === undefined) throw notFound('thread', threadId)
  return copy
}
