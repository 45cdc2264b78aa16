import { sql } from '../database/database.ts'
import type { TenantsRow } from './rows.ts'
import type { Run } from './run.ts'

/** A customer of the assistant, who owns rows of all other tables. */
export type Tenant = TenantsRow

/** The tenants; only for work across tenants. */
export interface Tenants {
  /** By its id, or by its name. */
  find(idOrName: string): Promise<Tenant | undefined>
}

/** The tenants of a store. */
export function tenants(run: Run): Tenants {
  return {
    find: (idOrName) =>
      run((tx) =>
        tx.first<Tenant>(
          sql`select * from tenants where id::text = ${idOrName} or name = ${idOrName} order by id limit 1`,
        ),
      ),
  }
}
