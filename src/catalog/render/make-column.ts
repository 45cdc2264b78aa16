import { id, join, literal, raw, type Sql, sql } from '../../database/sql.ts'
import type { Catalog } from '../database-catalog.ts'
import type { Settings } from '../object.ts'
import type { CatalogObject } from '../objects.ts'
import type { Column, Table } from '../relation.ts'
import type { Sequence } from '../schema-object.ts'
import { columnDefinition, type GeneratedParts } from './column-definition.ts'
import { sequenceOptions } from './make-sequence.ts'
import { settingChanges } from './settings.ts'
import { columnGrants, commentOn } from './rights.ts'
import { type RenderedStatement, statement } from './statement.ts'
import { wholeOf } from './targets.ts'
import { identitySequence } from './indexed.ts'

type ColumnObject = CatalogObject & { readonly kind: 'column' }

/** A column of a table as CREATE TABLE and ADD COLUMN take it. */
export function tableColumn(catalog: Catalog, table: Table, column: Column, withDefault: boolean): Sql {
  const constraint = table.constraints.find((each) => each.kind === 'not_null' && each.column === column.name)
  const named = constraint?.kind === 'not_null' && constraint.validated ? constraint : undefined
  const isUsual = named?.name === `${table.name}_${column.name}_not_null` && !named.noInherit
  const definition = columnDefinition({
    ...column,
    default: withDefault ? column.default : null,
    notNull: named === undefined || isUsual ? undefined : named,
    generated: generatedParts(catalog, table, column),
  })
  const options = table.kind === 'foreign' ? foreignOptions(column.options) : []
  return options.length === 0 ? definition : sql`${definition} options (${join(options)})`
}

function generatedParts(catalog: Catalog, table: Table, { name, identity, generated }: Column): GeneratedParts | null {
  if (generated !== null) return { kind: generated.storage, expression: generated.expression }
  const sequence = identity === null ? undefined : identitySequence(catalog.sequences, table, name)
  // A partition counts with its table.
  if (identity === null || identity.kind === 'autoincrement' || sequence === undefined) return null
  const mode = identity.kind === 'always' ? 'always' : 'by default'
  return { kind: 'identity', mode, options: identityOptions(sequence).inline('postgres') }
}

/** What is in the parentheses of an identity column. */
export function identityOptions(sequence: Sequence): Sql {
  return sql`sequence name ${id(sequence.schema, sequence.name)} ${sequenceOptions(sequence)}`
}

// Those that are the planner's, not the wrapper's.
const planned = new Set(['n_distinct', 'n_distinct_inherited'])

function foreignOptions(options: Settings): Sql[] {
  const own = Object.entries(options).filter(([name]) => !planned.has(name))
  return own.map(([name, value]) => sql`${id(name)} ${literal(value)}`)
}

/** What is said of a column apart from its definition, where it differs from what it was; nothing for a new one. */
export function furnishColumn(object: ColumnObject, table: Table, before?: Column): RenderedStatement[] {
  const column = object.value
  const alter = (change: Sql, repair = true) =>
    statement(object, 'alter', sql`alter table only ${wholeOf(object)} alter column ${id(column.name)} ${change}`, {
      repair,
    })
  const result: RenderedStatement[] = []
  if (column.storage !== (before?.storage ?? null)) {
    result.push(alter(sql`set storage ${raw(column.storage ?? usualStorage(column.type))}`))
  }
  if (column.compression !== (before?.compression ?? null)) {
    result.push(alter(sql`set compression ${raw(column.compression ?? 'default')}`))
  }
  if (column.statistics !== (before?.statistics ?? null)) {
    result.push(alter(sql`set statistics ${raw(String(column.statistics ?? -1))}`))
  }
  result.push(
    ...optionChanges(column.options, before?.options ?? {}, table.kind === 'foreign').map((sql) => alter(sql)),
  )
  if (column.comment !== (before?.comment ?? null)) result.push(commentOn(object, column.comment))
  result.push(...columnGrants(object, column.name, { expected: column.grants, actual: before?.grants ?? [] }))
  return result
}

// SET STORAGE DEFAULT is there from PostgreSQL 16 on only. Where it can be set at all, it is one of these.
function usualStorage(type: string): string {
  return /^(numeric|inet|cidr)/.test(type) ? 'main' : 'extended'
}

// On a new foreign column, those of the wrapper are in its definition.
function optionChanges(expected: Settings, actual: Settings, foreign: boolean): Sql[] {
  const own = (options: Settings) =>
    Object.fromEntries(Object.entries(options).filter(([name]) => !foreign || planned.has(name)))
  return settingChanges(own(expected), own(actual))
}
