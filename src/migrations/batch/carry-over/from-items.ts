import type { ObjectName } from '../../../catalog/catalog.ts'

/** A piece of a statement as the parser gives it. */
export type Node = Readonly<Record<string, unknown>>

/** One thing that a query reads, by the name that qualifies its columns. */
export interface FromItem {
  readonly alias: string
  /** `table`: the table in question. `hidden`: that table in a way that gives its columns other names. `other`: another. */
  readonly kind: 'table' | 'hidden' | 'other'
}

/** Whether a value is a piece with keys. */
export function isRecord(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The items of a list that the parser leaves out when it is empty. */
export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

/** A list of names; undefined stands for a star. */
export function namesIn(list: unknown): readonly (string | undefined)[] {
  return listOf(list).map((item) => {
    const string = isRecord(item) ? item['String'] : undefined
    return isRecord(string) ? String(string['sval']) : undefined
  })
}

/** What a FROM clause reads, seen from one table; the columns that its joins merge are added to `using`. */
export function itemsOf(list: unknown, table: ObjectName, using: Set<string>): readonly FromItem[] {
  return listOf(list).flatMap((entry) => (isRecord(entry) ? entryItems(entry, table, using) : []))
}

function entryItems(entry: Node, table: ObjectName, using: Set<string>): readonly FromItem[] {
  const [kind] = Object.keys(entry)
  const value = entry[kind ?? '']
  if (!isRecord(value)) return []
  if (kind === 'RangeTableSample') return itemsOf([value['relation']], table, using)
  const alias = isRecord(value['alias']) ? value['alias'] : {}
  const name = typeof alias['aliasname'] === 'string' ? alias['aliasname'] : undefined
  if (kind === 'RangeVar') {
    const isTable = value['schemaname'] === table.schema && value['relname'] === table.name
    const shown = alias['colnames'] === undefined ? 'table' : 'hidden'
    return [{ alias: name ?? String(value['relname']), kind: isTable ? shown : 'other' }]
  }
  if (kind === 'JoinExpr') return joinItems(value, name, table, using)
  return [{ alias: name ?? '', kind: 'other' }]
}

function joinItems(join: Node, alias: string | undefined, table: ObjectName, using: Set<string>): readonly FromItem[] {
  const items = itemsOf([join['larg'], join['rarg']], table, using)
  for (const name of namesIn(join['usingClause'])) if (name !== undefined) using.add(name)
  if (alias === undefined) return items
  return [...items, { alias, kind: items.some(({ kind }) => kind !== 'other') ? 'hidden' : 'other' }]
}
