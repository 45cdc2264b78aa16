import type { Dialect } from '../../database/database.ts'
import { toJson, type ValueNode } from './nodes/value-node.ts'

/** How a column's values are written. */
export type ColumnForm = 'json' | 'array' | 'plain'

/** A value as the database reads it for a column: as JSON, as an array, or as its text. */
export function valueText(node: ValueNode, form: ColumnForm, dialect: Dialect): string | null {
  if (node.kind === 'null') return null
  if (form === 'json') return toJson(node)
  switch (node.kind) {
    case 'text':
    case 'number':
      return node.text
    case 'boolean':
      return dialect === 'sqlite' ? (node.value ? '1' : '0') : String(node.value)
    case 'list':
      return form === 'array' ? arrayText(node.items, dialect) : toJson(node)
    case 'table':
      return toJson(node)
  }
}

// https://www.postgresql.org/docs/current/arrays.html#ARRAYS-IO
function arrayText(items: readonly ValueNode[], dialect: Dialect): string {
  const parts = items.map((item) => {
    if (item.kind === 'null') return 'NULL'
    if (item.kind === 'list') return arrayText(item.items, dialect)
    return `"${(valueText(item, 'plain', dialect) ?? '').replaceAll(/["\\]/g, '\\$&')}"`
  })
  return `{${parts.join(',')}}`
}
