import type { KeyPath } from '../../actions/action.ts'

/** A table of a document, as its parser gives it. */
export type Table = Readonly<Record<string, unknown>>

/** A stretch of a text, in UTF-16 code units; the end is the first unit after it. */
export interface Span {
  readonly start: number
  readonly end: number
}

/** Something that keeps a text from being a document, or a document from being one that can be trusted. */
export interface DocumentProblem {
  readonly offset: number
  readonly message: string
  readonly remedy: string
}

/** A file of actions as data, with the place of everything in it. */
export interface ActionDocument {
  /** What it holds; undefined when it does not parse. Tables have no prototype, so any key is safe. */
  readonly data: Table | undefined
  readonly problems: readonly DocumentProblem[]
  readonly notation: Notation
  /** Where a key is written, or an element. */
  readonly key: (path: KeyPath) => Span | undefined
  /** Where a value is written; undefined for what headers and dotted keys make. */
  readonly value: (path: KeyPath) => Span | undefined
}

/** How one of the two languages says things, for advice. */
export interface Notation {
  readonly language: 'TOML' | 'JSON'
  /** What it calls keys with values. */
  readonly table: string
  /** What it calls values in an order. */
  readonly list: string
  /** A key with its value, which is in the notation already; without a key the value alone. */
  readonly pair: (key: string | undefined, value: string) => string
}

/** Deeper documents are refused, so that nothing that walks through one runs out of stack. The deepest key has 6 steps. */
export const deepest = 100

/** Whether a value is a table. */
export function isTable(value: unknown): value is Table {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date)
}

/** Whether something is nested deeper than any document may be; walks without recursion. */
export function isTooDeep(value: unknown): boolean {
  let level = [value]
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > deepest) return true
    level = level.flatMap((one) => (Array.isArray(one) ? (one as unknown[]) : isTable(one) ? Object.values(one) : []))
  }
  return false
}

/** The value or, where it has no place of its own, the key, or what is nearest around it. */
export function locate({ key, value }: Pick<ActionDocument, 'key' | 'value'>, path: KeyPath): number {
  for (let length = path.length; length > 0; length -= 1) {
    const part = path.slice(0, length)
    const span = value(part) ?? key(part)
    if (span !== undefined) return span.start
  }
  return 0
}
