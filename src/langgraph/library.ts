import { BaseCheckpointSaver, BaseStore, type SerializerProtocol } from '@langchain/langgraph-checkpoint'
import { itemStoreClass, saverClass } from './langgraph.ts'
import { openedStore, type OpenedStore, type Place } from './opened-store.ts'

export { adoptPostgresSaver, type Adopted, type AdoptionOptions } from './adopt-postgres-saver.ts'
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

const ItemStore = itemStoreClass({ BaseStore })

/**
 * What LangGraph.js graphs remember from thread to thread, in the assistant schema:
 * `graph.compile({ checkpointer, store: new MetastoreItemStore({ url }) })`.
 */
export class MetastoreItemStore extends ItemStore implements AsyncDisposable {
  readonly #opened: OpenedStore

  constructor(place: Place) {
    const opened = openedStore(place)
    super(() => opened.tenant())
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
