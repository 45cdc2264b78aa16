import type { Catalog, ObjectName } from '../catalog/catalog.ts'

type Owned = ObjectName & { readonly owner: string | null }

const kinds = ['types', 'sequences', 'tables', 'views'] as const

/**
 * The actual catalog without the owners that are not expected to be anybody in particular: on another database the migrating
 * role has another name. What is the same but for that is then the same, which spares the comparison nearly all of its work.
 * Pure.
 */
export function ownersAsExpected(actual: Catalog, expected: Catalog): Catalog {
  const lists = kinds.map((kind) => {
    const ownerless = new Set(expected[kind].filter((each: Owned) => each.owner === null).map(nameOf))
    return [kind, actual[kind].map((each: Owned) => (ownerless.has(nameOf(each)) ? { ...each, owner: null } : each))]
  })
  return { ...actual, ...(Object.fromEntries(lists) as Pick<Catalog, (typeof kinds)[number]>) }
}

function nameOf({ schema, name }: ObjectName): string {
  return JSON.stringify([schema, name])
}
