import { id, join, raw, sql, type Sql } from '../../database/database.ts'
import { columnNow, type DraftTable } from '../batch/draft.ts'
import type { ForeignKeyDeclaration, KeyPath } from './action.ts'
import { madeUpName } from './made-up-name.ts'
import { problem, requireColumn, requireTable, type ActionContext } from './context.ts'

/** The name that a foreign key gets: `<table>_<columns joined by _>_fkey`, cut as PostgreSQL cuts the names that it makes up. */
export function foreignKeyName(table: Pick<DraftTable, 'name'>, columns: readonly string[]): string {
  return madeUpName(table.name, columns.join('_'), 'fkey')
}

/** A foreign key over names of the database, and the table that it refers to. */
export interface ForeignKey {
  /** From FOREIGN KEY on. */
  readonly definition: Sql
  readonly references: DraftTable
  /** Columns of both tables in the database. */
  readonly columns: readonly string[]
  readonly referenced: readonly string[]
}

/** Finds what a declared foreign key is about; undefined, with the problems told, when something is not there. */
export function foreignKeyOf(
  context: ActionContext,
  table: DraftTable,
  key: ForeignKeyDeclaration,
  path: KeyPath,
): ForeignKey | undefined {
  const references =
    key.referenced_table === table.name
      ? table
      : requireTable(context, key.referenced_table, [...path, 'referenced_table'])
  const own = key.columns.map((name, place) => requireColumn(context, table, name, [...path, 'columns', place]))
  if (references === undefined) return undefined
  const theirs = key.referenced_columns.map((name, place) =>
    requireColumn(context, references, name, [...path, 'referenced_columns', place]),
  )
  const columns = own.flatMap((column) => (column === undefined ? [] : [column.physical]))
  const referenced = theirs.flatMap((column) => (column === undefined ? [] : [column.physical]))
  if (columns.length < own.length || referenced.length < theirs.length) return undefined
  if (!isUnique(context, references, key.referenced_columns)) {
    problem(
      context,
      [...path, 'referenced_columns'],
      `No primary key or unique index of ${references.name} is on (${key.referenced_columns.join(', ')}).`,
      'Refer to the columns of one, or add a unique index in an earlier migration.',
    )
    return undefined
  }
  return {
    references,
    columns,
    referenced,
    definition: clauseOf(context, key, references, { columns, referenced }),
  }
}

/** The same foreign key over the columns that later actions put in the places of its own. */
export function foreignKeyNow(
  context: ActionContext,
  key: ForeignKeyDeclaration,
  [table, since]: readonly [DraftTable, number],
  [references, sinceThere]: readonly [DraftTable, number],
  before: ForeignKey,
): Sql {
  const now = (owner: DraftTable, names: readonly string[], from: number, physical: readonly string[]) =>
    names.map((name, place) => columnNow(owner, name, from)?.physical ?? physical[place] ?? name)
  return clauseOf(context, key, references, {
    columns: now(table, key.columns, since, before.columns),
    referenced: now(references, key.referenced_columns, sinceThere, before.referenced),
  })
}

function clauseOf(
  { draft }: ActionContext,
  key: ForeignKeyDeclaration,
  references: DraftTable,
  { columns, referenced }: Pick<ForeignKey, 'columns' | 'referenced'>,
): Sql {
  const there = id(draft.base, references.physical)
  return sql`foreign key (${names(columns)}) references ${there} (${names(referenced)})${action(
    'delete',
    key.on_delete,
  )}${action('update', key.on_update)}`
}

function names(columns: readonly string[]): Sql {
  return join(columns.map((column) => id(column)))
}

function action(event: 'delete' | 'update', what: string | undefined): Sql {
  return what === undefined ? sql`` : sql` on ${raw(event)} ${raw(what.toLowerCase())}`
}

function isUnique(context: ActionContext, table: DraftTable, columns: readonly string[]): boolean {
  const wanted = [...columns].sort().join('\0')
  const same = (names: readonly string[]) => [...names].sort().join('\0') === wanted
  if (
    table.constraints.some(
      ({ kind, columns: own, removed }) => !removed && (kind === 'primary_key' || kind === 'unique') && same(own),
    )
  ) {
    return true
  }
  const logical = (physical: string) => table.columns.find((column) => column.original?.name === physical)?.name ?? ''
  const existing = (table.original?.indexes ?? []).some(
    (index) =>
      index.unique &&
      index.predicate === null &&
      same(index.keys.map((key) => (key.kind === 'column' ? logical(key.column) : ''))),
  )
  return existing || addedByBatch(context, table).some(same)
}

function addedByBatch(context: ActionContext, table: DraftTable): (readonly string[])[] {
  return context.draft.input.migrations.flatMap(({ part }) =>
    part.actions.flatMap((action) =>
      action.type === 'add_index' && action.table === table.name && action.index.unique === true
        ? [action.index.columns.map(({ column }) => column ?? '')]
        : [],
    ),
  )
}
