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
  return sql`${`{${values.join(',')}}`}::uuid[]`
}

/**
 * Refuses what PostgreSQL cannot keep in jsonb (manual, 8.14), in any string or key of a value, naming its path: U+0000, and
 * halves of surrogate pairs. Throws `request_invalid`.
 */
export function refuseNul(value: unknown, path: string): void {
  const found = pathOfNul(value, path)
  if (found !== undefined) {
    throw invalid(found, 'The character U+0000, or half of a surrogate pair, cannot be stored here.')
  }
}

/** The path of the first string with U+0000, or half of a surrogate pair, in a value, if there is one. */
export function pathOfNul(value: unknown, path: string): string | undefined {
  if (typeof value === 'string') return isStorable(value) ? undefined : path
  if (typeof value !== 'object' || value === null) return undefined
  for (const [key, item] of Object.entries(value)) {
    const inside = Array.isArray(value) ? `${path}[${key}]` : path === '' ? key : `${path}.${key}`
    const found = isStorable(key) ? pathOfNul(item, inside) : path
    if (found !== undefined) return found
  }
  return undefined
}

/** A copy of a value that jsonb can hold, to search in: U+FFFD stands for what it cannot. */
export function storable(value: unknown): unknown {
  if (typeof value === 'string') return isStorable(value) ? value : value.replace(unstorable, '\uFFFD')
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(storable)
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [storable(key), storable(item)]))
}

// A half of a surrogate pair is a code point of its own only where the other half is missing.
const unstorable = /[\0\p{Surrogate}]/gu

function isStorable(text: string): boolean {
  return text.search(unstorable) === -1
}
