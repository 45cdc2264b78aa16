import { sql, type Queryable, type Sql } from '../database/database.ts'
import { readOrNothing, type Bookkeeping } from './bookkeeping.ts'

/** Which way a migration runs. */
export type Direction = 'up' | 'down'

/** A step that runs outside a transaction, and how far it got: `intent` before it is sent, `done` after it returned. */
export interface JournalEntry {
  readonly migration: string
  readonly direction: Direction
  /** The step's key: what it is, never where it stands. */
  readonly step: string
  readonly label: string
  readonly status: 'intent' | 'done'
}

/** The steps of migrations that were begun and not finished; nothing on a database that was never managed. */
export function readJournal(db: Queryable, { journal }: Bookkeeping): Promise<JournalEntry[]> {
  return readOrNothing(() =>
    db.query<JournalEntry>(sql`
      select migration, direction, step, label, status
      from ${journal}
      order by updated_at, step`),
  )
}

/** The statement that notes a step as about to run, or as done. */
export function noteStep({ journal, now }: Bookkeeping, entry: JournalEntry, batch: string): Sql {
  return sql`
    insert into ${journal} (migration, direction, step, label, status, batch, updated_at)
    values (${entry.migration}, ${entry.direction}, ${entry.step}, ${entry.label}, ${entry.status}, ${batch}, ${now})
    on conflict (migration, direction, step)
    do update set status = excluded.status, batch = excluded.batch, updated_at = excluded.updated_at`
}

/** The statement that forgets a step, as when it failed and left nothing. */
export function forgetStep(
  { journal }: Bookkeeping,
  entry: Pick<JournalEntry, 'migration' | 'direction' | 'step'>,
): Sql {
  return sql`
    delete from ${journal}
    where migration = ${entry.migration} and direction = ${entry.direction} and step = ${entry.step}`
}

/** The statement that clears a migration's steps, to run in the transaction that changes the history. */
export function clearJournal({ journal }: Bookkeeping, migration: string): Sql {
  return sql`delete from ${journal} where migration = ${migration}`
}
