import { isDeepStrictEqual } from 'node:util'
import { type Catalog, type CatalogObject, objects } from '../catalog/catalog.ts'

/** Where an object comes from, as names of migrations. */
export interface ObjectProvenance {
  readonly key: string
  readonly kind: CatalogObject['kind']
  readonly path: readonly string[]
  /** The key of the table or view that it is a part of. */
  readonly partOf: string | null
  /** The migration that made it, the last time that it was made. */
  readonly createdBy: string
  /** Those that changed it since, in order. */
  readonly changedBy: readonly string[]
  /** The one that removed it; null while it is there. */
  readonly removedBy: string | null
}

/** What one migration does to the objects of a database, by their keys. */
interface ObjectChanges {
  readonly created: readonly string[]
  readonly changed: readonly string[]
  readonly removed: readonly string[]
}

/** The objects that differ between two catalogs. A table that only has other columns is not changed itself. Pure. */
export function changesBetween(before: Catalog, after: Catalog): ObjectChanges {
  const old = byKey(before)
  const now = byKey(after)
  return {
    created: [...now.keys()].filter((key) => !old.has(key)),
    changed: [...now].flatMap(([key, object]) => {
      const previous = old.get(key)
      if (previous === undefined || previous.value === object.value) return []
      return isDeepStrictEqual(ownValue(previous), ownValue(object)) ? [] : [key]
    }),
    removed: [...old.keys()].filter((key) => !now.has(key)),
  }
}

/** Where every object comes from that there is or was, by its key. `catalogs` are those after each migration. Pure. */
export function provenanceOf(
  migrations: readonly { readonly name: string; readonly catalog: Catalog }[],
  start: Catalog,
): ReadonlyMap<string, ObjectProvenance> {
  const known = new Map<string, ObjectProvenance>()
  let before = start
  for (const { name, catalog } of migrations) {
    if (catalog === before) continue
    const { created, changed, removed } = changesBetween(before, catalog)
    const now = created.length > 0 ? byKey(catalog) : new Map<string, CatalogObject>()
    for (const key of created) {
      const object = now.get(key)
      if (object === undefined) continue
      const { kind, path, partOf } = object
      known.set(key, { key, kind, path, partOf, createdBy: name, changedBy: [], removedBy: null })
    }
    for (const key of changed) update(known, key, ({ changedBy }) => ({ changedBy: [...changedBy, name] }))
    for (const key of removed) update(known, key, () => ({ removedBy: name }))
    before = catalog
  }
  return known
}

function update(
  known: Map<string, ObjectProvenance>,
  key: string,
  change: (before: ObjectProvenance) => Partial<ObjectProvenance>,
): void {
  const before = known.get(key)
  // What was there before the first migration has no provenance.
  if (before !== undefined) known.set(key, { ...before, ...change(before) })
}

function byKey(catalog: Catalog): Map<string, CatalogObject> {
  return new Map([...objects(catalog)].map((object) => [object.key, object]))
}

const parts = new Set(['columns', 'constraints', 'indexes', 'triggers', 'rules', 'policies'])

// Without the parts that are objects themselves; the columns of a view are not.
function ownValue({ kind, value }: CatalogObject): unknown {
  if (kind !== 'table' && kind !== 'view') return value
  const own = Object.entries(value).filter(([key]) => !parts.has(key) || (kind === 'view' && key === 'columns'))
  return Object.fromEntries(own)
}
