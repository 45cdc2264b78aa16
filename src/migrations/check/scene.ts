import type { Catalog, Index, Table } from '../../catalog/catalog.ts'
import type { KnownColumn, KnownConstraint, KnownObjects, KnownTable, Newness } from './known-objects.ts'
import { keyOf } from './note-statement.ts'
import type { Script, SeenStatement } from './seen-statement.ts'
import type { ColumnSample, IndexUse, TableSize, TableStatistics } from './statistics.ts'
import type { ObjectRef } from './tree.ts'
import { shapeOfColumn, type TypeShape } from './type-names.ts'

/** What is known around a file. All of it is optional but the schema. */
export interface HazardContext {
  /** The schema that names without one mean. */
  readonly schema: string
  /** What the files before it have made; what is not settled among it is new. */
  readonly known?: KnownObjects | undefined
  /** The schema as it is right before the file runs. */
  readonly catalogBefore?: Catalog | undefined
  readonly statistics?: TableStatistics | undefined
}

/** A statement's surroundings, as rules ask for them: what is there before it runs. */
export interface Scene {
  readonly script: Script
  /** All of the script, in order. */
  readonly statements: readonly SeenStatement[]
  readonly catalog: Catalog | undefined
  readonly schema: string
  /** Whether a table came with what is looked at, so that nobody uses it yet and it is as good as empty. */
  isNew(table: ObjectRef): boolean
  isNewColumn(table: ObjectRef, column: string): boolean
  isNewIndex(index: ObjectRef): boolean
  /** Whether an enum, a domain, a view, a sequence or a routine is new. */
  isNewObject(object: ObjectRef): boolean
  /** The table as it was before the file. */
  table(table: ObjectRef): Table | undefined
  /** The index, with its table, as it was before the file. */
  index(index: ObjectRef): { readonly table: Table; readonly index: Index } | undefined
  isPartitioned(table: ObjectRef): boolean
  /** The type of a column; undefined when nobody said. */
  typeOf(table: ObjectRef, column: string): TypeShape | undefined
  /** Whether nulls can be in a column; undefined when nobody said. */
  isNullable(table: ObjectRef, column: string): boolean | undefined
  /** Whether a validated check proves that a column has no nulls. */
  isProvenNotNull(table: ObjectRef, column: string): boolean
  constraint(table: ObjectRef, name: string): KnownConstraint | undefined
  size(table: ObjectRef): TableSize | undefined
  sample(table: ObjectRef, column: string): ColumnSample | undefined
  use(index: ObjectRef): IndexUse | undefined
}

/** The scene of a script. `known` is read when a rule asks, so it must hold what is there before the statement at hand. */
export function sceneOf(
  script: Script,
  statements: readonly SeenStatement[],
  { schema, catalogBefore: catalog, statistics }: HazardContext,
  known: KnownObjects,
): Scene {
  const matches = (ref: ObjectRef) => (object: { schema: string; name: string }) =>
    object.name === ref.name && object.schema === (ref.schema ?? schema)
  const knownTable = (ref: ObjectRef): KnownTable | undefined => known.tables.get(keyOf(known, ref))
  const table = (ref: ObjectRef) => catalog?.tables.find(matches(ref))
  const knownColumn = (ref: ObjectRef, name: string): KnownColumn | undefined => knownTable(ref)?.columns.get(name)
  const column = (ref: ObjectRef, name: string) => table(ref)?.columns.find((one) => one.name === name)
  const isNew = (newness: Newness | undefined, found: unknown) =>
    newness === 'yes' || (catalog === undefined ? newness === 'maybe' : found === undefined)
  const index = (ref: ObjectRef) =>
    catalog?.tables
      .filter((one) => one.schema === (ref.schema ?? schema))
      .flatMap((one) =>
        one.indexes.filter(({ name }) => name === ref.name).map((found) => ({ table: one, index: found })),
      )[0]
  const indexOfView = (ref: ObjectRef) =>
    catalog?.views.find(
      (view) => view.schema === (ref.schema ?? schema) && view.indexes.some(({ name }) => name === ref.name),
    )
  return {
    script,
    statements,
    catalog,
    schema,
    table,
    index,
    isNew: (ref) =>
      ref.schema === 'pg_temp' || isNew(knownTable(ref)?.newness, table(ref) ?? catalog?.views.find(matches(ref))),
    isNewColumn: (ref, name) => isNew(knownColumn(ref, name)?.newness, column(ref, name)),
    isNewIndex: (ref) => isNew(known.indexes.get(keyOf(known, ref))?.newness, index(ref) ?? indexOfView(ref)),
    isNewObject: (ref) => known.others.get(keyOf(known, ref)) === 'yes',
    isPartitioned: (ref) => table(ref)?.kind === 'partitioned' || knownTable(ref)?.partitioned === true,
    typeOf(ref, name) {
      const found = column(ref, name)
      return knownColumn(ref, name)?.type ?? (found && shapeOfColumn(found))
    },
    isNullable: (ref, name) => knownColumn(ref, name)?.nullable ?? column(ref, name)?.nullable,
    isProvenNotNull(ref, name) {
      const proofs = [...(knownTable(ref)?.constraints.values() ?? [])]
      return (
        proofs.some(({ notNull, validated }) => notNull === name && validated) ||
        (table(ref)?.constraints ?? []).some((one) => provesNotNull(one, name))
      )
    },
    constraint(ref, name) {
      const found = table(ref)?.constraints.find((one) => one.name === name)
      return knownTable(ref)?.constraints.get(name) ?? (found && knownConstraint(found))
    },
    size: (ref) => statistics?.tables.find(matches(ref)),
    sample: (ref, name) => statistics?.tables.find(matches(ref))?.columns.find((one) => one.name === name),
    use: (ref) => statistics?.indexes.find(matches(ref)),
  }
}

type Constraint = Table['constraints'][number]

function knownConstraint(constraint: Constraint): KnownConstraint {
  const kind = constraint.kind === 'not_null' || constraint.kind === 'exclusion' ? 'other' : constraint.kind
  return { kind, newness: 'no', validated: constraint.validated, notNull: undefined }
}

// As PostgreSQL prints it: `(name IS NOT NULL)`, with quotes where the name needs them.
function provesNotNull(constraint: Constraint, column: string): boolean {
  if (constraint.kind !== 'check' || !constraint.validated || !constraint.enforced) return false
  const match = /^\(*("(?:[^"]|"")+"|[^\s()]+) IS NOT NULL\)*$/.exec(constraint.expression.trim())
  const named = match?.[1]?.replace(/^"(.*)"$/s, '$1').replaceAll('""', '"')
  return named === column
}
