import type { Sql } from '../database/database.ts'
import { invalid } from './failures.ts'
import type { StoreTransaction } from './store-transaction.ts'

/** Which part of a list: at most so many rows, those behind the row whose id is `after`. */
export interface Page {
  readonly limit: number
  readonly after?: string | undefined
}

/** A part of a list, and the id to put into `after` for the next part; undefined on the last one. */
export interface Paged<Row> {
  readonly rows: readonly Row[]
  readonly next: string | undefined
}

/**
 * Reads a part of a list. `select` gets how many rows to read, which is one more than are given, to know whether more follow;
 * `cursor` finds the row that `after` names. Throws `request_invalid` when there is none.
 */
export async function readPage<Row extends object>(
  tx: StoreTransaction,
  page: Page,
  statements: { readonly select: (limit: number) => Sql; readonly cursor: (after: string) => Sql },
  idOf: (row: Row) => string,
): Promise<Paged<Row>> {
  if (page.after !== undefined && (await tx.first(statements.cursor(page.after))) === undefined) {
    throw invalid('after', 'There is no such row to go on behind.')
  }
  const rows = await tx.query<Row>(statements.select(page.limit + 1))
  const last = rows.length > page.limit ? rows[page.limit - 1] : undefined
  return { rows: rows.slice(0, page.limit), next: last && idOf(last) }
}
