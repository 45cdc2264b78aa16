import type { Database } from '../database/database.ts'
import { allApiKeys, type AllApiKeys } from './api-keys.ts'
import { cronQueue, type CronQueue } from './cron-queue.ts'
import type { EmbeddingModel } from './embeddings/embeddings.ts'
import { outbox, type Outbox } from './outbox.ts'
import { sessionPool } from './pool.ts'
import { repositories, type Repositories } from './repositories.ts'
import type { Run } from './runs/run.ts'
import { runQueue, type RunQueue } from './runs/run-queue.ts'
import { grants, type Grants } from './permissions.ts'
import { taskQueue, type TaskQueue } from './task-queue.ts'
import { tenants, type Tenants } from './tenants.ts'
import type { StoreTransaction } from './store-transaction.ts'
import { type Access, type Ground, transactions, within } from './transaction.ts'
import { wakeUps, type WakeUps } from './wake-ups.ts'

export { type ApiKey, hashOf, type KeyRole, prefixOf } from './api-keys.ts'
export { type Assistant, type AssistantVersion } from './assistants.ts'
export type { DueCron } from './cron-queue.ts'
export type { Delivery } from './outbox.ts'
export { type Cron, type CronDetails, cronOrders } from './crons.ts'
export { sweepItems, sweepThreads } from './expiry.ts'
export { sweepKeys, sweepRunEvents, sweepUndelivered } from './housekeeping.ts'
export type { ChannelBlob, CheckpointWrite, NewCheckpoint, StoredCheckpoint } from './checkpoints/checkpoint.ts'
export type { CheckpointAccess, CheckpointQuery, PruneStrategy } from './checkpoints/checkpoints.ts'
export type { PlacedWrite } from './checkpoints/checkpoint-saving.ts'
export { earlierAnswer, type IdempotencyKey, keepAnswer } from './idempotency.ts'
export { conflict, invalid, notFound, RequestInvalid } from './failures.ts'
export { embedded, type EmbeddingModel, mostDimensions } from './embeddings/embeddings.ts'
export { embedWaiting, queueItems } from './embeddings/embedding-queue.ts'
export { keepsMeanings, withMeanings } from './items/item-meaning.ts'
export { isTextPath } from './items/item-text.ts'
export type { FoundItem, NewItem } from './items/items.ts'
export { meaningOfQuery } from './embeddings/nearest.ts'
export { defaultTenant } from './default-tenant.ts'
export { type ForeignThread, readForeignThreads } from './checkpoints/foreign-checkpoints.ts'
export type * from './rows.ts'
export type { CancelAction } from './runs/run-cancel.ts'
export { type NewRun } from './runs/run-creation.ts'
export { rollBackRun, type Ending } from './runs/run-end.ts'
export type { Lease, RunEvent } from './runs/run-events.ts'
export type { RunWrites } from './runs/run-writes.ts'
export type { Claimant, ClaimedRun, RunKey, RunQueue } from './runs/run-queue.ts'
export { given, runForm, type RunRow } from './runs/run-rows.ts'
export { hasEnded, type EndStatus } from './runs/run-status.ts'
export type { Page, Paged } from './page.ts'
export type { RunError } from './runs/run-webhook.ts'
export type { PlacedRun, RunOutcome } from './runs/runs.ts'
export type { StateUpdate, UpdatePlace } from './threads/state-updates.ts'
export { ensureSystemAssistants } from './system-assistants.ts'
export { lockIdleThread } from './threads/thread-lock.ts'
export { type Thread, type ThreadColumn, type TimeToLive } from './threads/thread.ts'
export { saveThreadState, type StateProjection } from './threads/thread-status.ts'
export type { FoundThread } from './threads/thread-search.ts'
export type * from './agents.ts'
export type * from './guardrails.ts'
export type * from './knowledge.ts'
export type * from './llm.ts'
export type { LlmLimits } from './llm-usage.ts'
export type * from './messages.ts'
export type * from './permissions.ts'
export type * from './sessions.ts'
export type * from './support.ts'
export type { TaskQueue } from './task-queue.ts'
export type * from './tools.ts'
export type * from './users.ts'
export type * from './widgets.ts'
export { sharedTenantId, type Tenant } from './tenants.ts'
export type { StoreTransaction } from './store-transaction.ts'
export { type JsonObject, pathOfNul, refuseNul } from './values.ts'
export type { WakeUps } from './wake-ups.ts'

