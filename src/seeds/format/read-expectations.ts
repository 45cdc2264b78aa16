import { entryOf, type TableNode, type ValueNode } from './nodes/value-node.ts'
import { report, type Reading } from './read-cell.ts'
import type { Expectation } from './seed-document.ts'

/** Reads the expectations of a file. */
export function readExpectations(reading: Reading, node: ValueNode): Expectation[] {
  const items = node.kind === 'list' ? node.items : [node]
  return items.flatMap((item) => {
    const expectation = item.kind === 'table' ? readExpectation(item) : undefined
    if (expectation === undefined) {
      const remedy = 'Write { table, where, count } or { query, equals } or { query, rows }, with a name if you like.'
      report(reading, item.at, 'This is no expectation.', remedy)
    }
    return expectation ?? []
  })
}

const allowed = ['table', 'where', 'count', 'query', 'equals', 'rows', 'name']

function readExpectation(node: TableNode): Expectation | undefined {
  if (node.entries.some(({ key }) => !allowed.includes(key))) return undefined
  const [table, where, query, name] = ['table', 'where', 'query', 'name'].map((key) => textOf(node, key))
  const value = (key: string) => entryOf(node, key)?.value
  const [count, equals, rows] = [value('count'), value('equals'), value('rows')]
  const at = node.at
  if (table !== undefined && query === undefined && count?.kind === 'number' && /^\d+$/.test(count.text)) {
    const check = { kind: 'count' as const, table, where: where ?? null, count: Number(count.text) }
    return { at, name: name ?? `${table}${where === undefined ? '' : ` where ${where}`}`, check }
  }
  if (query === undefined || table !== undefined) return undefined
  const label = name ?? query.replaceAll(/\s+/g, ' ').trim().slice(0, 80)
  if (equals !== undefined && rows === undefined)
    return { at, name: label, check: { kind: 'equals', query, value: equals } }
  if (rows?.kind === 'list') return { at, name: label, check: { kind: 'rows', query, rows } }
  return undefined
}

function textOf(node: TableNode, key: string): string | undefined {
  const value = entryOf(node, key)?.value
  return value?.kind === 'text' ? value.text : undefined
}
