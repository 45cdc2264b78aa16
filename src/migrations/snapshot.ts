import type { Catalog } from '../catalog/catalog.ts'
import { sql, type Queryable, type Sql } from '../database/database.ts'
import { readOrNothing, type Bookkeeping } from './bookkeeping.ts'
import type { StoredBatch } from './stored-batch.ts'

/** What a batch found, kept when it is complete: what undoes it is derived from that. */
export interface Snapshot {
  /** The batch's id, which the history's rows have. */
  readonly batch: string
  /** The schema that holds the real tables. */
  readonly base: string
  /** The migration whose version schema was used before; null when there was none. */
  readonly oldVersion: string | null
  /** The schema before the batch, and after each script of an author's that ran at its start. */
  readonly catalogs: readonly [Catalog, ...Catalog[]]
}

/** The statement that keeps what a batch found, while its catalogs are still there. */
export function keepSnapshot(
  { snapshots, state }: Bookkeeping,
  { id: batch, base, oldVersion }: Pick<StoredBatch, 'id' | 'base' | 'oldVersion'>,
): Sql {
  return sql`
    insert into ${snapshots} (batch, base, old_version, catalogs)
    select
      ${batch}, ${base}, ${oldVersion},
      '[' || string_agg(value, ',' order by split_part(key, ':', 2)::int) || ']'
    from ${state}
    where key like 'catalog:%'`
}

/** The statement that forgets the snapshots of batches of which nothing is in effect any more. */
export function dropSnapshots({ snapshots, migrations }: Bookkeeping): Sql {
  return sql`
    delete from ${snapshots}
    where batch not in (select batch from ${migrations} where rolled_back_at is null)`
}

/** What batches found that some migration of is in effect. */
export async function readSnapshots(db: Queryable, { snapshots }: Bookkeeping): Promise<Snapshot[]> {
  const rows = await readOrNothing(() =>
    db.query<Omit<Snapshot, 'catalogs'> & { catalogs: string }>(sql`
      select batch, base, old_version as "oldVersion", catalogs from ${snapshots}`),
  )
  return rows.map((row) => ({ ...row, catalogs: JSON.parse(row.catalogs) as Snapshot['catalogs'] }))
}
