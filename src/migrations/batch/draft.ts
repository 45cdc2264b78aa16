import type { Catalog, Column, Table } from '../../catalog/catalog.ts'
import { sql, id, join, type Sql } from '../../database/database.ts'
import type { MetastoreError } from '../../errors.ts'
import type { Binding, DataCheck } from '../preflight/preflight-plan.ts'
import type { SyncRule } from '../sync/rule.ts'
import type { AbortCheck, BatchInput, Loss } from './compiled-batch.ts'
import { versionSchemaName } from './names.ts'
import type { PhaseStep, TableLock } from './phase-step.ts'
import type { GeneratedValue } from '../sync/sync-input.ts'
import type { RowScope } from './row-scope.ts'

/**
 * A batch while it is compiled: the schema as the new version will see it, and what has to happen for it. Actions change it
 * one after another, each under the names that the ones before it gave; then everything is put in order (compile-batch.ts).
 */
export interface Draft {
  readonly input: BatchInput
  /** The version's name, which internal names are made from. */
  readonly target: string
  /** Schema names: the real tables, the new version's views, and the old version's (null before the first). */
  readonly base: string
  readonly newSchema: string
  readonly oldSchema: string | null
  /** The newest catalog that is known: before the batch, or after an opaque step. */
  catalog: Catalog
  /** What the new version sees. */
  readonly tables: DraftTable[]
  readonly enums: DraftEnum[]
  /** What only the old version sees. */
  readonly removed: DraftTable[]
  /** In order of the actions. */
  readonly expand: PhaseStep[]
  readonly rules: SyncRule[]
  /** Built when existing rows are up to date, resolved when all actions are known. */
  readonly indexes: Deferred[]
  readonly keys: Deferred[]
  /** After everything was swapped, in order of the actions. */
  readonly finish: Deferred[]
  /** Types that take the name of another in the swap, with the tables that use them. */
  readonly typeSwaps: { readonly tables: readonly DraftTable[]; readonly statements: readonly Sql[] }[]
  readonly problems: MetastoreError[]
  readonly warnings: MetastoreError[]
  readonly bindings: Binding[]
  readonly checks: DataCheck[]
  /** Checks of what there is in the end: later actions may change what a constraint is over, or remove it. */
  readonly finalDataChecks: (() => DataCheck | undefined)[]
  readonly abortChecks: AbortCheck[]
  readonly losses: (() => Loss | undefined)[]
  /** Questions that can only be answered when all actions are known. */
  readonly finalChecks: (() => void)[]
}

/** Steps that are made when every action has been looked at, so that they use the names of that moment. */
export type Deferred = () => readonly PhaseStep[]

/** A table, as the new version calls it and as the database does. */
export interface DraftTable {
  name: string
  /** Its name in the base schema while the batch runs. */
  readonly physical: string
  /** Made by this batch, so no old session writes to it. */
  readonly created: boolean
  /** As it was before the batch; null for a created one. */
  original: Table | null
  /** What the new version sees, in its order. */
  readonly columns: DraftColumn[]
  /** Names that columns had, and those that actions of the batch gave them, in order. */
  readonly renames: { readonly from: string; readonly to: string }[]
  /** What the old version sees and the new one does not; dropped when the batch completes. */
  readonly removedColumns: DraftColumn[]
  /** Columns that served a change in between and have no reader. */
  readonly spentColumns: string[]
  readonly constraints: DraftConstraint[]
  readonly indexes: DraftIndex[]
  /** Put in place together with the triggers that make it hold for old sessions, and taken away with them. */
  readonly guards: Guard[]
  /** Steps between the triggers and the backfill. */
  readonly relaxations: PhaseStep[]
  /** Statements of the swap, after columns have their final names. */
  readonly atSwap: (() => readonly Sql[])[]
  /** Other tables that the swap has to lock. */
  readonly swapWith: Set<string>
  comment: string | null
}

/** A column, as the new version calls it and as the database does. */
export interface DraftColumn {
  name: string
  readonly physical: string
  readonly type: string
  readonly nullable: boolean
  /** As SQL; null for none. */
  default: string | null
  /** The column of the table before the batch that this one is or replaces; null for an added one. */
  readonly original: Column | null
  /** The default that the new version's view has, where the table's own still serves the old one. */
  viewDefault: string | null
  comment: string | null
  /** Takes its numbers from a sequence, and becomes an identity column in the swap. */
  readonly identity: DraftIdentity | null
  /** What an added column is computed from by the server. */
  readonly generated?: GeneratedValue | undefined
}

/** An identity column that is to be. */
export interface DraftIdentity {
  readonly mode: 'always' | 'by default'
  readonly sequence: string
}

/** A promise that a column has no nulls, checked for new rows from the start on and for all before completion. */
export interface Guard {
  readonly column: string
  /** The check's name. */
  readonly name: string
  /** The name of the NOT NULL constraint that it becomes, on servers that name them. */
  readonly final: () => string
}

/** A constraint that a table has or gets. */
export interface DraftConstraint {
  name: string
  readonly kind: 'primary_key' | 'unique' | 'foreign_key' | 'check' | 'exclusion' | 'not_null'
  /** Logical names as they were when it was added, or before the batch. */
  readonly columns: readonly string[]
  /** It was there before the batch. */
  readonly existed: boolean
  /** The table that a foreign key refers to, by its name in the database. */
  readonly references: string | null
  removed: boolean
}

/** An index that a table has or gets. */
export interface DraftIndex {
  readonly name: string
  readonly existed: boolean
  /** The constraint that it serves; null for a plain one. */
  readonly constraint: string | null
  removed: boolean
}

