import { displayName, type Catalog, type Column, type DomainType } from '../catalog/catalog.ts'

/** A catalog in which columns of domains look like columns of what is below. */
export interface PlainCatalog {
  readonly catalog: Catalog
  /** Columns of a domain that refuses null, even in a temporary table. */
  readonly strict: ReadonlySet<Column>
}

/** Looks through domains: a column of one is written as its base type is, and what the domain refuses the column refuses. */
export function throughDomains(catalog: Catalog): PlainCatalog {
  const strict = new Set<Column>()
  const domains = new Map<string, DomainType>(
    catalog.types.flatMap((type) =>
      type.kind === 'domain' ? [[`${displayName(type.schema)}.${displayName(type.name)}`, type] as const] : [],
    ),
  )
  if (domains.size === 0) return { catalog, strict }
  const plain = (column: Column): Column => {
    let found = column
    let refusesNull = false
    for (let domain = domains.get(found.type); domain !== undefined; domain = domains.get(found.type)) {
      refusesNull ||= !domain.nullable
      const nullable = found.nullable && domain.nullable
      found = { ...found, type: domain.base, nullable, default: found.default ?? domain.default }
    }
    if (refusesNull) strict.add(found)
    return found
  }
  const tables = catalog.tables.map((table) => ({ ...table, columns: table.columns.map(plain) }))
  return { catalog: { ...catalog, tables }, strict }
}
