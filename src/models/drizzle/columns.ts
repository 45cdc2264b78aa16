import type { PgColumn, PgSequenceOptions } from 'drizzle-orm/pg-core'
import { quotedText } from '../quoting.ts'
import type { Writer } from './sql-text.ts'

/** An enum as models declare it. */
export interface ModelEnum {
  readonly schema: string | undefined
  readonly enumName: string
  readonly enumValues: readonly string[]
}

/** A column as CREATE TABLE takes it; its primary key and unique constraint are the table's. */
export function columnText(writer: Writer, column: PgColumn, schema: string | undefined): string {
  return [
    writer.column(column),
    typeOf(writer, column),
    defaultOf(writer, column),
    generatedOf(writer, column, schema),
    column.notNull ? 'not null' : '',
  ]
    .filter((part) => part !== '')
    .join(' ')
}

/** The type of a column as SQL, with an enum's schema. */
function typeOf(writer: Writer, column: PgColumn): string {
  const { baseColumn } = column as PgColumn & { readonly baseColumn?: PgColumn }
  // PostgreSQL keeps no length of an array, so it is left out.
  if (baseColumn !== undefined) return `${typeOf(writer, baseColumn)}[]`
  const [madeOf] = enumOf(column)
  return madeOf === undefined ? column.getSQLType() : writer.name(madeOf.schema, madeOf.enumName)
}

/** The enum that a column, or an array's elements, are of. */
export function enumOf(column: PgColumn): ModelEnum[] {
  const { enum: madeOf, baseColumn } = column as PgColumn & {
    readonly enum?: ModelEnum
    readonly baseColumn?: PgColumn
  }
  if (baseColumn !== undefined) return enumOf(baseColumn)
  return madeOf === undefined ? [] : [madeOf]
}

function defaultOf(writer: Writer, column: PgColumn): string {
  if (column.default === undefined || column.generated !== undefined) return ''
  return `default ${valueText(writer, column, column.default)}`
}

// A value of the application's is written as its driver would send it.
function valueText(writer: Writer, column: PgColumn, value: unknown): string {
  if (writer.isSql(value)) return `(${writer.text(value)})`
  const sent = value === null ? null : column.mapToDriverValue(value)
  if (writer.isSql(sent)) return `(${writer.text(sent)})`
  if (sent === null) return 'null'
  if (typeof sent === 'number' || typeof sent === 'boolean' || typeof sent === 'bigint') return String(sent)
  if (typeof sent === 'string') return quotedText(sent)
  if (sent instanceof Date) return quotedText(sent.toISOString())
  if (sent instanceof Uint8Array) return quotedText(`\\x${Buffer.from(sent).toString('hex')}`)
  return quotedText(JSON.stringify(sent))
}

function generatedOf(writer: Writer, column: PgColumn, schema: string | undefined): string {
  const { generated, generatedIdentity: identity } = column
  if (identity !== undefined) {
    const mode = identity.type === 'always' ? 'always' : 'by default'
    const { sequenceName, sequenceOptions } = identity
    const name = sequenceName === undefined ? [] : [`sequence name ${writer.name(schema, sequenceName)}`]
    const options = [...name, ...sequenceClauses(sequenceOptions)].join(' ')
    return `generated ${mode} as identity${options === '' ? '' : ` (${options})`}`
  }
  if (generated === undefined) return ''
  const made: unknown = typeof generated.as === 'function' ? (generated.as as () => unknown)() : generated.as
  return `generated always as (${expressionText(writer, column, made)}) ${generated.mode ?? 'stored'}`
}

function expressionText(writer: Writer, column: PgColumn, value: unknown): string {
  return writer.isSql(value) ? writer.text(value) : valueText(writer, column, value)
}

/** The options of a sequence, a clause each. */
export function sequenceClauses(options: PgSequenceOptions | undefined): string[] {
  const { increment, minValue, maxValue, startWith, cache, cycle } = options ?? {}
  return [
    ...numbered('increment by', increment),
    ...numbered('minvalue', minValue),
    ...numbered('maxvalue', maxValue),
    ...numbered('start with', startWith),
    ...numbered('cache', cache),
    ...(cycle === true ? ['cycle'] : []),
  ]
}

function numbered(clause: string, value: number | string | undefined): string[] {
  return value === undefined ? [] : [`${clause} ${value}`]
}
