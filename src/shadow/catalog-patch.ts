import { isDeepStrictEqual } from 'node:util'
import type { Catalog } from '../catalog/catalog.ts'
import { compareCodePoints } from '../catalog/sort.ts'

type Lists = Omit<Catalog, 'dialect'>
type ListName = keyof Lists

/** What one migration makes of a catalog, as plain data: much smaller than a second catalog. */
export interface CatalogPatch {
  /** By list: entries that are new or different. */
  readonly set: Readonly<Partial<Record<ListName, readonly unknown[]>>>
  /** By list: identities of entries that are gone. */
  readonly removed: Readonly<Partial<Record<ListName, readonly string[]>>>
}

// An entry's names, by which the lists are sorted as well.
const identities: { readonly [Name in ListName]: (entry: Lists[Name][number]) => readonly string[] } = {
  schemas: ({ name }) => [name],
  extensions: ({ name }) => [name],
  collations: ({ schema, name }) => [schema, name],
  types: ({ schema, name }) => [schema, name],
  sequences: ({ schema, name }) => [schema, name],
  tables: ({ schema, name }) => [schema, name],
  views: ({ schema, name }) => [schema, name],
  routines: ({ schema, name, argumentTypes }) => [schema, name, ...argumentTypes],
  statistics: ({ schema, name }) => [schema, name],
  eventTriggers: ({ name }) => [name],
  publications: ({ name }) => [name],
  defaultPrivileges: ({ role, schema, objects }) => [role, schema ?? '', objects],
}

const names = Object.keys(identities) as readonly ListName[]

/** What makes `after` of `before`. Pure. */
export function patchOf(before: Catalog, after: Catalog): CatalogPatch {
  const set: Partial<Record<ListName, unknown[]>> = {}
  const removed: Partial<Record<ListName, string[]>> = {}
  for (const name of names) {
    if (before[name] === after[name]) continue
    const old = entriesOf(before, name)
    const now = entriesOf(after, name)
    const changed = [...now].filter(([key, entry]) => !isDeepStrictEqual(old.get(key)?.entry, entry.entry))
    const gone = [...old.keys()].filter((key) => !now.has(key))
    if (changed.length > 0) set[name] = changed.map(([, { entry }]) => entry)
    if (gone.length > 0) removed[name] = gone
  }
  return { set, removed }
}

/** The catalog that a patch makes of one; lists that it leaves alone are the same objects. Pure. */
export function applyPatch(before: Catalog, { set, removed }: CatalogPatch): Catalog {
  const changed = names.filter((name) => set[name] !== undefined || removed[name] !== undefined)
  const lists = changed.map((name) => {
    const entries = entriesOf(before, name)
    for (const key of removed[name] ?? []) entries.delete(key)
    for (const entry of (set[name] ?? []) as Lists[typeof name]) {
      const path = pathOf(name, entry)
      entries.set(keyOf(path), { path, entry })
    }
    const sorted = [...entries.values()].toSorted((left, right) => comparePaths(left.path, right.path))
    return [name, sorted.map(({ entry }) => entry)] as const
  })
  return { ...before, ...Object.fromEntries(lists) }
}

/** Whether a patch changes nothing. */
export function isEmptyPatch({ set, removed }: CatalogPatch): boolean {
  return Object.keys(set).length === 0 && Object.keys(removed).length === 0
}

interface Entry {
  readonly path: readonly string[]
  readonly entry: unknown
}

function entriesOf(catalog: Catalog, name: ListName): Map<string, Entry> {
  return new Map(
    catalog[name].map((entry) => {
      const path = pathOf(name, entry)
      return [keyOf(path), { path, entry }]
    }),
  )
}

function pathOf(name: ListName, entry: Lists[ListName][number]): readonly string[] {
  return (identities[name] as (entry: Lists[ListName][number]) => readonly string[])(entry)
}

function keyOf(path: readonly string[]): string {
  return JSON.stringify(path)
}

function comparePaths(left: readonly string[], right: readonly string[]): number {
  for (let index = 0; index < Math.max(left.length, right.length); index++) {
    const order = compareCodePoints(left[index] ?? '', right[index] ?? '')
    if (order !== 0) return order
  }
  return 0
}
