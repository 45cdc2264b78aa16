import { z } from '@hono/zod-openapi'
import type { Page, Paged } from '../../store/store.ts'
import { gives, uuid } from './fields.ts'
import { queryInteger } from './wire.ts'

// The lists of the chat and of the administration are given in parts.

/** How many rows a part of a list has when nobody says. */
export const usualLimit = 20

/** Which part of a list a query asks for: behind the row with the id `after`, which is `next` of the part before. */
export const pageQuery = { limit: queryInteger(1, 100), after: uuid.optional() }

/** What to put into `after` for the part that follows; null on the last one. */
export const next = uuid.nullable()

/** A part of a list that a route gives, with its rows under a name. */
export function givesPage<Name extends string, Row extends z.ZodType>(description: string, name: Name, row: Row) {
  const shape = { [name]: z.array(row), next } as { [Key in Name]: z.ZodArray<Row> } & { next: typeof next }
  return gives(description, z.object(shape))
}

/** Reads the part of a list that a query asks for, and writes it as `givesPage` says. */
export async function pageForm<Name extends string, Row, Form>(
  query: { readonly limit?: number | undefined; readonly after?: string | undefined },
  name: Name,
  list: (page: Page) => Promise<Paged<Row>>,
  form: (row: Row) => Form,
): Promise<{ [Key in Name]: Form[] } & { next: string | null }> {
  const { limit = usualLimit, after } = query
  const page = await list({ limit, after })
  const given = { [name]: page.rows.map((row) => form(row)), next: page.next ?? null }
  return given as { [Key in Name]: Form[] } & { next: string | null }
}
