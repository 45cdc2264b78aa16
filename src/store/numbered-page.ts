import { sql, type Sql } from '../database/database.ts'
import type { StoreTransaction } from './store-transaction.ts'

/** A part of what a search finds, with how much it finds in all. */
export interface NumberedPage<Row> {
  readonly rows: Row[]
  readonly total: number
}

/** A search whose rows are given in pages by number. */
export interface PagedSearch {
  readonly columns: Sql
  /** Tables and conditions, as they follow the word FROM. */
  readonly from: Sql
  readonly order: Sql
  /** How many there are in all, as a query; counts them unless said. */
  readonly total?: Sql
  readonly limit: number
  readonly offset: number
}

/** One page of a search. The rows are counted only when the page does not show how many there are. */
export async function pageOf<Row extends object>(
  tx: StoreTransaction,
  search: PagedSearch,
): Promise<NumberedPage<Row>> {
  const { columns, from, order, limit, offset, total = sql`select count(*)::int as total from ${from}` } = search
  const rows = await tx.query<Row>(
    sql`select ${columns} from ${from} order by ${order} limit ${limit} offset ${offset}`,
  )
  const isLast = rows.length < limit && (rows.length > 0 || offset === 0)
  if (isLast) return { rows, total: offset + rows.length }
  const counted = await tx.first<{ total: number }>(total)
  return { rows, total: counted?.total ?? 0 }
}
