import { displayName, objectKey, type Catalog, type Table } from '../../catalog/catalog.ts'
import { id, literal, sql, type Sql } from '../../database/database.ts'
import type { HealthProblem, HealthRule } from './health-rule.ts'

/** A table as people call it. */
export function shownTable({ schema, name }: { readonly schema: string; readonly name: string }): string {
  return `${displayName(schema)}.${displayName(name)}`
}

/** SQL as it is pasted into psql. */
export function asText(statement: Sql): string {
  return `${statement.inline('postgres')};`
}

/** Constraints that were added NOT VALID and never checked. */
export const unvalidatedConstraint: HealthRule = {
  code: 'unvalidated_constraint',
  severity: 'P1',
  why: 'Rows from before the constraint may break it, and the planner does not believe it.',
  find: (catalog) =>
    eachTable(catalog, (table) =>
      table.constraints
        .filter(({ validated, enforced }) => !validated && enforced)
        .map(({ name }) => ({
          objectKey: objectKey('constraint', [table.schema, table.name, name]),
          message: `Constraint ${displayName(name)} of ${shownTable(table)} has never been checked against existing rows.`,
          remedy: 'Validate it; that reads the table and blocks no writer. Rows that break it are named by the error.',
          query: asText(sql`select conname, convalidated from pg_constraint where conname = ${literal(name)}`),
          repair: [asText(sql`alter table ${id(table.schema, table.name)} validate constraint ${id(name)}`)],
        })),
    ),
}

/** Tables without a primary key. */
export const noPrimaryKey: HealthRule = {
  code: 'no_primary_key',
  severity: 'P2',
  why: 'Rows cannot be told apart: logical replication, backfills and repairs have nothing to name them by.',
  find: (catalog) =>
    eachTable(catalog, (table) =>
      table.partitionOf !== null ||
      table.kind === 'foreign' ||
      table.constraints.some(({ kind }) => kind === 'primary_key')
        ? []
        : [
            {
              objectKey: objectKey('table', [table.schema, table.name]),
              message: `Table ${shownTable(table)} has no primary key.`,
              remedy: 'Add one: a unique index built concurrently, then alter table … add primary key using index.',
              query: asText(
                sql`select conname from pg_constraint where conrelid = ${literal(shownTable(table))}::regclass and contype = 'p'`,
              ),
              repair: [],
            },
          ],
    ),
}

/** Foreign keys that no index begins with. */
export const foreignKeyWithoutIndex: HealthRule = {
  code: 'foreign_key_without_index',
  severity: 'P2',
  why: 'Each delete or key change of a referenced row reads the whole referring table, under a lock.',
  find: (catalog) =>
    eachTable(catalog, (table) =>
      table.constraints.flatMap((key): HealthProblem[] => {
        if (key.kind !== 'foreign_key' || hasIndexOn(table, key.columns)) return []
        const columns = key.columns.map(displayName).join(', ')
        return [
          {
            objectKey: objectKey('constraint', [table.schema, table.name, key.name]),
            message: `No index of ${shownTable(table)} begins with ${columns}, the columns of foreign key ${displayName(key.name)}.`,
            remedy: `Add an index on (${columns}) by an add_index action, which blocks no writer.`,
            query: asText(
              sql`select indexname, indexdef from pg_indexes where schemaname = ${literal(table.schema)} and tablename = ${literal(table.name)}`,
            ),
            repair: [],
          },
        ]
      }),
    ),
}

function hasIndexOn(table: Table, columns: readonly string[]): boolean {
  return table.indexes.some(({ keys, predicate, valid }) => {
    const first = keys.slice(0, columns.length).map((key) => (key.kind === 'column' ? key.column : ''))
    return valid && predicate === null && columns.every((column) => first.includes(column))
  })
}

/** What a rule finds on every table. */
export function eachTable(catalog: Catalog, find: (table: Table) => readonly HealthProblem[]): HealthProblem[] {
  return catalog.tables.flatMap(find)
}
