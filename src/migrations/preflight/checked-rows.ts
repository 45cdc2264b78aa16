import { id, join, sql, type Sql } from '../../database/database.ts'
import { type Place, problemAt } from '../problems.ts'
import type { DataCheck } from './preflight-plan.ts'

// One more is asked for than is shown, to know whether there are more.
const shownRows = 5

/** A table whose rows are looked at, as they are before the batch. */
export interface CheckedTable {
  readonly schema: string
  /** Its name in the database. */
  readonly table: string
  /** As the file calls it; the name in the database by default. */
  readonly name?: string | undefined
  /** What the values call a row by; `name` by default. */
  readonly alias?: string | undefined
}

/** A column as it will be: its name in the file, and its value over a row as it is. */
export interface CheckedValue {
  readonly name: string
  readonly value: Sql
}

/** A table whose offending rows are named by their key. Values of other columns are never shown: they may be personal. */
export interface KeyedTable extends CheckedTable {
  /** The primary key's columns in the database; empty when there is none. */
  readonly key: readonly string[]
}

/** What every check needs for its message. */
export interface CheckOrigin {
  /** What the rows stand against, as the message calls it: `unique index notes_run_body`, `check cost_positive`. */
  readonly label: string
  /** Where the action stands that needs it. */
  readonly place: Place
}

/** A check whose query gives the key of each offending row. */
export interface RowsCheck {
  readonly query: Sql
  /** The message: `rows` is as `3 rows of table notes`, and `one` whether it is a single row. */
  readonly message: (rows: string, one: boolean) => string
  readonly remedy: string
}

/** A data check whose error names a few rows by their keys, and gives the query that finds all of them. */
export function rowsCheck(check: KeyedTable & CheckOrigin, { query, message, remedy }: RowsCheck): DataCheck {
  return {
    label: check.label,
    query: sql`${query} limit ${shownRows + 1}`,
    problem: (rows) =>
      problemAt(check.place, 0, {
        code: 'data_conflict',
        message: message(`${countOf(rows.length)} of table ${tableName(check)}`, rows.length === 1),
        remedy,
        details: [...keysOf(rows, check.key), 'Found by:', ...query.inline('postgres').split('\n')],
      }),
  }
}

/** The table as a source of rows, under the name that the check's values call it by. */
export function tableSource(table: CheckedTable): Sql {
  return sql`${id(table.schema, table.table)} as ${id(aliasOf(table))}`
}

/** What the values of a check call a row by. */
export function aliasOf(table: CheckedTable): string {
  return table.alias ?? tableName(table)
}

/** The table as the file calls it. */
export function tableName(table: CheckedTable): string {
  return table.name ?? table.table
}

/** The key of a row of `alias`, as text under the names of its columns; or something, where a table has no key. */
export function selectKey(alias: string, key: readonly string[]): Sql {
  if (key.length === 0) return sql`1 as found`
  return join(key.map((column) => sql`${id(alias, column)}::text as ${id(column)}`))
}

/** Conditions that all hold. */
export function allOf(conditions: readonly Sql[]): Sql {
  return join(conditions, ' and ')
}

/** Names for a message: `email`, or `(tenant, email)` for several. */
export function listed(values: readonly CheckedValue[]): string {
  const names = values.map(({ name }) => name).join(', ')
  return values.length === 1 ? names : `(${names})`
}

function countOf(rows: number): string {
  if (rows > shownRows) return `more than ${shownRows} rows`
  return rows === 1 ? '1 row' : `${rows} rows`
}

function keysOf(rows: readonly Record<string, unknown>[], key: readonly string[]): string[] {
  if (key.length === 0) return []
  const lines = rows
    .slice(0, shownRows)
    .map((row) => key.map((column) => `${column} = ${shown(row[column])}`).join(', '))
  return rows.length > shownRows ? [...lines, 'and more'] : lines
}

// As short as a line allows, and without characters that steer a terminal.
function shown(value: unknown): string {
  const text = String(value)
  const short = text.length > 80 ? `${text.slice(0, 79)}…` : text
  return /^[\w.:@+-]+…?$/.test(short) ? short : JSON.stringify(short).replaceAll(/[^ -~\p{L}\p{N}]/gu, '\ufffd')
}
