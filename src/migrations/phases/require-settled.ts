import { MetastoreError } from '../../errors.ts'
import type { RequireSettledBody } from '../batch/phase-step.ts'
import type { PutOffRow } from '../sync/put-off.ts'
import type { BodyRun } from './body-run.ts'
import { inPhaseTransaction } from './phase-transaction.ts'

/** Fails with `data_conflict` while rows of the table wait for values that could not be computed. */
export async function requireSettled({ table, find }: RequireSettledBody, { work, last }: BodyRun): Promise<void> {
  const rows = await work.run.session.query<PutOffRow>(find)
  const [first] = rows
  if (first !== undefined) {
    const { count } = first
    const more = count - rows.length
    throw new MetastoreError({
      code: 'data_conflict',
      message: `${count === 1 ? '1 row' : `${count} rows`} of ${table} ${count === 1 ? 'waits' : 'wait'} for a value that could not be computed.`,
      details: [...rows.map(describe), ...(more > 0 ? [`and ${more} more`] : [])],
      remedy: 'Update those rows with values that the migration can convert, then run metastore complete again.',
    })
  }
  await inPhaseTransaction(work.run, work.batch.base, { locks: [], last })
}

function describe({ key, migration, action, column, error }: PutOffRow): string {
  const row = key === '' ? 'a row' : key
  if (error === null) return `${row}: it could not be converted when the batch was started`
  return `${row}: ${error} (migration ${migration}, action ${action}, column ${column})`
}
