import { type Sql, sql } from '../../database/database.ts'
import { embedded, type EmbeddingModel } from './embeddings.ts'
import type { StoreTransaction } from '../store-transaction.ts'

/** Runs work in a transaction. */
export type Work = <T>(work: (tx: StoreTransaction) => Promise<T>) => Promise<T>

/** What is searched for, as a model says it. */
export interface QueryMeaning {
  readonly model: string
  readonly vector: string
}

/**
 * What a query means; undefined where the database keeps no meanings, as `kept` finds out, or the model has failed. It asks
 * outside of a transaction.
 */
export async function meaningOfQuery(
  run: Work,
  model: EmbeddingModel,
  query: string,
  kept: (tx: StoreTransaction) => Promise<boolean>,
): Promise<QueryMeaning | undefined> {
  if (query.trim() === '' || !(await run(kept))) return undefined
  const [vector] = (await embedded(model, [query], 'search')) ?? []
  return vector === undefined ? undefined : { model: model.name, vector }
}

/** How far an embedding is from what is searched for: 0 for the same direction, 1 for nothing in common. */
export function distanceTo({ vector }: QueryMeaning): Sql {
  return sql`embedding <=> ${vector}::vector`
}

/**
 * Lets the search through an index of embeddings, which knows no tenants, go on past the rows of others until there are enough.
 * Versions of pgvector before 0.8 cannot: there the search that follows finds what this one has not.
 */
export async function passOthersOver(tx: StoreTransaction): Promise<void> {
  await tx.query(sql`
    select set_config('hnsw.iterative_scan', 'strict_order', true) from pg_extension
    where extname = 'vector' and string_to_array(substring(extversion from '^[0-9.]+'), '.')::int[] >= array[0, 8]`)
}
