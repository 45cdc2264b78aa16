import { sql, type Database, type Queryable } from '../database/database.ts'
import { MetastoreError } from '../errors.ts'

/** Why nothing can be written through a session: its server is a replica, or the role or the server says so. */
export type ReadOnly = 'replica' | 'setting'

/** Whether a session can only read, and why; null where it can write. */
export async function readOnlyReason(
  { dialect }: Pick<Database, 'dialect'>,
  session: Queryable,
): Promise<ReadOnly | null> {
  if (dialect !== 'postgres') return null
  const [found] = await session.query<{ replica: boolean; reads: boolean }>(sql`
    select pg_catalog.pg_is_in_recovery() as replica,
      pg_catalog.current_setting('transaction_read_only') = 'on' as reads`)
  if (found?.replica === true) return 'replica'
  return found?.reads === true ? 'setting' : null
}

/** Refuses a session that cannot write, before anything is tried. Throws `database_read_only`. */
export async function assertWritable(
  database: Pick<Database, 'dialect' | 'address'>,
  session: Queryable,
): Promise<void> {
  const reason = await readOnlyReason(database, session)
  if (reason === 'replica') {
    throw new MetastoreError({
      code: 'database_read_only',
      message: `${database.address} is a replica, which can only be read. Nothing was changed.`,
      where: database.address,
      remedy: 'Give the URL of the primary server. What reads, such as status, plan and audit, works here too.',
    })
  }
  if (reason === 'setting') {
    throw new MetastoreError({
      code: 'database_read_only',
      message: `Transactions on ${database.address} are read-only, by default_transaction_read_only of the role, the database or the server. Nothing was changed.`,
      where: database.address,
      remedy: 'Use a role that may write, or turn that setting off for this one.',
    })
  }
}
