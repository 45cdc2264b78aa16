import { join, sql, type Sql } from '../../database/database.ts'
import { itemFilter, type ItemFilter } from './item-filter.ts'
import { type ItemIndex, textOf } from './item-text.ts'
import type { Embedding } from '../embeddings/embeddings.ts'
import { type ItemMeaning, keepsMeanings, waitingMeaning, withMeanings, writeMeaning } from './item-meaning.ts'
import { nearestItems } from './item-nearest.ts'
import { listNamespaces, type NamespaceQuery } from './item-namespaces.ts'
import { alive, checkItem, checkNamespace, checkPrefix, pathOf, within } from './namespaces.ts'
import { meaningOfQuery, type QueryMeaning } from '../embeddings/nearest.ts'
import type { Run } from '../runs/run.ts'
import type { StoreItemsRow } from '../rows.ts'
import type { StoreTransaction } from '../store-transaction.ts'
import { json, type JsonObject, pathOfNul, refuseNul, storable, texts } from '../values.ts'

/** A value that is remembered under a key in a namespace. */
export interface Item {
  readonly namespace: readonly string[]
  readonly key: string
  readonly value: JsonObject
  readonly created_at: Date
  readonly updated_at: Date
}

/** An item that was found; the score tells how well it fits what was asked for, by its meaning or by its words. */
export type FoundItem = Item & { readonly score?: number }

/** Which items, the newest first, or the best ones for a query. */
export interface ItemQuery {
  /** The first labels of the namespace, each whole; none for all items. */
  readonly prefix: readonly string[]
  readonly filter?: ItemFilter | undefined
  /** What to look for in the texts of the value: the nearest in meaning, or words, of which one is enough. */
  readonly query?: string | undefined
  /** What it means, where that is known already. */
  readonly meaning?: QueryMeaning | undefined
  readonly limit: number
  readonly offset: number
  /** Whether what is found lives longer for it; true by default. */
  readonly refresh?: boolean | undefined
}

/** An item to be written. */
export interface NewItem {
  readonly namespace: readonly string[]
  readonly key: string
  readonly value: JsonObject
  /** It lives for so long from now on; without, for ever. */
  readonly ttlMinutes?: number | undefined
  readonly index?: ItemIndex
  /** What its texts mean, where that is known already; null where that is kept nowhere. */
  readonly meaning?: ItemMeaning | null | undefined
}

/** What a tenant's assistants remember from thread to thread. An item whose time is over is not there. */
export interface Items {
  get(
    namespace: readonly string[],
    key: string,
    options?: { readonly refresh?: boolean | undefined },
  ): Promise<Item | undefined>
  /** Writes an item, new or over the old one. */
  put(item: NewItem): Promise<void>
  remove(namespace: readonly string[], key: string): Promise<void>
  search(query: ItemQuery): Promise<FoundItem[]>
  /** The namespaces that have items, each once, in order. */
  namespaces(query: NamespaceQuery): Promise<string[][]>
}

/** The items that transactions of `run` see, found by their meaning where there is a model. */
export function items(run: Run, embedding?: Embedding): Items {
  const asked = embedding?.asks === true ? embedding.model : undefined
  return {
    get: (namespace, key, { refresh = true } = {}) => run((tx) => get(tx, { namespace, key }, refresh)),
    async put(item) {
      if (asked === undefined || item.meaning !== undefined) return run((tx) => put(tx, item, embedding))
      const [meant = item] = await withMeanings(run, asked, [item])
      return run((tx) => put(tx, meant, embedding))
    },
    remove: (namespace, key) =>
      run(async (tx) => {
        checkItem(namespace, key)
        await tx.execute(sql`delete from store_items where ${at({ namespace, key })}`)
      }),
    async search(query) {
      checkQuery(query)
      const { query: words = '', meaning } = query
      if (asked === undefined || meaning !== undefined) return run((tx) => search(tx, query))
      const meant = await meaningOfQuery(run, asked, words, keepsMeanings)
      return run((tx) => search(tx, { ...query, meaning: meant }))
    },
    namespaces: (query) => run((tx) => listNamespaces(tx, query)),
  }
}

type Row = Pick<
  StoreItemsRow,
  'namespace' | 'key' | 'value' | 'value_exact' | 'created_at' | 'updated_at' | 'ttl_minutes'
> & { readonly score?: number }

const columns = sql`namespace, key, value, value_exact, created_at, updated_at, ttl_minutes`

function at({ namespace, key }: Pick<Item, 'namespace' | 'key'>): Sql {
  return sql`tenant_id = current_tenant() and namespace_path = ${pathOf(namespace)} and key = ${key}`
}

async function get(
  tx: StoreTransaction,
  place: Pick<Item, 'namespace' | 'key'>,
  refresh: boolean,
): Promise<Item | undefined> {
  checkItem(place.namespace, place.key)
  const row = await tx.first<Row>(sql`select ${columns} from store_items where ${at(place)} and ${alive}`)
  if (row === undefined) return undefined
  if (refresh) await prolong(tx, [row])
  return itemOf(row)
}

