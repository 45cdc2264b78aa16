/**
 * A value of a data file, whatever the format: numbers and dates as their source has them, so that no digit is lost, and
 * each with its place as an offset in UTF-16 code units.
 */
export type ValueNode = ScalarNode | ListNode | TableNode

/** A null, a text, a number, a boolean. */
export type ScalarNode =
  | { readonly kind: 'null'; readonly at: number }
  | { readonly kind: 'text' | 'number'; readonly text: string; readonly at: number }
  | { readonly kind: 'boolean'; readonly value: boolean; readonly at: number }

/** Values in an order. */
export interface ListNode {
  readonly kind: 'list'
  readonly items: readonly ValueNode[]
  readonly at: number
}

/** Values by name, in the order of the file. */
export interface TableNode {
  readonly kind: 'table'
  readonly entries: readonly Entry[]
  readonly at: number
}

/** A name with its value. */
export interface Entry {
  readonly key: string
  readonly keyAt: number
  readonly value: ValueNode
}

/** Something that keeps a text from being a document. */
export interface SyntaxProblem {
  readonly at: number
  readonly message: string
  readonly remedy: string
}

/** What reading a text came to. */
export type ReadNode = { readonly node: ValueNode } | { readonly problems: readonly SyntaxProblem[] }

/** Deeper documents are refused, so that nothing that walks through one runs out of stack. */
export const deepest = 1_000

/** What is said of a document that is deeper. */
export function tooDeep(at: number): SyntaxProblem {
  return { at, message: `The file is nested more than ${deepest} levels deep.`, remedy: 'Make it flatter.' }
}

/** The entry of a name. */
export function entryOf(table: TableNode, key: string): Entry | undefined {
  return table.entries.find((entry) => entry.key === key)
}

/** A number as every database reads it: `1_000`, `0xff`, `+5` and `.inf` are the formats' own. */
export function plainNumber(source: string): string {
  const text = source.replaceAll('_', '').replace(/^\+/, '')
  if (/^-?0[xob]/i.test(text)) return text.startsWith('-') ? String(-BigInt(text.slice(1))) : String(BigInt(text))
  if (/^-?\.?inf/i.test(text)) return text.startsWith('-') ? '-Infinity' : 'Infinity'
  return /^\.?nan$/i.test(text) ? 'NaN' : text
}

/** A value as JSON, with every number as it was written. */
export function toJson(node: ValueNode): string {
  switch (node.kind) {
    case 'null':
      return 'null'
    case 'text':
      return JSON.stringify(node.text)
    case 'number':
      return jsonNumber(node.text)
    case 'boolean':
      return String(node.value)
    case 'list':
      return `[${node.items.map(toJson).join(',')}]`
    case 'table':
      return `{${node.entries.map(({ key, value }) => `${JSON.stringify(key)}:${toJson(value)}`).join(',')}}`
  }
}

// JSON has no point without digits around it, no numbers that are not finite, and no date.
function jsonNumber(source: string): string {
  const text = source.replace(/^(-?)(?=\.\d)/, (_, sign: string) => `${sign}0`).replace(/(?<=\d)\.(?!\d)/, '')
  return /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/.test(text) ? text : JSON.stringify(source)
}
