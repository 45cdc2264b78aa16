import { failedBecause, sql, type Queryable } from '../database/database.ts'
import type { AdoptionSource, RecordedHistory } from './history.ts'

/** Reshape keeps its state in `reshape.data` and its history in `reshape.migrations`. */
export const reshapeSource: AdoptionSource = {
  title: 'Reshape',

  async read(db) {
    const [state] = await readState(db)
    if (state === undefined) return undefined
    const migrations = await db.query<{
      name: string
      description: string | null
      appliedAt: Date | null
      actions: unknown[]
    }>(sql`
      select name, description, completed_at::timestamptz as "appliedAt", actions
      from reshape.migrations
      order by index`)
    return { busy: state.state === 'idle' ? null : state.state, migrations, versions: true } satisfies RecordedHistory
  },
}

// One row wherever Reshape has been: it writes its state only when that changes for the first time.
async function readState(db: Queryable): Promise<{ state: string }[]> {
  try {
    return await db.query<{ state: string }>(sql`
      select coalesce((select value ->> 'state' from reshape.data where key = 'state'), 'idle') as state
      from (select count(*) from reshape.migrations) as there`)
  } catch (error) {
    if (failedBecause(error, 'missing_object')) return []
    throw error
  }
}
