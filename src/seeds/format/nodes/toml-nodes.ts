import { parse, TomlDate, TomlError } from 'smol-toml'
import { tomlPositions, type TomlPath, type TomlPositions } from '../../../toml/toml-positions.ts'
import { plainNumber, type ReadNode, type ValueNode } from './value-node.ts'

/** Reads TOML, with every number and date as the text has it. It never throws. */
export function tomlNodes(text: string): ReadNode {
  try {
    const data = parse(text, { integersAsBigInt: true })
    return { node: convert({ text, positions: tomlPositions(text) }, data, [], 0) }
  } catch (error) {
    if (!(error instanceof TomlError)) throw error
    const reason = (error.message.split('\n', 1)[0] ?? '').replace(/^Invalid TOML document: /, '').replace(/\.$/, '')
    return {
      problems: [
        {
          at: offsetOf(text, error),
          message: `The text is not valid TOML: ${reason}.`,
          remedy: 'Correct it at this place; https://toml.io describes the format.',
        },
      ],
    }
  }
}

interface Source {
  readonly text: string
  readonly positions: TomlPositions
}

function convert(source: Source, value: unknown, path: TomlPath, around: number): ValueNode {
  const span = source.positions.value(path)
  const at = span?.start ?? source.positions.key(path)?.start ?? around
  if (Array.isArray(value)) {
    return { kind: 'list', items: value.map((item, index) => convert(source, item, [...path, index], at)), at }
  }
  if (value instanceof TomlDate) return { kind: 'text', text: sourceOf(source, span) ?? value.toISOString(), at }
  switch (typeof value) {
    case 'string':
      return { kind: 'text', text: value, at }
    case 'boolean':
      return { kind: 'boolean', value, at }
    case 'number':
    case 'bigint':
      return { kind: 'number', text: plainNumber(sourceOf(source, span) ?? String(value)), at }
    default:
      return { kind: 'table', entries: entriesOf(source, value as Readonly<Record<string, unknown>>, path, at), at }
  }
}

function entriesOf(source: Source, table: Readonly<Record<string, unknown>>, path: TomlPath, at: number) {
  // In the order of the text, which an object does not keep for keys such as `10`.
  const written = source.positions.keys(path).filter((key) => Object.hasOwn(table, key))
  const keys = written.length === Object.keys(table).length ? written : Object.keys(table)
  return keys.map((key) => ({
    key,
    keyAt: source.positions.key([...path, key])?.start ?? at,
    value: convert(source, table[key], [...path, key], at),
  }))
}

function sourceOf({ text }: Source, span: { readonly start: number; readonly end: number } | undefined) {
  return span && text.slice(span.start, span.end)
}

function offsetOf(text: string, { line, column }: TomlError): number {
  let start = 0
  for (let at = 1; at < line; at += 1) start = text.indexOf('\n', start) + 1
  return Math.min(start + column - 1, text.length)
}
