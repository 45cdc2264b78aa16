import type * as z from 'zod'
import type { KeyPath } from '../../actions/action.ts'
import { nearest } from '../../../nearest.ts'
import type { Notation } from './document.ts'
import { shownPath, shownText } from './key-path.ts'
import { sqlKinds } from './schema.ts'
import { isOptional, keysOf, kindOf, optionFor, optionsOf, schemaAt, valueAt, type Schema } from './schema-walk.ts'
import { listed } from './unknown-keys.ts'

/** Something wrong with a value, by the keys that lead to it. */
export interface ShapeProblem {
  readonly path: KeyPath
  readonly message: string
  readonly remedy: string
}

/** What some data is checked against, and in which words its author is spoken to. */
export interface ShapeReading {
  readonly schema: Schema
  readonly data: unknown
  readonly notation: Notation
  /** The types of all actions. */
  readonly types: readonly string[]
}

type Issue = z.core.$ZodIssue

/** What the validator complains of, in our words. */
export function shapeProblems(reading: ShapeReading, issues: readonly Issue[]): ShapeProblem[] {
  return issues.flatMap((issue) => translate(reading, issue, issue.path as KeyPath))
}

function translate(reading: ShapeReading, issue: Issue, path: KeyPath): ShapeProblem[] {
  const value = valueAt(reading.data, path)
  if (value === undefined && issue.code !== 'custom') return [missing(reading, path)]
  switch (issue.code) {
    case 'custom':
      return [custom(issue, path)]
    case 'invalid_union':
      return union(reading, issue, path, value)
    case 'invalid_value':
      return [wrongWord(path, value, issue.values.map(String))]
    case 'too_small':
      return [tooSmall(path, value)]
    default:
      return [wrongType(reading, path, value)]
  }
}

function union(
  reading: ShapeReading,
  issue: z.core.$ZodIssueInvalidUnion,
  path: KeyPath,
  value: unknown,
): ShapeProblem[] {
  // A union told by a key complains of that key.
  if (issue.errors.length === 0) return [wrongAction(reading, path, value)]
  const schema = schemaAt(reading.schema, reading.data, path)
  const chosen = schema && optionFor(schema, value)
  if (chosen === undefined) return [wrongType(reading, path, value)]
  const issues = issue.errors[chosen.index] ?? []
  return issues.flatMap((inner) => translate(reading, inner, [...path, ...(inner.path as KeyPath)]))
}

function custom({ params = {} }: z.core.$ZodIssueCustom, path: KeyPath): ShapeProblem {
  const { verdict = 'is not allowed', remedy = 'Correct it.' } = params as { verdict?: string; remedy?: string }
  return { path, message: `${shownPath(path)} ${verdict}.`, remedy }
}

function missing({ schema, data, notation, types }: ShapeReading, path: KeyPath): ShapeProblem {
  const message = `${shownPath(path)} is missing.`
  const declared = schemaAt(schema, data, path)
  if (path.length === 1)
    return { path, message, remedy: `${howToWriteActions(notation)} One that does nothing has an empty list.` }
  // What has no type is no action yet, so nothing is declared for it.
  if (declared === undefined) return { path, message, remedy: `Say which action it is: ${listed(types, 'or')}.` }
  return { path, message, remedy: `Add it: ${exampleOf(notation, path, declared)}.` }
}

function howToWriteActions({ language }: Notation): string {
  return language === 'TOML'
    ? 'Begin each action with a line [[actions]], and say its type.'
    : 'Write the actions as a list of objects: "actions": [{ "type": "…" }].'
}

function wrongAction({ notation, types }: ShapeReading, path: KeyPath, value: unknown): ShapeProblem {
  const where = shownPath(path)
  if (typeof value !== 'string') {
    const message = `${where} must be a string, not ${described(notation, value)}.`
    return { path, message, remedy: `Say which action it is: ${listed(types, 'or')}.` }
  }
  const close = nearest(value, types)
  const remedy = close === undefined ? `Say which action it is: ${listed(types, 'or')}.` : `Did you mean ${close}?`
  return { path, message: `${where}: there is no action ${shownText(value)}.`, remedy }
}

