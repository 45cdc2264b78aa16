import type {
  BaseStore,
  GetOperation,
  ListNamespacesOperation,
  Operation,
  OperationResults,
  PutOperation,
  SearchOperation,
} from '@langchain/langgraph-checkpoint'
import type { FoundItem, TenantStore } from '../store/store.ts'

type FoundByGraph = Awaited<ReturnType<BaseStore['search']>>[number]

/** The LangGraph of whoever uses the store. */
export interface ItemLibrary {
  readonly BaseStore: abstract new () => BaseStore
}

/** A store of LangGraph.js that keeps its items in the assistant schema. */
export type ItemStore = Pick<BaseStore, keyof BaseStore>

/**
 * The class, for a program's own LangGraph, of what graphs remember from thread to thread: the store items of a tenant, which
 * are the same as `/store/items` of the server has.
 */
export function itemStoreClass({ BaseStore }: ItemLibrary): new (tenant: () => Promise<TenantStore>) => ItemStore {
  return class extends BaseStore {
    readonly #tenant: () => Promise<TenantStore>

    constructor(tenant: () => Promise<TenantStore>) {
      super()
      this.#tenant = tenant
    }

    /** Does the operations one after another, in one transaction: all of them, or none. Throws `request_invalid`. */
    override async batch<Op extends Operation[]>(operations: Op): Promise<OperationResults<Op>> {
      const tenant = await this.#tenant()
      const results = await tenant.transaction(async (store) => {
        const answers: unknown[] = []
        for (const operation of operations) answers.push(await perform(store, operation))
        return answers
      })
      return results as OperationResults<Op>
    }
  }
}

function perform(store: TenantStore, operation: Operation): Promise<unknown> {
  if ('namespacePrefix' in operation) return search(store, operation)
  if ('value' in operation) return put(store, operation)
  if ('key' in operation) return get(store, operation)
  return list(store, operation)
}

async function search(store: TenantStore, operation: SearchOperation): Promise<FoundByGraph[]> {
  const { namespacePrefix: prefix, filter, query, limit = 10, offset = 0 } = operation
  return (await store.items.search({ prefix, filter, query, limit, offset })).map(forGraph)
}

async function put(store: TenantStore, { namespace, key, value, index }: PutOperation): Promise<void> {
  if (value === null) return store.items.remove(namespace, key)
  // Messages and dates say themselves how they are written.
  const plain = JSON.parse(JSON.stringify(value)) as FoundItem['value']
  return store.items.put({ namespace, key, value: plain, index })
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
