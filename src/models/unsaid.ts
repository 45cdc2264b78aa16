import {
  findTable,
  findView,
  type Catalog,
  type Column,
  type Constraint,
  type ObjectName,
  type Table,
} from '../catalog/catalog.ts'

/**
 * The desired catalog of models, with what the language of models has no words for taken over from what there is: functions,
 * triggers, extensions, domains, comments, grants, storage, foreign keys that are deferrable. A migration that is generated leaves all that alone. Pure.
 */
export function withUnsaid(desired: Catalog, current: Catalog, existingViews: readonly ObjectName[]): Catalog {
  const isKept = ({ schema, name }: ObjectName) =>
    existingViews.some((view) => view.schema === schema && view.name === name)
  return {
    ...desired,
    schemas: desired.schemas
      .map((schema) => current.schemas.find(({ name }) => name === schema.name) ?? schema)
      .concat(current.schemas.filter(({ name }) => desired.schemas.every((one) => one.name !== name)))
      .toSorted(byName),
    extensions: current.extensions,
    collations: current.collations,
    routines: current.routines,
    statistics: current.statistics.filter(({ table }) => findTable(desired, table) !== undefined),
    eventTriggers: current.eventTriggers,
    publications: current.publications,
    defaultPrivileges: current.defaultPrivileges,
    types: mergedTypes(desired, current),
    sequences: desired.sequences.map((sequence) => {
      const there = current.sequences.find(({ schema, name }) => schema === sequence.schema && name === sequence.name)
      return there === undefined ? sequence : { ...sequence, comment: there.comment, grants: there.grants }
    }),
    tables: [
      ...desired.tables.map((table) => tableWithUnsaid(table, findTable(current, table), desired)),
      // Partitions are the business of whoever makes them.
      ...current.tables.filter((table) => table.partitionOf !== null && findTable(desired, table) === undefined),
    ],
    views: [
      ...desired.views.map((view) => {
        const there = findView(current, view)
        if (there === undefined) return view
        const { comment, triggers, rules, grants } = there
        return { ...view, comment, triggers, rules, grants }
      }),
      ...current.views.filter((view) => isKept(view) && findView(desired, view) === undefined),
    ],
  }
}

/** The desired catalog with the columns that there are in the order that they have; what is new comes behind. Pure. */
export function inPresentOrder(desired: Catalog, current: Catalog): Catalog {
  return {
    ...desired,
    tables: desired.tables.map((table) => {
      const there = findTable(current, table)
      if (there === undefined) return table
      const place = (column: Column) => {
        const index = there.columns.findIndex(({ name }) => name === column.name)
        return index === -1 ? there.columns.length : index
      }
      return { ...table, columns: table.columns.toSorted((one, other) => place(one) - place(other)) }
    }),
  }
}

function mergedTypes(desired: Catalog, current: Catalog): Catalog['types'] {
  const enums = desired.types
    .filter(({ kind }) => kind === 'enum')
    .map((type) => {
      const there = current.types.find(({ schema, name }) => schema === type.schema && name === type.name)
      return there === undefined ? type : { ...type, comment: there.comment, grants: there.grants }
    })
  return [...enums, ...current.types.filter(({ kind }) => kind !== 'enum')]
}

function tableWithUnsaid(table: Table, there: Table | undefined, desired: Catalog): Table {
  if (there === undefined) return table
  const { kind, comment, persistence, triggers, rules, replicaIdentity, inherits, partitionKey, partitionOf } = there
  const { foreign, accessMethod, tablespace, options, grants } = there
  const own = { kind, comment, persistence, triggers, rules, replicaIdentity, inherits, partitionKey, partitionOf }
  return {
    ...table,
    ...own,
    ...{ foreign, accessMethod, tablespace, options, grants },
    columns: table.columns.map((column) => columnWithUnsaid(column, there)),
    rowSecurity: { enabled: table.rowSecurity.enabled, forced: there.rowSecurity.forced },
    constraints: [
      ...table.constraints.map((constraint) => {
        const same = there.constraints.find(
          ({ name, kind: one }) => name === constraint.name && one === constraint.kind,
        )
        return same === undefined ? constraint : { ...constraint, comment: same.comment }
      }),
      ...there.constraints.filter(({ kind: one }) => one === 'exclusion'),
      ...there.constraints.filter((one) => isDeferrableKey(one, desired) && !hasConstraint(table, one.name)),
    ],
    indexes: [
      ...table.indexes.map((index) => {
        const same = there.indexes.find(({ name }) => name === index.name)
        return same === undefined ? index : { ...index, comment: same.comment, clustered: same.clustered }
      }),
      ...there.indexes.filter(({ constraint }) => isExclusion(there, constraint)),
    ],
    policies: table.policies.map((policy) => {
      const same = there.policies.find(({ name }) => name === policy.name)
      return same === undefined ? policy : { ...policy, comment: same.comment }
    }),
  }
}

// A key within what the models say: one to a table that goes, goes with it.
function isDeferrableKey(constraint: Constraint, desired: Catalog): boolean {
  return (
    constraint.kind === 'foreign_key' &&
    constraint.deferrable !== 'no' &&
    findTable(desired, constraint.references) !== undefined
  )
}

function hasConstraint({ constraints }: Table, name: string): boolean {
  return constraints.some((constraint) => constraint.name === name)
}

function isExclusion(table: Table, constraint: string | null): boolean {
  return table.constraints.some(({ name, kind }) => name === constraint && kind === 'exclusion')
}

function columnWithUnsaid(column: Column, { columns }: Table): Column {
  const there = columns.find(({ name }) => name === column.name)
  if (there === undefined) return column
  const { comment, storage, compression, statistics, options, grants, inherited } = there
  const collation = column.type === there.type ? there.collation : column.collation
  return { ...column, comment, storage, compression, statistics, options, grants, inherited, collation }
}

function byName(one: { readonly name: string }, other: { readonly name: string }): number {
  return one.name < other.name ? -1 : Number(one.name > other.name)
}
