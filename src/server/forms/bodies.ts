import { z } from '@hono/zod-openapi'
import type { JsonObject } from '../../store/store.ts'

// What routes declare of the bodies that they take and give, in the same words.

/** A body of JSON that a request has to have. */
export function jsonBody<Schema extends z.ZodType>(
  schema: Schema,
): { readonly content: { readonly 'application/json': { readonly schema: Schema } }; readonly required: true } {
  return { content: { 'application/json': { schema } }, required: true }
}

/** An answer of JSON with status 200. */
export function answer<Schema extends z.ZodType>(
  schema: Schema,
  description: string,
): { readonly 200: { readonly description: string; readonly content: { 'application/json': { schema: Schema } } } } {
  return { 200: { description, content: { 'application/json': { schema } } } }
}

/** The direction of a search's order. */
export const sortOrder = z.enum(['asc', 'desc']).nullish()

/** A name: short enough for an index of the database. */
export const nameText = z.string().max(512)

/** How long something lives, in minutes: at most a century, which PostgreSQL can add to any day. */
export const minutes = z.number().positive().max(52_560_000)

/** The id of something in a path; what is not one is refused. */
export const idText = z.guid()

/** An object as the store takes it; null is as good as nothing. */
export function objectOf(value: Readonly<Record<string, unknown>> | null | undefined): JsonObject | undefined {
  return (value ?? undefined) as JsonObject | undefined
}
