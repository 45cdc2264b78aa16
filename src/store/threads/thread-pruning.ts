import { id, sql, type Sql } from '../../database/database.ts'
import { present } from './thread.ts'
import type { StoreTransaction } from '../store-transaction.ts'
import { uuids } from '../values.ts'

/** What pruning leaves of a thread: nothing, or the newest checkpoint of each namespace. */
export type PruneStrategy = 'delete' | 'keep_latest'

/** Prunes the threads of the transaction's tenant that are there and have no run to do, and says how many these were. */
export async function pruneThreads(
  tx: StoreTransaction,
  threadIds: readonly string[],
  strategy: PruneStrategy,
): Promise<number> {
  if (threadIds.length === 0) return 0
  // In the order of their ids, so that two that prune the same threads wait for each other instead of being stuck.
  const locked = await tx.query<{ tenant_id: string; thread_id: string }>(sql`
    select tenant_id, thread_id from threads
    where ${present} and thread_id = any(${uuids(threadIds)})
    order by thread_id
    for update`)
  const idle = await tx.query<{ tenant_id: string; thread_id: string }>(sql`
    select t.tenant_id, t.thread_id from threads t
    where t.tenant_id = current_tenant() and t.thread_id = any(${uuids(locked.map(({ thread_id }) => thread_id))})
      and not exists (
        select from runs r
        where r.tenant_id = t.tenant_id and r.thread_id = t.thread_id and r.status in ('pending', 'running'))`)
  for (const { tenant_id, thread_id } of idle) {
    if (strategy === 'keep_latest') await keepLatest(tx, tenant_id, thread_id)
    else await tx.execute(sql`delete from threads where tenant_id = ${tenant_id} and thread_id = ${thread_id}`)
  }
  return idle.length
}

/**
 * Removes the checkpoints of a thread but the newest of each namespace. A delta channel of that one has no value of its own:
 * it is put together from the writes of its ancestors, back to the nearest that has a value (`counters_since_delta_snapshot`
 * in the metadata names these channels), so that these ancestors stay. In a checkpoint older than version 4, what is still to
 * be sent is with the parent's writes.
 */
export async function keepLatest(tx: StoreTransaction, tenantId: string, threadId: string): Promise<void> {
  const here = (table: string): Sql =>
    sql`${id(table, 'tenant_id')} = ${tenantId} and ${id(table, 'thread_id')} = ${threadId}`
  await tx.execute(sql`
    with recursive head as (
      select distinct on (checkpoint_ns) checkpoint_ns, checkpoint_id, parent_checkpoint_id, checkpoint
      from checkpoints
      where ${here('checkpoints')}
      order by checkpoint_ns, checkpoint_id desc
    ), delta as (
      select distinct c.checkpoint_ns, d.channel
      from checkpoints c, jsonb_object_keys(c.metadata -> 'counters_since_delta_snapshot') d (channel)
      where ${here('c')}
    ), stored as (
      select checkpoint_ns, channel, version from checkpoint_blobs where ${here('checkpoint_blobs')} and type <> 'empty'
    ), needed (checkpoint_ns, checkpoint_id, parent_checkpoint_id, channel, version) as (
      select h.checkpoint_ns, h.checkpoint_id, h.parent_checkpoint_id, d.channel,
        h.checkpoint -> 'channel_versions' ->> d.channel
      from head h join delta d on d.checkpoint_ns = h.checkpoint_ns
      union
      select n.checkpoint_ns, c.checkpoint_id, c.parent_checkpoint_id, n.channel,
        c.checkpoint -> 'channel_versions' ->> n.channel
      from needed n
      join checkpoints c
        on ${here('c')} and c.checkpoint_ns = n.checkpoint_ns and c.checkpoint_id = n.parent_checkpoint_id
      where not exists (
        select from stored s where (s.checkpoint_ns, s.channel, s.version) = (n.checkpoint_ns, n.channel, n.version))
    ), kept as (
      select checkpoint_ns, checkpoint_id from head
      union
      select checkpoint_ns, checkpoint_id from needed
    ), live as (
      select c.checkpoint_ns, v.key, v.value
      from checkpoints c
      join kept k on (k.checkpoint_ns, k.checkpoint_id) = (c.checkpoint_ns, c.checkpoint_id)
      cross join jsonb_each_text(c.checkpoint -> 'channel_versions') v
      where ${here('c')}
    ), sends as (
      select checkpoint_ns, parent_checkpoint_id as checkpoint_id from head
      where coalesce((checkpoint ->> 'v')::numeric, 0) < 4
    ), gone_writes as (
      delete from checkpoint_writes w
      where ${here('w')}
        and (w.checkpoint_ns, w.checkpoint_id) not in (select checkpoint_ns, checkpoint_id from kept)
        and not (
          w.channel = '__pregel_tasks'
          and exists (
            select from sends s where (s.checkpoint_ns, s.checkpoint_id) = (w.checkpoint_ns, w.checkpoint_id)))
    ), gone_blobs as (
      delete from checkpoint_blobs b
      where ${here('b')}
        and (b.checkpoint_ns, b.channel, b.version) not in (select checkpoint_ns, key, value from live)
    )
    delete from checkpoints c
    where ${here('c')} and (c.checkpoint_ns, c.checkpoint_id) not in (select checkpoint_ns, checkpoint_id from kept)`)
}
