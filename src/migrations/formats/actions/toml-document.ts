import { parse, TomlError } from 'smol-toml'
import { tomlPositions } from '../../../toml/toml-positions.ts'
import { isTooDeep, type ActionDocument, type DocumentProblem, type Notation, type Table } from './document.ts'
import { shownPath } from './key-path.ts'

/** How TOML says things. */
export const tomlNotation: Notation = {
  language: 'TOML',
  table: 'table',
  list: 'array',
  pair: (key, value) => (key === undefined ? value : `${key} = ${value}`),
}

/** The data of a TOML document. Throws what the parser throws. */
export function parseToml(text: string): Table {
  return parse(text, { integersAsBigInt: true })
}

/** Reads a file of actions that is written in TOML. It never throws. */
export function tomlDocument(text: string): ActionDocument {
  const { key, value } = tomlPositions(text)
  try {
    const data = parseToml(text)
    if (!isTooDeep(data)) return { data, problems: [], notation: tomlNotation, key, value }
    const problem = { offset: 0, message: 'The file is nested too deeply.', remedy: 'No action needs so many levels.' }
    return { data: undefined, problems: [problem], notation: tomlNotation, key, value }
  } catch (error) {
    if (!(error instanceof TomlError)) throw error
    return { data: undefined, problems: [syntaxProblem(text, error)], notation: tomlNotation, key, value }
  }
}

function syntaxProblem(text: string, error: TomlError): DocumentProblem {
  const offset = offsetOf(text, error)
  // The parser's message goes on with the lines around the place.
  const reason = (error.message.split('\n', 1)[0] ?? '').replace(/^Invalid TOML document: /, '').replace(/\.$/, '')
  if (!/redefine/.test(reason)) {
    const remedy = 'Correct it at the mark; https://toml.io describes the format.'
    return { offset, message: `The file is not valid TOML: ${reason}.`, remedy }
  }
  const lineEnd = `${text}\n`.indexOf('\n', offset)
  const { repetitions } = tomlPositions(text)
  const repetition = repetitions.find(({ again }) => again.end > offset && again.start < lineEnd)
  if (repetition === undefined)
    return { offset, message: 'A key or table is defined twice.', remedy: 'Keep one of the two.' }
  const { path, again, first } = repetition
  return {
    offset: again.start,
    message: `${shownPath(path)} is defined twice.`,
    remedy: `Keep one of the two; the other is on line ${text.slice(0, first.start).split('\n').length}.`,
  }
}

function offsetOf(text: string, { line, column }: TomlError): number {
  let start = 0
  for (let at = 1; at < line; at += 1) start = text.indexOf('\n', start) + 1
  return Math.min(start + column - 1, text.length)
}
