import { displayName, findTable, foreignKeys, type Catalog, type Column, type Table } from '../catalog/catalog.ts'
import { id, type Sql } from '../database/database.ts'
import type { PlainCatalog } from './domains.ts'
import type { BoundTable } from './row-security.ts'
import { nearest } from '../nearest.ts'

/** The base schema, and what the database looks like. */
export interface Scene extends PlainCatalog {
  /** The schema of tables that are named without one. */
  readonly baseSchema: string
  /** The schema of the bookkeeping, whose tables nobody seeds. */
  readonly stateSchema: string
  /** Tables of which policies hide rows from the role. */
  readonly bound: readonly BoundTable[]
}

/** A failure to find something, as a sentence and what to do. */
export interface Miss {
  readonly message: string
  readonly remedy: string
}

/** The table that a seed names, with its schema before a point or without. */
export function tableNamed({ catalog, baseSchema }: Scene, name: string): Table | Miss {
  const point = name.indexOf('.')
  const schema = catalog.dialect === 'sqlite' ? 'main' : baseSchema
  const found =
    findTable(catalog, { schema, name }) ??
    (point > 0 ? findTable(catalog, { schema: name.slice(0, point), name: name.slice(point + 1) }) : undefined)
  if (found !== undefined) return found
  if (catalog.views.some((view) => view.schema === schema && view.name === name)) {
    return { message: `${name} is a view.`, remedy: 'Name the table that its rows come from.' }
  }
  const names = catalog.tables.map((table) => (table.schema === schema ? table.name : `${table.schema}.${table.name}`))
  const close = nearest(name, names)
  return {
    message: `There is no table ${name}.`,
    remedy:
      close === undefined
        ? 'Correct its name, or apply the migration that creates it first.'
        : `Did you mean ${close}?`,
  }
}

/** The column of that name, as long as a row may give it a value. */
export function writableColumn(table: Table, name: string): Column | Miss {
  const column = table.columns.find((one) => one.name === name)
  if (column === undefined) {
    const names = table.columns.map((one) => one.name)
    const close = nearest(name, names)
    return {
      message: `The table ${table.name} has no column ${name}.`,
      remedy: close === undefined ? `Its columns are ${names.join(', ')}.` : `Did you mean ${close}?`,
    }
  }
  if (column.generated === null) return column
  return { message: `The column ${name} is computed by the database.`, remedy: 'Leave it out.' }
}

/** Whether a search came to nothing. */
export function isMiss(found: object): found is Miss {
  return 'remedy' in found
}

// The column sets that tell rows of a table apart.
function uniqueKeys(table: Table): readonly (readonly string[])[] {
  const keys = [
    ...table.constraints.flatMap((one) => (one.kind === 'primary_key' || one.kind === 'unique' ? [one.columns] : [])),
    ...table.indexes.flatMap(({ unique, predicate, keys: parts, valid }) => {
      const columns = parts.flatMap((part) => (part.kind === 'column' ? [part.column] : []))
      return unique && valid && predicate === null && columns.length === parts.length ? [columns] : []
    }),
  ]
  return [...new Map(keys.map((columns) => [[...columns].sort().join('\0'), columns])).values()]
}

/** Whether the columns hold a unique key, so that no two rows agree in all of them. */
export function isUnique(table: Table, columns: readonly string[]): boolean {
  return uniqueKeys(table).some((key) => key.every((column) => columns.includes(column)))
}

/** Whether an index finds every row of a table by these columns, compared with `=` in the way of their types. */
export function isIndexed(catalog: Catalog, table: Table, columns: readonly string[]): boolean {
  const heirs = catalog.tables.some(({ inherits }) =>
    inherits.some((one) => one.schema === table.schema && one.name === table.name),
  )
  if (table.kind !== 'table' || heirs) return false
  return table.indexes.some(
    ({ method, unique, valid, predicate, keys }) =>
      method === 'btree' &&
      unique &&
      valid &&
      predicate === null &&
      keys.every(
        (part) =>
          part.kind === 'column' &&
          part.operatorClass === null &&
          part.collation === null &&
          columns.includes(part.column),
      ),
  )
}

/** A key for a list of no rows, which any tells apart. */
export function anyKey(table: Table): readonly string[] {
  return uniqueKeys(table)[0] ?? table.columns.map(({ name }) => name)
}

/** The key that rows with these columns are told apart by. */
export function naturalKey(table: Table, given: readonly string[]): readonly string[] | Miss {
  const candidates = uniqueKeys(table).filter((key) => key.every((column) => given.includes(column)))
  const [only, another] = candidates
  if (only !== undefined && another === undefined) return only
  const shown = candidates.map((key) => `(${key.join(', ')})`).join(' and ')
  return only === undefined
    ? {
        message: `The rows of ${table.name} give no unique key of it whole, so that they cannot be told apart.`,
        remedy: 'Name the columns that tell them apart: key = ["…"].',
      }
    : {
        message: `The rows of ${table.name} give several unique keys: ${shown}.`,
        remedy: 'Name the one that is meant: key = ["…"].',
      }
}

/** What a column refers to: the table and the column of its foreign key. */
export function foreignTarget(
  table: Table,
  column: string,
): { schema: string; name: string; column: string } | undefined {
  const candidates = foreignKeys(table).filter(({ columns }) => columns.includes(column))
  // Of several, the one of this column alone: a key with a tenant in it refers to the same row as the plain one.
  const key = candidates.toSorted((a, b) => a.columns.length - b.columns.length)[0]
  const target = key?.references.columns[key.columns.indexOf(column)]
  return key && target !== undefined
    ? { schema: key.references.schema, name: key.references.name, column: target }
    : undefined
}

/** The path of a table, quoted. */
export function tableSql({ schema, name }: Pick<Table, 'schema' | 'name'>): Sql {
  return id(schema, name)
}

/** A table as people call it. */
export function shownTable({ schema, name }: Pick<Table, 'schema' | 'name'>, baseSchema: string): string {
  return schema === baseSchema || schema === 'main' ? displayName(name) : `${displayName(schema)}.${displayName(name)}`
}

/** How values of a column are written: as JSON, as an array of PostgreSQL, or as they are. */
export function columnForm({ type }: Column): 'json' | 'array' | 'plain' {
  if (/^jsonb?$/i.test(type)) return 'json'
  return type.endsWith('[]') ? 'array' : 'plain'
}
