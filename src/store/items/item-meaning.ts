import { createHash } from 'node:crypto'
import { join, sql, type Sql } from '../../database/database.ts'
import { beginningOf, embedded, type EmbeddingModel } from '../embeddings/embeddings.ts'
import { type FieldText, fieldTexts, type ItemIndex } from './item-text.ts'
import { checkItem, checkNamespace, pathOf } from './namespaces.ts'
import type { StoreTransaction } from '../store-transaction.ts'
import type { Work } from '../embeddings/nearest.ts'
import { type JsonObject, pathOfNul, storable } from '../values.ts'

/** What an item's texts mean. A text without an embedding keeps the one that it has, or waits for one. */
export interface ItemMeaning {
  readonly model: string
  readonly fields: readonly {
    readonly path: string
    readonly hash: Uint8Array
    readonly embedding: string | undefined
  }[]
}

/** What of an item has a meaning, and where. */
interface MeantItem {
  readonly namespace: readonly string[]
  readonly key: string
  readonly value: JsonObject
  readonly index?: ItemIndex
}

/** The condition that a row of store_vectors is of an item. */
function ofItem({ namespace, key }: Pick<MeantItem, 'namespace' | 'key'>): Sql {
  return sql`tenant_id = current_tenant() and namespace_path = ${pathOf(namespace)} and key = ${key}`
}

/** Whether this database keeps meanings of items: it needs pgvector. */
export async function keepsMeanings(tx: Pick<StoreTransaction, 'query'>): Promise<boolean> {
  const [row] = await tx.query<{ there: boolean }>(sql`select to_regclass('store_vectors') is not null as there`)
  return row?.there === true
}

/**
 * The same items, each with what its texts mean, as the model says; null where the database keeps no meanings. A text whose
 * embedding is there already is not asked for again. It asks outside of a transaction. Throws `request_invalid`.
 */
export async function withMeanings<Item extends MeantItem>(
  run: Work,
  model: EmbeddingModel,
  items: readonly Item[],
): Promise<(Item & { readonly meaning: ItemMeaning | null })[]> {
  for (const { namespace, key } of items) {
    checkNamespace(namespace)
    checkItem(namespace, key)
  }
  const textsOf = items.map((item) => itemTexts(model, item))
  const known = await knownEmbeddings(run, model, items)
  if (known === undefined) return items.map((item) => ({ ...item, meaning: null }))
  const lacking = textsOf.flatMap((texts, index) => texts.filter((text) => !known[index]?.has(stored(text))))
  const wanted = [...new Set(lacking.map(({ text }) => text))]
  const vectors = wanted.length === 0 ? [] : await embedded(model, wanted, 'keep')
  const embeddings = new Map(wanted.map((text, index) => [text, vectors?.[index]]))
  return items.map((item, index) => ({
    ...item,
    meaning: {
      model: model.name,
      fields: (textsOf[index] ?? []).map((text) => ({
        path: text.path,
        hash: text.hash,
        embedding: known[index]?.has(stored(text)) ? undefined : embeddings.get(text.text),
      })),
    },
  }))
}

/** What an item's texts mean, as long as nobody has asked the model. */
export function waitingMeaning(model: EmbeddingModel, item: MeantItem): ItemMeaning {
  const fields = itemTexts(model, item).map(({ path, hash }) => ({ path, hash, embedding: undefined }))
  return { model: model.name, fields }
}

/** Keeps what the texts of an item mean, and takes away what others meant. The item is there. */
export async function writeMeaning(
  tx: StoreTransaction,
  item: Pick<MeantItem, 'namespace' | 'key'>,
  { model, fields }: ItemMeaning,
): Promise<void> {
  const here = ofItem(item)
  if (fields.length === 0) {
    await tx.execute(sql`delete from store_vectors where ${here}`)
    return
  }
  const paths = join(fields.map(({ path }) => sql`${path}`))
  const rows = fields.map(
    ({ path, hash, embedding = null }) => sql`
      (current_tenant(), ${pathOf(item.namespace)}, ${item.key}, ${path}, ${hash}::bytea,
        ${embedding === null ? null : model}::text, ${embedding}::vector)`,
  )
  // An embedding that is there and of the same text by the same model is as good as a new one.
  const same = sql`store_vectors.source_hash = excluded.source_hash and store_vectors.embedding is not null`
  await tx.together([
    sql`delete from store_vectors where ${here} and field_path not in (${paths})`,
    sql`
      insert into store_vectors (tenant_id, namespace_path, key, field_path, source_hash, embedding_model, embedding)
      values ${join(rows)}
      on conflict (tenant_id, namespace_path, key, field_path) do update set
        source_hash = excluded.source_hash, embed_after = null,
        embedding = coalesce(excluded.embedding, case when ${same} then store_vectors.embedding end),
        embedding_model = coalesce(excluded.embedding_model, case when ${same} then ${model}::text end)
      where store_vectors.source_hash is distinct from excluded.source_hash
        or store_vectors.embedding_model is distinct from ${model}::text`,
  ])
}

/** A text of an item, and what tells it and its model from others. */
export type HashedText = FieldText & { readonly hash: Uint8Array }

/** The texts of a value at these paths, with their hashes. */
export function hashedTexts(model: EmbeddingModel, value: unknown, paths: readonly string[]): HashedText[] {
  return fieldTexts(value, paths).map(({ path, text }) => {
    const told = beginningOf(text)
    return { path, text: told, hash: createHash('sha256').update(`${model.name}\0${told}`).digest() }
  })
}

function itemTexts(model: EmbeddingModel, { value, index }: MeantItem): HashedText[] {
  if (index === false) return []
  const kept = pathOfNul(value, '') === undefined ? value : storable(value)
  return hashedTexts(model, kept, index ?? model.fields ?? ['$'])
}

// For each item the texts whose embeddings are there.
async function knownEmbeddings(
  run: Work,
  model: EmbeddingModel,
  items: readonly MeantItem[],
): Promise<readonly ReadonlySet<string>[] | undefined> {
  if (items.length === 0) return []
  const places = items.map(({ namespace, key }) => sql`(${pathOf(namespace)}::text, ${key}::text)`)
  const rows = await run(async (tx) =>
    (await keepsMeanings(tx))
      ? tx.query<{ namespace_path: string; key: string; field_path: string; source_hash: Uint8Array }>(sql`
          select namespace_path, key, field_path, source_hash from store_vectors
          where tenant_id = current_tenant() and (namespace_path, key) in (${join(places)}) and embedding_model = ${model.name}`)
      : undefined,
  )
  return (
    rows &&
    items.map(({ namespace, key }) => {
      const isHere = (item: MeantItem) => item.key === key && pathOf(item.namespace) === pathOf(namespace)
      // An item that is written twice is the second time what the first has left.
      if (items.findIndex(isHere) !== items.findLastIndex(isHere)) return new Set<string>()
      const own = rows.filter((row) => row.namespace_path === pathOf(namespace) && row.key === key)
      return new Set(own.map((row) => stored({ path: row.field_path, hash: row.source_hash })))
    })
  )
}

function stored({ path, hash }: Pick<HashedText, 'path' | 'hash'>): string {
  return `${Buffer.from(hash).toString('hex')} ${path}`
}
