import type { LoadRow, LoadTarget } from '../driver.ts'
import { id, join, sql } from '../sql.ts'
import { bytesOf, timestampText } from './values.ts'

/** The statement that takes rows in COPY's text format. */
export function copyStatement({ table, columns }: LoadTarget): string {
  const names = join(columns.map((column) => id(column)))
  return sql`copy ${id(...table)} (${names}) from stdin with (format text, encoding 'UTF8')`.inline('postgres')
}

/** One row in COPY's text format, with its line end. */
export function copyLine(row: LoadRow): string {
  // Concatenation, because a list of the texts would be made for each of millions of rows.
  let line = ''
  for (let index = 0; index < row.length; index += 1) {
    const value = row[index]
    if (index > 0) line += '\t'
    line += typeof value === 'string' ? escape(value) : copyValue(value)
  }
  return `${line}\n`
}

function copyValue(value: unknown): string {
  switch (typeof value) {
    case 'number':
    case 'bigint':
    case 'boolean':
      return String(value)
    case 'object':
      if (value === null) return '\\N'
      if (value instanceof Date) return timestampText(value)
      if (value instanceof Uint8Array) return `\\\\x${bytesOf(value).toString('hex')}`
      return escape(JSON.stringify(value))
    case 'undefined':
      return '\\N'
    default:
      throw new TypeError(`A ${typeof value} cannot be loaded into a table.`)
  }
}

const escapes: Record<string, string> = { '\\': '\\\\', '\n': '\\n', '\r': '\\r', '\t': '\\t' }

const special = /[\\\n\r\t]/

function escape(text: string): string {
  return special.test(text) ? text.replaceAll(/[\\\n\r\t]/g, (character) => escapes[character] ?? '') : text
}
