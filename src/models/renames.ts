import { findTable, type Catalog, type ObjectName } from '../catalog/catalog.ts'
import { id, sql, type Sql } from '../database/database.ts'
import { MetastoreError } from '../errors.ts'

/** A table or column that has another name in the desired state. */
export interface Rename {
  readonly table: ObjectName
  /** Null where the table itself is renamed. */
  readonly column: string | null
  readonly to: string
}

/**
 * Understands `runs=jobs`, `runs.state=status` and both with a schema in front. Throws `usage` for what is not there, or has
 * another form.
 */
export function parseRename(text: string, current: Catalog, base: string): Rename {
  const [from = '', to = '', ...more] = text.split('=').map((part) => part.trim())
  const path = from.split('.')
  if (more.length === 0 && to !== '' && path.length <= 3 && path.every((part) => part !== '')) {
    const [first = '', second = '', third] = path
    const places: Rename[] =
      third !== undefined
        ? [{ table: { schema: first, name: second }, column: third, to }]
        : second !== ''
          ? [
              { table: { schema: base, name: first }, column: second, to },
              { table: { schema: first, name: second }, column: null, to },
            ]
          : [{ table: { schema: base, name: first }, column: null, to }]
    const found = places.find(({ table, column }) => {
      const there = findTable(current, table)
      return there !== undefined && (column === null || there.columns.some(({ name }) => name === column))
    })
    if (found !== undefined) return found
  }
  throw new MetastoreError({
    code: 'usage',
    message: `--rename ${text} names no table or column that the migrations make.`,
    where: '--rename',
    remedy:
      'Write --rename runs=jobs for a table, --rename runs.state=status for a column; before the = stands the old name.',
  })
}

/** The statement that renames, and the one that takes it back. */
export function renameStatements({ table, column, to }: Rename): { readonly up: Sql; readonly down: Sql } {
  const { schema, name } = table
  if (column === null) {
    return {
      up: sql`alter table ${id(schema, name)} rename to ${id(to)}`,
      down: sql`alter table ${id(schema, to)} rename to ${id(name)}`,
    }
  }
  return {
    up: sql`alter table ${id(schema, name)} rename column ${id(column)} to ${id(to)}`,
    down: sql`alter table ${id(schema, name)} rename column ${id(to)} to ${id(column)}`,
  }
}

/** Columns and tables that may have been renamed: one of a kind is gone and one of the same shape is new. Pure. */
export function possibleRenames(current: Catalog, desired: Catalog): readonly Rename[] {
  const columns = current.tables.flatMap((table) => {
    const wanted = findTable(desired, table)
    if (wanted === undefined) return []
    const gone = table.columns.filter(({ name }) => !wanted.columns.some((one) => one.name === name))
    const fresh = wanted.columns.filter(({ name }) => !table.columns.some((one) => one.name === name))
    return gone.flatMap(({ name, type }) =>
      fresh
        .filter((one) => one.type === type)
        .map((one) => ({ table: { schema: table.schema, name: table.name }, column: name, to: one.name })),
    )
  })
  const shape = (table: Catalog['tables'][number]) =>
    JSON.stringify(table.columns.map(({ name, type }) => [name, type]))
  const gone = current.tables.filter((table) => findTable(desired, table) === undefined)
  const fresh = desired.tables.filter((table) => findTable(current, table) === undefined)
  const tables = gone.flatMap((table) =>
    fresh
      .filter((one) => one.schema === table.schema && shape(one) === shape(table))
      .map((one) => ({ table: { schema: table.schema, name: table.name }, column: null, to: one.name })),
  )
  return [...tables, ...columns]
}

/** A rename as the command line has it: `runs=jobs`, `runs.state=status`, with the schema unless it is the base schema. */
export function displayRename({ table, column, to }: Rename, base: string): string {
  const name = table.schema === base ? table.name : `${table.schema}.${table.name}`
  return `${name}${column === null ? '' : `.${column}`}=${to}`
}
