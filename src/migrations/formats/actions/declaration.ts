import * as z from 'zod'
import { structures } from './schema.ts'

/** One kind of action, declared once for reading it, the JSON Schema, the manual and `metastore new`. */
export interface ActionDeclaration<Schema extends z.ZodType = z.ZodType> {
  readonly type: string
  /** What it does, as a phrase that begins with a verb. */
  readonly summary: string
  readonly schema: Schema
  /** Its keys in a new file, with words in capitals where the author has to say something. */
  readonly template: Readonly<Record<string, unknown>>
}

/** Declares an action by its keys. */
export function defineAction<const Type extends string, Keys extends z.core.$ZodLooseShape>(declared: {
  readonly type: Type
  readonly summary: string
  readonly keys: Keys
  readonly template: Readonly<Record<string, unknown>>
}) {
  const { type, summary, keys, template } = declared
  const schema = z
    .strictObject({ type: z.literal(type).describe('which action it is'), ...keys })
    .register(structures, { structure: type })
    .describe(summary)
  return { type, summary, schema, template } satisfies ActionDeclaration
}
