import { join, sql, type Sql } from '../database/database.ts'
import { itemFilter, type ItemFilter } from './item-filter.ts'
import { type ItemIndex, textOf } from './item-text.ts'
import { listNamespaces, type NamespaceQuery } from './item-namespaces.ts'
import { alive, checkItem, checkNamespace, checkPrefix, pathOf, within } from './namespaces.ts'
import type { Run } from './run.ts'
import type { StoreItemsRow } from './rows.ts'
import type { StoreTransaction } from './store-transaction.ts'
import { json, type JsonObject, pathOfNul, refuseNul, storable, texts } from './values.ts'

/** A value that is remembered under a key in a namespace. */
export interface Item {
  readonly namespace: readonly string[]
  readonly key: string
  readonly value: JsonObject
  readonly created_at: Date
  readonly updated_at: Date
}

/** An item that was found; the score tells how well it fits the words that were asked for. */
export type FoundItem = Item & { readonly score?: number }

/** Which items, the newest first, or the best ones for some words. */
export interface ItemQuery {
  /** The first labels of the namespace, each whole; none for all items. */
  readonly prefix: readonly string[]
  readonly filter?: ItemFilter | undefined
  /** Words to look for in the texts of the value; one of them is enough. */
  readonly query?: string | undefined
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

/** The items that transactions of `run` see. */
export function items(run: Run): Items {
  return {
    get: (namespace, key, { refresh = true } = {}) => run((tx) => get(tx, { namespace, key }, refresh)),
    put: (item) => run((tx) => put(tx, item)),
    remove: (namespace, key) =>
      run(async (tx) => {
        checkItem(namespace, key)
        await tx.execute(sql`delete from store_items where ${at({ namespace, key })}`)
      }),
    search: (query) => run((tx) => search(tx, query)),
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

async function put(tx: StoreTransaction, item: NewItem): Promise<void> {
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
}

async function search(tx: StoreTransaction, query: ItemQuery): Promise<FoundItem[]> {
  const { prefix, filter = {}, limit, offset, refresh = true } = query
  checkPrefix(prefix)
  refuseNul(query.query, 'query')
  const words = query.query?.trim() ?? ''
  const conditions = [within(prefix), alive, ...itemFilter(filter)]
  const rows = await tx.query<Row>(
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
  if (refresh) await prolong(tx, rows)
  return rows.map((row) => (row.score === undefined ? itemOf(row) : { ...itemOf(row), score: row.score }))
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
