import type { Catalog } from '../catalog/catalog.ts'

/**
 * The catalog with no owner for what belongs to the role that migrates, and `current_user` for that role in policies: on another
 * database that is another role. Pure.
 */
export function withoutOwner(catalog: Catalog, role: string): Catalog {
  return strip(catalog, role) as Catalog
}

function strip(value: unknown, role: string): unknown {
  if (Array.isArray(value)) return value.map((item: unknown) => strip(item, role))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, child]: [string, unknown]) => [key, stripProperty(key, child, role)]),
  )
}

function stripProperty(key: string, value: unknown, role: string): unknown {
  if (key === 'owner' && value === role) return null
  if (key === 'roles' && Array.isArray(value)) {
    return value.map((one: unknown) => (one === role ? 'current_user' : one))
  }
  return strip(value, role)
}
