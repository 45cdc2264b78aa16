import type { Catalog } from '../database-catalog.ts'
import { type CatalogObject, type ObjectIdentity, objects } from '../objects.ts'
import { type Change, changedProperties, orderChange } from './properties.ts'
import { withoutSame } from './without-same.ts'

/** What is not alike about one object in two catalogs. */
export interface Difference {
  readonly kind: 'missing' | 'unexpected' | 'different'
  readonly object: ObjectIdentity
  /** Null for an unexpected one. */
  readonly expected: CatalogObject | null
  /** Null for a missing one. */
  readonly actual: CatalogObject | null
  /** Every property that differs; empty unless it is a `different` one. */
  readonly changes: readonly Change[]
}

/** The differences of all objects, one by one, by their keys: those that follow from others too. */
export function compareObjects(
  expected: Catalog,
  actual: Catalog,
  ignore?: (object: CatalogObject) => boolean,
): ReadonlyMap<string, Difference> {
  const [left, right] = withoutSame(expected, actual)
  const wanted = byKey(left)
  const found = byKey(right)
  if (ignore) removeIgnored([wanted, found], ignore)
  const result = new Map<string, Difference>()
  for (const [key, object] of wanted) {
    const difference = compareObject(object, found.get(key) ?? null)
    if (difference) result.set(key, difference)
  }
  for (const [key, object] of found) {
    if (!wanted.has(key)) result.set(key, difference('unexpected', null, object, []))
  }
  return result
}

function byKey(catalog: Catalog): Map<string, CatalogObject> {
  return new Map([...objects(catalog)].map((object) => [object.key, object]))
}

// What is ignored in one of the catalogs is in the other, too, and so are its parts.
function removeIgnored(
  catalogs: readonly Map<string, CatalogObject>[],
  ignore: (object: CatalogObject) => boolean,
): void {
  const ignored = new Set(catalogs.flatMap((each) => [...each.values()].filter(ignore).map(({ key }) => key)))
  for (const objects of catalogs) {
    for (const { key, partOf } of objects.values()) {
      if (ignored.has(key) || ignored.has(partOf ?? '')) objects.delete(key)
    }
  }
}

/** How one object differs from another of the same key; undefined where it does not. */
export function compareObject(expected: CatalogObject, actual: CatalogObject | null): Difference | undefined {
  if (actual === null) return difference('missing', expected, null, [])
  const changes = changedProperties(expected.kind, expected.value, actual.value)
  if (expected.kind === 'table' && actual.kind === 'table') {
    changes.push(...orderChange('columns.order', expected.value.columns, actual.value.columns))
  }
  return changes.length === 0 ? undefined : difference('different', expected, actual, changes)
}

function difference(
  kind: Difference['kind'],
  expected: CatalogObject | null,
  actual: CatalogObject | null,
  changes: readonly Change[],
): Difference {
  const { kind: objectKind, path, key, partOf } = (expected ?? actual) as CatalogObject
  return { kind, object: { kind: objectKind, path, key, partOf }, expected, actual, changes }
}