function wrongWord(path: KeyPath, value: unknown, words: readonly string[]): ShapeProblem {
  const close = typeof value === 'string' ? nearest(value, words) : undefined
  return {
    path,
    message: `${shownPath(path)} cannot be ${typeof value === 'string' ? shownText(value) : String(value)}.`,
    remedy: close === undefined ? `Write ${listed(words, 'or')}.` : `Did you mean ${close}?`,
  }
}

function tooSmall(path: KeyPath, value: unknown): ShapeProblem {
  const message = `${shownPath(path)} is empty.`
  return { path, message, remedy: Array.isArray(value) ? 'Name at least one.' : 'Write a name.' }
}

function wrongType(reading: ShapeReading, path: KeyPath, value: unknown): ShapeProblem {
  const schema = schemaAt(reading.schema, reading.data, path)
  const options = schema === undefined ? [] : optionsOf(schema)
  const wanted = listed([...new Set(options.map((option) => kindName(reading.notation, option)))], 'or')
  const found = described(reading.notation, value)
  return {
    path,
    message: `${shownPath(path)} must be ${wanted || 'something else'}, not ${found}.`,
    remedy:
      path[0] === 'actions' && path.length < 3
        ? howToWriteActions(reading.notation)
        : advice(reading.notation, path, value, options),
  }
}

function advice(notation: Notation, path: KeyPath, value: unknown, options: readonly Schema[]): string {
  const key = keyOf(path)
  const kinds = options.map(kindOf)
  const isScalar = ['number', 'bigint', 'boolean'].includes(typeof value)
  if (kinds.includes('string') && isScalar) {
    const isSql = options.some((option) => sqlKinds.get(option) !== undefined)
    const what = isSql ? 'SQL is written as a string' : 'Write it as a string'
    return `${what}: ${notation.pair(key, `"${String(value)}"`)}.`
  }
  if (kinds.includes('boolean') && (value === 'true' || value === 'false')) {
    return `Write it without quotation marks: ${notation.pair(key, value)}.`
  }
  if (kinds.includes('list') && typeof value === 'string') {
    return `Write it as a list: ${notation.pair(key, `[${JSON.stringify(value)}]`)}.`
  }
  const [first] = options
  return first === undefined ? 'Correct it.' : `Write it so: ${exampleOf(notation, path, first)}.`
}

/** A value of the right kind, with its key, in the file's own notation. */
function exampleOf(notation: Notation, path: KeyPath, schema: Schema): string {
  return notation.pair(keyOf(path), exampleValue(notation, schema))
}

function exampleValue(notation: Notation, schema: Schema): string {
  const option = optionsOf(schema)[0] ?? schema
  switch (kindOf(option)) {
    case 'string':
      return '"…"'
    case 'boolean':
      return 'true'
    case 'list':
      return '[…]'
    case 'map':
      return '{ … }'
    case 'table': {
      const required = (keysOf(option) ?? []).filter(([, inner]) => !isOptional(inner))
      const pairs = required.map(([key, inner]) => notation.pair(key, exampleValue(notation, inner)))
      return pairs.length === 0 ? '{ … }' : `{ ${pairs.join(', ')} }`
    }
  }
}

function keyOf(path: KeyPath): string | undefined {
  const last = path.at(-1)
  return typeof last === 'string' ? last : undefined
}

function kindName({ table, list }: Notation, option: Schema): string {
  const article = (noun: string) => (/^[aeo]/.test(noun) ? `an ${noun}` : `a ${noun}`)
  switch (kindOf(option)) {
    case 'string':
      return 'a string'
    case 'boolean':
      return 'true or false'
    case 'list':
      return article(list)
    case 'table':
    case 'map':
      return article(table)
  }
}

function described(notation: Notation, value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return `an ${notation.list}`
  if (value instanceof Date) return 'a date or time'
  switch (typeof value) {
    case 'string':
      return `the string ${shownText(value)}`
    case 'bigint':
      return `the integer ${value}`
    case 'number':
      return `the number ${value}`
    case 'boolean':
      return String(value)
    default:
      return notation.table === 'object' ? 'an object' : 'a table'
  }
}
