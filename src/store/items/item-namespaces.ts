import { join, sql, type Sql } from '../../database/database.ts'
import { alive, checkLabels, within } from './namespaces.ts'
import type { StoreTransaction } from '../store-transaction.ts'

/** What the first or the last labels of a namespace are; `*` stands for any one label. */
export interface LabelMatch {
  readonly side: 'first' | 'last'
  readonly labels: readonly string[]
}

/** Which namespaces. */
export interface NamespaceQuery {
  /** Each of these holds. */
  readonly match: readonly LabelMatch[]
  /** Longer ones are cut to so many labels. */
  readonly maxDepth?: number | undefined
  readonly limit: number
  readonly offset: number
}

/** The namespaces that have items, each once after it is cut, in the order of their labels. */
export async function listNamespaces(tx: StoreTransaction, query: NamespaceQuery): Promise<string[][]> {
  const { match, maxDepth, limit, offset } = query
  const conditions = [sql`tenant_id = current_tenant()`, alive, ...match.flatMap(condition)]
  const cut = maxDepth === undefined ? sql`namespace` : sql`namespace[1:${maxDepth}]`
  const found = await tx.query<{ labels: string[] }>(sql`
    select distinct (${cut}) collate "C" as labels from store_items
    where ${join(conditions, ' and ')}
    order by labels
    limit ${limit} offset ${offset}`)
  return found.map(({ labels }) => labels)
}

function condition({ side, labels }: LabelMatch): Sql[] {
  checkLabels(labels, side === 'first' ? 'prefix' : 'suffix')
  const length = sql`cardinality(namespace)`
  const known = labels.flatMap((label, index) => {
    if (label === '*') return []
    const place = side === 'first' ? sql`${index + 1}` : sql`${length} - ${labels.length - 1 - index}`
    return [sql`namespace[${place}] = ${label}`]
  })
  const wild = labels.indexOf('*')
  // The labels before the first that may be any, for the index.
  const range = side === 'first' ? [within(wild === -1 ? labels : labels.slice(0, wild))] : []
  return [...range, sql`${length} >= ${labels.length}`, ...known]
}
