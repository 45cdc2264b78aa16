import { join, sql, type Sql } from '../database/database.ts'
import { invalid } from './failures.ts'

/** What JSON can say. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json | undefined }

/** An object of JSON. */
export type JsonObject = Readonly<Record<string, Json | undefined>>

/** A value for a column of type jsonb; `undefined` is SQL's null. */
export function json(value: unknown): Sql {
  return value === undefined ? sql`null::jsonb` : sql`${JSON.stringify(value)}::jsonb`
}

/** A list of texts for a column or a comparison of type text[]. */
export function texts(values: readonly string[]): Sql {
  return sql`array[${join(values.map((value) => sql`${value}`))}]::text[]`
}

/** A list of ids of type uuid[]. */
export function uuids(values: readonly string[]): Sql {
  return sql`array[${join(values.map((value) => sql`${value}`))}]::uuid[]`
}

/**
 * Refuses U+0000 in any string or key of a value, naming its path: PostgreSQL cannot keep it in jsonb (manual, 8.14).
 * Throws `request_invalid`.
 */
export function refuseNul(value: unknown, path: string): void {
  const found = pathOfNul(value, path)
  if (found !== undefined) throw invalid(found, 'The character U+0000 cannot be stored here.')
}

/** The path of the first string with U+0000 in a value, if there is one. */
export function pathOfNul(value: unknown, path: string): string | undefined {
  if (typeof value === 'string') return value.includes('\0') ? path : undefined
  if (typeof value !== 'object' || value === null) return undefined
  for (const [key, item] of Object.entries(value)) {
    const inside = Array.isArray(value) ? `${path}[${key}]` : path === '' ? key : `${path}.${key}`
    const found = key.includes('\0') ? path : pathOfNul(item, inside)
    if (found !== undefined) return found
  }
  return undefined
}
