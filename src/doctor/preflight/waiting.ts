import { sql } from '../../database/database.ts'
import { isOneOf, lockedTables, type PreflightCheck } from './preflight-check.ts'

/** Sessions that wait for a lock of a table of the plan already: the plan would queue behind them. */
export const waitingCheck: PreflightCheck = {
  looksAt: 'The queue for locks',
  async run(subject) {
    if (!subject.database.features.manySessions) return []
    const tables = lockedTables(subject)
    const queues = await subject.session.query<{ name: string; waiting: number; pids: string }>(sql`
      select namespace.nspname || '.' || class.relname as name, count(*)::int as waiting,
        string_agg(distinct holder.pid::text, ', ') as pids
      from pg_catalog.pg_locks lock
      join pg_catalog.pg_class class on class.oid = lock.relation
      join pg_catalog.pg_namespace namespace on namespace.oid = class.relnamespace
      cross join lateral unnest(pg_blocking_pids(lock.pid)) as holder (pid)
      where not lock.granted and lock.locktype = 'relation'
        and lock.database = (select oid from pg_catalog.pg_database where datname = current_database())
        and ${isOneOf(tables)}
      group by 1
      order by 1`)
    return queues.map(({ name, pids }) => ({
      code: 'lock_queue',
      severity: 'P1',
      object: name,
      message: `Somebody waits for a lock of ${name} already, which server process ${pids} holds.`,
      remedy: 'Wait until it is done, or end what holds the lock.',
    }))
  },
}
