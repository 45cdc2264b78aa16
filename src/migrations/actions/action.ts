/** SQL that an author wrote as a string: an expression, a type, a clause or a script. */
export type SqlText = string

/** A column as a file declares it. */
export interface ColumnDeclaration {
  readonly name: string
  /** As the author wrote it: `NUMERIC(12,2)`, `TEXT[]`. */
  readonly type: SqlText
  /** Default true; a column of the primary key is never null. */
  readonly nullable?: boolean | undefined
  readonly default?: SqlText | undefined
  /** What follows GENERATED: `ALWAYS AS IDENTITY`, `ALWAYS AS (a + b) STORED`. */
  readonly generated?: SqlText | undefined
  readonly comment?: string | undefined
}

/** What happens to a row when the one that it refers to goes or changes its key, in upper case. */
export type ReferentialActionName = 'NO ACTION' | 'RESTRICT' | 'CASCADE' | 'SET NULL' | 'SET DEFAULT'

/** A foreign key as a file declares it; both lists have the same length. */
export interface ForeignKeyDeclaration {
  readonly columns: readonly string[]
  readonly referenced_table: string
  readonly referenced_columns: readonly string[]
  readonly on_delete?: ReferentialActionName | undefined
  readonly on_update?: ReferentialActionName | undefined
}

/** One key of an index: a column or an expression. */
export interface IndexKeyDeclaration {
  readonly column?: string | undefined
  readonly expression?: SqlText | undefined
  readonly direction?: 'ASC' | 'DESC' | undefined
  readonly nulls?: 'FIRST' | 'LAST' | undefined
}

/** An index as a file declares it; a column written as a bare string is read as `{ column }`. */
export interface IndexDeclaration {
  readonly name: string
  readonly columns: readonly IndexKeyDeclaration[]
  readonly unique?: boolean | undefined
  readonly type?: 'btree' | 'hash' | 'gist' | 'spgist' | 'gin' | 'brin' | undefined
  /** The condition of a partial index. */
  readonly where?: SqlText | undefined
}

/** A check as a file declares it; `create_table` may leave the name to us. */
export interface CheckDeclaration {
  readonly name?: string | undefined
  readonly expression: SqlText
}

/** A value that comes from another table: `table` the source, `where` how its rows belong to the target's. */
export interface CrossTable {
  readonly table: string
  readonly value: SqlText
  readonly where: SqlText
}

/** What to do when `up` fails on a row that an old session writes: fail the write (default), or leave the row pending. */
export type UpErrors = 'fail' | 'defer'

/** Where the rows of a new table come from. */
export interface DerivedRows {
  readonly table: string
  /** New column to expression over a row of the source. */
  readonly values: Readonly<Record<string, SqlText>>
  /** The unique or primary key constraint of the new table by which rows are recognised; default its primary key. */
  readonly upsert_constraint?: string | undefined
  /** Accepted because published files have it, and ignored as it always was; a warning says so. */
  readonly where?: SqlText | undefined
  /** `delete`: a row goes when its source row goes. Default `keep`. */
  readonly on_source_delete?: 'keep' | 'delete' | undefined
}

/** A table that new sessions see from the start on; filled from another one where `up` says so. */
export interface CreateTable {
  readonly type: 'create_table'
  readonly name: string
  readonly columns: readonly ColumnDeclaration[]
  /** At least one; a bare string in the file is read as a list of one. */
  readonly primary_key: readonly string[]
  readonly foreign_keys?: readonly ForeignKeyDeclaration[] | undefined
  readonly checks?: readonly CheckDeclaration[] | undefined
  readonly comment?: string | undefined
  readonly up?: DerivedRows | undefined
}

/** Each version sees the table under its own name until the batch is complete. */
export interface RenameTable {
  readonly type: 'rename_table'
  readonly table: string
  readonly new_name: string
}

/** New sessions do not see the table; it is dropped when the batch completes. */
export interface RemoveTable {
  readonly type: 'remove_table'
  readonly table: string
}

