import type { Catalog } from './database-catalog.ts'
import type { Constraint } from './constraint.ts'
import { objectKey, type ObjectKind } from './object.ts'
import type { Column, Index, Policy, Rule, Table, Trigger, View } from './relation.ts'
import type {
  Collation,
  DefaultPrivileges,
  EventTrigger,
  Extension,
  Publication,
  Routine,
  Schema,
  Sequence,
  Statistics,
  UserType,
} from './schema-object.ts'

/** What the catalog holds of each kind of object. */
export interface ObjectValues {
  readonly schema: Schema
  readonly extension: Extension
  readonly collation: Collation
  readonly type: UserType
  readonly sequence: Sequence
  readonly table: Table
  readonly view: View
  readonly routine: Routine
  readonly statistics: Statistics
  readonly event_trigger: EventTrigger
  readonly publication: Publication
  readonly default_privileges: DefaultPrivileges
  readonly column: Column
  readonly constraint: Constraint
  readonly index: Index
  readonly trigger: Trigger
  readonly rule: Rule
  readonly policy: Policy
}

/** Which object it is, whatever its definition. */
export interface ObjectIdentity {
  readonly kind: ObjectKind
  /** Its names from the outside in, as `['public', 'runs', 'id']`. */
  readonly path: readonly string[]
  /** Its identity: kind and path as one text. */
  readonly key: string
  /** The key of the table or view that it is a part of. */
  readonly partOf: string | null
}

interface ObjectOf<Kind extends ObjectKind> extends ObjectIdentity {
  readonly kind: Kind
  readonly value: ObjectValues[Kind]
}

/** One object of a catalog with its identity. */
export type CatalogObject = { readonly [Kind in ObjectKind]: ObjectOf<Kind> }[ObjectKind]

// A catalog is never changed, and many ask for its objects: comparing, rendering, provenance, findings.
const known = new WeakMap<Catalog, readonly CatalogObject[]>()

/**
 * Every object of a catalog, one by one: what two catalogs are compared by, and what a migration is said to provide.
 * A table comes before its parts; the parts of a view that only repeat its query, its columns, are not objects.
 */
export function objects(catalog: Catalog): readonly CatalogObject[] {
  const before = known.get(catalog)
  if (before !== undefined) return before
  const found = [...eachObject(catalog)]
  known.set(catalog, found)
  return found
}

function* eachObject(catalog: Catalog): Generator<CatalogObject> {
  for (const value of catalog.schemas) yield object('schema', [value.name], value)
  for (const value of catalog.extensions) yield object('extension', [value.name], value)
  for (const value of catalog.collations) yield object('collation', [value.schema, value.name], value)
  for (const value of catalog.types) yield object('type', [value.schema, value.name], value)
  for (const value of catalog.sequences) yield object('sequence', [value.schema, value.name], value)
  for (const value of catalog.tables) yield* tableObjects(value)
  for (const value of catalog.views) yield* viewObjects(value)
  for (const value of catalog.routines) {
    yield object('routine', [value.schema, value.name, value.argumentTypes.join(', ')], value)
  }
  for (const value of catalog.statistics) yield object('statistics', [value.schema, value.name], value)
  for (const value of catalog.eventTriggers) yield object('event_trigger', [value.name], value)
  for (const value of catalog.publications) yield object('publication', [value.name], value)
  for (const value of catalog.defaultPrivileges) {
    yield object('default_privileges', [value.role, value.schema ?? '', value.objects], value)
  }
}

function* tableObjects(table: Table): Generator<CatalogObject> {
  const whole = object('table', [table.schema, table.name], table)
  yield whole
  for (const value of table.columns) yield part('column', whole, value)
  for (const value of table.constraints) yield part('constraint', whole, value)
  for (const value of table.indexes) yield part('index', whole, value)
  for (const value of table.triggers) yield part('trigger', whole, value)
  for (const value of table.rules) yield part('rule', whole, value)
  for (const value of table.policies) yield part('policy', whole, value)
}

function* viewObjects(view: View): Generator<CatalogObject> {
  const whole = object('view', [view.schema, view.name], view)
  yield whole
  for (const value of view.indexes) yield part('index', whole, value)
  for (const value of view.triggers) yield part('trigger', whole, value)
  for (const value of view.rules) yield part('rule', whole, value)
}

function object<Kind extends ObjectKind>(
  kind: Kind,
  path: readonly string[],
  value: ObjectValues[Kind],
  partOf: string | null = null,
): ObjectOf<Kind> {
  return { kind, path, key: objectKey(kind, path), partOf, value }
}

function part<Kind extends 'column' | 'constraint' | 'index' | 'trigger' | 'rule' | 'policy'>(
  kind: Kind,
  whole: ObjectOf<'table'> | ObjectOf<'view'>,
  value: ObjectValues[Kind],
): ObjectOf<Kind> {
  return object(kind, [...whole.path, value.name], value, whole.key)
}
