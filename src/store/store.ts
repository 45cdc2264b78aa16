import type { Database } from '../database/database.ts'
import { allApiKeys, type AllApiKeys } from './api-keys.ts'
import { sessionPool } from './pool.ts'
import { repositories, type Repositories } from './repositories.ts'
import { tenants, type Tenants } from './tenants.ts'
import { type Access, type Ground, runTransaction, type StoreTransaction } from './transaction.ts'
import { wakeUps, type WakeUps } from './wake-ups.ts'

export { type ApiKey, hashOf, type KeyRole, prefixOf } from './api-keys.ts'
export type { Assistant } from './assistants.ts'
export { conflict, invalid, notFound, type Problem, RequestInvalid, violates } from './failures.ts'
export type * from './rows.ts'
export type { Tenant } from './tenants.ts'
export type { StoreTransaction } from './transaction.ts'
export { type Json, json, type JsonObject, pathOfNul, refuseNul, texts, uuids } from './values.ts'
export type { Topic } from './wake-ups.ts'

/** How a store uses its database. */
export interface StoreOptions {
  /** How many connections may be open at a time; 10 by default. An embedded database has one. */
  readonly connections?: number
  /** The schemas in which tables and functions are looked up, such as a version of the schema and `public`. */
  readonly searchPath?: readonly string[]
  /** Milliseconds after which a statement is given up; 30,000 by default. */
  readonly statementTimeout?: number
}

/** The data of all tenants of an assistant. */
export interface Store extends AsyncDisposable {
  /** What one tenant has; with `ownerId`, of threads only those of that user. Row-level security shows nothing else. */
  tenant(tenantId: string, options?: { readonly ownerId?: string | undefined }): TenantStore
  /** Work across tenants: keys, claims, sweeps. The connection's role has to be a member of metastore_admin. */
  readonly admin: AdminStore
  readonly wakeUps: WakeUps
  /** How many connections are open and in use, and how many callers wait for one. */
  readonly load: { readonly open: number; readonly busy: number; readonly waiting: number }
  /** Waits for transactions under way. The database stays open. */
  close(): Promise<void>
}

/** What one tenant has. Each method is a transaction of its own; `transaction` puts several into one. */
export interface TenantStore extends Repositories {
  readonly id: string
  transaction<T>(work: (store: TenantStore, tx: StoreTransaction) => Promise<T>): Promise<T>
}

/** What works across tenants. */
export interface AdminStore {
  readonly apiKeys: AllApiKeys
  readonly tenants: Tenants
  transaction<T>(work: (tx: StoreTransaction) => Promise<T>): Promise<T>
}

/** Opens the store of a database that has the assistant schema. */
export function openStore(database: Database, options: StoreOptions = {}): Store {
  const ground: Ground = {
    database,
    pool: sessionPool(database, options.connections ?? 10),
    wakeUps: wakeUps(database),
    searchPath: options.searchPath,
    statementTimeout: options.statementTimeout ?? 30_000,
  }
  const asAdmin: Access = { role: 'metastore_admin', tenantId: undefined }
  const across = <T>(work: (tx: StoreTransaction) => Promise<T>): Promise<T> => runTransaction(ground, asAdmin, work)
  const close = async (): Promise<void> => {
    await ground.wakeUps.close()
    await ground.pool.close()
  }
  return {
    tenant: (tenantId, { ownerId } = {}) => tenantStore(ground, { role: 'metastore_app', tenantId, ownerId }),
    admin: { apiKeys: allApiKeys(across), tenants: tenants(across), transaction: across },
    wakeUps: ground.wakeUps,
    get load() {
      return ground.pool.load
    },
    close,
    [Symbol.asyncDispose]: close,
  }
}

function tenantStore(ground: Ground, access: Access & { readonly tenantId: string }): TenantStore {
  const begin = <T>(work: (tx: StoreTransaction) => Promise<T>): Promise<T> => runTransaction(ground, access, work)
  return {
    id: access.tenantId,
    ...repositories(begin),
    transaction: (work) => begin((tx) => work(within(tx), tx)),
  }
}

// The same repositories in a transaction that is begun; a transaction in it is the same one.
function within(tx: StoreTransaction): TenantStore {
  const store: TenantStore = {
    id: tx.tenantId,
    ...repositories((work) => work(tx)),
    transaction: (work) => work(store, tx),
  }
  return store
}
