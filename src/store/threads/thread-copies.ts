import { sql, type Sql } from '../../database/database.ts'
import { notFound } from '../failures.ts'
import { columnsOf, present, type Thread } from './thread.ts'
import type { StoreTransaction } from '../store-transaction.ts'

/**
 * Copies a thread with its checkpoints, under their ids. The rows never leave the database, and one statement copies all, so
 * that what is written meanwhile is copied whole or not at all. The checkpoints belong to no run of the copy. The copy's row is
 * there before: whose thread it is decides who may write what belongs to it.
 */
export async function copyThread(tx: StoreTransaction, threadId: string): Promise<Thread> {
  const made = await tx.first<{ thread_id: string }>(sql`
    insert into threads (tenant_id, thread_id, user_id)
    select tenant_id, new_id(), user_id from threads where ${present} and thread_id = ${threadId}
    returning thread_id`)
  const copy = made && (await tx.first<Thread>(copying(threadId, made.thread_id)))
  if (copy === undefined) throw notFound('thread', threadId)
  return copy
}

function copying(threadId: string, copyId: string): Sql {
  const from = sql`t.tenant_id = current_tenant() and t.thread_id = ${threadId}`
  const to = sql`${copyId}::uuid`
  return sql`
    with copied_checkpoints as (
      insert into checkpoints (
        tenant_id, thread_id, created_at, checkpoint_ns, checkpoint_id, parent_checkpoint_id, type, checkpoint, metadata)
      select t.tenant_id, ${to}, t.created_at, t.checkpoint_ns, t.checkpoint_id, t.parent_checkpoint_id, t.type,
        t.checkpoint,
        case
          when t.metadata ->> 'thread_id' = t.thread_id::text
          then t.metadata || jsonb_build_object('thread_id', ${to})
          else t.metadata
        end
      from checkpoints t
      where ${from}
    ), copied_blobs as (
      insert into checkpoint_blobs (tenant_id, thread_id, checkpoint_ns, channel, version, type, blob)
      select t.tenant_id, ${to}, t.checkpoint_ns, t.channel, t.version, t.type, t.blob
      from checkpoint_blobs t
      where ${from}
    ), copied_writes as (
      insert into checkpoint_writes (
        tenant_id, thread_id, idx, checkpoint_ns, checkpoint_id, task_id, task_path, channel, type, blob)
      select t.tenant_id, ${to}, t.idx, t.checkpoint_ns, t.checkpoint_id, t.task_id, t.task_path, t.channel, t.type,
        t.blob
      from checkpoint_writes t
      where ${from}
    )
    update threads set
      assistant_id = t.assistant_id, state_updated_at = t.state_updated_at, ttl_minutes = t.ttl_minutes,
      ttl_strategy = t.ttl_strategy, next_nodes = t.next_nodes, values_omitted = t.values_omitted, title = t.title,
      agent_type = t.agent_type, model = t.model, provider = t.provider, metadata = t.metadata, config = t.config,
      interrupts = t.interrupts, error = t.error, "values" = t."values",
      -- A failed run is not copied, but what it said is; what is said of runs to do is not so of the copy.
      status = case
        when t.status <> 'busy' then t.status
        when t.next_nodes <> '{}' or t.interrupts <> '{}' then 'interrupted'
        else 'idle'
      end
    from threads t
    where ${from} and threads.tenant_id = current_tenant() and threads.thread_id = ${to}
    returning ${columnsOf()}`
}
