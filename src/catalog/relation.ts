import type { Constraint } from './constraint.ts'
import type { Grant, ObjectName, Settings } from './object.ts'

/** A table of any kind, with everything that exists only as part of it. */
export interface Table extends ObjectName {
  /** `virtual` is SQLite's: rows that a module such as `fts5` makes up. */
  readonly kind: 'table' | 'partitioned' | 'foreign' | 'virtual'
  readonly owner: string | null
  readonly comment: string | null
  readonly persistence: 'permanent' | 'unlogged'
  /** In the order in which `select *` gives them. */
  readonly columns: readonly Column[]
  readonly constraints: readonly Constraint[]
  /** Also those that serve a constraint; `constraint` tells. */
  readonly indexes: readonly Index[]
  readonly triggers: readonly Trigger[]
  readonly rules: readonly Rule[]
  readonly policies: readonly Policy[]
  readonly rowSecurity: RowSecurity
  /** What identifies a changed row to logical replication; with `index`, the index that says so of itself. */
  readonly replicaIdentity: 'default' | 'full' | 'nothing' | 'index'
  /** The tables it inherits from, in their order; a partition's parent stands in `partitionOf` instead. */
  readonly inherits: readonly ObjectName[]
  /** How rows are spread over partitions, as `RANGE (created_at)`; null unless the table is partitioned. */
  readonly partitionKey: string | null
  /** Where it stands among the partitions of another table; `bound` as SQL, as `FOR VALUES IN ('a')` or `DEFAULT`. */
  readonly partitionOf: { readonly parent: ObjectName; readonly bound: string } | null
  /** Where the rows of a foreign table are. */
  readonly foreign: { readonly server: string; readonly options: Settings } | null
  readonly accessMethod: string | null
  readonly tablespace: string | null
  /** Storage options such as `fillfactor`; on SQLite `strict`, `without_rowid`, and the `module` of a virtual table. */
  readonly options: Settings
  readonly grants: readonly Grant[]
}

/** Whether policies apply, and whether to the owner too. */
export interface RowSecurity {
  readonly enabled: boolean
  readonly forced: boolean
}

/** One column of a table, a view or a composite type. */
export interface Column {
  readonly name: string
  /** The exact type, with its length or precision, and with its schema unless that is PostgreSQL's own. */
  readonly type: string
  /** Whether a null can be met in it; a NOT NULL constraint that is not validated rules out nothing yet. */
  readonly nullable: boolean
  /** The expression, as SQL. */
  readonly default: string | null
  readonly identity: Identity | null
  readonly generated: { readonly storage: 'stored' | 'virtual'; readonly expression: string } | null
  /** As SQL; null when it is the type's own. */
  readonly collation: string | null
  readonly comment: string | null
  /** How long values are kept, as `external`; null when it is the type's own way. */
  readonly storage: 'plain' | 'external' | 'extended' | 'main' | null
  /** The compression asked for, as `lz4`; null when it is the server's default. */
  readonly compression: string | null
  /** The statistics target; null when it is the server's default. */
  readonly statistics: number | null
  /** Whether it is here only because a parent table has it. */
  readonly inherited: boolean
  /** Options such as `n_distinct`, and those of a foreign table's wrapper. */
  readonly options: Settings
  readonly grants: readonly Grant[]
}

/** Where a column's numbers come from when none is given. */
export type Identity =
  | { readonly kind: 'always' | 'by_default'; readonly sequence: ObjectName }
  /** SQLite's AUTOINCREMENT: a number that was given out once is never given out again. */
  | { readonly kind: 'autoincrement' }

/** An index of a table or a materialized view; it lives in the schema of that. */
export interface Index {
  readonly name: string
  /** `btree`, `gin`, `hnsw`, ... */
  readonly method: string
  readonly keys: readonly IndexKey[]
  /** Columns that are carried along without being part of the key. */
  readonly include: readonly string[]
  readonly unique: boolean
  readonly nullsNotDistinct: boolean
  /** The condition of a partial index, as SQL. */
  readonly predicate: string | null
  /** False when a concurrent build failed or is under way: no query uses the index. */
  readonly valid: boolean
  /** False when not even inserts keep it up to date yet. */
  readonly ready: boolean
  readonly clustered: boolean
  readonly replicaIdentity: boolean
  /** The primary key, unique or exclusion constraint that it serves. */
  readonly constraint: string | null
  /** The index of the partitioned table that this one is a part of. */
  readonly partOf: ObjectName | null
  readonly tablespace: string | null
  readonly options: Settings
  readonly comment: string | null
  /** The statement that creates it; null where SQLite made it for a constraint. */
  readonly definition: string | null
}

/** One key of an index: a column or an expression, and how it is ordered. */
export type IndexKey = ({ readonly kind: 'column'; readonly column: string } | IndexExpression) & {
  readonly order: 'asc' | 'desc'
  readonly nulls: 'first' | 'last'
  /** Null when it is the default one of the type. */
  readonly operatorClass: string | null
  readonly operatorClassOptions: Settings
  /** As SQL; null when it is that of the column or expression. */
  readonly collation: string | null
}

/** An index key that is computed; `expression` as SQL. */
export interface IndexExpression {
  readonly kind: 'expression'
  readonly expression: string
}

/** A trigger on a table or a view. */
export interface Trigger {
  readonly name: string
  readonly timing: 'before' | 'after' | 'instead_of'
  readonly events: readonly ('insert' | 'update' | 'delete' | 'truncate')[]
  /** The columns after UPDATE OF; empty for any. */
  readonly columns: readonly string[]
  readonly level: 'row' | 'statement'
  /** Null on SQLite, where the body is part of the trigger. */
  readonly function: ObjectName | null
  /** When it fires: `origin` is the usual; `replica` and `always` also or only while replicating. */
  readonly enabled: 'origin' | 'disabled' | 'replica' | 'always'
  /** Whether it is a constraint trigger. */
  readonly constraint: boolean
  /** Whether it is here only because the partitioned table has it. */
  readonly inherited: boolean
  readonly comment: string | null
  readonly definition: string
}

/** A rewrite rule, other than the one that makes a view. */
export interface Rule {
  readonly name: string
  readonly event: 'select' | 'insert' | 'update' | 'delete'
  readonly instead: boolean
  readonly enabled: Trigger['enabled']
  readonly comment: string | null
  readonly definition: string
}

/** A row-level security policy. */
export interface Policy {
  readonly name: string
  readonly command: 'all' | 'select' | 'insert' | 'update' | 'delete'
  readonly permissive: boolean
  /** The roles that it binds; `public` stands for everybody, and in what a shadow expects `current_user` for whoever migrates. */
  readonly roles: readonly string[]
  /** Which rows can be seen, as SQL. */
  readonly using: string | null
  /** Which rows may be written, as SQL. */
  readonly check: string | null
  readonly comment: string | null
}

/** A view, plain or materialized. */
export interface View extends ObjectName {
  readonly kind: 'view' | 'materialized'
  readonly owner: string | null
  readonly comment: string | null
  readonly columns: readonly Column[]
  /** The query; on SQLite the whole CREATE VIEW statement. */
  readonly definition: string
  /** False for a materialized view that was never filled. */
  readonly populated: boolean
  /** Of a materialized view only. */
  readonly indexes: readonly Index[]
  readonly triggers: readonly Trigger[]
  readonly rules: readonly Rule[]
  /** Such as `security_invoker` and `check_option`. */
  readonly options: Settings
  readonly accessMethod: string | null
  readonly tablespace: string | null
  readonly grants: readonly Grant[]
}
