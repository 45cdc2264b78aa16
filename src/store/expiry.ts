import { sql } from '../database/database.ts'
import type { Run } from './runs/run.ts'
import { keepLatest } from './threads/thread-pruning.ts'

/** How many rows a sweep takes at a time, so that nobody waits for it for long. */
const batch = 200

/**
 * Removes threads whose time is over, of all tenants, or their history, as each says; `run` works across tenants. Several
 * processes may do it at once. Returns how many threads it was.
 */
export function sweepThreads(run: Run): Promise<number> {
  return inBatches(batch, async () =>
    run(async (tx) => {
      const over = await tx.query<{ tenant_id: string; thread_id: string; ttl_strategy: string | null }>(sql`
        select tenant_id, thread_id, ttl_strategy from threads t
        where expires_at <= now() and status <> 'busy'
          and not exists (
            select from runs r
            where r.tenant_id = t.tenant_id and r.thread_id = t.thread_id and r.status in ('pending', 'running'))
        order by expires_at
        limit ${batch}
        for update skip locked`)
      for (const { tenant_id, thread_id, ttl_strategy } of over) {
        const here = sql`tenant_id = ${tenant_id} and thread_id = ${thread_id}`
        if (ttl_strategy === 'keep_latest') {
          await keepLatest(tx, tenant_id, thread_id)
          // There is nothing to prune until somebody writes to it again, from when on its time is counted anew.
          await tx.execute(sql`update threads set expires_at = null where ${here}`)
        } else await tx.execute(sql`delete from threads where ${here}`)
      }
      return over.length
    }),
  )
}

/** Removes items of the store whose time is over, of all tenants, as `sweepThreads` does threads. */
export function sweepItems(run: Run): Promise<number> {
  return inBatches(batch, async () =>
    run(async (tx) => {
      const gone = await tx.query(sql`
        delete from store_items
        where (tenant_id, namespace_path, key) in (
          select tenant_id, namespace_path, key from store_items
          where expires_at <= now()
          order by expires_at
          limit ${batch}
          for update skip locked)
        returning key`)
      return gone.length
    }),
  )
}

/** Sweeps until a sweep finds fewer than it could take, and returns how many it was in all. */
export async function inBatches(size: number, sweep: () => Promise<number>): Promise<number> {
  for (let total = 0; ;) {
    const swept = await sweep()
    total += swept
    if (swept < size) return total
  }
}
