import type { TypeShape } from './type-names.ts'

/** Whether an object came with what is looked at; `maybe` where IF NOT EXISTS leaves it open. */
export type Newness = 'yes' | 'maybe' | 'no'

/** A column as far as statements have told. */
export interface KnownColumn {
  type: TypeShape | undefined
  nullable: boolean
  newness: Newness
}

/** A table as far as statements have told. */
export interface KnownTable {
  newness: Newness
  partitioned: boolean
  columns: Map<string, KnownColumn>
  /** Names of constraints that were added to it, and whether they are new. */
  constraints: Map<string, KnownConstraint>
}

/** A constraint as far as statements have told. */
export interface KnownConstraint {
  kind: 'check' | 'foreign_key' | 'primary_key' | 'unique' | 'other'
  newness: Newness
  validated: boolean
  /** The column that it proves to be without nulls. */
  notNull: string | undefined
}

/** What the statements read so far have made: a catalog for checks that have none. Keys are `schema.name`. */
export interface KnownObjects {
  /** The schema that names without one mean. */
  readonly schema: string
  readonly tables: Map<string, KnownTable>
  /** Indexes with the key of their table. */
  readonly indexes: Map<string, { readonly table: string; newness: Newness }>
  /** Enums, domains, sequences, views and routines that are new. */
  readonly others: Map<string, Newness>
}

/** Nothing known yet. */
export function knowNothing(schema: string): KnownObjects {
  return { schema, tables: new Map(), indexes: new Map(), others: new Map() }
}

/** A copy that can be added to without changing this one. */
export function copyOf(known: KnownObjects): KnownObjects {
  return structuredClone(known)
}

/** Makes everything old: by the next migration there may be rows in it. */
export function settle(known: KnownObjects): void {
  for (const table of known.tables.values()) {
    table.newness = 'no'
    for (const column of table.columns.values()) column.newness = 'no'
    for (const constraint of table.constraints.values()) constraint.newness = 'no'
  }
  for (const index of known.indexes.values()) index.newness = 'no'
  for (const key of known.others.keys()) known.others.set(key, 'no')
}
