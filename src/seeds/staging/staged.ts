import type { Table } from '../../catalog/catalog.ts'
import { id, type Queryable, type Sql } from '../../database/database.ts'
import type { Seal } from './evaluate.ts'
import type { PlannedRows } from './planned-rows.ts'
import type { Problems } from '../problem.ts'
import type { RowSource } from '../rows/row-source.ts'
import type { SeedMode } from '../format/seed-document.ts'
import type { CellWorld, SeedInputs } from '../world.ts'

/** A step of which table, columns and key are known to be there. */
export interface ResolvedStep {
  /** Counted through the whole run. */
  readonly number: number
  readonly mode: SeedMode
  readonly table: Table
  readonly key: readonly string[]
  /** Whether every row of the table is found by its key through an index. */
  readonly keyIsIndexed: boolean
  readonly source: RowSource
  /** `file:line:column` of the step. */
  readonly where: string
  readonly directory: string
  readonly inputs: SeedInputs
}

/** Rows that give the same columns. */
export interface Shape {
  readonly number: number
  readonly columns: readonly string[]
  /** Columns that an existing row keeps: those of `$now`. */
  readonly kept: ReadonlySet<string>
}

/** A secret of a staged row, which is sealed when it is known whether the stored one is still good. */
export interface StagedSecret {
  readonly row: number
  readonly column: string
  readonly seal: Seal
  readonly plain: string
}

/** The rows of a step in a temporary table, with columns of the real types. */
export interface Staged {
  readonly step: ResolvedStep
  readonly path: readonly string[]
  readonly columns: readonly string[]
  readonly shapes: readonly Shape[]
  readonly count: number
  readonly secrets: readonly StagedSecret[]
  /** Columns of rows whose values are not known before rows they refer to are written. */
  readonly late: ReadonlyMap<number, ReadonlySet<string>>
  /** Whether each key is known to be greater than the one before, so that none stands twice. */
  readonly keysAscend: boolean
  /** Columns in which a null was met, or a value that is not known yet. */
  readonly nullColumns: ReadonlySet<string>
  /** Columns with values that are never shown. */
  readonly hidden: ReadonlySet<string>
  /** Rows that wait for other rows of the same step. */
  readonly waiting: ReadonlySet<number>
}

/** What staging needs. */
export interface StageWorld {
  readonly tx: Queryable
  readonly cells: CellWorld
  readonly problems: Problems
  /** Rows that are going to be written; null while they are being written, when all that is there can be found. */
  readonly planned: PlannedRows | null
  /** Staged steps whose rows are too many to be remembered, to look for rows in. */
  readonly bulk: readonly Staged[]
  /** Called now and then with how many rows have been read. */
  readonly onRows?: ((count: number) => void) | undefined
}

/** Up to how many rows are few, so that a look at each costs nothing. */
export const fewRows = 1_000

/** The column of a staging table that numbers its rows. */
export const rowColumn = 'metastore row'
/** The column of a staging table that says which columns the row gives. */
export const shapeColumn = 'metastore shape'

/** The staging table as a piece of SQL. */
export function stageSql({ path }: Pick<Staged, 'path'>): Sql {
  return id(...path)
}
