import { createReadStream } from 'node:fs'
import type { Dialect } from '../database/database.ts'
import { MetastoreError } from '../errors.ts'
import { CsvFault, csvRecords } from './csv-records.ts'
import { jsonMembers, jsonText } from './json-lines.ts'
import { jsonNodes } from './nodes/json-nodes.ts'
import { readCell, type Reading } from './read-cell.ts'
import type { RowCell, RowSource } from './row-source.ts'
import type { CellEntry } from './seed-document.ts'
import { valueText, type ColumnForm } from './value-text.ts'

/** A file of rows. */
export interface RowFile {
  readonly absolutePath: string
  /** As people see it. */
  readonly path: string
  readonly nullText: string
  /** How many lines of comments stand on top of it. */
  readonly skipLines?: number
}

/** The rows of a CSV file: its first line names the columns. Throws `seed_invalid`, `file_unreadable`. */
export async function csvRows(file: RowFile, defaults: readonly CellEntry[]): Promise<RowSource> {
  const columns = await headerOf(file)
  if (columns.length === 0 || columns.includes('') || new Set(columns).size < columns.length) {
    throw fault(file, 1 + (file.skipLines ?? 0), 'The first line must name the columns, each once.', 'Write a header.')
  }
  const added = defaults.filter(({ column }) => !columns.includes(column))
  const all = [...columns, ...added.map(({ column }) => column)]
  return {
    bulk: true,
    columns: all,
    place: (line) => `${file.path}:${line}:1`,
    async *read() {
      let first = true
      for await (const records of csvChunks(file)) {
        const rows: (readonly RowCell[])[] = []
        const at: number[] = []
        for (const { fields, line } of first ? records.slice(1) : records) {
          if (fields.length !== columns.length) {
            const message = `The row has ${fields.length} fields, and the header ${columns.length}.`
            throw fault(file, line, message, 'Give each row a field for every column; quote what holds a comma.')
          }
          rows.push(added.length === 0 ? fields : [...fields, ...added.map(({ cell }) => cell)])
          at.push(line)
        }
        first = false
        yield { columns: all, rows, at }
      }
    },
  }
}

async function headerOf(file: RowFile): Promise<string[]> {
  for await (const [header] of csvChunks(file)) return (header?.fields ?? []).map((name) => name?.trim() ?? '')
  return []
}

async function* csvChunks(file: RowFile) {
  try {
    yield* csvRecords(readPieces(file), { nullText: file.nullText, firstLine: 1 + (file.skipLines ?? 0) })
  } catch (error) {
    if (!(error instanceof CsvFault)) throw error
    throw fault(
      file,
      error.line,
      error.message,
      'Write a quotation mark within a field as two, and quotes around the field.',
    )
  }
}

/** The rows of a file of JSON lines: an object on each line. */
export function jsonLines(
  file: RowFile,
  defaults: readonly CellEntry[],
  { reading, dialect }: { readonly reading: Reading; readonly dialect: Dialect },
): RowSource {
  return {
    bulk: true,
    columns: null,
    place: (line) => `${file.path}:${line}:1`,
    async *read(formOf) {
      let line = 0
      for await (const lines of lineChunks(file)) {
        let chunk: { columns: readonly string[]; rows: (readonly RowCell[])[]; at: number[] } | undefined
        for (const text of lines) {
          line += 1
          if (text.trim() === '') continue
          const members = jsonMembers(text)
          if (members === undefined) throw brokenLine(file, line, text)
          const added = defaults.filter(({ column }) => !members.keys.includes(column))
          const columns = added.length === 0 ? members.keys : [...members.keys, ...added.map(({ column }) => column)]
          if (chunk === undefined || !sameColumns(chunk.columns, columns)) {
            if (chunk !== undefined) yield chunk
            chunk = { columns, rows: [], at: [] }
          }
          const cells: RowCell[] = members.values.map((token, index) =>
            jsonCell(token, {
              form: formOf(members.keys[index] ?? ''),
              dialect,
              reading,
              where: `${file.path}:${line}`,
            }),
          )
          chunk.rows.push(added.length === 0 ? cells : [...cells, ...added.map(({ cell }) => cell)])
          chunk.at.push(line)
        }
        if (chunk !== undefined) yield chunk
      }
    },
  }
}

interface JsonCellPlace {
  readonly form: ColumnForm
  readonly dialect: Dialect
  readonly reading: Reading
  readonly where: string
}

function jsonCell(token: string, { form, dialect, reading, where }: JsonCellPlace): RowCell {
  const first = token.charCodeAt(0)
  if (first === 110) return null
  if (first === 34) return form === 'json' ? token : (jsonText(token) ?? '')
  if (dialect === 'sqlite' && (token === 'true' || token === 'false') && form !== 'json')
    return token === 'true' ? '1' : '0'
  if (first !== 123 && (first !== 91 || form !== 'array')) return token
  if (first === 123 && !/^\{\s*"\$/.test(token)) return token
  const read = jsonNodes(token)
  if ('problems' in read) return token
  if (first === 91) return valueText(read.node, form, dialect)
  return readCell({ ...reading, source: { path: where, text: token } }, read.node) ?? null
}

function sameColumns(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((column, index) => column === b[index])
}

function brokenLine(file: RowFile, line: number, text: string): MetastoreError {
  const read = jsonNodes(text)
  const [problem] = 'problems' in read ? read.problems : []
  return fault(
    file,
    line,
    problem?.message ?? 'The line is not a JSON object.',
    'Write one object on each line.',
    (problem?.at ?? 0) + 1,
  )
}

async function* lineChunks(file: RowFile): AsyncGenerator<string[]> {
  let rest = ''
  for await (const piece of readPieces(file)) {
    const lines = (rest + piece).split('\n')
    rest = lines.pop() ?? ''
    yield lines
  }
  if (rest !== '') yield [rest]
}

/** The text of a file in pieces, without its first lines. Throws `file_unreadable`. */
async function* readPieces({ absolutePath, path, skipLines = 0 }: RowFile): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  let toSkip = skipLines
  let lines = 0
  try {
    for await (const bytes of createReadStream(absolutePath, { highWaterMark: 262_144 })) {
      let text = decoder.decode(bytes as Uint8Array, { stream: true })
      if (text.includes('\0'))
        throw unreadable(
          path,
          lines + text.slice(0, text.indexOf('\0')).split('\n').length,
          'holds a zero byte, which no text has',
        )
      while (toSkip > 0 && text.includes('\n')) {
        text = text.slice(text.indexOf('\n') + 1)
        toSkip -= 1
      }
      for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) lines += 1
      if (toSkip === 0) yield text
    }
    decoder.decode()
  } catch (error) {
    if (error instanceof TypeError) throw unreadable(path, lines + 1, 'is not UTF-8 text')
    const { code } = error as NodeJS.ErrnoException
    if (error instanceof MetastoreError || code === undefined) throw error
    throw unreadable(path, undefined, `cannot be read (${code})`)
  }
}

function unreadable(path: string, line: number | undefined, reason: string): MetastoreError {
  return new MetastoreError({
    code: 'file_unreadable',
    message: `${path} ${reason}.`,
    where: line === undefined ? path : `${path}:${line}:1`,
    remedy: 'Save the file as UTF-8 text, readable for the user who runs metastore.',
  })
}

function fault(file: RowFile, line: number, message: string, remedy: string, column = 1): MetastoreError {
  return new MetastoreError({ code: 'seed_invalid', message, where: `${file.path}:${line}:${column}`, remedy })
}
