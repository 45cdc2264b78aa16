import type { ObjectName } from '../object.ts'
import type { Table } from '../relation.ts'
import type { Sequence } from '../schema-object.ts'

// Each list of a catalog is looked through once for each part of a table, so it is indexed at the first time.
const tables = new WeakMap<readonly Table[], ReadonlyMap<string, Table>>()
const identities = new WeakMap<readonly Sequence[], ReadonlyMap<string, Sequence>>()

/** The table of that name. */
export function tableNamed(list: readonly Table[], { schema, name }: ObjectName): Table | undefined {
  const index = indexed(tables, list, (table) => keyOf(table.schema, table.name))
  return index.get(keyOf(schema, name))
}

/** The sequence inside of an identity column. */
export function identitySequence(
  list: readonly Sequence[],
  { schema, name }: ObjectName,
  column: string,
): Sequence | undefined {
  const index = indexed(identities, list, ({ identity, ownedBy }) =>
    identity && ownedBy !== null ? keyOf(ownedBy.table.schema, ownedBy.table.name, ownedBy.column) : undefined,
  )
  return index.get(keyOf(schema, name, column))
}

function indexed<Item>(
  indexes: WeakMap<readonly Item[], ReadonlyMap<string, Item>>,
  list: readonly Item[],
  key: (item: Item) => string | undefined,
): ReadonlyMap<string, Item> {
  const before = indexes.get(list)
  if (before !== undefined) return before
  const index = new Map<string, Item>()
  for (const item of list) {
    const own = key(item)
    if (own !== undefined && !index.has(own)) index.set(own, item)
  }
  indexes.set(list, index)
  return index
}

// No name can hold a zero byte.
function keyOf(...names: readonly string[]): string {
  return names.join('\0')
}
