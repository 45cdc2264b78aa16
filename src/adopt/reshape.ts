import { sql } from '../database/database.ts'
import type { AdoptionSource } from './history.ts'
import { saysTheSame } from './same-actions.ts'
import { findToolTable } from './tool-table.ts'

/** Reshape (0.6 and 0.7) keeps its state in `reshape.data` and its history in `reshape.migrations`. */
export const reshapeSource: AdoptionSource = {
  title: 'Reshape',

  table: (db, base) =>
    findToolTable(db, { name: 'migrations', schema: 'reshape', columns: ['index', 'name', 'actions'] }, base),

  async read(db) {
    const [state] = await db.query<{ state: string }>(sql`
      select coalesce((select value ->> 'state' from reshape.data where key = 'state'), 'idle') as state`)
    const migrations = await db.query<{
      name: string
      description: string | null
      appliedAt: Date | null
      actions: unknown[]
    }>(sql`
      select name, description, completed_at::timestamptz as "appliedAt", actions
      from reshape.migrations
      order by index`)
    return { busy: state?.state === 'idle' ? null : (state?.state ?? null), migrations, versions: true }
  },

  isSame: saysTheSame,
}
