import { BaseCheckpointSaver, BaseStore, type SerializerProtocol } from '@langchain/langgraph-checkpoint'
import { embeddingModel, type ItemIndexConfig } from './item-index.ts'
import { itemStoreClass, saverClass } from './langgraph.ts'
import { openedStore, type OpenedStore, type Place } from './opened-store.ts'

export { adoptPostgresSaver, type Adopted, type AdoptionOptions } from './adopt-postgres-saver.ts'
export type { Embeddings, ItemIndexConfig } from './item-index.ts'
export type { Place } from './opened-store.ts'

/** How a checkpointer is made. */
export interface MetastoreSaverOptions extends Place {
  /** How values become bytes; LangGraph's own by default. */
  readonly serde?: SerializerProtocol
}

const Saver = saverClass({ BaseCheckpointSaver })

/**
 * A checkpointer for LangGraph.js that keeps threads in the assistant schema, on PostgreSQL or embedded:
 * `graph.compile({ checkpointer: new MetastoreSaver({ url }) })`. The row of a thread is made with its first checkpoint.
 */
export class MetastoreSaver extends Saver implements AsyncDisposable {
  readonly #opened: OpenedStore

  constructor({ serde, ...place }: MetastoreSaverOptions) {
    const opened = openedStore(place)
    super({ store: () => opened.tenant(), makesThreads: true, serde })
    this.#opened = opened
  }

  /** Closes the connections that it has opened. */
  async close(): Promise<void> {
    await this.#opened.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }
}

/** How a store of items is made. */
export interface MetastoreItemStoreOptions extends Place {
  /** The model by which items are found by their meaning, where the database has pgvector; else words are looked for. */
  readonly index?: ItemIndexConfig
}

const ItemStore = itemStoreClass({ BaseStore })

/**
 * What LangGraph.js graphs remember from thread to thread, in the assistant schema:
 * `graph.compile({ checkpointer, store: new MetastoreItemStore({ url }) })`.
 */
export class MetastoreItemStore extends ItemStore implements AsyncDisposable {
  readonly #opened: OpenedStore

  /** Throws `usage`, `embedding_invalid`. */
  constructor({ index, ...place }: MetastoreItemStoreOptions) {
    const opened = openedStore(place)
    super(() => opened.tenant(), index && embeddingModel(index))
    this.#opened = opened
  }

  /** Closes the connections that it has opened. */
  async close(): Promise<void> {
    await this.#opened.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }
}
