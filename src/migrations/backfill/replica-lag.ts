import { sql } from '../../database/database.ts'
import { MetastoreError } from '../../errors.ts'
import type { Hold } from './options.ts'

/** What the primary server knows of one replica. */
export interface ReplicaReport {
  readonly name: string
  /** How far it has replayed the log, in bytes since the log began. */
  readonly replayed: number
  /** Milliseconds that the server has measured last; null where it has measured nothing. */
  readonly measured: number | null
}

/** One look at all replicas. */
export interface ReplicaReports {
  /** Where the log of the primary ends, in bytes. */
  readonly written: number
  readonly replicas: readonly ReplicaReport[]
}

/**
 * Says how many milliseconds the replica is behind that is furthest, by looks at successive moments. What a server measures
 * goes stale when nothing is written, and is missing at first; so it is also noted when the log had which length.
 */
export function lagMeter(): (reports: ReplicaReports, now: number) => { name: string; lag: number } | null {
  let marks: { readonly written: number; readonly at: number }[] = []
  return ({ written, replicas }, now) => {
    const least = Math.min(written, ...replicas.map(({ replayed }) => replayed))
    if (marks.at(-1)?.written !== written) marks.push({ written, at: now })
    marks = marks.filter((mark) => mark.written > least)
    let furthest: { name: string; lag: number } | null = null
    for (const { name, replayed, measured } of replicas) {
      const since = marks.find((mark) => mark.written > replayed)?.at ?? now
      const lag = replayed >= written ? 0 : Math.max(now - since, measured ?? 0)
      if (furthest === null || lag > furthest.lag) furthest = { name, lag }
    }
    return furthest
  }
}

// More often than that is only load.
const interval = 500

/** Holds a backfill while a replica is further behind than so many milliseconds. Throws `privilege_missing`. */
export function holdForReplicas(maxLag: number, now: () => number = () => performance.now()): Hold {
  const meter = lagMeter()
  let asked = Number.NEGATIVE_INFINITY
  let answer: string | null = null
  return async (session) => {
    if (now() - asked < interval) return answer
    asked = now()
    const rows = await session.query<ReplicaRow>(replicaQuery)
    if (rows.some(({ hidden }) => hidden)) throw replicasHidden()
    const replicas = rows.flatMap(({ name, replayed, measured }) =>
      replayed === null ? [] : [{ name, replayed, measured }],
    )
    const furthest = meter({ written: rows[0]?.written ?? 0, replicas }, asked)
    answer =
      furthest === null || furthest.lag <= maxLag
        ? null
        : `the replica ${furthest.name} is ${seconds(furthest.lag)} behind, and ${seconds(maxLag)} are allowed.`
    return answer
  }
}

interface ReplicaRow {
  readonly name: string
  readonly hidden: boolean
  readonly written: number
  readonly replayed: number | null
  readonly measured: number | null
}

// One that only takes the log, as pg_receivewal does, or a base backup, replays nothing and is not waited for. Whoever may not
// read the view sees that there are replicas, and nothing of them.
const replicaQuery = sql`
  select coalesce(nullif(application_name, ''), client_addr::text, pid::text) as name,
    state is null as hidden,
    pg_catalog.pg_wal_lsn_diff(pg_catalog.pg_current_wal_lsn(), '0/0')::float8 as written,
    pg_catalog.pg_wal_lsn_diff(replay_lsn, '0/0')::float8 as replayed,
    (extract(epoch from replay_lag) * 1000)::float8 as measured
  from pg_catalog.pg_stat_replication
  where state is distinct from 'backup'`

function seconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(milliseconds < 10_000 ? 1 : 0)} s`
}

function replicasHidden(): MetastoreError {
  return new MetastoreError({
    code: 'privilege_missing',
    message: 'How far replicas are behind cannot be seen by this role, and the backfill has to wait for them.',
    where: 'pg_stat_replication',
    remedy: 'Grant it: grant pg_monitor to the role that migrates. Or leave max_lag out.',
  })
}
