import { introspect, type Catalog } from '../../catalog/catalog.ts'
import { sql, type Queryable } from '../../database/database.ts'
import { versionSchemaName } from '../batch/names.ts'
import { setState, type Bookkeeping } from '../bookkeeping.ts'
import type { StoredBatch } from '../stored-batch.ts'
import { inPhaseTransaction } from './phase-transaction.ts'
import type { BodyRun } from './body-run.ts'

/** Reads the schema that a batch is compiled against: the real tables, and what the old version sees. */
export function readCatalog(
  db: Queryable,
  { base, oldVersion }: Pick<StoredBatch, 'base' | 'oldVersion'>,
): Promise<Catalog> {
  const schemas = [base, ...(oldVersion === null ? [] : [versionSchemaName(oldVersion)])]
  return introspect(db, 'postgres', { schemas })
}

/** The catalogs that the batch under way has been compiled against so far, in order. */
export async function readCatalogs(db: Queryable, { state }: Bookkeeping): Promise<Catalog[]> {
  const rows = await db.query<{ value: string }>(sql`
    select value from ${state} where key like 'catalog:%' order by split_part(key, ':', 2)::int`)
  return rows.map(({ value }) => JSON.parse(value) as Catalog)
}

/** Reads the schema again and stores it together with the step's note. */
export async function reintrospect({ work, last }: BodyRun): Promise<void> {
  const { run, batch } = work
  let catalog = ''
  let index = 0
  await inPhaseTransaction(run, batch.base, {
    locks: [],
    async work(tx) {
      catalog = JSON.stringify(await readCatalog(tx, batch))
      index = (await readCatalogs(tx, run.bookkeeping)).length
    },
    last: () => [setState(run.bookkeeping, `catalog:${index}`, catalog), ...last()],
  })
}
