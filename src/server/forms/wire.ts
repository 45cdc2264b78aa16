import { z } from '@hono/zod-openapi'
import type { Context } from 'hono'

// The forms in which clients of the protocol write, and expect to read, what they all send: see section 1 of the wire rules in
// docs/guides/serve.md.

/** An object of JSON, as in metadata, config and context. */
export const jsonObject = z.record(z.string(), z.unknown())

/** A moment: ISO 8601 in UTC. */
export const moment = z.iso.datetime({ offset: true })

const booleans: Readonly<Record<string, boolean>> = {
  true: true,
  '1': true,
  yes: true,
  false: false,
  '0': false,
  no: false,
}

/** A boolean in a query: `true`, `1`, `yes`, or `false`, `0`, `no`; undefined when it is not there. */
export const queryBoolean = z
  .string()
  .optional()
  .transform((text, context) => {
    if (text === undefined || text === '') return undefined
    const value = booleans[text.toLowerCase()]
    if (value === undefined) context.addIssue({ code: 'custom', message: 'Write true or false.' })
    return value
  })
  .openapi({ type: 'boolean' })

/** A whole number in a query, with its limits. */
export function queryInteger(least: number, most: number): z.ZodType<number | undefined, string | undefined> {
  return z
    .string()
    .optional()
    .transform((text, context) => {
      if (text === undefined || text === '') return undefined
      const value = Number(text)
      if (!/^-?\d+$/.test(text) || value < least || value > most) {
        context.addIssue({ code: 'custom', message: `Write a whole number from ${least} to ${most}.` })
      }
      return value
    })
    .openapi({ type: 'integer', minimum: least, maximum: most })
}

/** A list in a query: the parameter several times, one JSON array, or texts with commas between them. */
export const queryList = z
  .union([z.string(), z.array(z.string())])
  .optional()
  .transform((given) => {
    // The Python SDK writes a parameter that nobody has given as an empty one.
    if (given === undefined || given === '') return undefined
    if (Array.isArray(given)) return given
    if (given.startsWith('[')) return z.array(z.string()).catch([given]).parse(tryJson(given))
    return given.split(',').filter((part) => part !== '')
  })
  .openapi({ type: 'array', items: { type: 'string' } })

/** Which part of a list a search gives. */
export const page = {
  limit: z.int().min(1).max(1000).default(10),
  offset: z.int().min(0).max(Number.MAX_SAFE_INTEGER).default(0),
}

/** Says in the headers how many rows there are in all, and where the next page begins, if there is one. */
export function pageHeaders(c: Context, total: number, { offset, length }: { offset: number; length: number }): void {
  c.header('X-Pagination-Total', String(total))
  if (length > 0 && offset + length < total) c.header('X-Pagination-Next', String(offset + length))
}

/** The keys of an object that were asked for; all when none were. */
export function selected<T extends object>(value: T, keys: readonly string[] | undefined): Partial<T> {
  if (keys === undefined) return value
  return Object.fromEntries(Object.entries(value).filter(([key]) => keys.includes(key))) as Partial<T>
}

function tryJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