async function put(tx: StoreTransaction, item: NewItem, embedding: Embedding | undefined): Promise<void> {
  const { namespace, key, value, ttlMinutes, index } = item
  checkNamespace(namespace)
  checkItem(namespace, key)
  const exact = pathOfNul(value, '') === undefined ? null : Buffer.from(JSON.stringify(value))
  const kept = exact === null ? value : storable(value)
  const ttl = sql`${ttlMinutes ?? null}::double precision`
  await tx.execute(sql`
    insert into store_items (tenant_id, namespace, key, value, value_exact, search, ttl_minutes, expires_at)
    values (
      current_tenant(), ${texts(namespace)}, ${key}, ${json(kept)}, ${exact}::bytea,
      to_tsvector('simple', ${textOf(kept, index) ?? null}::text), ${ttl}, now() + ${ttl} * interval '1 minute')
    on conflict (tenant_id, namespace_path, key) do update set
      value = excluded.value, value_exact = excluded.value_exact, search = excluded.search,
      ttl_minutes = excluded.ttl_minutes, expires_at = excluded.expires_at,
      created_at = case when store_items.expires_at <= now() then now() else store_items.created_at end`)
  const meaning = item.meaning === undefined ? await waiting(tx, item, embedding) : item.meaning
  if (meaning !== null) await writeMeaning(tx, item, meaning)
}

// In a transaction nobody waits for a model: what it would say is asked for later.
async function waiting(tx: StoreTransaction, item: NewItem, embedding: Embedding | undefined) {
  if (embedding === undefined || !(await keepsMeanings(tx))) return null
  return waitingMeaning(embedding.model, item)
}

function checkQuery({ prefix, query, filter = {} }: ItemQuery): void {
  checkPrefix(prefix)
  refuseNul(query, 'query')
  itemFilter(filter)
}

async function search(tx: StoreTransaction, query: ItemQuery): Promise<FoundItem[]> {
  const { refresh = true } = query
  checkQuery(query)
  const near = query.meaning === undefined ? undefined : await nearest(tx, query, query.meaning)
  const rows = near ?? (await byWords(tx, query))
  if (refresh) await prolong(tx, rows)
  return rows.map((row) => (row.score === undefined ? itemOf(row) : { ...itemOf(row), score: row.score }))
}

// Undefined where no item has a meaning that could be compared.
async function nearest(tx: StoreTransaction, query: ItemQuery, meaning: QueryMeaning): Promise<Row[] | undefined> {
  const { prefix, filter = {}, limit, offset } = query
  const conditions = [within(prefix), alive, ...itemFilter(filter)]
  const found = await nearestItems(tx, { prefix, conditions, meaning, most: offset + limit })
  if (found.length === 0) return undefined
  const page = found.slice(offset)
  const places = page.map(({ namespace_path, key }) => sql`(${namespace_path}::text, ${key}::text)`)
  const rows =
    page.length === 0
      ? []
      : await tx.query<Row>(sql`
          select ${columns} from store_items
          where tenant_id = current_tenant() and (namespace_path, key) in (${join(places)}) and ${alive}`)
  const byPlace = new Map(rows.map((row) => [`${pathOf(row.namespace as string[])} ${row.key}`, row]))
  return page.flatMap(({ namespace_path, key, score }) => {
    const row = byPlace.get(`${namespace_path} ${key}`)
    return row === undefined ? [] : [{ ...row, score }]
  })
}

async function byWords(tx: StoreTransaction, { prefix, filter = {}, query, limit, offset }: ItemQuery): Promise<Row[]> {
  const words = query?.trim() ?? ''
  const conditions = [within(prefix), alive, ...itemFilter(filter)]
  return tx.query<Row>(
    words === ''
      ? sql`
        select ${columns} from store_items
        where ${join(conditions, ' and ')}
        order by updated_at desc, namespace_path, key
        limit ${limit} offset ${offset}`
      : sql`
        select ${columns}, ts_rank(search, wanted.words)::double precision as score
        from store_items, ${anyOf(words)} wanted (words)
        where ${join(conditions, ' and ')} and search @@ wanted.words
        order by score desc, updated_at desc, namespace_path, key
        limit ${limit} offset ${offset}`,
  )
}

// Any of the words is enough; the rank tells how many there are.
function anyOf(words: string): Sql {
  return sql`(select replace(plainto_tsquery('simple', ${words})::text, '&', '|')::tsquery)`
}

/** Lets items that have a time to live begin it anew. */
async function prolong(tx: StoreTransaction, rows: readonly Row[]): Promise<void> {
  const mortal = rows.filter((row) => row.ttl_minutes !== null)
  if (mortal.length === 0) return
  const places = mortal.map(({ namespace, key }) => sql`(${pathOf(namespace as string[])}::text, ${key}::text)`)
  await tx.execute(sql`
    update store_items set expires_at = now() + ttl_minutes * interval '1 minute'
    where tenant_id = current_tenant() and (namespace_path, key) in (${join(places)})`)
}

function itemOf(row: Row): Item {
  const { key, created_at, updated_at, value_exact } = row
  const value = value_exact === null ? row.value : (JSON.parse(Buffer.from(value_exact).toString()) as unknown)
  return { namespace: row.namespace as string[], key, value: value as JsonObject, created_at, updated_at }
}