/** An enumeration type. */
export interface DraftEnum {
  readonly name: string
  /** Its name in the database while the batch runs. */
  physical: string
  labels: readonly string[]
  readonly created: boolean
  removed: boolean
}

/** Begins a batch: the new version sees what the old one does. */
export function beginDraft(input: BatchInput): Draft {
  const target = input.target ?? input.migrations.at(-1)?.name
  if (target === undefined) throw new RangeError('A batch has at least one migration.')
  const [catalog] = input.catalogs
  const oldSchema = input.oldVersion === null ? null : versionSchemaName(input.oldVersion)
  return {
    input,
    target,
    base: input.base,
    newSchema: versionSchemaName(target),
    oldSchema,
    catalog,
    tables: tablesOf(catalog, input.base, oldSchema),
    enums: catalog.types.flatMap((type) =>
      type.schema === input.base && type.kind === 'enum'
        ? [{ name: type.name, physical: type.name, labels: type.labels, created: false, removed: false }]
        : [],
    ),
    removed: [],
    expand: [],
    rules: [],
    indexes: [],
    keys: [],
    finish: [],
    typeSwaps: [],
    problems: [],
    warnings: [],
    bindings: [],
    checks: [],
    finalDataChecks: [],
    abortChecks: [],
    losses: [],
    finalChecks: [],
  }
}

function tablesOf(catalog: Catalog, base: string, oldSchema: string | null): DraftTable[] {
  return catalog.tables
    .filter(({ schema, kind, partitionOf }) => schema === base && partitionOf === null && kind !== 'foreign')
    .map((table) => existingTable(table, logicalOrder(catalog, oldSchema, table.name)))
}

/** The table as it stands, with its columns in the order in which applications see them. */
export function existingTable(table: Table, order: readonly string[]): DraftTable {
  const rank = new Map(order.map((name, index) => [name, index]))
  const columns = table.columns.toSorted(
    (a, b) => (rank.get(a.name) ?? order.length) - (rank.get(b.name) ?? order.length),
  )
  return {
    name: table.name,
    physical: table.name,
    created: false,
    original: table,
    columns: columns.map(existingColumn),
    renames: [],
    removedColumns: [],
    spentColumns: [],
    constraints: table.constraints.map((constraint) => ({
      name: constraint.name,
      kind: constraint.kind,
      columns: 'columns' in constraint ? constraint.columns : 'column' in constraint ? [constraint.column] : [],
      existed: true,
      references: constraint.kind === 'foreign_key' ? constraint.references.name : null,
      removed: false,
    })),
    indexes: table.indexes.map(({ name, constraint }) => ({ name, constraint, existed: true, removed: false })),
    guards: [],
    relaxations: [],
    atSwap: [],
    swapWith: new Set(),
    comment: table.comment,
  }
}

/** A column as it stands before the batch. */
export function existingColumn(column: Column): DraftColumn {
  return {
    name: column.name,
    physical: column.name,
    type: column.type,
    nullable: column.nullable,
    default: column.default,
    original: column,
    viewDefault: null,
    comment: column.comment,
    identity: null,
  }
}

// A swapped column is the last of its table ever after, and its place among the others is where the version's view has it.
function logicalOrder(catalog: Catalog, oldSchema: string | null, table: string): readonly string[] {
  const view = catalog.views.find(({ schema, name }) => schema === oldSchema && name === table)
  return view?.columns.map(({ name }) => name) ?? []
}

/** The row of a table as expressions of the next action may call it. */
export function scopeOf(table: DraftTable, extra: readonly DraftColumn[] = []): RowScope {
  return {
    alias: table.name,
    columns: [...table.columns, ...extra].map(({ name, physical, type }) => ({ name, physical, type })),
  }
}

/**
 * The column that an action called so, in the place and under the name that later actions gave it. `since` is how many
 * columns of the table had been renamed when the action was compiled.
 */
export function columnNow(table: DraftTable, name: string, since: number): DraftColumn | undefined {
  const now = table.renames.slice(since).reduce((called, { from, to }) => (called === from ? to : called), name)
  return table.columns.find((column) => column.name === now)
}

/** A row as an action called it, over the columns that later actions put in the places of its own. */
export function scopeNow(table: DraftTable, scope: RowScope, since: number): RowScope {
  return {
    ...scope,
    columns: scope.columns.map((column) => {
      const now = columnNow(table, column.name, since)
      return now === undefined ? column : { ...column, physical: now.physical, type: now.type }
    }),
  }
}

/** Whether a constraint that the batch adds is there in the end, as far as is known. */
export function isThere(draft: Draft, table: DraftTable, constraint: string): boolean {
  return (
    !draft.removed.includes(table) && table.constraints.some(({ name, removed }) => name === constraint && !removed)
  )
}

/** The table's name in the database, quoted. */
export function tableId({ base }: Pick<Draft, 'base'>, { physical }: Pick<DraftTable, 'physical'>): Sql {
  return id(base, physical)
}

/** The columns of a table as the new version calls them, to be selected from the table. */
export function selectedColumns({ columns }: Pick<DraftTable, 'columns'>): Sql {
  return join(columns.map(({ name, physical }) => sql`${id(physical)} as ${id(name)}`))
}

/** A lock of a table of the base schema. */
export function lockOf(
  { base }: Pick<Draft, 'base'>,
  physical: string,
  mode: TableLock['mode'] = 'access exclusive',
): TableLock {
  return { schema: base, name: physical, mode }
}

/** `alter table … <change>`. */
export function alterTable(draft: Pick<Draft, 'base'>, table: Pick<DraftTable, 'physical'>, change: Sql): Sql {
  return sql`alter table ${tableId(draft, table)} ${change}`
}
