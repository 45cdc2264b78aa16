import { sql } from '../../database/database.ts'
import type { Finding } from '../../finding.ts'
import type { PreflightCheck } from './preflight-check.ts'

interface OpenTransaction {
  readonly pid: number
  readonly who: string
  readonly seconds: number
  readonly idle: boolean
}

/** Transactions that a lock, or the build of an index, would wait for. */
export const openTransactionsCheck: PreflightCheck = {
  looksAt: 'Open transactions',
  async run({ database, session }) {
    if (!database.features.manySessions) return []
    const open = await session.query<OpenTransaction>(sql`
      select pid, coalesce(nullif(application_name, ''), 'no name') || ', ' || usename as who,
        extract(epoch from clock_timestamp() - xact_start)::int as seconds, state like 'idle in transaction%' as idle
      from pg_catalog.pg_stat_activity
      where datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend'
        and xact_start < clock_timestamp() - interval '10 seconds'
      order by xact_start`)
    const prepared = await session.query<{ gid: string }>(sql`
      select gid from pg_catalog.pg_prepared_xacts where database = current_database() order by prepared`)
    const [hidden] = await session.query<{ sessions: number }>(sql`
      select count(*)::int as sessions from pg_catalog.pg_stat_activity
      where datname = current_database() and pid <> pg_backend_pid() and backend_start is null`)
    return [...open.map(ofOpen), ...prepared.map(ofPrepared), ...ofHidden(hidden?.sessions ?? 0)]
  },
}

function ofOpen({ pid, who, seconds, idle }: OpenTransaction): Finding {
  const doing = idle ? 'and does nothing in it' : 'and is at work in it'
  return {
    code: idle ? 'idle_in_transaction' : 'long_transaction',
    severity: seconds >= 60 ? 'P1' : 'P2',
    object: `process ${pid}`,
    message: `Server process ${pid} (${who}) has had a transaction open for ${seconds} s ${doing}: locks of its tables, and every index that is built concurrently, wait for it.`,
    remedy: `End it in its application, or with select pg_terminate_backend(${pid});`,
  }
}

function ofPrepared({ gid }: { readonly gid: string }): Finding {
  return {
    code: 'prepared_transaction',
    severity: 'P1',
    object: gid,
    message: `The prepared transaction ${gid} keeps its locks until somebody ends it.`,
    remedy: 'End it with commit prepared or rollback prepared.',
  }
}

function ofHidden(sessions: number): Finding[] {
  if (sessions === 0) return []
  return [
    {
      code: 'sessions_hidden',
      severity: 'P2',
      message: `${sessions === 1 ? 'A session' : `${sessions} sessions`} of other roles cannot be looked into, so a long transaction there would not be told.`,
      remedy: 'Grant pg_read_all_stats to the role that migrates.',
    },
  ]
}
