import { z } from '@hono/zod-openapi'
import { type JsonObject, pathOfNul } from '../../store/store.ts'

// What the routes of the chat and of the administration take and give: texts that the database can keep, rows.

/** An id, of any version: PostgreSQL takes them all, and so do tenants who bring their own. */
export const uuid = z.guid().openapi({ format: 'uuid' })

const unstorable = 'The text has the character U+0000 or half of a surrogate pair, which cannot be stored.'

/** A text of at most so many characters, and of one at least unless said, that PostgreSQL can keep. */
export function text(longest: number, shortest = 1) {
  return z.string().min(shortest).max(longest).refine(isStorable, unstorable)
}

/** Such a text that may also be null, or left out. */
export function optionalText(longest: number) {
  return text(longest).nullable().optional()
}

/** An object of JSON that PostgreSQL can keep. */
export const storedObject = z
  .record(z.string(), z.unknown())
  .refine(isStorable, unstorable)
  .transform((value) => value as JsonObject)

/** Any JSON that PostgreSQL can keep. */
export const storedJson = z.unknown().refine(isStorable, unstorable)

/** JSON of a row, in an answer. */
export const givenJson = z.unknown().openapi({ type: 'object' })

/** A body of JSON that a route takes. */
export function takes<Schema extends z.ZodType>(schema: Schema) {
  return { required: true, content: { 'application/json': { schema } } } as const
}

/** A body of JSON that a route gives. */
export function gives<Schema extends z.ZodType>(description: string, schema: Schema) {
  return { description, content: { 'application/json': { schema } } } as const
}

/** A row as JSON says it: with moments as texts. */
export type Wire<Row> = {
  [Key in keyof Row]: Row[Key] extends Date ? string : Row[Key] extends Date | null ? string | null : Row[Key]
}

/** Writes the moments of a row as texts. */
export function wire<Row extends object>(row: Row): Wire<Row> {
  const entries = Object.entries(row).map(([key, value]): [string, unknown] => [
    key,
    value instanceof Date ? value.toISOString() : value,
  ])
  return Object.fromEntries(entries) as Wire<Row>
}

function isStorable(value: unknown): boolean {
  return pathOfNul(value, '') === undefined && !hasHalfPair(value)
}

function hasHalfPair(value: unknown): boolean {
  if (typeof value === 'string') return /\p{Surrogate}/u.test(value)
  if (typeof value !== 'object' || value === null) return false
  return Object.entries(value).some(([key, item]) => hasHalfPair(key) || hasHalfPair(item))
}
