import type { PgColumn } from 'drizzle-orm/pg-core'
import type { SQL } from 'drizzle-orm'
import { quoted } from '../quoting.ts'
import type { Drizzle } from './load.ts'

/** How names of columns are made from keys of models, as `drizzle({ casing })` has it; null for as they are. */
export type Casing = 'snake_case' | 'camelCase' | null

/** Writes what models hold as SQL text. */
export interface Writer {
  readonly drizzle: Drizzle
  /** The schema of what names none. */
  readonly base: string
  /** A name of one or two parts; without a schema it is in the base schema. */
  name(schema: string | undefined, name: string): string
  column(column: PgColumn): string
  /** The column's name as it is in the database, not quoted. */
  columnName(column: PgColumn): string
  /** An expression or a query of Drizzle's, with its parameters written into it. */
  text(sql: SQL): string
  isSql(value: unknown): value is SQL
}

/** A writer for models of one installation of Drizzle. */
export function createWriter(drizzle: Drizzle, base: string, casing: Casing): Writer {
  const { pg, is, SQL: SqlClass, sql } = drizzle
  const dialect = new pg.PgDialect(casing === null ? {} : { casing })
  const text = (value: SQL) => dialect.sqlToQuery(sql`${value}`.inlineParams()).sql
  // Drizzle keeps the conversion to itself, but what it writes for a column ends with it.
  const columnName = (column: PgColumn) => {
    if (!('keyAsName' in column && column.keyAsName) || casing === null) return column.name
    const written = text(sql`${column}`)
    const own = /"((?:[^"]|"")*)"$/.exec(written)?.[1] ?? column.name
    return own.replaceAll('""', '"')
  }
  return {
    drizzle,
    base,
    name: (schema, name) => quoted(schema ?? base, name),
    column: (column) => quoted(columnName(column)),
    columnName,
    text,
    isSql: (value): value is SQL => is(value, SqlClass),
  }
}
