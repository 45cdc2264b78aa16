import { createHash } from 'node:crypto'
import { join, sql } from '../database/database.ts'
import { notFound } from './failures.ts'
import { type Page, type Paged, readPage } from './page.ts'
import type { DocumentsRow } from './rows.ts'
import type { Run } from './run.ts'
import type { StoreTransaction } from './store-transaction.ts'
import { json, type JsonObject } from './values.ts'

/** Something that assistants look up. */
export type Document = Omit<DocumentsRow, 'tenant_id' | 'content_hash'>

/** A document that is to be kept, in the pieces in which it is found. */
export interface NewDocument {
  /** What the tenant calls it: a document with a reference that is there is replaced. */
  readonly reference: string
  readonly title: string
  readonly source?: string | null | undefined
  readonly uri?: string | null | undefined
  readonly metadata?: JsonObject | undefined
  readonly chunks: readonly NewChunk[]
}

/** A piece of a document, with its meaning as numbers where an embedding model gave them. */
export interface NewChunk {
  readonly content: string
  readonly embedding?: readonly number[] | undefined
  readonly embedding_model?: string | undefined
}

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

/** What the assistants of a tenant look up. */
export interface Knowledge {
  /** Keeps a document; one that has not changed stays as it is. */
  put(document: NewDocument): Promise<{ readonly document: Document; readonly changed: boolean }>
  /** With its pieces in their order. Throws `not_found`. */
  get(id: string): Promise<Document & { readonly chunks: readonly string[] }>
  /** The newest first. */
  list(page: Page): Promise<Paged<Document>>
  /** Throws `not_found`. */
  remove(id: string): Promise<void>
  /** The best pieces: nearest in meaning where there is an embedding and the server has pgvector, else by their words. A database without the module has none. */
  search(query: string, limit: number, embedding?: readonly number[]): Promise<Found[]>
  /** Whether chunks keep embeddings in this database. */
  hasEmbeddings(): Promise<boolean>
}

const columns = sql`id, created_at, updated_at, reference, title, source, uri, metadata`

/** The knowledge that transactions of `run` see. */
export function knowledge(run: Run): Knowledge {
  return {
    put: (document) => run((tx) => put(tx, document)),
    get: (id) =>
      run(async (tx) => {
        const found = await tx.first<Document>(sql`select ${columns} from documents where id = ${id}`)
        if (found === undefined) throw notFound('document', id)
        const chunks = await tx.query<{ content: string }>(
          sql`select content from chunks where document_id = ${id} order by position`,
        )
        return { ...found, chunks: chunks.map(({ content }) => content) }
      }),
    list: (page) =>
      run((tx) =>
        readPage<Document>(
          tx,
          page,
          {
            select: (limit) => sql`
              select ${columns} from documents
              ${
                page.after === undefined
                  ? sql``
                  : sql`where (created_at, id) < (select created_at, id from documents where id = ${page.after})`
              }
              order by created_at desc, id desc
              limit ${limit}`,
            cursor: (after) => sql`select from documents where id = ${after}`,
          },
          (row) => row.id,
        ),
      ),
    remove: (id) =>
      run(async (tx) => {
        if ((await tx.execute(sql`delete from documents where id = ${id}`)) === 0) throw notFound('document', id)
      }),
    search: (query, limit, embedding) => run((tx) => search(tx, query, limit, embedding)),
    hasEmbeddings: () => run(hasEmbeddings),
  }
}

async function put(tx: StoreTransaction, given: NewDocument) {
  const { reference, title, source, uri, metadata, chunks } = given
  // Also what the embeddings are of: a new model is a change.
  const hash = createHash('sha256')
    .update(JSON.stringify([chunks.map((c) => [c.content, c.embedding_model])]))
    .digest()
  const before = await tx.first<{ content_hash: Uint8Array | null }>(
    sql`select content_hash from documents where reference = ${reference} for update`,
  )
  const [document] = await tx.query<Document>(sql`
    insert into documents (tenant_id, reference, title, source, uri, content_hash, metadata)
    values (${tx.tenantId}, ${reference}, ${title}, ${source ?? null}, ${uri ?? null}, ${hash}, ${json(metadata ?? {})})
    on conflict (tenant_id, reference) do update set
      title = excluded.title, source = excluded.source, uri = excluded.uri, content_hash = excluded.content_hash,
      metadata = excluded.metadata
    returning ${columns}`)
  const kept = document as Document
  const known = before?.content_hash ?? undefined
  if (known !== undefined && Buffer.compare(known, hash) === 0) return { document: kept, changed: false }
  await tx.execute(sql`delete from chunks where document_id = ${kept.id}`)
  if (chunks.length > 0) await insertChunks(tx, kept.id, chunks)
  return { document: kept, changed: true }
}

async function insertChunks(tx: StoreTransaction, documentId: string, chunks: readonly NewChunk[]): Promise<void> {
  if (chunks.some(({ embedding }) => embedding !== undefined) && (await hasEmbeddings(tx))) {
    const rows = chunks.map(
      ({ content, embedding, embedding_model: model }, index) => sql`(
        ${tx.tenantId}, ${documentId}, ${index + 1}, ${content},
        ${embedding === undefined ? null : JSON.stringify(embedding)}::vector, ${model ?? null})`,
    )
    await tx.execute(sql`
      insert into chunks (tenant_id, document_id, position, content, embedding, embedding_model) values ${join(rows)}`)
    return
  }
  const rows = chunks.map(({ content }, index) => sql`(${tx.tenantId}, ${documentId}, ${index + 1}, ${content})`)
  await tx.execute(sql`insert into chunks (tenant_id, document_id, position, content) values ${join(rows)}`)
}

async function search(
  tx: StoreTransaction,
  query: string,
  limit: number,
  embedding: readonly number[] | undefined,
): Promise<Found[]> {
  const found = sql`c.id as chunk_id, c.document_id, d.reference, d.title, c.position, c.content`
  const itsDocument = sql`join documents d on d.tenant_id = c.tenant_id and d.id = c.document_id`
  if (embedding !== undefined && (await hasEmbeddings(tx))) {
    // Chunks of other tenants are passed over, so that the index is asked until there are enough.
    await tx.execute(sql`select set_config('hnsw.iterative_scan', 'strict_order', true)`)
    const near = sql`c.embedding <=> ${JSON.stringify(embedding)}::vector`
    return tx.query<Found>(sql`
      select ${found}, 1 - (${near}) as score
      from chunks c ${itsDocument} where c.embedding is not null order by ${near} limit ${limit}`)
  }
  const [module] = await tx.query<{ there: boolean }>(
    sql`select to_regprocedure('search_chunks(text,integer)') is not null as there`,
  )
  if (module?.there !== true) return []
  return tx.query<Found>(sql`
    select ${found}, s.rank as score
    from search_chunks(${query}, ${limit}) s
      join chunks c on c.tenant_id = ${tx.tenantId} and c.id = s.chunk_id ${itsDocument}
    order by s.rank desc, c.id`)
}

async function hasEmbeddings(tx: StoreTransaction): Promise<boolean> {
  const found = await tx.first(sql`
    select from pg_attribute where attrelid = to_regclass('chunks') and attname = 'embedding' and not attisdropped`)
  return found !== undefined
}
