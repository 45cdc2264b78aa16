import { sql } from '../database/database.ts'
import { inBatches } from './expiry.ts'
import type { Run } from './runs/run.ts'

/** How many rows are removed at a time. */
const batch = 500

/** Forgets keys of requests whose time is over, of all tenants; `run` works across tenants. Returns how many it was. */
export function sweepKeys(run: Run): Promise<number> {
  return inBatches(batch, () =>
    run((tx) =>
      tx.execute(sql`
        delete from idempotency_keys where (tenant_id, scope, key) in (
          select tenant_id, scope, key from idempotency_keys where expires_at <= now()
          order by expires_at limit ${batch} for update skip locked)`),
    ),
  )
}

/** Forgets messages to webhooks that were given up a month ago, of all tenants. Returns how many it was. */
export function sweepUndelivered(run: Run): Promise<number> {
  return inBatches(batch, () =>
    run((tx) =>
      tx.execute(sql`
        delete from outbox where (tenant_id, delivery_id) in (
          select tenant_id, delivery_id from outbox where done_at <= now() - interval '30 days'
          order by done_at limit ${batch} for update skip locked)`),
    ),
  )
}

/**
 * Makes the partitions of the events of runs for today and tomorrow, and drops those of which all events are older than a week.
 * Returns how many were dropped. One process does it at a time; when others hold the table for long, it is left to the next time.
 */
export function sweepRunEvents(run: Run): Promise<number> {
  return run(async (tx) => {
    const free = await tx.first<{ free: boolean }>(sql`
      select pg_try_advisory_xact_lock(hashtextextended('metastore run_events', 0)) as free,
        set_config('lock_timeout', '2000', true)`)
    if (free?.free !== true) return 0
    // A version of the schema has a view of that name, before public.
    await tx.query(sql`select public.make_partitions('public.run_events', 'day')`)
    const dropped = await tx.query(sql`select public.drop_partitions('public.run_events', '7 days')`)
    return dropped.length
  })
}
