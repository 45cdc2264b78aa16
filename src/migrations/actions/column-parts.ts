import { id, sql, type Sql } from '../../database/database.ts'
import { columnDefinition, type ColumnParts } from '../batch/definitions.ts'
import type { DraftColumn, DraftTable } from '../batch/draft.ts'
import { madeUpName } from './made-up-name.ts'
import { findEnum, type ActionContext } from './context.ts'

/**
 * A type as the author wrote it, or the one that stands for it while the batch runs: an enum that gets new labels has
 * another name until the swap.
 */
export function resolveType(context: Pick<ActionContext, 'draft'>, type: string): string {
  const [, name = '', array = ''] = /^\s*("(?:[^"]|"")+"|\w+)\s*((?:\[\s*\])*)\s*$/.exec(type) ?? []
  const plain = name.startsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name.toLowerCase()
  const found = findEnum(context, plain)
  if (found === undefined || found.physical === found.name) return type
  return `${id(context.draft.base, found.physical).inline('postgres')}${array}`
}

/** A column as CREATE TABLE and ADD COLUMN take it, with a name for its NOT NULL constraint where it has one. */
export function columnSql({
  notNull,
  ...parts
}: Omit<ColumnParts, 'nullable' | 'notNull'> & { readonly notNull?: string | false }): Sql {
  const column = columnDefinition(parts)
  return notNull === undefined || notNull === false ? column : sql`${column} constraint ${id(notNull)} not null`
}

/** The name that PostgreSQL 18 gives a NOT NULL constraint; before that they have none. */
export function notNullName(table: string, column: string): string {
  return madeUpName(table, column, 'not_null')
}

/** Gives a column of the new version another name, in everything that speaks of it. */
export function renameColumn(table: DraftTable, column: DraftColumn, name: string): void {
  for (const [index, constraint] of table.constraints.entries()) {
    if (!constraint.columns.includes(column.name)) continue
    const columns = constraint.columns.map((one) => (one === column.name ? name : one))
    table.constraints[index] = { ...constraint, columns }
  }
  if (name !== column.name) table.renames.push({ from: column.name, to: name })
  column.name = name
}
