import * as z from 'zod'
import type { KeyPath } from '../../actions/action.ts'
import { isTable } from './document.ts'

/** A schema of the declarations. */
export type Schema = z.core.$ZodType

/** A schema without what says only whether the value may be missing, or what becomes of it. */
function bare(schema: Schema): Schema {
  const { def } = (schema as z.core.$ZodTypes)._zod
  if (def.type === 'optional') return bare(def.innerType)
  if (def.type === 'pipe') return bare(def.in)
  return schema
}

/** Whether a key may be missing. */
export function isOptional(schema: Schema): boolean {
  return (schema as z.core.$ZodTypes)._zod.def.type === 'optional'
}

/** The keys of a table with a fixed set of them, in the order of its declaration; undefined for anything else. */
export function keysOf(schema: Schema): readonly (readonly [key: string, schema: Schema])[] | undefined {
  const { def } = (bare(schema) as z.core.$ZodTypes)._zod
  return def.type === 'object' ? Object.entries(def.shape) : undefined
}

/** What a schema is one of; itself when it is no choice. */
export function optionsOf(schema: Schema): readonly Schema[] {
  const inside = bare(schema)
  const { def } = (inside as z.core.$ZodTypes)._zod
  return def.type === 'union' ? def.options.flatMap(optionsOf) : [inside]
}

/** What kind of value a schema that is no choice takes. */
export function kindOf(schema: Schema): 'string' | 'boolean' | 'list' | 'table' | 'map' {
  const { def } = (bare(schema) as z.core.$ZodTypes)._zod
  switch (def.type) {
    case 'boolean':
      return 'boolean'
    case 'array':
      return 'list'
    case 'object':
      return 'table'
    case 'record':
      return 'map'
    default:
      return 'string'
  }
}

/** What the elements of a list or the values of a map are; nothing for anything else. */
export function elementOf(schema: Schema): readonly Schema[] {
  const { def } = (bare(schema) as z.core.$ZodTypes)._zod
  if (def.type === 'record') return [def.valueType]
  return def.type === 'array' ? [def.element] : []
}

/** The words that a choice is among, or the only one that there is; undefined for anything else. */
export function wordsOf(schema: Schema): readonly string[] | undefined {
  const { def } = (schema as z.core.$ZodTypes)._zod
  if (def.type === 'optional') return wordsOf(def.innerType)
  if (def.type === 'pipe') return wordsOf(def.out)
  if (def.type === 'enum') return Object.values(def.entries).map(String)
  return def.type === 'literal' ? def.values.map(String) : undefined
}

/** What a value means, as its declaration says it. */
export function meaningOf(schema: Schema): string {
  const { def } = (schema as z.core.$ZodTypes)._zod
  return z.globalRegistry.get(schema)?.description ?? (def.type === 'optional' ? meaningOf(def.innerType) : '')
}

/** Whether a key is accepted without doing anything. */
export function isDeprecated(schema: Schema): boolean {
  const { def } = (schema as z.core.$ZodTypes)._zod
  return z.globalRegistry.get(schema)?.deprecated ?? (def.type === 'optional' && isDeprecated(def.innerType))
}

/** Which of the options of a schema a value is meant to be: the only one of its kind or, among tables, of its `type`. */
export function optionFor(schema: Schema, value: unknown): { option: Schema; index: number } | undefined {
  const options = optionsOf(schema)
  const index = options.findIndex((option) => isMeant(option, value, options.length > 1))
  const option = options[index]
  return option && { option, index }
}

/** The schema of an element or of the value of a key; undefined where there can be none. */
export function below(schema: Schema, value: unknown, part: string | number): Schema | undefined {
  const chosen = optionFor(schema, value)?.option
  const def = chosen && (chosen as z.core.$ZodTypes)._zod.def
  if (def?.type === 'array') return def.element
  if (def?.type === 'record') return def.valueType
  return def?.type === 'object' && Object.hasOwn(def.shape, part) ? def.shape[part] : undefined
}

/** The value that a path leads to; undefined when it leads nowhere. */
export function valueAt(data: unknown, path: KeyPath): unknown {
  return path.reduce<unknown>((value, part) => {
    if (typeof part === 'number') return Array.isArray(value) ? (value[part] as unknown) : undefined
    return isTable(value) && Object.hasOwn(value, part) ? value[part] : undefined
  }, data)
}

/** The schema that a path through some data leads to; undefined when it leads nowhere. */
export function schemaAt(schema: Schema, data: unknown, path: KeyPath): Schema | undefined {
  return path.reduce<Schema | undefined>(
    (at, part, index) => at && below(at, valueAt(data, path.slice(0, index)), part),
    schema,
  )
}

function isMeant(option: Schema, value: unknown, isChoice: boolean): boolean {
  switch (kindOf(option)) {
    case 'string':
      return typeof value === 'string'
    case 'boolean':
      return typeof value === 'boolean'
    case 'list':
      return Array.isArray(value)
    case 'map':
      return isTable(value)
    case 'table':
      return isTable(value) && (!isChoice || hasType(option, value['type']))
  }
}

// Only the actions say by a key which of them they are.
function hasType(option: Schema, type: unknown): boolean {
  const declared = keysOf(option)?.find(([key]) => key === 'type')?.[1]
  const def = declared && (declared as z.core.$ZodTypes)._zod.def
  return def?.type !== 'literal' || def.values.some((literal) => literal === type)
}
