import type { Catalog, ObjectName, Table } from '../catalog/catalog.ts'

type Owned = ObjectName & { readonly owner: string | null }

const kinds = ['types', 'sequences', 'tables', 'views'] as const

/**
 * The actual catalog without the owners that are not expected to be anybody in particular, and with `current_user` for a table's
 * owner in policies that are expected to name whoever migrates: on another database that role has another name. What is the same
 * but for that is then the same, which spares the comparison nearly all of its work. Pure.
 */
export function ownersAsExpected(actual: Catalog, expected: Catalog): Catalog {
  const known = { ...actual, tables: policiesAsExpected(actual.tables, expected.tables) }
  const lists = kinds.map((kind) => {
    const ownerless = new Set(expected[kind].filter((each: Owned) => each.owner === null).map(nameOf))
    return [kind, known[kind].map((each: Owned) => (ownerless.has(nameOf(each)) ? { ...each, owner: null } : each))]
  })
  return { ...known, ...(Object.fromEntries(lists) as Pick<Catalog, (typeof kinds)[number]>) }
}

function policiesAsExpected(actual: readonly Table[], expected: readonly Table[]): readonly Table[] {
  const named = new Set(
    expected.flatMap((table) =>
      table.policies.flatMap(({ name, roles }) => (roles.includes(migrating) ? [partOf(table, name)] : [])),
    ),
  )
  if (named.size === 0) return actual
  return actual.map((table) => ({
    ...table,
    policies: table.policies.map((policy) =>
      named.has(partOf(table, policy.name))
        ? { ...policy, roles: policy.roles.map((role) => (role === table.owner ? migrating : role)) }
        : policy,
    ),
  }))
}

const migrating = 'current_user'

function partOf(table: ObjectName, name: string): string {
  return JSON.stringify([table.schema, table.name, name])
}

function nameOf({ schema, name }: ObjectName): string {
  return JSON.stringify([schema, name])
}
