import { findColumn, findTable, introspect, primaryKey, type Table } from '../catalog/catalog.ts'
import { id, type Dialect, type Queryable, type Sql } from '../database/database.ts'
import { MetastoreError } from '../errors.ts'
import { nearest } from '../nearest.ts'

/** A column that holds tokens, found in the database. */
export interface TokenColumn {
  /** As it was declared. */
  readonly name: string
  readonly table: Sql
  readonly column: Sql
  /** What rows are walked by: the primary key; where there is none, the tokens themselves, of which no two are equal. */
  readonly key: readonly Sql[]
}

/** Which columns hold tokens, as a project says it. */
export interface DeclaredColumns {
  /** `table.column` or `schema.table.column`. */
  readonly names: readonly string[]
  /** The schema of those that name none. */
  readonly schema: string
  /** Where they are declared. */
  readonly where: string | undefined
}

/** Finds the declared columns. Throws `configuration_invalid` for one that is not there, or that cannot hold a token. */
export async function findTokenColumns(
  db: Queryable,
  dialect: Dialect,
  declared: DeclaredColumns,
): Promise<TokenColumn[]> {
  const paths = declared.names.map((name) => ({
    name,
    ...readPath(name, dialect === 'sqlite' ? 'main' : declared.schema),
  }))
  if (paths.length === 0) return []
  const schemas = [...new Set(paths.map(({ schema }) => schema))]
  const { tables } = await introspect(db, dialect, dialect === 'sqlite' ? {} : { schemas })
  return paths.map(({ name, schema, table, column }) => {
    const refuse = (message: string, meant: string | undefined) => invalid(name, message, meant, declared.where)
    const found = findTable({ tables } as Parameters<typeof findTable>[0], { schema, name: table })
    if (found === undefined) {
      const others = tables.filter((one) => one.schema === schema).map((one) => one.name)
      throw refuse(`there is no table ${table} in schema ${schema}`, nearest(table, others))
    }
    const type = findColumn(found, column)?.type
    if (type === undefined) {
      throw refuse(
        `table ${table} has no column ${column}`,
        nearest(
          column,
          found.columns.map((one) => one.name),
        ),
      )
    }
    if (dialect === 'postgres' && !/^(?:text|character varying|character\b)/.test(type)) {
      throw refuse(`the column is of type ${type}, and tokens are text`, undefined)
    }
    return {
      name,
      table: dialect === 'sqlite' ? id(table) : id(schema, table),
      column: id(column),
      key: keyOf(found, column, dialect),
    }
  })
}

function keyOf(table: Table, column: string, dialect: Dialect): Sql[] {
  if (dialect === 'sqlite') return [id(table.options['without_rowid'] === undefined ? 'rowid' : column)]
  return (primaryKey(table)?.columns ?? [column]).map((name) => id(name))
}

function readPath(name: string, schema: string): { schema: string; table: string; column: string } {
  const [first = '', second = '', third] = name.split('.')
  return third === undefined
    ? { schema, table: first, column: second }
    : { schema: first, table: second, column: third }
}

function invalid(name: string, message: string, meant: string | undefined, where: string | undefined): MetastoreError {
  const hint = meant === undefined ? '' : `Did you mean ${meant}? `
  return new MetastoreError({
    code: 'configuration_invalid',
    message: `The setting encrypted names ${JSON.stringify(name)}, but ${message}.`,
    where,
    remedy: `${hint}Name columns that hold Fernet tokens, or apply the migration that makes them.`,
  })
}
