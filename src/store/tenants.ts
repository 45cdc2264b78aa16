import { sql } from '../database/database.ts'
import type { TenantsRow } from './rows.ts'
import type { Run } from './run.ts'

/** A customer of the assistant, who owns rows of all other tables. */
export type Tenant = TenantsRow

/** The tenants; only for work across tenants. */
export interface Tenants {
  /** By its id, its name or its domain. */
  find(idOrName: string): Promise<Tenant | undefined>
  /** The id of an active user of an active tenant, by its own id or by what another provider calls it. */
  findUser(tenantId: string, subject: string): Promise<string | undefined>
}

/** The tenants of a store. */
export function tenants(run: Run): Tenants {
  return {
    find: (idOrName) =>
      run((tx) =>
        tx.first<Tenant>(
          sql`
            select * from tenants
            where id::text = ${idOrName} or name = ${idOrName} or domain = ${idOrName}
            order by id limit 1`,
        ),
      ),
    findUser: (tenantId, subject) =>
      run(async (tx) => {
        const found = await tx.first<{ id: string }>(sql`
          select u.id from users u
          where u.tenant_id = ${tenantId} and u.is_active
            and (u.id::text = ${subject} or u.id in (
              select i.user_id from identities i
              where i.tenant_id = ${tenantId} and i.provider = 'jwt' and i.provider_subject = ${subject}))
          limit 1`)
        return found?.id
      }),
  }
}
