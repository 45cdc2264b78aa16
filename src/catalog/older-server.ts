import type { Catalog } from './database-catalog.ts'
import { withoutNotNullConstraints } from './not-null.ts'

/**
 * The catalog as a PostgreSQL server of this major version would tell it of the same schema: before 18 a column's NOT NULL has no
 * name, before 17 that of a domain has none either, and partitions do not share the identity of their table. Pure.
 */
export function asServerTells(catalog: Catalog, major: number): Catalog {
  const named = major < 18 ? withoutNotNullConstraints(catalog) : catalog
  return major < 17 ? withoutSharedIdentities(withoutNotNullRules(named)) : named
}

function withoutNotNullRules(catalog: Catalog): Catalog {
  return {
    ...catalog,
    types: catalog.types.map((type) =>
      type.kind === 'domain'
        ? { ...type, constraints: type.constraints.filter(({ kind }) => kind !== 'not_null') }
        : type,
    ),
  }
}

function withoutSharedIdentities(catalog: Catalog): Catalog {
  return {
    ...catalog,
    tables: catalog.tables.map((table) =>
      table.partitionOf === null
        ? table
        : { ...table, columns: table.columns.map((column) => ({ ...column, identity: null })) },
    ),
  }
}
