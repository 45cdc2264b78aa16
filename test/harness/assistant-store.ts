import { openDatabase, type Database } from '../../src/database/database.ts'
import { type EmbeddingModel, openStore, type Store } from '../../src/store/store.ts'
import { anna, bert, rowsOf } from '../shipped-schema/world.ts'
import { freshSchema, type SchemaCopy } from './engines.ts'

export { anna, bert, ident, shared } from '../shipped-schema/world.ts'

/** The databases that the store and the server are tested on, with the shipped schema. */
export const storeEngines = [
  { name: 'PostgreSQL', freshSchema: () => freshSchema(18) },
  { name: 'PGlite', freshSchema: () => freshSchema('pglite') },
] as const

/** A store on a database of its own, with two tenants that have one row in each table. */
export interface StoreWorld extends AsyncDisposable {
  readonly url: string
  readonly database: Database
  readonly store: Store
}

/** Opens a store on a database with the shipped schema, and fills it. */
export async function openStoreWorld({ url, version }: SchemaCopy, embeddings?: EmbeddingModel): Promise<StoreWorld> {
  const database = await openDatabase(url)
  {
    await using session = await database.session()
    for (const tenant of [anna, bert]) await session.script(rowsOf(tenant))
  }
  const store = openStore(database, { searchPath: [version, 'public'], embeddings })
  return {
    url,
    database,
    store,
    async [Symbol.asyncDispose]() {
      await store.close()
      await database.close()
    },
  }
}
