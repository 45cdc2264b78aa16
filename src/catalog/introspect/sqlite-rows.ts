import type { TableText } from './sqlite-create-table.ts'

/** Something that SQLite tells of a table or a view. */
export type SqliteRow = { readonly relation: string } & (
  | { readonly kind: 'relation'; readonly value: RelationValue }
  | { readonly kind: 'trigger'; readonly value: RelationValue }
  | { readonly kind: 'column'; readonly value: ColumnValue }
  | { readonly kind: 'foreign_key'; readonly value: ForeignKeyValue }
  | { readonly kind: 'index'; readonly value: IndexValue }
  | { readonly kind: 'index_key'; readonly value: IndexKeyValue }
)

/** A table, a view or a trigger as `sqlite_master` has it. */
export interface RelationValue {
  readonly type: 'table' | 'view' | 'virtual' | 'trigger'
  readonly name: string
  readonly sql: string
  readonly strict: 0 | 1
  readonly withoutRowId: 0 | 1
}

/** A column as `pragma table_xinfo` tells it. */
export interface ColumnValue {
  readonly number: number
  readonly name: string
  readonly type: string
  readonly notNull: 0 | 1
  readonly default: string | null
  /** Its place in the primary key, from 1. */
  readonly primaryKey: number
  /** 1 hidden, 2 generated when read, 3 generated when written. */
  readonly hidden: 0 | 1 | 2 | 3
}

/** All that is known of one table. */
export interface TableFacts extends RelationValue {
  readonly text: TableText
  readonly columns: readonly ColumnValue[]
  readonly foreignKeys: readonly ForeignKeyValue[]
  readonly indexes: readonly IndexValue[]
  readonly indexKeys: readonly IndexKeyValue[]
}

/** One column of a foreign key as `pragma foreign_key_list` tells it. */
interface ForeignKeyValue {
  /** Counts from the last key of the table to the first. */
  readonly id: number
  readonly place: number
  readonly table: string
  readonly from: string
  /** Null where it refers to the primary key. */
  readonly to: string | null
  readonly onUpdate: string
  readonly onDelete: string
  readonly match: string
}

/** An index as `pragma index_list` tells it, and its statement. */
export interface IndexValue {
  readonly name: string
  readonly unique: 0 | 1
  /** Made by CREATE INDEX, for a unique constraint, or for the primary key. */
  readonly origin: 'c' | 'u' | 'pk'
  readonly sql: string | null
}

/** A key of an index as `pragma index_xinfo` tells it; `column` is null for an expression. */
export interface IndexKeyValue {
  readonly index: string
  readonly place: number
  readonly column: string | null
  readonly descending: 0 | 1
  readonly collation: string | null
}
