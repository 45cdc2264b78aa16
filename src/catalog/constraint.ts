import type { ObjectName } from './object.ts'

/** A constraint of a table. */
export type Constraint =
  | PrimaryKeyConstraint
  | UniqueConstraint
  | ForeignKeyConstraint
  | CheckConstraint
  | ExclusionConstraint
  | NotNullConstraint

interface ConstraintBase {
  /** SQLite lets a constraint go without a name; it is then given the one that PostgreSQL would have chosen. */
  readonly name: string
  /** When a deferrable one is checked, unless a transaction says otherwise. */
  readonly deferrable: 'no' | 'immediate' | 'deferred'
  /** False for NOT VALID: rows from before it have not been checked. */
  readonly validated: boolean
  /** False for PostgreSQL 18's NOT ENFORCED: it is never checked. */
  readonly enforced: boolean
  /** False when a trigger that enforces it has been disabled, as ALTER TABLE ... DISABLE TRIGGER ALL does. */
  readonly triggersEnabled: boolean
  /** Whether it is here only because a parent table has it. */
  readonly inherited: boolean
  readonly comment: string | null
  /** What follows its name in ALTER TABLE ... ADD CONSTRAINT. */
  readonly definition: string
}

/** A primary key. */
export interface PrimaryKeyConstraint extends ConstraintBase {
  readonly kind: 'primary_key'
  readonly columns: readonly string[]
  readonly include: readonly string[]
  /** Its last column is a range, and compared by overlap (PostgreSQL 18). */
  readonly withoutOverlaps: boolean
  /** The index that serves it; null where the table itself is the index, as on SQLite. */
  readonly index: string | null
}

/** A unique constraint. */
export interface UniqueConstraint extends ConstraintBase {
  readonly kind: 'unique'
  readonly columns: readonly string[]
  readonly include: readonly string[]
  readonly nullsNotDistinct: boolean
  /** Its last column is a range, and compared by overlap (PostgreSQL 18). */
  readonly withoutOverlaps: boolean
  readonly index: string | null
}

/** What happens to a row when the one that it refers to is deleted or gets another key. */
export type ReferentialAction = 'no_action' | 'restrict' | 'cascade' | 'set_null' | 'set_default'

/** A foreign key. */
export interface ForeignKeyConstraint extends ConstraintBase {
  readonly kind: 'foreign_key'
  readonly columns: readonly string[]
  readonly references: ObjectName & { readonly columns: readonly string[] }
  readonly match: 'simple' | 'full' | 'partial'
  readonly onUpdate: ReferentialAction
  readonly onDelete: ReferentialAction
  /** The columns that ON DELETE SET NULL or SET DEFAULT sets; empty for all of them. */
  readonly onDeleteColumns: readonly string[]
  /** Its last columns are ranges, and matched by containment (PostgreSQL 18). */
  readonly period: boolean
}

/** A check of each row. */
export interface CheckConstraint extends ConstraintBase {
  readonly kind: 'check'
  /** The columns it looks at. Empty on SQLite, which does not say. */
  readonly columns: readonly string[]
  /** As SQL. */
  readonly expression: string
  readonly noInherit: boolean
}

/** No two rows for which all of the operators hold. */
export interface ExclusionConstraint extends ConstraintBase {
  readonly kind: 'exclusion'
  /** One for each key of the index. */
  readonly operators: readonly string[]
  readonly index: string
}

/** A column without nulls, as a constraint with a name: PostgreSQL has these from 18 on. */
export interface NotNullConstraint extends ConstraintBase {
  readonly kind: 'not_null'
  readonly column: string
  readonly noInherit: boolean
}
