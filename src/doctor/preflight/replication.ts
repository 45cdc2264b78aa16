import { sql } from '../../database/database.ts'
import { size } from '../../migrations/foresee.ts'
import type { Finding } from '../../finding.ts'
import type { PreflightCheck } from './preflight-check.ts'

const [farBehind, muchKept] = [64e6, 1e9]

/** Replicas that are behind already, and slots that keep the log: what a rewrite or a backfill writes goes through them. */
export const replicationCheck: PreflightCheck = {
  looksAt: 'Replication',
  async run({ database, session }) {
    if (!database.features.manySessions) return []
    // The end of the log is only known where it is written.
    const [server] = await session.query<{ standby: boolean }>(sql`select pg_is_in_recovery() as standby`)
    if (server?.standby !== false) return []
    const replicas = await session.query<{ name: string; bytes: number | null; seconds: number | null }>(sql`
      select coalesce(nullif(application_name, ''), client_addr::text, 'a replica') as name,
        pg_wal_lsn_diff(pg_current_wal_lsn(), replay_lsn)::float8 as bytes,
        extract(epoch from replay_lag)::float8 as seconds
      from pg_catalog.pg_stat_replication
      order by 1`)
    const slots = await session.query<{ name: string; bytes: number }>(sql`
      select slot_name::text as name, pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn)::float8 as bytes
      from pg_catalog.pg_replication_slots
      where not active and restart_lsn is not null
      order by 1`)
    return [
      ...replicas.filter(({ bytes, seconds }) => (bytes ?? 0) > farBehind || (seconds ?? 0) > 10).map(ofReplica),
      ...slots.map(ofSlot),
    ]
  },
}

function ofReplica({ name, bytes, seconds }: { name: string; bytes: number | null; seconds: number | null }): Finding {
  const lag = seconds === null ? '' : ` and ${Math.round(seconds)} s`
  return {
    code: 'replica_lag',
    severity: 'P1',
    object: name,
    message: `The replica ${name} is ${size(bytes ?? 0)}${lag} behind; what the plan writes puts it further behind.`,
    remedy: 'Wait until it has caught up, and slow backfills down with --throttle.',
  }
}

function ofSlot({ name, bytes }: { name: string; bytes: number }): Finding {
  return {
    code: 'slot_inactive',
    severity: bytes > muchKept ? 'P1' : 'P2',
    object: name,
    message: `Nobody reads the replication slot ${name}, which keeps ${size(bytes)} of the log, and all that the plan writes.`,
    remedy: 'Start its reader, or drop the slot with select pg_drop_replication_slot(…).',
  }
}
