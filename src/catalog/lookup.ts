import type { Constraint, ForeignKeyConstraint, PrimaryKeyConstraint } from './constraint.ts'
import type { Catalog } from './database-catalog.ts'
import type { ObjectName } from './object.ts'
import type { Column, Index, Table, View } from './relation.ts'

/** The table of that name. */
export function findTable(catalog: Catalog, { schema, name }: ObjectName): Table | undefined {
  return catalog.tables.find((table) => table.name === name && table.schema === schema)
}

/** The view of that name, plain or materialized. */
export function findView(catalog: Catalog, { schema, name }: ObjectName): View | undefined {
  return catalog.views.find((view) => view.name === name && view.schema === schema)
}

/** The column of that name. */
export function findColumn(relation: Pick<Table | View, 'columns'>, name: string): Column | undefined {
  return relation.columns.find((column) => column.name === name)
}

/** The constraint of that name. */
export function findConstraint(table: Table, name: string): Constraint | undefined {
  return table.constraints.find((constraint) => constraint.name === name)
}

/** The primary key of a table that has one. */
export function primaryKey(table: Table): PrimaryKeyConstraint | undefined {
  return table.constraints.find((constraint) => constraint.kind === 'primary_key')
}

/** The foreign keys of a table. */
export function foreignKeys(table: Table): readonly ForeignKeyConstraint[] {
  return table.constraints.filter((constraint) => constraint.kind === 'foreign_key')
}

/** The foreign keys of other tables, and of its own, that refer to a table. */
export function foreignKeysTo(
  catalog: Catalog,
  { schema, name }: ObjectName,
): readonly { readonly table: Table; readonly key: ForeignKeyConstraint }[] {
  return catalog.tables.flatMap((table) =>
    foreignKeys(table)
      .filter(({ references }) => references.name === name && references.schema === schema)
      .map((key) => ({ table, key })),
  )
}

/** The usable, complete index that can find rows by these columns: they are its first keys, in any order. */
export function indexOn(relation: Pick<Table | View, 'indexes'>, columns: readonly string[]): Index | undefined {
  return relation.indexes.find(({ keys, valid, predicate }) => {
    const first = keys.slice(0, columns.length).map((key) => (key.kind === 'column' ? key.column : undefined))
    return valid && predicate === null && columns.every((column) => first.includes(column))
  })
}
