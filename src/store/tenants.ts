import { sql } from '../database/database.ts'
import { type Changes, changes, given } from './changes.ts'
import { invalid, notFound } from './failures.ts'
import { type Page, type Paged, readPage } from './page.ts'
import { explaining } from './refusals.ts'
import type { TenantsRow } from './rows.ts'
import type { Run } from './runs/run.ts'
import type { StoreTransaction } from './store-transaction.ts'
import { json, type JsonObject } from './values.ts'

/** A customer of the assistant, who owns rows of all other tables. */
export type Tenant = TenantsRow

/** A tenant that is to be added. */
export interface NewTenant {
  readonly name: string
  readonly domain: string
  readonly region?: string | null | undefined
  readonly settings?: JsonObject | undefined
}

/** What of a tenant is to be changed. */
export interface TenantChange extends Changes<NewTenant> {
  readonly status?: 'active' | 'suspended' | 'archived' | undefined
}

/** The tenants; only for work across tenants. */
export interface Tenants {
  /** By its id, its name or its domain. */
  find(idOrName: string): Promise<Tenant | undefined>
  /** The id of an active user of an active tenant, by its own id or by what another provider calls it. */
  findUser(tenantId: string, subject: string): Promise<string | undefined>
  /** By name; without the one whose rows are shared. */
  list(page: Page): Promise<Paged<Tenant>>
  /** Throws `request_invalid` for a name or a domain that is taken. */
  create(tenant: NewTenant): Promise<Tenant>
  /** Throws `not_found`. */
  update(id: string, change: TenantChange): Promise<Tenant>
}

/** The tenant for whom one works. */
export interface OwnTenant {
  get(): Promise<Tenant>
}

/** The tenant whose rows are shared. Whoever works as an administrator of it, administers all tenants. */
export const sharedTenantId = '00000000-0000-0000-0000-000000000000'

const columns = sql`id, created_at, updated_at, name, domain, region, status, settings`
const refusals = {
  tenants_name_unique: () => invalid('name', 'Another tenant has this name.'),
  tenants_domain_unique: () => invalid('domain', 'Another tenant has this domain.'),
}

/** The tenants of a store. */
export function tenants(run: Run): Tenants {
  return {
    find: (idOrName) =>
      run((tx) =>
        tx.first<Tenant>(sql`
          select ${columns} from tenants
          where ${isId(idOrName) ? sql`id = ${idOrName}` : sql`name = ${idOrName} or domain = ${idOrName}`}
          order by name = ${idOrName} desc, id limit 1`),
      ),
    list: (page) => run((tx) => list(tx, page)),
    create: ({ name, domain, region, settings }) =>
      run((tx) =>
        explaining(refusals, async () => {
          const [made] = await tx.query<Tenant>(sql`
            insert into tenants (name, domain, region, settings)
            values (${name}, ${domain}, ${region ?? null}, ${json(settings ?? {})})
            returning ${columns}`)
          return made as Tenant
        }),
      ),
    update: (id, { name, domain, region, settings, status }) =>
      run((tx) =>
        explaining(refusals, async () => {
          const [changed] = await tx.query<Tenant>(sql`
            update tenants set ${changes({
              name: given(name),
              domain: given(domain),
              region: given(region),
              settings: settings && json(settings),
              status: given(status),
            })}
            where id = ${id} and id <> shared_tenant()
            returning ${columns}`)
          if (changed === undefined) throw notFound('tenant', id)
          return changed
        }),
      ),
    findUser: (tenantId, subject) =>
      run(async (tx) => {
        const found = await tx.first<{ id: string }>(sql`
          select u.id from users u
          where u.tenant_id = ${tenantId} and u.is_active and u.id in (
            select i.user_id from identities i
            where i.tenant_id = ${tenantId} and i.provider = 'jwt' and i.provider_subject = ${subject}
            ${isId(subject) ? sql`union all select ${subject}::uuid` : sql``})
          limit 1`)
        return found?.id
      }),
  }
}

function list(tx: StoreTransaction, page: Page): Promise<Paged<Tenant>> {
  const behind = page.after === undefined ? sql`` : sql`and name > (select name from tenants where id = ${page.after})`
  return readPage<Tenant>(
    tx,
    page,
    {
      select: (limit) => sql`
        select ${columns} from tenants where id <> shared_tenant() ${behind} order by name limit ${limit}`,
      cursor: (after) => sql`select from tenants where id = ${after}`,
    },
    (row) => row.id,
  )
}

/** The tenant that transactions of `run` are for. */
export function ownTenant(run: Run): OwnTenant {
  return {
    get: () =>
      run(async (tx) => {
        const found = await tx.first<Tenant>(sql`select ${columns} from tenants where id = ${tx.tenantId}`)
        if (found === undefined) throw notFound('tenant', tx.tenantId)
        return found
      }),
  }
}

function isId(text: string): boolean {
  return /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i.test(text)
}
