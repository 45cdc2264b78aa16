import { id, join, sql, type Sql } from '../database/database.ts'

/** Some of the fields of something; what is undefined stays as it is. */
export type Changes<T> = { readonly [Key in keyof T]?: T[Key] | undefined }

/** The assignments of an UPDATE: those columns whose value is given. There is always one, so that it is never empty. */
export function changes(columns: Readonly<Record<string, Sql | undefined>>): Sql {
  const given = Object.entries(columns).flatMap(([name, value]) =>
    value === undefined ? [] : sql`${id(name)} = ${value}`,
  )
  return join([sql`updated_at = now()`, ...given])
}

/** A value of a column that may be left as it is. */
export function given(value: string | number | boolean | null | undefined): Sql | undefined {
  return value === undefined ? undefined : sql`${value}`
}
