import { parse, TomlError } from 'smol-toml'
import { MetastoreError } from '../errors.ts'
import { codePoints } from '../text-position.ts'
import { tomlKey } from './shown.ts'
import { readTextFile } from './text-file.ts'
import { tomlPositions, type TomlPath, type TomlPositions } from '../toml/toml-positions.ts'

/** A metastore.toml that parses, not yet checked. */
export interface ConfigurationFile {
  /** The path as people see it. */
  readonly shown: string
  readonly text: string
  /** What it holds, with integers as bigint. */
  readonly document: Readonly<Record<string, unknown>>
  readonly positions: TomlPositions
  /** `file:line:column` of an offset in the text. */
  readonly place: (offset: number) => string
}

/** Something wrong with a configuration file. A file's problems are told together. */
export interface Problem {
  /** Where in the text, in UTF-16 code units. */
  readonly offset: number
  readonly message: string
  readonly remedy: string
}

/** Reads and parses a configuration file. Throws `configuration_missing`, `configuration_invalid`, `file_unreadable`. */
export async function readConfigurationFile(path: string, shown: string): Promise<ConfigurationFile> {
  const text = await readTextFile({ path, shown, code: 'configuration_invalid' })
  if (text === undefined) {
    throw new MetastoreError({
      code: 'configuration_missing',
      message: `There is no file ${shown}.`,
      where: shown,
      remedy: 'Check the path after --project, or write the file.',
    })
  }
  try {
    const document = parse(text, { integersAsBigInt: true }) as Readonly<Record<string, unknown>>
    return { shown, text, document, positions: tomlPositions(text), place: placesIn(text, shown) }
  } catch (error) {
    // Not as the cause: its message shows lines of the file, and a line may hold a password.
    if (error instanceof TomlError) throw syntaxError(error, text, shown)
    throw error
  }
}

/** A problem with the value at a path, or with its key. */
export function problemAt(
  { positions }: ConfigurationFile,
  path: TomlPath,
  said: Omit<Problem, 'offset'>,
  part: 'key' | 'value' = 'value',
): Problem {
  const span = (part === 'value' ? positions.value(path) : undefined) ?? positions.key(path)
  return { offset: span?.start ?? 0, ...said }
}

/** One failure that tells of all problems, the first as its message and, where there are more, each in its details. */
export function configurationInvalid(file: ConfigurationFile, problems: readonly Problem[]): MetastoreError {
  const sorted = [...problems].sort((one, other) => one.offset - other.offset)
  const first = sorted[0] ?? { offset: 0, message: 'The file is invalid.', remedy: 'Correct it.' }
  const lines = sorted.map(({ offset, message, remedy }) => `${file.place(offset)}: ${message} ${remedy}`)
  return new MetastoreError({
    code: 'configuration_invalid',
    message: first.message,
    where: file.place(first.offset),
    remedy: first.remedy,
    details: lines.length > 1 ? lines : [],
  })
}

/** A key, table or element as the file would name it: `database.assistant.migrations[0]`. */
export function shownPath(path: TomlPath): string {
  return path
    .map((part) => (typeof part === 'number' ? `[${part}]` : `.${tomlKey(part)}`))
    .join('')
    .replace(/^\./, '')
}

function syntaxError(error: TomlError, text: string, shown: string): MetastoreError {
  const offset = offsetOf(text, error)
  const place = placesIn(text, shown)
  const where = place(offset)
  // The parser's message goes on with the lines around the place.
  const reason = (error.message.split('\n', 1)[0] ?? '').replace(/^Invalid TOML document: /, '').replace(/\.$/, '')
  if (!/redefine/.test(reason)) {
    const message = `${shown} is not valid TOML: ${reason}.`
    return new MetastoreError({
      code: 'configuration_invalid',
      message,
      where,
      remedy: 'Correct the line; https://toml.io describes the format.',
    })
  }
  const lineEnd = (text + '\n').indexOf('\n', offset)
  const repetition = tomlPositions(text).repetitions.find(({ again }) => again.end > offset && again.start < lineEnd)
  const name = repetition ? shownPath(repetition.path) : 'A key or table'
  return new MetastoreError({
    code: 'configuration_invalid',
    message: `${name} is defined twice.`,
    where: repetition ? place(repetition.again.start) : where,
    remedy: repetition
      ? `Keep one of the two; the other is at ${place(repetition.first.start)}.`
      : 'Keep one of the two.',
  })
}

// With an index of the lines, because a file asks for the place of everything in it.
function placesIn(text: string, shown: string): (offset: number) => string {
  const starts = [0]
  for (let end = text.indexOf('\n'); end !== -1; end = text.indexOf('\n', end + 1)) starts.push(end + 1)
  return (offset) => {
    let line = 0
    for (let beyond = starts.length; beyond - line > 1;) {
      const middle = (line + beyond) >> 1
      if ((starts[middle] ?? 0) <= offset) line = middle
      else beyond = middle
    }
    return `${shown}:${line + 1}:${codePoints(text.slice(starts[line], offset)) + 1}`
  }
}

// The parser counts lines and columns in UTF-16 code units, people in characters.
function offsetOf(text: string, { line, column }: TomlError): number {
  let start = 0
  for (let at = 1; at < line; at += 1) start = text.indexOf('\n', start) + 1
  return Math.min(start + column - 1, text.length)
}
