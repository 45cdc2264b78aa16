import { displayName, type Catalog, type ObjectName, type Table } from '../../catalog/catalog.ts'
import { MetastoreError } from '../../errors.ts'

/** What stands against version schemas on a server: tables of the base schema whose policies would not hold through a view. */
export function versionProblems(catalog: Catalog, base: string, serverMajor: number): MetastoreError[] {
  if (serverMajor >= 15) return []
  return tablesOf(catalog, base)
    .filter(({ rowSecurity }) => rowSecurity.enabled)
    .map((table) => {
      const name = nameOf(table)
      return new MetastoreError({
        code: 'not_supported',
        message: `Table ${name} has row-level security, which would not hold through the views of a version schema on PostgreSQL ${serverMajor}.`,
        where: `table ${name}`,
        remedy: 'Use PostgreSQL 15 or newer, or migrate with SQL files only, which need no version schema.',
      })
    })
}

/**
 * What a version schema cannot pass on: from 15 on, who reads a view needs the right to read every column of the table that the
 * view shows (PostgreSQL manual, CREATE VIEW, security_invoker).
 */
export function versionWarnings(catalog: Catalog, base: string, serverMajor: number): MetastoreError[] {
  if (serverMajor < 15) return []
  return tablesOf(catalog, base).flatMap((table) =>
    partialReaders(table).map(
      (role) =>
        new MetastoreError({
          code: 'not_supported',
          message: `Role ${displayName(role)} may read some columns of table ${nameOf(table)}, and none through the view of a version schema.`,
          where: `table ${nameOf(table)}`,
          remedy: `Grant it SELECT on the whole table, or let it read ${nameOf(table)} under its full name.`,
        }),
    ),
  )
}

function tablesOf({ tables }: Catalog, base: string): readonly Table[] {
  return tables.filter(({ schema, partitionOf }) => schema === base && partitionOf === null)
}

// Roles with the right to read columns, but not all that there are.
function partialReaders({ columns, grants }: Table): string[] {
  const readersOf = (list: Table['grants']) =>
    list.filter(({ privileges }) => privileges.includes('select')).map(({ grantee }) => grantee)
  const whole = new Set(readersOf(grants))
  if (whole.has('public')) return []
  const perColumn = columns.map((column) => new Set(readersOf(column.grants)))
  const roles = new Set(perColumn.flatMap((readers) => [...readers]))
  return [...roles]
    .filter((role) => !whole.has(role) && !perColumn.every((readers) => readers.has(role) || readers.has('public')))
    .toSorted()
}

function nameOf({ schema, name }: ObjectName): string {
  return `${displayName(schema)}.${displayName(name)}`
}
