import type { Column } from './relation.ts'
import type { Grant, ObjectName, Settings } from './object.ts'

/** A namespace; a SQLite database has one, `main`. */
export interface Schema {
  readonly name: string
  readonly owner: string | null
  readonly comment: string | null
  readonly grants: readonly Grant[]
}

/** An installed extension. What belongs to it is not in the catalog. */
export interface Extension {
  readonly name: string
  readonly version: string
  readonly schema: string
  readonly comment: string | null
}

/** A sequence. Numbers are texts, since they have up to 64 bits. Where it stands is data, and not told. */
export interface Sequence extends ObjectName {
  readonly owner: string
  readonly comment: string | null
  readonly persistence: 'permanent' | 'unlogged'
  readonly type: string
  readonly start: string
  readonly increment: string
  readonly minimum: string
  readonly maximum: string
  readonly cache: string
  readonly cycle: boolean
  /** The column that it is dropped with. */
  readonly ownedBy: { readonly table: ObjectName; readonly column: string } | null
  /** Whether it is the inside of an identity column, and is made, changed and dropped through that. */
  readonly identity: boolean
  readonly grants: readonly Grant[]
}

/** A function of any kind. Its identity is its name and the types of its input arguments. */
export interface Routine extends ObjectName {
  readonly kind: 'function' | 'procedure' | 'aggregate' | 'window'
  readonly owner: string
  readonly comment: string | null
  /** The types of the input arguments: with the name they are its identity. */
  readonly argumentTypes: readonly string[]
  /** The arguments as ALTER, DROP and COMMENT take them. */
  readonly identityArguments: string
  /** The arguments in full, with their names and defaults. */
  readonly arguments: string
  /** The type of the result; null for a procedure. */
  readonly result: string | null
  readonly language: string
  readonly volatility: 'immutable' | 'stable' | 'volatile'
  readonly strict: boolean
  readonly securityDefiner: boolean
  readonly leakproof: boolean
  readonly parallel: 'safe' | 'restricted' | 'unsafe'
  /** Settings that hold while it runs, such as `search_path`. */
  readonly settings: Settings
  /** The statement that creates it. */
  readonly definition: string
  readonly grants: readonly Grant[]
}

/** A type that somebody made. */
export type UserType = EnumType | DomainType | CompositeType | RangeType

interface UserTypeBase extends ObjectName {
  readonly owner: string
  readonly comment: string | null
  readonly grants: readonly Grant[]
}

/** A list of labels. */
export interface EnumType extends UserTypeBase {
  readonly kind: 'enum'
  /** In their order. */
  readonly labels: readonly string[]
}

/** A type with rules of its own. */
export interface DomainType extends UserTypeBase {
  readonly kind: 'domain'
  readonly base: string
  readonly nullable: boolean
  readonly default: string | null
  readonly collation: string | null
  readonly constraints: readonly DomainConstraint[]
}

/** One rule of a domain. That it is not null has a name from PostgreSQL 17 on; `expression` is null then. */
export interface DomainConstraint {
  readonly kind: 'check' | 'not_null'
  readonly name: string
  readonly expression: string | null
  readonly validated: boolean
  readonly comment: string | null
  readonly definition: string
}

/** A row type without a table. */
export interface CompositeType extends UserTypeBase {
  readonly kind: 'composite'
  readonly attributes: readonly Column[]
}

/** A range over another type. */
export interface RangeType extends UserTypeBase {
  readonly kind: 'range'
  readonly subtype: string
  /** Null when it is the default one of the subtype. */
  readonly operatorClass: string | null
  readonly collation: string | null
  readonly canonical: ObjectName | null
  readonly difference: ObjectName | null
  /** Null before PostgreSQL 14, which has none. */
  readonly multirange: ObjectName | null
}

/** Statistics over several columns or expressions (CREATE STATISTICS). */
export interface Statistics extends ObjectName {
  readonly owner: string
  readonly comment: string | null
  readonly table: ObjectName
  readonly kinds: readonly ('ndistinct' | 'dependencies' | 'mcv' | 'expressions')[]
  readonly columns: readonly string[]
  /** The statistics target; null when it is the server's default. */
  readonly target: number | null
  readonly definition: string
}

/** A collation that somebody made. */
export interface Collation extends ObjectName {
  readonly owner: string
  readonly comment: string | null
  readonly provider: 'default' | 'libc' | 'icu' | 'builtin'
  readonly deterministic: boolean
  readonly locale: string | null
}

/** A trigger on commands that define things. */
export interface EventTrigger {
  readonly name: string
  readonly owner: string
  readonly comment: string | null
  readonly event: string
  /** The commands that it is for; empty for all of them. */
  readonly tags: readonly string[]
  readonly function: ObjectName
  readonly enabled: 'origin' | 'disabled' | 'replica' | 'always'
}

/** What logical replication sends. */
export interface Publication {
  readonly name: string
  readonly owner: string
  readonly comment: string | null
  readonly allTables: boolean
  readonly events: readonly ('insert' | 'update' | 'delete' | 'truncate')[]
  /** Whether changes of a partition are sent as those of the partitioned table. */
  readonly viaRoot: boolean
  readonly tables: readonly PublishedTable[]
  /** Schemas of which every table is sent (PostgreSQL 15). */
  readonly schemas: readonly string[]
}

/** One table of a publication. */
export interface PublishedTable {
  readonly table: ObjectName
  /** Null for all columns. */
  readonly columns: readonly string[] | null
  /** Which rows, as SQL; null for all. */
  readonly where: string | null
}

/** What is granted on objects that a role will create. */
export interface DefaultPrivileges {
  readonly role: string
  /** Null for every schema. */
  readonly schema: string | null
  readonly objects: 'tables' | 'sequences' | 'functions' | 'types' | 'schemas' | 'large_objects'
  readonly grants: readonly Grant[]
}
