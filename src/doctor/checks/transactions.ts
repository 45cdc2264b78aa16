import { sql } from '../../database/database.ts'
import { healthy, type Diagnosis, type DoctorCheck } from '../diagnosis.ts'

interface LongTransaction {
  readonly pid: number
  readonly application: string
  readonly role: string
  readonly seconds: number
}

/** No transaction has been open for so long that a change to its tables, or a concurrent index build, would wait for it. */
export const transactionsCheck: DoctorCheck = {
  name: 'transactions',
  async run({ database, session }) {
    if (!database.features.manySessions || !database.features.roles) return []
    const open = await session.query<LongTransaction>(sql`
      select pid, application_name as application, usename::text as role,
        extract(epoch from now() - xact_start)::int as seconds
      from pg_stat_activity
      where datname = current_database() and pid <> pg_backend_pid()
        and backend_type = 'client backend' and xact_start < now() - interval '1 minute'
      order by xact_start`)
    const prepared = await session.query<{ gid: string }>(sql`
      select gid from pg_prepared_xacts where database = current_database() and prepared < now() - interval '1 minute'`)
    const warnings = [...open.map(describeOpen), ...prepared.map(describePrepared)]
    return warnings.length > 0 ? warnings : [healthy('transactions', 'No transaction has been open for over a minute.')]
  },
}

function describeOpen({ pid, application, role, seconds }: LongTransaction): Diagnosis {
  const who = application === '' ? role : `${application}, ${role}`
  return {
    check: 'transactions',
    severity: 'warning',
    message: `Server process ${pid} (${who}) has had a transaction open for ${seconds} s; migrations of its tables wait for it.`,
    remedy: `End it in its application, or with select pg_terminate_backend(${pid});`,
  }
}

function describePrepared({ gid }: { gid: string }): Diagnosis {
  return {
    check: 'transactions',
    severity: 'warning',
    message: `The prepared transaction ${gid} keeps its locks until somebody ends it.`,
    remedy: 'End it with commit prepared or rollback prepared.',
  }
}
