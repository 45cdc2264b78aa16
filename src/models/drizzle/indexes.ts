import type { getTableConfig, Index, IndexedColumn, PgColumn } from 'drizzle-orm/pg-core'
import { MetastoreError } from '../../errors.ts'
import { quoted, quotedText } from '../quoting.ts'
import type { Writer } from './sql-text.ts'

type TableConfig = ReturnType<typeof getTableConfig>
type IndexKey = Index['config']['columns'][number]

/** An index as a statement. How it is built on a live table is the migration's to say, so `concurrently` is no part of it. */
export function indexText(writer: Writer, { config }: Index, table: TableConfig): string {
  const { unique, method = 'btree', columns, where } = config
  const name = config.name ?? madeUpName(writer, config, table)
  const keys = columns.map((key) => keyText(writer, key, table)).join(', ')
  const options = Object.entries(config.with ?? {}).map(([key, value]) => `${key} = ${optionText(value)}`)
  return [
    `create ${unique ? 'unique ' : ''}index ${quoted(name)} on ${writer.name(table.schema, table.name)} using ${quoted(method)} (${keys})`,
    options.length === 0 ? '' : ` with (${options.join(', ')})`,
    where === undefined ? '' : ` where ${writer.text(where)}`,
  ].join('')
}

/** The value of a storage option. */
export function optionText(value: unknown): string {
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : quotedText(String(value))
}

function keyText(writer: Writer, key: IndexKey, table: TableConfig): string {
  if (writer.isSql(key)) return expressionKey(writer.text(key))
  const { indexConfig } = key as IndexedColumn
  const { order, nulls, opClass } = indexConfig
  const ordering = order === 'desc' ? ` desc nulls ${nulls ?? 'first'}` : nulls === 'first' ? ' nulls first' : ''
  return `${quoted(nameOf(writer, key as IndexedColumn, table))}${opClass === undefined ? '' : ` ${opClass}`}${ordering}`
}

// What stands behind an expression, its order or operator class, is part of the text, so parentheses are the author's; a call
// and a name need none.
function expressionKey(text: string): string {
  return /^\s*(\(|[\w."]+\s*\(|"[^"]*"\s*(\w+\s*)*$|[\w."]+\s*(\w+\s*)*$)/.test(text) ? text : `(${text})`
}

function nameOf(writer: Writer, key: Partial<IndexedColumn>, { columns }: TableConfig): string {
  const column: PgColumn | undefined = columns.find(({ name }) => name === key.name)
  return column === undefined ? (key.name ?? '') : writer.columnName(column)
}

function madeUpName(writer: Writer, { columns }: Index['config'], table: TableConfig): string {
  if (columns.some((key) => writer.isSql(key))) {
    throw new MetastoreError({
      code: 'models_invalid',
      message: `An index of table ${table.name} is on an expression and has no name.`,
      where: `table ${table.name}`,
      remedy: "Give it one: index('name').on(…).",
    })
  }
  const names = columns.map((key) => nameOf(writer, key as IndexedColumn, table))
  return `${table.name}_${names.join('_')}_index`
}
