import type { Catalog } from '../database-catalog.ts'
import type { ObjectName } from '../object.ts'
import type { Table, View } from '../relation.ts'
import type { Schema } from '../schema-object.ts'
import { sortBy, sortByName, sortByPath } from '../sort.ts'
import { type AttachedRow, toPolicy, toRule, toTrigger } from './postgres-attached.ts'
import { type ConstraintRow, toConstraint } from './postgres-constraints.ts'
import { type DatabaseRow, toDatabaseObjects } from './postgres-database.ts'
import { readGrants } from './postgres-grants.ts'
import { type IndexRow, toIndex } from './postgres-indexes.ts'
import { type ColumnRow, type RelationRow, toColumn } from './postgres-relations.ts'
import { type RoutineRow, toRoutine } from './postgres-routines.ts'
import { nameOf, readSettings, schemaOf, type Scope } from './postgres-scope.ts'
import { type SequenceRow, toSequence } from './postgres-sequences.ts'
import { toType, type TypeRow } from './postgres-types.ts'
import { byRelation } from './rows.ts'

/** All that was read. */
export interface Rows {
  readonly database: readonly DatabaseRow[]
  readonly relations: readonly RelationRow[]
  readonly columns: readonly ColumnRow[]
  readonly constraints: readonly ConstraintRow[]
  readonly indexes: readonly IndexRow[]
  readonly sequences: readonly SequenceRow[]
  readonly attached: readonly AttachedRow[]
  readonly types: readonly TypeRow[]
  readonly routines: readonly RoutineRow[]
}

/** Rows by the relation that they belong to. */
interface Parts {
  readonly relations: ReadonlyMap<number, RelationRow>
  readonly columns: ReadonlyMap<number, readonly ColumnRow[]>
  readonly constraints: ReadonlyMap<number, readonly ConstraintRow[]>
  readonly indexes: ReadonlyMap<number, readonly IndexRow[]>
  readonly attached: ReadonlyMap<number, readonly AttachedRow[]>
  readonly identities: ReadonlyMap<string, ObjectName>
}

/** Puts rows together to a catalog. */
export function assembleCatalog(scope: Scope, schemas: readonly Schema[], rows: Rows): Catalog {
  const parts: Parts = {
    relations: new Map(rows.relations.map((row) => [row.id, row])),
    columns: byRelation(rows.columns),
    constraints: byRelation(rows.constraints),
    indexes: byRelation(rows.indexes),
    attached: byRelation(rows.attached),
    identities: new Map(
      rows.sequences
        .filter(({ identity }) => identity)
        .map((row) => [`${row.relation}.${row.number}`, nameOf(scope, row)]),
    ),
  }
  const isView = ({ kind }: RelationRow) => kind === 'v' || kind === 'm'
  const types = rows.types.map((row) => toType(scope, row, columnsOf(parts, row.relation)))
  return {
    dialect: 'postgres',
    schemas,
    types: sortByPath(types),
    sequences: sortByPath(rows.sequences.map((row) => toSequence(scope, row))),
    tables: sortByPath(rows.relations.filter((row) => !isView(row)).map((row) => toTable(scope, parts, row))),
    views: sortByPath(rows.relations.filter(isView).map((row) => toView(scope, parts, row))),
    routines: sortBy(
      rows.routines.map((row) => toRoutine(scope, row)),
      ({ schema }) => schema,
      ({ name }) => name,
      ({ argumentTypes }) => argumentTypes.join(', '),
    ),
    ...toDatabaseObjects(scope, rows.database),
  }
}

const tableKinds = { r: 'table', p: 'partitioned', f: 'foreign' } as const
const identityKinds = { d: 'default', n: 'nothing', f: 'full', i: 'index' } as const

function toTable(scope: Scope, parts: Parts, row: RelationRow): Table {
  const parents = (row.parents ?? []).map(({ schema, name }) => ({ schema, name }))
  const [parent] = parents
  const toast = (row.toastOptions ?? []).map((option) => `toast.${option}`)
  return {
    kind: tableKinds[row.kind as keyof typeof tableKinds],
    schema: schemaOf(scope, row),
    name: row.name,
    owner: row.owner,
    comment: row.comment,
    persistence: row.persistence === 'u' ? 'unlogged' : 'permanent',
    columns: columnsOf(parts, row.id),
    constraints: sortByName((parts.constraints.get(row.id) ?? []).map(toConstraint)),
    indexes: indexesOf(parts, row),
    triggers: triggersOf(parts, row),
    rules: rulesOf(parts, row),
    policies: policiesOf(parts, row),
    rowSecurity: { enabled: row.rowSecurity, forced: row.forceRowSecurity },
    replicaIdentity: identityKinds[row.replicaIdentity],
    inherits: row.bound === null ? parents : [],
    partitionKey: row.partitionKey,
    partitionOf: row.bound !== null && parent ? { parent, bound: row.bound } : null,
    foreign: row.server === null ? null : { server: row.server, options: readSettings(row.serverOptions) },
    accessMethod: row.accessMethod,
    tablespace: row.tablespace,
    options: readSettings([...(row.options ?? []), ...toast]),
    grants: readGrants(row.acl, 'r', row.owner, scope.privileges),
  }
}

function toView(scope: Scope, parts: Parts, row: RelationRow): View {
  return {
    kind: row.kind === 'm' ? 'materialized' : 'view',
    schema: schemaOf(scope, row),
    name: row.name,
    owner: row.owner,
    comment: row.comment,
    columns: columnsOf(parts, row.id),
    definition: row.query ?? '',
    populated: row.populated,
    indexes: indexesOf(parts, row),
    triggers: triggersOf(parts, row),
    rules: rulesOf(parts, row),
    options: readSettings(row.options),
    accessMethod: row.accessMethod,
    tablespace: row.tablespace,
    grants: readGrants(row.acl, 'r', row.owner, scope.privileges),
  }
}

function columnsOf(parts: Parts, relation: number) {
  return (parts.columns.get(relation) ?? []).map((row) => toColumn(row, identityOf(parts, row)))
}

// From 17 on, the partitions of a table share its sequence.
function identityOf(parts: Parts, column: ColumnRow): ObjectName | undefined {
  if (column.identity === '') return undefined
  const own = parts.identities.get(`${column.relation}.${column.number}`)
  const parent = parts.relations.get(column.relation)?.parents?.[0]?.id
  if (own !== undefined || parent === undefined) return own
  const above = parts.columns.get(parent)?.find(({ name }) => name === column.name)
  return above && identityOf(parts, above)
}

function indexesOf(parts: Parts, { id }: RelationRow) {
  return sortByName((parts.indexes.get(id) ?? []).map(toIndex))
}

function triggersOf(parts: Parts, { id }: RelationRow) {
  const rows = parts.attached.get(id) ?? []
  return sortByName(rows.flatMap((row) => (row.kind === 'trigger' ? [toTrigger(row.value)] : [])))
}

function rulesOf(parts: Parts, { id }: RelationRow) {
  const rows = parts.attached.get(id) ?? []
  return sortByName(rows.flatMap((row) => (row.kind === 'rule' ? [toRule(row.value)] : [])))
}

function policiesOf(parts: Parts, { id }: RelationRow) {
  const rows = parts.attached.get(id) ?? []
  return sortByName(rows.flatMap((row) => (row.kind === 'policy' ? [toPolicy(row.value)] : [])))
}
