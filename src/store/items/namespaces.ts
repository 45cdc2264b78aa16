import { sql, type Sql } from '../../database/database.ts'
import { invalid } from '../failures.ts'
import { refuseNul } from '../values.ts'

/** How many bytes the labels of a namespace and the key may have together: an entry of an index holds 2,704. */
const mostBytes = 2400

/** The condition that an item's time is not over. */
export const alive = sql`(expires_at is null or expires_at > now())`

/** The namespace as one text, with a dot after each label, as the column namespace_path has it. */
export function pathOf(namespace: readonly string[]): string {
  return namespace.map((label) => `${label}.`).join('')
}

/**
 * The condition that an item is in a namespace whose first labels are these: the range of paths that begin with them, dots
 * included. The slash is next to the dot.
 */
export function within(prefix: readonly string[]): Sql {
  const own = sql`tenant_id = current_tenant()`
  if (prefix.length === 0) return own
  const path = pathOf(prefix)
  return sql`${own} and namespace_path >= ${path} and namespace_path < ${`${path.slice(0, -1)}/`}`
}

/** Refuses a namespace in which nothing may be written. Throws `request_invalid`. */
export function checkNamespace(namespace: readonly string[]): void {
  if (namespace[0] === 'langgraph') {
    throw invalid('namespace[0]', 'The namespace langgraph is reserved.')
  }
}

/** Refuses what cannot be the place of an item. Throws `request_invalid`. */
export function checkItem(namespace: readonly string[], key: string): void {
  if (namespace.length === 0) throw invalid('namespace', 'A namespace has at least one label.')
  checkLabels(namespace, 'namespace')
  refuseNul(key, 'key')
  if (Buffer.byteLength(pathOf(namespace)) + Buffer.byteLength(key) > mostBytes) {
    throw invalid('key', `The namespace and the key have more than ${mostBytes} bytes together.`)
  }
}

/** Refuses what cannot be the beginning of a namespace. Throws `request_invalid`. */
export function checkPrefix(prefix: readonly string[]): void {
  checkLabels(prefix, 'namespace_prefix')
}

/** Refuses what cannot be labels. Throws `request_invalid`. */
export function checkLabels(labels: readonly string[], path: string): void {
  labels.forEach((label, index) => {
    const where = `${path}[${index}]`
    if (label === '') throw invalid(where, 'A label of a namespace is not empty.')
    if (label.includes('.')) throw invalid(where, 'A label of a namespace has no dot in it.')
    refuseNul(label, where)
  })
}
