import { MetastoreError } from '../errors.ts'

/** How a kind of database spells placeholders and literals. */
export type Dialect = 'postgres' | 'sqlite'

/** A value that can be bound to a statement or written as a literal. */
export type SqlValue = string | number | bigint | boolean | null | Date | Uint8Array

type Part =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'value'; readonly value: SqlValue }
  | { readonly kind: 'literal'; readonly value: SqlValue }

const mark = Symbol.for('metastore.sql')

/** A piece of SQL with its values kept apart from its text. Made by `sql`, `id`, `literal`, `raw` and `join` only. */
export class Sql {
  /** Known by a mark: the command and the library that a migration imports have a class of their own each. */
  static [Symbol.hasInstance](value: unknown): boolean {
    return typeof value === 'object' && value !== null && mark in value
  }

  readonly parts: readonly Part[]
  readonly [mark] = true

  constructor(parts: readonly Part[]) {
    this.parts = parts
  }

  /** The statement with placeholders, and the values for them in order. */
  bind(dialect: Dialect): { text: string; values: SqlValue[] } {
    const values: SqlValue[] = []
    let text = ''
    for (const part of this.parts) {
      if (part.kind === 'text') text += part.text
      else if (part.kind === 'literal') text += writeLiteral(part.value, dialect)
      else {
        values.push(part.value)
        text += dialect === 'postgres' ? `$${values.length}` : '?'
      }
    }
    return { text, values }
  }

  /** The statement with every value written out, as `plan` shows it and as a script of several statements needs it. */
  inline(dialect: Dialect): string {
    return this.parts.map((part) => (part.kind === 'text' ? part.text : writeLiteral(part.value, dialect))).join('')
  }
}

/**
 * SQL text in which every `${value}` becomes a bound parameter, and every `${Sql}` is put in as it is.
 * Indentation common to all lines is removed, so that what a plan prints reads like what was written.
 */
export function sql(strings: TemplateStringsArray, ...values: readonly (SqlValue | Sql)[]): Sql {
  const parts: Part[] = []
  const texts = dedented(strings)
  texts.forEach((text, index) => {
    if (text !== '') parts.push({ kind: 'text', text })
    if (index >= values.length) return
    const value = values[index] as SqlValue | Sql
    if (value instanceof Sql) parts.push(...value.parts)
    else parts.push({ kind: 'value', value })
  })
  return new Sql(parts)
}

/**
 * A name, quoted: `id('public', 'runs')` is `"public"."runs"`.
 * Throws `name_invalid` for an empty name and for one with a zero byte, which no database can store.
 */
export function id(...path: readonly string[]): Sql {
  return new Sql([{ kind: 'text', text: path.map(quoteName).join('.') }])
}

/**
 * A value written into the text, for statements that take no parameters (most DDL).
 * Throws `name_invalid` for a string with a zero byte and for a number that is not finite.
 */
export function literal(value: SqlValue): Sql {
  writeLiteral(value, 'postgres')
  return new Sql([{ kind: 'literal', value }])
}

/** SQL that a user wrote as SQL, put in as it is. */
export function raw(text: string): Sql {
  return new Sql([{ kind: 'text', text }])
}

/** Several pieces with a separator between them; `', '` by default. */
export function join(pieces: readonly Sql[], separator = ', '): Sql {
  const parts: Part[] = []
  pieces.forEach((piece, index) => {
    if (index > 0) parts.push({ kind: 'text', text: separator })
    parts.push(...piece.parts)
  })
  return new Sql(parts)
}

function quoteName(name: string): string {
  if (name === '' || name.includes('\0')) {
    throw new MetastoreError({
      code: 'name_invalid',
      message: `${JSON.stringify(name)} cannot be a name in SQL.`,
      remedy: 'Use a name of at least one character, without a zero byte.',
    })
  }
  return `"${name.replaceAll('"', '""')}"`
}

function writeLiteral(value: SqlValue, dialect: Dialect): string {
  switch (typeof value) {
    case 'string':
      return quoteText(value, dialect)
    case 'number':
      if (Number.isFinite(value)) return signed(String(value))
      throw new MetastoreError({
        code: 'name_invalid',
        message: `The number ${value} cannot be written in SQL.`,
        remedy: 'Use a finite number.',
      })
    case 'bigint':
      return signed(String(value))
    case 'boolean':
      return value ? 'true' : 'false'
    default:
      if (value === null) return 'null'
      if (value instanceof Date) return quoteText(value.toISOString(), dialect)
      return quoteBytes(value, dialect)
  }
}

// In parentheses, because `1 - -2` written without a space would open a comment.
function signed(digits: string): string {
  return digits.startsWith('-') ? `(${digits})` : digits
}

// A backslash is an escape where a server has standard_conforming_strings off; written as E'' it means the same everywhere
// (PostgreSQL manual, 4.1.2.2). SQLite knows no escapes at all.
function quoteText(value: string, dialect: Dialect): string {
  if (value.includes('\0')) {
    throw new MetastoreError({
      code: 'name_invalid',
      message: 'A text with a zero byte cannot be written in SQL.',
      remedy: 'Remove the zero byte, or store the value as bytes.',
    })
  }
  const quoted = `'${value.replaceAll("'", "''")}'`
  return dialect === 'postgres' && value.includes('\\') ? ` E${quoted.replaceAll('\\', '\\\\')}` : quoted
}

function quoteBytes(value: Uint8Array, dialect: Dialect): string {
  const hex = Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('hex')
  return dialect === 'postgres' ? `'\\x${hex}'::bytea` : `x'${hex}'`
}

// A template is the same array each time that its code runs.
const templates = new WeakMap<TemplateStringsArray, readonly string[]>()

function dedented(strings: TemplateStringsArray): readonly string[] {
  const before = templates.get(strings)
  if (before !== undefined) return before
  const texts = dedent(strings)
  templates.set(strings, texts)
  return texts
}

function dedent(strings: readonly string[]): string[] {
  const lines = strings.join('\0').split('\n').slice(1)
  const indents = lines.filter((line) => line.trim() !== '').map((line) => /^ */.exec(line)?.[0].length ?? 0)
  const common = indents.length === 0 ? 0 : Math.min(...indents)
  const texts = strings.map((text) => text.replaceAll(new RegExp(`\\n {0,${common}}`, 'g'), '\n'))
  if (texts.length > 0) {
    texts[0] = (texts[0] ?? '').replace(/^\s*\n/, '')
    texts[texts.length - 1] = (texts.at(-1) ?? '').replace(/\n\s*$/, '')
  }
  return texts
}
