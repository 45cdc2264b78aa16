import type { Catalog } from '../catalog/catalog.ts'

/** The catalog with no owner for what belongs to the role that migrates: on another database that is another role. Pure. */
export function withoutOwner(catalog: Catalog, role: string): Catalog {
  return strip(catalog, role) as Catalog
}

function strip(value: unknown, role: string): unknown {
  if (Array.isArray(value)) return value.map((item: unknown) => strip(item, role))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, child]) => [key, key === 'owner' && child === role ? null : strip(child, role)]),
  )
}
