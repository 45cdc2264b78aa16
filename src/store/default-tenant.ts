import { sql } from '../database/database.ts'
import type { StoreTransaction } from './store-transaction.ts'

/** The tenant of programs that know of no tenants, which is made when it is not there: its id. For work across tenants. */
export async function defaultTenant(tx: StoreTransaction): Promise<string> {
  await tx.execute(
    sql`insert into tenants (name, domain) values ('default', 'default') on conflict (domain) do nothing`,
  )
  const found = await tx.first<{ readonly id: string }>(sql`select id from tenants where domain = 'default'`)
  if (found === undefined) throw new Error('The tenant that was made is not there.')
  return found.id
}