/** How a store uses its database. */
export interface StoreOptions {
  /** How many connections may be open at a time; 10 by default. An embedded database has one. */
  readonly connections?: number
  /** The schemas in which tables and functions are looked up, such as a version of the schema and `public`. */
  readonly searchPath?: readonly string[]
  /** Milliseconds after which a statement is given up; 30,000 by default. */
  readonly statementTimeout?: number
  /** The model by which items and documents are found by their meaning, where the database has pgvector. */
  readonly embeddings?: EmbeddingModel | undefined
}

/** The data of all tenants of an assistant. */
export interface Store extends AsyncDisposable {
  /** What one tenant has; with `ownerId`, of threads only those of that user. Row-level security shows nothing else. */
  tenant(tenantId: string, options?: { readonly ownerId?: string | undefined }): TenantStore
  /** Work across tenants: keys, claims, sweeps. The connection's role has to be a member of metastore_admin. */
  readonly admin: AdminStore
  readonly wakeUps: WakeUps
  /** The model by which things are found by their meaning. */
  readonly embeddings: EmbeddingModel | undefined
  /** Whether other processes may use the database at the same time. */
  readonly shared: boolean
  /** How many connections are open and in use, and how many callers wait for one. */
  readonly load: { readonly open: number; readonly busy: number; readonly waiting: number }
  /** Waits for transactions under way. The database stays open. */
  close(): Promise<void>
}

/** What one tenant has. Each method is a transaction of its own; `transaction` puts several into one. */
export interface TenantStore extends Repositories {
  readonly id: string
  /** The model by which it finds things by their meaning. */
  readonly embeddings: EmbeddingModel | undefined
  transaction<T>(work: (store: TenantStore, tx: StoreTransaction) => Promise<T>): Promise<T>
}

/** What works across tenants. */
export interface AdminStore {
  readonly apiKeys: AllApiKeys
  readonly grants: Grants
  readonly taskQueue: TaskQueue
  readonly tenants: Tenants
  readonly cronQueue: CronQueue
  readonly outbox: Outbox
  readonly runQueue: RunQueue
  readonly transaction: Run
}

/** How many tenants' stores are kept; one is a few kilobytes. */
const mostStores = 1000

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
  const across = transactions(ground, asAdmin)
  const close = async (): Promise<void> => {
    await ground.wakeUps.close()
    await ground.pool.close()
  }
  const stores = new Map<string, TenantStore>()
  return {
    tenant(tenantId, { ownerId } = {}) {
      const key = `${tenantId} ${ownerId ?? ''}`
      const access = { role: 'metastore_app', tenantId, ownerId } as const
      const store = stores.get(key) ?? tenantStore(ground, access, options.embeddings)
      // Made once for those who come again and again.
      stores.delete(key)
      stores.set(key, store)
      if (stores.size > mostStores) stores.delete(stores.keys().next().value ?? '')
      return store
    },
    admin: {
      apiKeys: allApiKeys(across),
      grants: grants(across),
      taskQueue: taskQueue(across),
      tenants: tenants(across),
      cronQueue: cronQueue(across),
      outbox: outbox(across),
      runQueue: runQueue(across),
      transaction: across,
    },
    wakeUps: ground.wakeUps,
    embeddings: options.embeddings,
    shared: database.features.manySessions,
    get load() {
      return ground.pool.load
    },
    close,
    [Symbol.asyncDispose]: close,
  }
}

function tenantStore(
  ground: Ground,
  access: Access & { readonly tenantId: string },
  embeddings: EmbeddingModel | undefined,
): TenantStore {
  const begin = transactions(ground, access)
  return {
    id: access.tenantId,
    embeddings,
    ...repositories(begin, embeddings && { model: embeddings, asks: true }),
    transaction: (work) => begin((tx) => work(storeWithin(tx, embeddings), tx)),
  }
}

// The same repositories in a transaction that is begun; a transaction in it is the same one.
function storeWithin(tx: StoreTransaction, embeddings: EmbeddingModel | undefined): TenantStore {
  const store: TenantStore = {
    id: tx.tenantId,
    embeddings,
    ...repositories(within(tx), embeddings && { model: embeddings, asks: false }),
    transaction: (work) => work(store, tx),
  }
  return store
}
