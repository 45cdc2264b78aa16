import { sql, type Sql } from '../database/database.ts'
import { distanceTo, passOthersOver, type QueryMeaning } from './embeddings/nearest.ts'
import type { StoreTransaction } from './store-transaction.ts'

/** A piece that was found. A higher score is better; scores of words and of meanings do not compare. */
export interface Found {
  readonly chunk_id: string
  readonly document_id: string
  readonly reference: string
  readonly title: string
  readonly position: number
  readonly content: string
  readonly score: number
}

/** What is searched for. */
interface KnowledgeQuery {
  /** Words, as `websearch_to_tsquery` reads them. */
  readonly query: string
  readonly limit: number
  readonly meaning: QueryMeaning | undefined
}

const columns = sql`c.id as chunk_id, c.document_id, d.reference, d.title, c.position, c.content`
const itsDocument = sql`join documents d on d.tenant_id = c.tenant_id and d.id = c.document_id`

/** Whether chunks keep embeddings in this database: it needs pgvector. */
export async function hasEmbeddings(tx: StoreTransaction): Promise<boolean> {
  const found = await tx.first(sql`
    select from pg_attribute where attrelid = to_regclass('chunks') and attname = 'embedding' and not attisdropped`)
  return found !== undefined
}

/**
 * The pieces of a tenant's documents that are nearest in meaning, then those that wait for the model by their words. Where nobody says
 * what the query means, all by their words.
 */
export async function searchKnowledge(tx: StoreTransaction, query: KnowledgeQuery): Promise<Found[]> {
  const { limit, meaning } = query
  if (meaning === undefined) return byWords(tx, query, sql``)
  const near = await nearest(tx, limit, meaning)
  if (near.length >= limit) return near
  const waiting = sql`where c.embedding_model is distinct from ${meaning.model}`
  return [...near, ...(await byWords(tx, query, waiting))].slice(0, limit)
}

async function nearest(tx: StoreTransaction, limit: number, meaning: QueryMeaning): Promise<Found[]> {
  await passOthersOver(tx)
  const distance = sql`c.${distanceTo(meaning)}`
  const search = (order: Sql): Promise<Found[]> =>
    tx.query<Found>(sql`
      select ${columns}, 1 - (${distance}) as score from chunks c ${itsDocument}
      where c.tenant_id = current_tenant() and c.embedding_model = ${meaning.model}
      order by ${order}
      limit ${limit}`)
  const indexed = await search(distance)
  // The index gives up among very many rows of others; a sum is no order that it has, so that the tenant's own are compared.
  const found = indexed.length >= limit ? indexed : await search(sql`(${distance}) + 0, c.id`)
  // A text that says nothing to the model has no direction, and is not near to anything.
  return found.filter(({ score }) => !Number.isNaN(score))
}

async function byWords(tx: StoreTransaction, { query, limit }: KnowledgeQuery, which: Sql): Promise<Found[]> {
  const [module] = await tx.query<{ there: boolean }>(
    sql`select to_regprocedure('search_chunks(text,integer)') is not null as there`,
  )
  if (module?.there !== true) return []
  return tx.query<Found>(sql`
    select ${columns}, s.rank as score
    from search_chunks(${query}, ${limit}) s
      join chunks c on c.tenant_id = ${tx.tenantId} and c.id = s.chunk_id ${itsDocument}
    ${which}
    order by s.rank desc, c.id`)
}
