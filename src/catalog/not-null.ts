import type { Catalog } from './database-catalog.ts'

/** The catalog without NOT NULL constraints, which only PostgreSQL 18 and later have: `nullable` of a column says the same. Pure. */
export function withoutNotNullConstraints(catalog: Catalog): Catalog {
  return {
    ...catalog,
    tables: catalog.tables.map((table) => ({
      ...table,
      constraints: table.constraints.filter(({ kind }) => kind !== 'not_null'),
    })),
  }
}
