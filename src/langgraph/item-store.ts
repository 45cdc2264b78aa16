import type {
  BaseStore,
  GetOperation,
  ListNamespacesOperation,
  Operation,
  OperationResults,
  SearchOperation,
} from '@langchain/langgraph-checkpoint'
import {
  type EmbeddingModel,
  type FoundItem,
  keepsMeanings,
  meaningOfQuery,
  type NewItem,
  type StoreTransaction,
  type TenantStore,
  withMeanings,
} from '../store/store.ts'

type FoundByGraph = Awaited<ReturnType<BaseStore['search']>>[number]

/** The LangGraph of whoever uses the store. */
export interface ItemLibrary {
  readonly BaseStore: abstract new () => BaseStore
}

/** A store of LangGraph.js that keeps its items in the assistant schema. */
export type ItemStore = Pick<BaseStore, keyof BaseStore>

/** Makes a store of a tenant's items, found by their meaning where there is a model: this one, or that of the tenant's store. */
export type ItemStoreClass = new (tenant: () => Promise<TenantStore>, embeddings?: EmbeddingModel) => ItemStore

/**
 * The class, for a program's own LangGraph, of what graphs remember from thread to thread: the store items of a tenant, which
 * are the same as `/store/items` of the server has.
 */
export function itemStoreClass({ BaseStore }: ItemLibrary): ItemStoreClass {
  return class extends BaseStore {
    readonly #tenant: () => Promise<TenantStore>
    readonly #embeddings: EmbeddingModel | undefined

    constructor(tenant: () => Promise<TenantStore>, embeddings?: EmbeddingModel) {
      super()
      this.#tenant = tenant
      this.#embeddings = embeddings
    }

    /** Does the operations one after another, in one transaction: all of them, or none. Throws `request_invalid`. */
    override async batch<Op extends Operation[]>(operations: Op): Promise<OperationResults<Op>> {
      const tenant = await this.#tenant()
      const steps = await stepsOf(tenant, operations, this.#embeddings ?? tenant.embeddings)
      const results = await tenant.transaction(async (store) => {
        const answers: unknown[] = []
        for (const step of steps) answers.push(await step(store))
        return answers
      })
      return results as OperationResults<Op>
    }
  }
}

type Step = (store: TenantStore) => Promise<unknown>

// What has to ask a model does so here, before the transaction.
async function stepsOf(tenant: TenantStore, operations: readonly Operation[], model: EmbeddingModel | undefined) {
  const run = <T>(work: (tx: StoreTransaction) => Promise<T>): Promise<T> => tenant.transaction((_, tx) => work(tx))
  const given = operations.flatMap((operation) => newItem(operation) ?? [])
  const items = [...(model === undefined ? given : await withMeanings(run, model, given))]
  const meaning = (query = '') => model && meaningOfQuery(run, model, query, keepsMeanings)
  return Promise.all(
    operations.map(async (operation): Promise<Step> => {
      const item = newItem(operation) && items.shift()
      if (item !== undefined) return ({ items: all }) => all.put(item)
      if ('namespacePrefix' in operation) {
        const meant = await meaning(operation.query)
        return (store) => search(store, operation, meant)
      }
      if ('value' in operation) return ({ items: all }) => all.remove(operation.namespace, operation.key)
      if ('key' in operation) return (store) => get(store, operation)
      return (store) => list(store, operation)
    }),
  )
}

type Meaning = Awaited<ReturnType<typeof meaningOfQuery>>

async function search(store: TenantStore, operation: SearchOperation, meaning: Meaning): Promise<FoundByGraph[]> {
  const { namespacePrefix: prefix, filter, query, limit = 10, offset = 0 } = operation
  return (await store.items.search({ prefix, filter, query, meaning, limit, offset })).map(forGraph)
}

function newItem(operation: Operation): NewItem | undefined {
  if ('namespacePrefix' in operation || !('value' in operation) || operation.value === null) return undefined
  const { namespace, key, value, index } = operation
  // Messages and dates say themselves how they are written.
  return { namespace, key, value: JSON.parse(JSON.stringify(value)) as FoundItem['value'], index }
}

async function get(store: TenantStore, { namespace, key }: GetOperation): Promise<FoundByGraph | null> {
  const found = await store.items.get(namespace, key)
  return found === undefined ? null : forGraph(found)
}

function list(store: TenantStore, operation: ListNamespacesOperation): Promise<string[][]> {
  const { matchConditions = [], maxDepth, limit, offset } = operation
  const match = matchConditions.map(({ matchType, path }) => ({
    side: matchType === 'prefix' ? ('first' as const) : ('last' as const),
    labels: path,
  }))
  return store.items.namespaces({ match, maxDepth, limit, offset })
}

function forGraph({ namespace, key, value, created_at, updated_at, score }: FoundItem): FoundByGraph {
  return {
    namespace: [...namespace],
    key,
    value: value as Record<string, unknown>,
    createdAt: created_at,
    updatedAt: updated_at,
    ...(score === undefined ? {} : { score }),
  }
}
