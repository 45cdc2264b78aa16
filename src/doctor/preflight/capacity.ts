import { sql } from '../../database/database.ts'
import type { PreflightCheck } from './preflight-check.ts'

/** Whether the server's table of locks has room for those of the largest step. */
export const capacityCheck: PreflightCheck = {
  looksAt: 'The table of locks',
  async run({ database, session, plan }) {
    if (!database.features.manySessions) return []
    const counts = plan.migrations.flatMap(({ steps }) => steps.map(({ forecast }) => forecast?.locks.length ?? 0))
    const most = Math.max(0, ...counts)
    const [row] = await session.query<{ room: number }>(sql`
      select (current_setting('max_locks_per_transaction')::int * (
        current_setting('max_connections')::int + current_setting('max_prepared_transactions')::int)) as room`)
    // Indexes, sequences and catalogs are locked beside the tables.
    const room = row?.room ?? Number.POSITIVE_INFINITY
    if (most * 5 < room) return []
    return [
      {
        code: 'locks_short',
        severity: 'P1',
        message: `One step locks ${most} tables with their indexes, and the server has room for about ${room} locks in all.`,
        remedy: 'Raise max_locks_per_transaction, or split the migration.',
      },
    ]
  },
}
