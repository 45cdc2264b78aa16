import { join, sql, type Sql } from '../database/database.ts'
import { alive, checkLabels, within } from './namespaces.ts'
import type { StoreTransaction } from './transaction.ts'

/** Which namespaces; `*` stands for any one label. */
export interface NamespaceQuery {
  readonly prefix?: readonly string[] | undefined
  readonly suffix?: readonly string[] | undefined
  /** Longer ones are cut to so many labels. */
  readonly maxDepth?: number | undefined
  readonly limit: number
  readonly offset: number
}

/** The namespaces that have items, each once after it is cut, in the order of their labels. */
export async function listNamespaces(tx: StoreTransaction, query: NamespaceQuery): Promise<string[][]> {
  const { prefix = [], suffix = [], maxDepth, limit, offset } = query
  checkLabels(prefix, 'prefix')
  checkLabels(suffix, 'suffix')
  const wild = prefix.indexOf('*')
  const length = sql`cardinality(namespace)`
  const conditions: Sql[] = [
    within(wild === -1 ? prefix : prefix.slice(0, wild)),
    alive,
    sql`${length} >= ${Math.max(prefix.length, suffix.length)}`,
  ]
  prefix.forEach((label, index) => {
    if (label !== '*') conditions.push(sql`namespace[${index + 1}] = ${label}`)
  })
  suffix.forEach((label, index) => {
    if (label !== '*') conditions.push(sql`namespace[${length} - ${suffix.length - 1 - index}] = ${label}`)
  })
  const cut = maxDepth === undefined ? sql`namespace` : sql`namespace[1:${maxDepth}]`
  const found = await tx.query<{ labels: string[] }>(sql`
    select distinct (${cut}) collate "C" as labels from store_items
    where ${join(conditions, ' and ')}
    order by labels
    limit ${limit} offset ${offset}`)
  return found.map(({ labels }) => labels)
}
