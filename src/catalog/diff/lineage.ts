import type { Catalog } from '../database-catalog.ts'
import { type ObjectName, objectKey } from '../object.ts'
import type { Table } from '../relation.ts'

/** For the key of every part that a table has only because of its parents, the keys of theirs, in these catalogs. */
export function lineageOf(...catalogs: readonly Catalog[]): ReadonlyMap<string, readonly string[]> {
  const result = new Map<string, readonly string[]>()
  for (const catalog of catalogs) {
    const children = catalog.tables.filter((table) => parentsOf(table).length > 0)
    // Only then is the map of all indexes worth its while.
    const indexes = children.length > 0 ? indexKeys(catalog) : new Map<string, string>()
    for (const table of children) for (const [key, parents] of partsOf(table, indexes)) result.set(key, parents)
  }
  return result
}

/** The tables that a table is a partition or an heir of. */
export function parentsOf({ partitionOf, inherits }: Table): readonly ObjectName[] {
  return partitionOf === null ? inherits : [partitionOf.parent]
}

function* partsOf(table: Table, indexes: ReadonlyMap<string, string>): Generator<[string, readonly string[]]> {
  const parents = parentsOf(table)
  const kinds = { column: table.columns, constraint: table.constraints, trigger: table.triggers } as const
  for (const [kind, parts] of Object.entries(kinds) as [keyof typeof kinds, (typeof kinds)[keyof typeof kinds]][]) {
    for (const { name } of parts.filter(({ inherited }) => inherited)) {
      const above = parents.map((parent) => objectKey(kind, [parent.schema, parent.name, name]))
      yield [objectKey(kind, [table.schema, table.name, name]), above]
    }
  }
  for (const index of table.indexes) {
    const above = index.partOf === null ? undefined : indexes.get(indexName(index.partOf))
    if (above === undefined) continue
    yield [objectKey('index', [table.schema, table.name, index.name]), [above]]
    // A key of a partition is a constraint of its own, with a name of its own.
    if (index.constraint === null) continue
    yield [
      objectKey('constraint', [table.schema, table.name, index.constraint]),
      [above.replace(/^index /, 'constraint ')],
    ]
  }
}

function indexKeys({ tables }: Catalog): Map<string, string> {
  return new Map(
    tables.flatMap((table) =>
      table.indexes.map(({ name }): [string, string] => [
        indexName({ schema: table.schema, name }),
        objectKey('index', [table.schema, table.name, name]),
      ]),
    ),
  )
}

function indexName({ schema, name }: ObjectName): string {
  return JSON.stringify([schema, name])
}
