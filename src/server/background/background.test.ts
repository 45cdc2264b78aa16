import { Registry } from 'prom-client'
import { expect, test, vi } from 'vitest'
import { sql } from '../../database/database.ts'
import { anna, openStoreWorld, storeEngines } from '../../../test/harness/assistant-store.ts'
import { backgroundMetrics } from './background-metrics.ts'
import { startBackground } from './background.ts'

test.each(storeEngines)(
  'what has expired is swept, days of events are made and dropped, and all is counted on $name',
  async (engine) => {
    await using world = await openStoreWorld(await engine.freshSchema())
    const { store, database } = world
    {
      await using session = await database.session()
      await session.script(`
        create table public.run_events_20200101 partition of public.run_events for values from ('2020-01-01') to ('2020-01-02');
        alter table public.run_events_20200101 enable row level security;
        update public.idempotency_keys set expires_at = now() + interval '1 hour', key = 'kept' where tenant_id = '${anna}';
        update public.outbox set last_error = 'x', done_at = now() - interval '31 days' where tenant_id = '${anna}';
        update public.outbox set last_error = 'x', done_at = now() - interval '29 days' where tenant_id <> '${anna}'`)
    }
    const failures: Error[] = []
    const registry = new Registry()
    const metrics = backgroundMetrics(registry)
    const logFailure = (error: Error) => void failures.push(error)
    const context = { store, metrics, logFailure, url: 'http://127.0.0.1:9' }
    const background = startBackground(context, { sweepSeconds: 0.01 })
    const counted = () => registry.getSingleMetricAsString('metastore_swept_total')
    await vi.waitFor(async () => {
      expect(await counted()).toContain('metastore_swept_total{what="run_event_partitions"} 1')
    }, 60_000)
    await background.close()
    expect(await counted()).toContain('metastore_swept_total{what="idempotency_keys"} 1')
    expect(await counted()).toContain('metastore_swept_total{what="webhooks"} 1')
    const left = await store.admin.transaction((tx) =>
      tx.first(sql`
        select (select array_agg(key) from idempotency_keys) as keys, (select count(*)::int from outbox) as messages,
          (select count(*)::int from pg_inherits where inhparent = 'public.run_events'::regclass) as parts`),
    )
    // Today, tomorrow, and what belongs to neither.
    expect(left).toEqual({ keys: ['kept'], messages: 1, parts: 3 })
    expect(failures).toEqual([])
  },
)