/** A column that only new sessions see until the batch is complete. */
export interface AddColumn {
  readonly type: 'add_column'
  readonly table: string
  readonly column: ColumnDeclaration
  readonly up?: SqlText | CrossTable | undefined
  /** What rows get that old sessions insert, where `up` reads the table itself. */
  readonly on_insert?: SqlText | undefined
  readonly up_errors?: UpErrors | undefined
  /** A query that gives the key columns of the table and `value`, instead of `up` for the rows that exist already. */
  readonly backfill?: SqlText | undefined
}

/** Another name, type, default, comment or nullability of a column, or other values in it. */
export interface AlterColumn {
  readonly type: 'alter_column'
  readonly table: string
  readonly column: string
  readonly up?: SqlText | undefined
  readonly down?: SqlText | undefined
  readonly changes?:
    | {
        readonly name?: string | undefined
        readonly type?: SqlText | undefined
        readonly nullable?: boolean | undefined
        readonly default?: SqlText | undefined
        readonly comment?: string | undefined
      }
    | undefined
  readonly on_insert?: SqlText | undefined
  readonly up_errors?: UpErrors | undefined
  readonly backfill?: SqlText | undefined
}

/** New sessions do not see the column; `down` gives it a value in the rows that they insert. */
export interface RemoveColumn {
  readonly type: 'remove_column'
  readonly table: string
  readonly column: string
  readonly down?: SqlText | CrossTable | undefined
}

/** An index, built while both versions read and write the table. */
export interface AddIndex {
  readonly type: 'add_index'
  readonly table: string
  readonly index: IndexDeclaration
}

/** An index of any table of the schema, dropped when the batch completes. */
export interface RemoveIndex {
  readonly type: 'remove_index'
  readonly index: string
}

/** A foreign key, checked against existing rows without stopping either version. */
export interface AddForeignKey {
  readonly type: 'add_foreign_key'
  readonly table: string
  readonly foreign_key: ForeignKeyDeclaration
}

/** A foreign key, dropped when the batch completes. */
export interface RemoveForeignKey {
  readonly type: 'remove_foreign_key'
  readonly table: string
  /** The constraint's name. */
  readonly foreign_key: string
}

/** An enum type. */
export interface CreateEnum {
  readonly type: 'create_enum'
  readonly name: string
  readonly values: readonly string[]
}

/** Labels that an enum gets at its end. */
export interface AlterEnum {
  readonly type: 'alter_enum'
  readonly name: string
  /** New labels, each with the old label (as SQL) that old sessions read in its place. */
  readonly add: readonly { readonly value: string; readonly down: SqlText }[]
}

/** An enum type, dropped when the batch completes. */
export interface RemoveEnum {
  readonly type: 'remove_enum'
  readonly enum: string
}

/** A check constraint, which binds both versions from the start on. */
export interface AddCheck {
  readonly type: 'add_check'
  readonly table: string
  readonly check: CheckDeclaration & { readonly name: string }
}

/** A check constraint, dropped when the batch completes. */
export interface RemoveCheck {
  readonly type: 'remove_check'
  readonly table: string
  /** The constraint's name. */
  readonly check: string
}

/** Row-level security that shows a session the rows of its tenant only, once the batch is complete. */
export interface TenantIsolation {
  readonly type: 'tenant_isolation'
  readonly table: string
  /** Default `tenant_id`. */
  readonly column?: string | undefined
  /** Default `app.tenant_id`. */
  readonly setting?: string | undefined
  /** Roles of the application. */
  readonly roles?: readonly string[] | undefined
}

/** The author's own SQL for the phases of a batch. */
export interface Custom {
  readonly type: 'custom'
  readonly start?: SqlText | undefined
  readonly complete?: SqlText | undefined
  readonly abort?: SqlText | undefined
}

/** One action of a migration file, with the keys that the file has. */
export type Action =
  | CreateTable
  | RenameTable
  | RemoveTable
  | AddColumn
  | AlterColumn
  | RemoveColumn
  | AddIndex
  | RemoveIndex
  | AddForeignKey
  | RemoveForeignKey
  | CreateEnum
  | AlterEnum
  | RemoveEnum
  | AddCheck
  | RemoveCheck
  | TenantIsolation
  | Custom

/** The name of a kind of action, as `type` has it. */
export type ActionType = Action['type']

/** A place in an action's file, as the keys that lead there: `['actions', 0, 'up']`. */
export type KeyPath = readonly (string | number)[]
