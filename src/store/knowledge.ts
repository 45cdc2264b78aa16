import { createHash } from 'node:crypto'
import { join, sql } from '../database/database.ts'
import { embedded, type Embedding, type EmbeddingModel } from './embeddings/embeddings.ts'
import { notFound } from './failures.ts'
import { type Found, hasEmbeddings, searchKnowledge } from './knowledge-search.ts'
import { meaningOfQuery } from './embeddings/nearest.ts'
import { type Page, type Paged, readPage } from './page.ts'
import type { DocumentsRow } from './rows.ts'
import type { Run } from './runs/run.ts'
import type { StoreTransaction } from './store-transaction.ts'
import { json, type JsonObject } from './values.ts'

export type { Found } from './knowledge-search.ts'

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

/** A piece of a document, with its meaning as numbers where the caller has them; else the store's own model gives them. */
export interface NewChunk {
  readonly content: string
  readonly embedding?: readonly number[] | undefined
  readonly embedding_model?: string | undefined
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
  /**
   * The best pieces: nearest in meaning to the question where there is a model, and by the words of the query those that wait for it,
   * or all. The question is the query unless said. A database without the module has none.
   */
  search(query: string, limit: number, question?: string): Promise<Found[]>
  /** Whether chunks keep embeddings in this database. */
  hasEmbeddings(): Promise<boolean>
}

const columns = sql`id, created_at, updated_at, reference, title, source, uri, metadata`

/** The knowledge that transactions of `run` see, found by its meaning where there is a model. */
export function knowledge(run: Run, embedding?: Embedding): Knowledge {
  const asked = embedding?.asks === true ? embedding.model : undefined
  return {
    async put(document) {
      const meant = asked === undefined ? document : await withEmbeddings(run, asked, document)
      return run((tx) => put(tx, meant))
    },
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
    async search(query, limit, question = query) {
      const meaning = asked && (await meaningOfQuery(run, asked, question, hasEmbeddings))
      return run((tx) => searchKnowledge(tx, { query, limit, meaning }))
    },
    hasEmbeddings: () => run(hasEmbeddings),
  }
}

/**
 * The same document with what the model says of its pieces, unless it is kept like that already. Where the model has failed, the
 * pieces wait for it.
 */
async function withEmbeddings(run: Run, model: EmbeddingModel, document: NewDocument): Promise<NewDocument> {
  if (document.chunks.length === 0 || document.chunks.some(({ embedding }) => embedding !== undefined)) return document
  const chunks = document.chunks.map(({ content }) => ({ content, embedding_model: model.name }))
  const meant = { ...document, chunks }
  const before = await run(async (tx) => ((await hasEmbeddings(tx)) ? [await contentHash(tx, document)] : undefined))
  if (before === undefined) return document
  if (isSame(before[0], hashOf(chunks))) return meant
  const texts = chunks.map(({ content }) => content)
  const vectors = await embedded(model, texts, 'keep')
  return {
    ...document,
    chunks: chunks.map((chunk, index) => {
      const vector = vectors?.[index]
      return vector === undefined ? chunk : { ...chunk, embedding: JSON.parse(vector) as number[] }
    }),
  }
}

// Also what the embeddings are of: a new model is a change.
function hashOf(chunks: readonly NewChunk[]): Buffer {
  return createHash('sha256')
    .update(JSON.stringify([chunks.map((c) => [c.content, c.embedding_model])]))
    .digest()
}

async function contentHash(tx: StoreTransaction, { reference }: NewDocument): Promise<Uint8Array | undefined> {
  const found = await tx.first<{ content_hash: Uint8Array | null }>(
    sql`select content_hash from documents where reference = ${reference} for update`,
  )
  return found?.content_hash ?? undefined
}

function isSame(known: Uint8Array | undefined, hash: Buffer): boolean {
  return known !== undefined && Buffer.compare(known, hash) === 0
}

async function put(tx: StoreTransaction, given: NewDocument) {
  const { reference, title, source, uri, metadata, chunks } = given
  const hash = hashOf(chunks)
  const before = await contentHash(tx, given)
  const [document] = await tx.query<Document>(sql`
    insert into documents (tenant_id, reference, title, source, uri, content_hash, metadata)
    values (${tx.tenantId}, ${reference}, ${title}, ${source ?? null}, ${uri ?? null}, ${hash}, ${json(metadata ?? {})})
    on conflict (tenant_id, reference) do update set
      title = excluded.title, source = excluded.source, uri = excluded.uri, content_hash = excluded.content_hash,
      metadata = excluded.metadata
    returning ${columns}`)
  const kept = document as Document
  if (isSame(before, hash)) return { document: kept, changed: false }
  await tx.execute(sql`delete from chunks where document_id = ${kept.id}`)
  if (chunks.length > 0) await insertChunks(tx, kept.id, chunks)
  return { document: kept, changed: true }
}

async function insertChunks(tx: StoreTransaction, documentId: string, chunks: readonly NewChunk[]): Promise<void> {
  if (chunks.some(({ embedding }) => embedding !== undefined) && (await hasEmbeddings(tx))) {
    const rows = chunks.map(
      ({ content, embedding, embedding_model: model }, index) => sql`(
        ${tx.tenantId}, ${documentId}, ${index + 1}, ${content},
        ${embedding === undefined ? null : JSON.stringify(embedding)}::vector, ${embedding === undefined ? null : (model ?? null)})`,
    )
    await tx.execute(sql`
      insert into chunks (tenant_id, document_id, position, content, embedding, embedding_model) values ${join(rows)}`)
    return
  }
  const rows = chunks.map(({ content }, index) => sql`(${tx.tenantId}, ${documentId}, ${index + 1}, ${content})`)
  await tx.execute(sql`insert into chunks (tenant_id, document_id, position, content) values ${join(rows)}`)
}
