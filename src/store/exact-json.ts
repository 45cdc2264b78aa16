import { sql, type Sql } from '../database/database.ts'

// U+0000, and half of a surrogate pair: JSON has them, and jsonb refuses them (PostgreSQL manual, 8.14).
const unstorable = /\\u(?:0000|d[89a-f][0-9a-f]{2})/i

/** Whether a value as JSON may hold what a column of type jsonb refuses. */
export function isUnstorable(text: string): boolean {
  return unstorable.test(text)
}

/** A value for a pair of columns: as jsonb, or as the bytes of its JSON where jsonb cannot hold it. */
export function exactJson(value: unknown): { readonly json: Sql; readonly exact: Sql } {
  const text = JSON.stringify(value) as string | undefined
  return text === undefined ? { json: sql`null::jsonb`, exact: sql`null::bytea` } : exactText(text)
}

/** The same for a value that is JSON already. */
export function exactText(text: string): { readonly json: Sql; readonly exact: Sql } {
  if (isUnstorable(text)) return { json: sql`null::jsonb`, exact: sql`${Buffer.from(text)}::bytea` }
  return { json: sql`${text}::jsonb`, exact: sql`null::bytea` }
}
