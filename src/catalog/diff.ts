import type { Catalog } from './database-catalog.ts'
import { compareObject, compareObjects, type Difference } from './diff/compare.ts'
import { foldedInto } from './diff/fold.ts'
import { lineageOf } from './diff/lineage.ts'
import type { Change } from './diff/properties.ts'
import type { CatalogObject } from './objects.ts'

export { compareObject }
export type { Change, Difference }

/** What a comparison looks past. */
export interface DiffOptions {
  /** Objects that are not compared, with all their parts. */
  readonly ignore?: ((object: CatalogObject) => boolean) | undefined
  /** Properties that may differ, such as owners where the two databases have roles of other names. */
  readonly ignoreChange?: ((object: CatalogObject, change: Change) => boolean) | undefined
}

/**
 * How the actual catalog differs from the expected one, complete: every property of every object. What follows from another
 * difference is not told beside it: the parts of a table that is missing, the index of a constraint, the sequence of an
 * identity column, the share of a partition in a change of its table.
 */
export function diffCatalogs(expected: Catalog, actual: Catalog, options: DiffOptions = {}): Difference[] {
  return foldDifferences(expected, actual, options).flatMap(({ cause, ...difference }) =>
    cause === undefined ? [difference] : [],
  )
}

/** A difference, and the one that it follows from. */
export interface FoldedDifference extends Difference {
  readonly cause: Difference | undefined
}

/** All differences, those that follow from others too; the renderer needs each of them. */
export function foldDifferences(expected: Catalog, actual: Catalog, options: DiffOptions = {}): FoldedDifference[] {
  const compared = withoutIgnored(compareObjects(expected, actual, options.ignore), options.ignoreChange)
  const lineage = lineageOf(expected, actual)
  const all = { get: (key: string) => compared.get(key), lineage }
  const causes = new Map([...compared.values()].map((each) => [each.object.key, foldedInto(each, all)]))
  const tellIndexes = indexChanges(compared, causes)
  return [...compared.values()].map((difference) => ({
    ...difference,
    changes: [...difference.changes, ...(tellIndexes.get(difference.object.key) ?? [])],
    cause: causes.get(difference.object.key),
  }))
}

// What differs in the index of a constraint is told with that, unless it is there or not there as a whole.
function indexChanges(
  compared: ReadonlyMap<string, Difference>,
  causes: ReadonlyMap<string, Difference | undefined>,
): Map<string, Change[]> {
  const result = new Map<string, Change[]>()
  for (const difference of compared.values()) {
    const cause = causes.get(difference.object.key)
    if (difference.kind !== 'different' || cause?.kind !== 'different' || cause.object.kind !== 'constraint') continue
    if (difference.object.kind !== 'index') continue
    const changes = difference.changes.map((change) => ({ ...change, property: `index.${change.property}` }))
    result.set(cause.object.key, [...(result.get(cause.object.key) ?? []), ...changes])
  }
  return result
}

function withoutIgnored(
  compared: ReadonlyMap<string, Difference>,
  ignoreChange: DiffOptions['ignoreChange'],
): ReadonlyMap<string, Difference> {
  if (!ignoreChange) return compared
  const kept = [...compared].flatMap(([key, difference]): [string, Difference][] => {
    const { expected, changes } = difference
    if (difference.kind !== 'different' || expected === null) return [[key, difference]]
    const rest = changes.filter((change) => !ignoreChange(expected, change))
    return rest.length === 0 ? [] : [[key, { ...difference, changes: rest }]]
  })
  return new Map(kept)
}
