import type { Column } from '../../catalog/catalog.ts'
import type { Prepared } from './evaluate.ts'

/**
 * Watches the values of a key go by, and says whether each was greater than the one before, in some order in which different
 * texts are different values. Then none stands twice, and the database need not be asked. Undefined for types of which the text
 * does not tell.
 */
export function keyOrder(column: Column | undefined): ((value: Prepared) => boolean) | undefined {
  const canonical = canonicalText(column)
  if (canonical === undefined) return undefined
  const byLength = canonical === integer
  let last: string | undefined
  let ascends = true
  return (value) => {
    if (!ascends) return false
    if (typeof value !== 'string' || !canonical.test(value)) return (ascends = false)
    if (last !== undefined && !(byLength && value.length !== last.length ? value.length > last.length : value > last))
      return (ascends = false)
    last = value
    return true
  }
}

/** Whether the database sorts the values of a column in the same order that `keyOrder` watches. */
export function isOrderedAlike(column: Column | undefined): boolean {
  const canonical = canonicalText(column)
  return canonical === integer || canonical === uuid
}

const integer = /^(?:0|[1-9]\d{0,18})$/
const uuid = /^[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}$/

function canonicalText(column: Column | undefined): RegExp | undefined {
  if (column === undefined || column.collation !== null) return undefined
  // A limit of length would cut spaces off, which makes different texts the same.
  if (/^(?:text|character varying)$/.test(column.type)) return /^/
  if (/^(?:smallint|integer|bigint)$/.test(column.type)) return integer
  return column.type === 'uuid' ? uuid : undefined
}
