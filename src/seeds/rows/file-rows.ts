import type { Dialect } from '../../database/database.ts'
import { MetastoreError } from '../../errors.ts'
import { CsvFault, csvRecords, type CsvFields } from './csv-records.ts'
import { jsonMembers, jsonText } from './json-lines.ts'
import { jsonNodes } from '../format/nodes/json-nodes.ts'
import { readCell, readingAt, type Reading } from '../format/read-cell.ts'
import type { Problems } from '../problem.ts'
import type { RowCell, RowSource } from './row-source.ts'
import type { CellEntry } from '../format/seed-document.ts'
import { textPieces, type TextFile } from './text-pieces.ts'
import { valueText, type ColumnForm } from '../format/value-text.ts'

/** A file of rows. */
export interface RowFile extends TextFile {
  readonly nullText: string
}

/** The rows of a CSV file: its first line names the columns. Throws `seed_invalid`, `file_unreadable`. */
export async function csvRows(file: RowFile, defaults: readonly CellEntry[], problems: Problems): Promise<RowSource> {
  const columns = await headerOf(file)
  const [only = ''] = columns
  const separator = columns.length > 1 ? undefined : separators.find(({ mark }) => only.includes(mark))
  if (separator !== undefined) {
    const message = `The columns of the first line are separated by ${separator.name}, not by commas.`
    throw fault(file, 1 + (file.skipLines ?? 0), message, 'Save the file with commas between columns, as UTF-8.')
  }
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
        const rows = first ? records.rows.slice(1) : records.rows
        const at = first ? records.lines.slice(1) : records.lines
        first = false
        if (rows.some((fields) => fields.length !== columns.length)) {
          reportUneven(file, { rows, at, columns, problems })
          return
        }
        const cells = added.map(({ cell }) => cell)
        yield { columns: all, rows: added.length === 0 ? rows : rows.map((fields) => [...fields, ...cells]), at }
      }
    },
  }
}

// What spreadsheets write where a comma stands within numbers.
const separators = [
  { mark: ';', name: 'semicolons' },
  { mark: '\t', name: 'tabs' },
]

interface Uneven {
  readonly rows: readonly CsvFields[]
  readonly at: readonly number[]
  readonly columns: readonly string[]
  readonly problems: Problems
}

function reportUneven({ path }: RowFile, { rows, at, columns, problems }: Uneven): void {
  for (const [index, fields] of rows.entries()) {
    if (fields.length === columns.length) continue
    const message = `The row has ${fields.length} ${fields.length === 1 ? 'field' : 'fields'}, and the header ${columns.length}.`
    const remedy = 'Give each row a field for every column; quote what holds a comma.'
    problems.add(`${path}:${at[index] ?? 0}:1`, message, remedy)
  }
}

async function headerOf(file: RowFile): Promise<string[]> {
  for await (const { rows } of csvChunks(file)) return (rows[0] ?? []).map((name) => name?.trim() ?? '')
  return []
}

async function* csvChunks(file: RowFile) {
  try {
    yield* csvRecords(textPieces(file), { nullText: file.nullText, firstLine: 1 + (file.skipLines ?? 0) })
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
      let [line, wrong] = [0, 0]
      for await (const lines of lineChunks(file)) {
        let chunk: { columns: readonly string[]; rows: (readonly RowCell[])[]; at: number[] } | undefined
        for (const text of lines) {
          line += 1
          if (text.trim() === '') continue
          const members = jsonMembers(text)
          const own = members?.values.map((token, index) =>
            jsonCell(token, {
              form: formOf(members.keys[index] ?? ''),
              dialect,
              problems: reading.problems,
              where: `${file.path}:${line}:1`,
            }),
          )
          if (members === undefined || own?.every((cell) => cell !== undefined) !== true) {
            reportBroken(file, { line, text, problems: reading.problems })
            wrong += 1
            if (wrong === mostWrong) return
            continue
          }
          const added = defaults.filter(({ column }) => !members.keys.includes(column))
          const columns = added.length === 0 ? members.keys : [...members.keys, ...added.map(({ column }) => column)]
          if (chunk === undefined || !sameColumns(chunk.columns, columns)) {
            if (chunk !== undefined) yield chunk
            chunk = { columns, rows: [], at: [] }
          }
          chunk.rows.push(added.length === 0 ? own : [...own, ...added.map(({ cell }) => cell)])
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
  readonly problems: Problems
  /** The line, which is where everything that is wrong with the cell is told. */
  readonly where: string
}

// Of a text only its end has been looked for; undefined when something stands in it that may not.
function jsonCell(token: string, { form, dialect, problems, where }: JsonCellPlace): RowCell | undefined {
  const first = token.charCodeAt(0)
  if (first === 110) return null
  if (first === 34) return form === 'json' ? token : jsonText(token)
  if (dialect === 'sqlite' && (token === 'true' || token === 'false') && form !== 'json')
    return token === 'true' ? '1' : '0'
  if (first !== 123 && (first !== 91 || form !== 'array')) return token
  if (first === 123 && !/^\{\s*"\$/.test(token)) return token
  const read = jsonNodes(token)
  if ('problems' in read) return token
  if (first === 91) return valueText(read.node, form, dialect)
  return readCell(readingAt({ path: where, text: token }, problems, where), read.node) ?? null
}

function sameColumns(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((column, index) => column === b[index])
}

const mostWrong = 50

function reportBroken({ path }: RowFile, { line, text, problems }: { line: number; text: string; problems: Problems }) {
  const read = jsonNodes(text)
  const [problem] = 'problems' in read ? read.problems : []
  const message = problem?.message ?? 'The line is not a JSON object.'
  problems.add(`${path}:${line}:${(problem?.at ?? 0) + 1}`, message, 'Write one object on each line.')
}

async function* lineChunks(file: RowFile): AsyncGenerator<string[]> {
  let rest = ''
  for await (const piece of textPieces(file)) {
    const lines = (rest + piece).split('\n')
    rest = lines.pop() ?? ''
    yield lines
  }
  if (rest !== '') yield [rest]
}

function fault(file: RowFile, line: number, message: string, remedy: string): MetastoreError {
  return new MetastoreError({ code: 'seed_invalid', message, where: `${file.path}:${line}:1`, remedy })
}
