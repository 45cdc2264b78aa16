import type { ValueNode } from './nodes/value-node.ts'

/** A value that a script gives, as one of a data file; undefined for what no file could hold. */
export function scriptValue(value: unknown): ValueNode | undefined {
  const at = 0
  if (value === null || value === undefined) return { kind: 'null', at }
  switch (typeof value) {
    case 'string':
      return { kind: 'text', text: value, at }
    case 'number':
    case 'bigint':
      return { kind: 'number', text: String(value), at }
    case 'boolean':
      return { kind: 'boolean', value, at }
    case 'object':
      if (value instanceof Date)
        return isNaN(value.getTime()) ? undefined : { kind: 'text', text: value.toISOString(), at }
      if (value instanceof Uint8Array) return { kind: 'text', text: `\\x${Buffer.from(value).toString('hex')}`, at }
      return Array.isArray(value) ? listValue(value) : tableValue(value)
    default:
      return undefined
  }
}

function listValue(values: readonly unknown[]): ValueNode | undefined {
  const items = values.map(scriptValue)
  const good = items.filter((item) => item !== undefined)
  return good.length === items.length ? { kind: 'list', items: good, at: 0 } : undefined
}

function tableValue(value: object): ValueNode | undefined {
  const entries = Object.entries(value).map(([key, one]) => ({ key, keyAt: 0, value: scriptValue(one) }))
  const good = entries.flatMap((entry) => (entry.value === undefined ? [] : [{ ...entry, value: entry.value }]))
  return good.length === entries.length ? { kind: 'table', entries: good, at: 0 } : undefined
}
