import { join, sql, type Sql } from '../../database/database.ts'
import { within } from './namespaces.ts'
import { distanceTo, passOthersOver, type QueryMeaning } from '../embeddings/nearest.ts'
import type { StoreTransaction } from '../store-transaction.ts'

/** An item, and how near its nearest text is. */
export interface NearItem {
  readonly namespace_path: string
  readonly key: string
  readonly score: number
}

/** Which items, and how many of the nearest of them. */
export interface NearQuery {
  readonly prefix: readonly string[]
  /** What has to be true of the item. */
  readonly conditions: readonly Sql[]
  readonly meaning: QueryMeaning
  readonly most: number
}

interface Row {
  readonly namespace_path: string
  readonly key: string
  readonly distance: number
}

/** How many texts an item has, about, where the index is asked for texts and items are wanted. */
const textsOfItem = 4

/**
 * The items nearest in meaning, the nearest first. The index gives the nearest texts of all tenants and items; where it gives up
 * before there are enough that fit, the texts that fit are compared one by one, which are few then.
 */
export async function nearestItems(tx: StoreTransaction, query: NearQuery): Promise<NearItem[]> {
  const { most } = query
  await passOthersOver(tx)
  const limit = most * textsOfItem
  const rows = await tx.query<Row>(sql`
    select namespace_path, key, ${distanceTo(query.meaning)} as distance from store_vectors v
    where ${fits(query)}
    order by ${distanceTo(query.meaning)}
    limit ${limit}`)
  const items = best(rows)
  if (items.length >= most) return items.slice(0, most)
  return best(
    await tx.query<Row>(sql`
      select namespace_path, key, min(${distanceTo(query.meaning)}) as distance from store_vectors v
      where ${fits(query)}
      group by namespace_path, key
      order by distance, namespace_path, key
      limit ${most}`),
  )
}

function fits({ prefix, conditions, meaning }: NearQuery): Sql {
  return sql`
    ${within(prefix)} and embedding_model = ${meaning.model}
    and exists (
      select from store_items i
      where i.tenant_id = v.tenant_id and i.namespace_path = v.namespace_path and i.key = v.key
        and ${join(conditions, ' and ')})`
}

function best(rows: readonly Row[]): NearItem[] {
  const items = new Map<string, NearItem>()
  // A text that says nothing to the model has no direction, and is not near to anything.
  for (const { namespace_path, key, distance } of rows.filter((row) => !Number.isNaN(row.distance))) {
    const name = `${namespace_path} ${key}`
    if (!items.has(name)) items.set(name, { namespace_path, key, score: 1 - distance })
  }
  return [...items.values()]
}
