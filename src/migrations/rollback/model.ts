import type { Column, Table } from '../../catalog/catalog.ts'
import type { CheckDeclaration, ColumnDeclaration, IndexDeclaration, ReferentialActionName } from '../actions/action.ts'

/**
 * A schema as actions change it, one after another: what their inverses are made from. Tables and columns are objects, so
 * that what one action was about can still be found under the name that later ones gave it.
 */
export interface Model {
  readonly tables: ModelTable[]
  readonly enums: ModelEnum[]
}

/** A table of a model. */
export interface ModelTable {
  name: string
  /** As the database had it before the migrations; null for a table that one of them made. */
  catalog: Table | null
  columns: ModelColumn[]
  primaryKey: readonly ModelColumn[]
  primaryKeyName: string
  constraints: ModelConstraint[]
  indexes: ModelIndex[]
  comment: string | null
  removed: boolean
  /** How often the table or one of its columns has got another name: what was written before may not fit any more. */
  renames: number
  /** How often its columns have changed. */
  changes: number
}

/** A column of a model. */
export interface ModelColumn {
  declaration: ColumnDeclaration
  /** As the database had it before the migrations; null for a column that one of them made. */
  catalog: Column | null
  removed: boolean
}

/** A constraint other than the primary key. */
export interface ModelConstraint {
  readonly name: string
  /** None for a check that an action made, whose columns are not known. */
  readonly columns: readonly ModelColumn[]
  readonly rule:
    | { readonly kind: 'check'; readonly check: CheckDeclaration & { readonly name: string } }
    | {
        readonly kind: 'foreign_key'
        readonly references: ModelTable
        readonly referenced: readonly ModelColumn[]
        readonly on_delete?: ReferentialActionName | undefined
        readonly on_update?: ReferentialActionName | undefined
      }
    | { readonly kind: 'written' }
  /** What follows its name in ALTER TABLE ... ADD CONSTRAINT, where the database had it; for what no action can say. */
  readonly definition: string | null
  readonly writtenAt: number
}

/** An index that serves no constraint. */
export interface ModelIndex {
  readonly name: string
  readonly keys: readonly (
    | { readonly column: ModelColumn; readonly direction?: 'ASC' | 'DESC'; readonly nulls?: 'FIRST' | 'LAST' }
    | { readonly expression: string; readonly direction?: 'ASC' | 'DESC'; readonly nulls?: 'FIRST' | 'LAST' }
  )[]
  /** Undefined for one that no action can say. */
  readonly rest: Pick<IndexDeclaration, 'unique' | 'type' | 'where'> | undefined
  /** The columns that it goes with. */
  readonly columns: readonly ModelColumn[]
  readonly definition: string | null
  readonly writtenAt: number
}

/** An enumeration of a model. */
export interface ModelEnum {
  readonly name: string
  labels: readonly string[]
  removed: boolean
}

/** A table by its present name. */
export function findTable({ tables }: Model, name: string): ModelTable | undefined {
  return tables.find((table) => table.name === name && !table.removed)
}

/** A column by its present name. */
export function findColumn(table: ModelTable, name: string): ModelColumn | undefined {
  return table.columns.find(({ declaration, removed }) => declaration.name === name && !removed)
}

/** An enum by its name. */
export function findEnum({ enums }: Model, name: string): ModelEnum | undefined {
  return enums.find((one) => one.name === name && !one.removed)
}

/** Whether a text that the server has printed has a column of that name in it. */
export function mentions(text: string, name: string): boolean {
  const quoted = `"${name.replaceAll('"', '""')}"`
  if (text.includes(quoted)) return true
  return (
    /^[a-z_][a-z0-9_$]*$/.test(name) && new RegExp(`(?<![\\w$"])${name.replaceAll('$', '\\$')}(?![\\w$"])`).test(text)
  )
}
