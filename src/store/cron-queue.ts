import { sql } from '../database/database.ts'
import type { CronsRow } from './rows.ts'
import type { Run } from './runs/run.ts'

/** A cron whose time has come. */
export interface DueCron extends Pick<
  CronsRow,
  'tenant_id' | 'cron_id' | 'occurrence_seq' | 'schedule' | 'timezone' | 'end_time'
> {
  /** What time it is in the database, whose clock is the same for all. */
  readonly now: Date
}

/** The crons of all tenants. */
export interface CronQueue {
  /** Those whose time has come, the longest due first. */
  due(limit: number): Promise<DueCron[]>
  /** Milliseconds until the next one is due; undefined when there is none. */
  untilNext(): Promise<number | undefined>
}

/** The crons that transactions of `run`, which see all tenants, find. */
export function cronQueue(run: Run): CronQueue {
  return {
    due: (limit) =>
      run((tx) =>
        tx.query<DueCron>(sql`
          select tenant_id, cron_id, occurrence_seq, schedule, timezone, end_time, now() as now
          from crons where enabled and next_run_date <= now()
          order by next_run_date limit ${limit}`),
      ),
    untilNext: () =>
      run(async (tx) => {
        const found = await tx.first<{ wait: number | null }>(sql`
          select (extract(epoch from min(next_run_date) - now()) * 1000)::double precision as wait
          from crons where enabled and next_run_date is not null`)
        return found?.wait ?? undefined
      }),
  }
}
