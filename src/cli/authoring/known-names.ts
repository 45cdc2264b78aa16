import type { Catalog, Table } from '../../catalog/catalog.ts'

/**
 * The names that the keys of an action can have, as far as a catalog tells: `around` is what was answered before. Empty for a key
 * that makes something new. Pure.
 */
export function knownNames(catalog: Catalog, schema: string) {
  const tables = catalog.tables.filter((table) => table.schema === schema)
  const named = (name: unknown): Table | undefined => tables.find((table) => table.name === name)
  const columns = (name: unknown) => named(name)?.columns.map((column) => column.name) ?? []
  const constraints = (name: unknown, kind: string) =>
    named(name)?.constraints.flatMap((one) => (one.kind === kind ? [one.name] : [])) ?? []
  return (key: string, around: Readonly<Record<string, unknown>>): readonly string[] => {
    const type = String(around['type'])
    switch (key) {
      case 'table':
      case 'referenced_table':
        return tables.map(({ name }) => name)
      case 'column':
      case 'columns':
        return columns(around['table'])
      case 'referenced_columns':
        return columns(around['referenced_table'])
      case 'foreign_key':
        return constraints(around['table'], 'foreign_key')
      case 'check':
        return constraints(around['table'], 'check')
      case 'index':
        return tables.flatMap(({ indexes }) =>
          indexes.flatMap(({ name, constraint }) => (constraint === null ? [name] : [])),
        )
      case 'enum':
        return enums(catalog, schema)
      case 'name':
        return type === 'alter_enum' ? enums(catalog, schema) : []
      default:
        return []
    }
  }
}

function enums({ types }: Catalog, schema: string): readonly string[] {
  return types.flatMap((type) => (type.kind === 'enum' && type.schema === schema ? [type.name] : []))
}
