import { id, raw, type Sql, sql } from '../../database/sql.ts'
import type { Column, Table } from '../relation.ts'
import type { Alteration, Altered } from './alteration.ts'
import { identitySequence } from './indexed.ts'
import { furnishColumn, identityOptions } from './make-column.ts'
import { sequenceOptions } from './make-sequence.ts'
import type { Making } from './making.ts'
import { type RenderedStatement, statement } from './statement.ts'
import { wholeOf } from './targets.ts'
import { hasChanged } from './verdict.ts'

/** A column of a table; its default is dropped before and set after this, by itself. */
export function alterColumn(making: Making, altered: Altered<'column'>, table: Table): Alteration {
  const { object, value, before, difference } = altered
  const alter = (change: Sql, flags = {}) =>
    statement(object, 'alter', sql`alter table ${wholeOf(object)} alter column ${id(value.name)} ${change}`, flags)
  const { changes } = difference
  const statements: RenderedStatement[] = []
  const identity = identityChange(making, altered, table)
  if (before.generated !== null && value.generated === null)
    statements.push(alter(raw('drop expression'), { repair: false }))
  // What has no identity any more can be null, and what gets one cannot.
  if (identity.drop) statements.push(alter(raw('drop identity')))
  // That of an inherited column changes with its parent's.
  const isOwn = !(value.inherited && before.inherited)
  if (isOwn && (value.type !== before.type || value.collation !== before.collation)) {
    const flags = { losesData: !widens(before.type, value.type), repair: false }
    statements.push(alter(typeChange(value, before), flags))
  }
  if (value.nullable !== before.nullable) statements.push(...nullability(altered, table))
  if (identity.change) statements.push(alter(identity.change))
  // Another type brings its own storage and compression.
  const kept = value.type === before.type ? before : { ...before, storage: null, compression: null }
  statements.push(...renamedSequence(making, altered, table))
  statements.push(...furnishColumn(object, table, kept))
  const inherited = hasChanged(changes, 'inherited')
  return {
    statements,
    unrendered: inherited ? ['Whether a column is only inherited cannot be changed.'] : [],
  }
}

// The sequence of an identity column goes where the column says, and counts as it should.
function renamedSequence(
  making: Making,
  { object, value, before }: Altered<'column'>,
  table: Table,
): RenderedStatement[] {
  const [now, was] = [value.identity, before.identity]
  if (now === null || was === null || now.kind === 'autoincrement' || was.kind === 'autoincrement') return []
  const [to, from] = [now.sequence, was.sequence]
  const sequence = identitySequence(making.expected.sequences, table, value.name)
  if (sequence === undefined || (to.name === from.name && to.schema === from.schema)) return []
  const alter = (change: Sql) => statement(object, 'alter', sql`alter sequence ${change}`)
  return [
    ...(to.schema === from.schema ? [] : [alter(sql`${id(from.schema, from.name)} set schema ${id(to.schema)}`)]),
    ...(to.name === from.name ? [] : [alter(sql`${id(to.schema, from.name)} rename to ${id(to.name)}`)]),
    alter(sql`${id(to.schema, to.name)} as ${raw(sequence.type)} ${sequenceOptions(sequence)}`),
  ]
}

function typeChange({ type, collation }: Column, before: Column): Sql {
  const collate = raw(collation === null ? '' : ` collate ${collation}`)
  const using = type === before.type ? undefined : conversion(before, type)
  return sql`type ${raw(type)}${collate}${using === undefined ? sql`` : sql` using ${using}`}`
}

const families = [
  /^(smallint|integer|bigint|numeric|real|double precision)/,
  /^(text|character|name|citext)/,
  /^(date|timestamp|time)/,
]

// Within a family a value that does not fit is an error; written out as a conversion, it would be cut to size in silence.
function conversion({ name, type: from }: Column, to: string): Sql | undefined {
  const isArray = from.endsWith(']') || to.endsWith(']')
  if (!isArray && families.some((family) => family.test(from) && family.test(to))) return undefined
  // Everything can be written as a text, and read from one.
  return sql`${id(name)}::text::${raw(to)}`
}

const wider = ['smallint', 'integer', 'bigint', 'numeric']

// Whether every value of a type is as good in the other.
function widens(from: string, to: string): boolean {
  if (from === to || to === 'text') return true
  const [left, right] = [wider.indexOf(from), wider.indexOf(to)]
  if (left >= 0 && right >= left) return true
  const length = (type: string) => Number(/^character varying\((\d+)\)$/.exec(type)?.[1] ?? Number.NaN)
  return to === 'character varying' ? from.startsWith('character varying') : length(to) >= length(from)
}

// From PostgreSQL 18 on it is a constraint with a name.
function nullability({ object, value }: Altered<'column'>, table: Table): RenderedStatement[] {
  const column = id(value.name)
  const alter = (change: Sql) => statement(object, 'alter', sql`alter table ${wholeOf(object)} ${change}`)
  if (value.nullable) return [alter(sql`alter column ${column} drop not null`)]
  const named = table.constraints.find((each) => each.kind === 'not_null' && each.column === value.name)
  if (named === undefined) return [alter(sql`alter column ${column} set not null`)]
  return [alter(sql`add constraint ${id(named.name)} ${raw(named.definition)}`)]
}

function identityChange(making: Making, { value, before }: Altered<'column'>, table: Table) {
  const [now, was] = [value.identity, before.identity]
  if (now === null || now.kind === 'autoincrement') return { drop: was !== null, change: undefined }
  const mode = raw(now.kind === 'always' ? 'always' : 'by default')
  if (was !== null) {
    return { drop: false, change: now.kind === was.kind ? undefined : sql`set generated ${mode}` }
  }
  const sequence = identitySequence(making.expected.sequences, table, value.name)
  const options = sequence === undefined ? sql`` : sql` (${identityOptions(sequence)})`
  return { drop: false, change: sql`add generated ${mode} as identity${options}` }
}
