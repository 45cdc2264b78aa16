import { type Database, DatabaseError, openDatabase } from '../database/database.ts'
import { MetastoreError } from '../errors.ts'
import { defaultTenant, notFound, openStore, type Store, type TenantStore } from '../store/store.ts'

/** Where checkpoints and items are kept: one of `url`, `database` and `store`. */
export interface Place {
  /** `postgres://…` or `pglite:DIR`. It is opened when it is needed, and closed by `close()`. */
  readonly url?: string
  /** A database that the program has opened, and closes itself. */
  readonly database?: Database
  /** A store that the program has opened, and closes itself. */
  readonly store?: Store
  /** A tenant's id or name. Default: the tenant `default`, which is made when it is not there. */
  readonly tenant?: string
  /** The schemas in which tables are looked up. Default: those of the connection. */
  readonly searchPath?: readonly string[]
  /** How many connections may be open at a time; 10 by default. */
  readonly connections?: number
}

/** The store of one tenant, opened when it is first asked for. */
export interface OpenedStore {
  tenant(): Promise<TenantStore>
  /** Closes what was opened here. */
  close(): Promise<void>
}

/** Opens a place when it is first used. Throws `usage` at once when it does not say where. */
export function openedStore(place: Place): OpenedStore {
  const { url, database, store } = place
  if ([url, database, store].filter((each) => each !== undefined).length !== 1) {
    throw new MetastoreError({
      code: 'usage',
      message: 'A checkpointer needs one of url, database and store.',
      remedy: "Say where checkpoints are kept: new MetastoreSaver({ url: 'postgres://…' }).",
    })
  }
  const closing: (() => Promise<void>)[] = []
  const open = async (): Promise<TenantStore> => {
    const { searchPath, connections } = place
    const options = { ...(searchPath && { searchPath }), ...(connections !== undefined && { connections }) }
    if (store !== undefined) return tenantOf(store, place.tenant)
    const base = database ?? (await openDatabase(url ?? ''))
    if (database === undefined) closing.unshift(() => base.close())
    const opened = openStore(base, options)
    closing.unshift(() => opened.close())
    return explained(base, () => tenantOf(opened, place.tenant))
  }
  let tenant: Promise<TenantStore> | undefined
  return {
    // A failure is not kept: the database may be there the next time.
    tenant: () => (tenant ??= open().catch(forget)),
    async close() {
      await tenant?.catch(() => {})
      for (const step of closing.splice(0)) await step()
    },
  }

  async function forget(error: unknown): Promise<never> {
    tenant = undefined
    for (const step of closing.splice(0)) await step()
    throw error
  }
}

async function tenantOf(store: Store, idOrName: string | undefined): Promise<TenantStore> {
  if (idOrName === undefined) return store.tenant(await store.admin.transaction(defaultTenant))
  const found = await store.admin.tenants.find(idOrName)
  if (found === undefined) throw notFound('tenant', idOrName)
  return store.tenant(found.id)
}

async function explained<T>(database: Database, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    // Without the schema there are neither its tables nor its roles.
    if (!(error instanceof DatabaseError) || error.code === 'connection_failed') throw error
    if (error.reason !== 'missing_object' && !error.message.includes('metastore_admin')) throw error
    throw new MetastoreError({
      code: 'schema_mismatch',
      message: `${database.address} has no assistant schema that this role may use.`,
      remedy:
        'Migrate it with the schema that metastore brings (docs/guides/assistant-schema.md), and connect as a member of metastore_admin.',
      cause: error,
    })
  }
}
