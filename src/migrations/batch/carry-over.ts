import type { Sql } from '../../database/database.ts'
import {
  beginCarrying,
  type CarriedBinding,
  type Carrying,
  type CarryOverInput,
  type CarryPart,
  type Remark,
} from './carry-over/carrying.ts'
import { carryChecks } from './carry-over/checks.ts'
import { setUpColumns } from './carry-over/columns.ts'
import { carryForeignKeys } from './carry-over/foreign-keys.ts'
import { carryIndexes } from './carry-over/indexes.ts'
import { carryPolicies } from './carry-over/policies.ts'
import { refuseDependents } from './carry-over/refusals.ts'
import { carrySequences } from './carry-over/sequences.ts'
import { carryStatistics } from './carry-over/statistics.ts'
import { carryViews } from './carry-over/views.ts'
import type { PhaseStep, TableLock } from './phase-step.ts'

export { carriedCollation } from './carry-over/columns.ts'
export type { CarryOverInput, Remark } from './carry-over/carrying.ts'
export { relationKey } from './carry-over/printed-sql.ts'
export { numberedDefault } from './carry-over/sequences.ts'

/** What the columns that replace others of one table need, so that nothing is lost that hangs on the old ones. */
export interface CarriedOver {
  /** Once rows are up to date: indexes, checks, statistics and views over the new columns, under internal names. */
  readonly build: readonly PhaseStep[]
  /** Foreign keys, after the `build` of every table: they need the unique indexes of the tables that they refer to. */
  readonly keys: readonly PhaseStep[]
  /** While both versions live, and repeatable. */
  readonly prepare: readonly PhaseStep[]
  /** When the old version is gone and before the swap, each in a transaction of its own. */
  readonly release: readonly PhaseStep[]
  readonly swap: {
    /** Other tables that the swap has to lock. */
    readonly locks: readonly TableLock[]
    /** Before any column is dropped. */
    readonly before: readonly Sql[]
    /** When columns have their final names, NOT NULL is set, and tables still have the names they had. */
    readonly after: readonly Sql[]
  }
  /** Right after the new columns were added. */
  readonly columnSetup: readonly Sql[]
  readonly bindings: readonly CarriedBinding[]
  readonly problems: readonly Remark[]
  readonly warnings: readonly Remark[]
}

/**
 * Plans for the tables of a batch how everything that hangs on the old columns is built for the new ones beside them, and put in place under its own
 * name in the swap. What cannot be is a problem; nothing is ever dropped by CASCADE.
 */
export function carryOver(inputs: readonly CarryOverInput[]): readonly CarriedOver[] {
  const carryings = inputs.map(beginCarrying)
  // Views may read several of the tables, and each other.
  const views = carryViews(carryings)
  return carryings.map((carrying, place) => carryTable(carrying, carryings, place === 0 ? views : {}))
}

function carryTable(carrying: Carrying, carryings: readonly Carrying[], views: CarryPart): CarriedOver {
  const parts = [
    carryIndexes(carrying),
    carryChecks(carrying),
    carryForeignKeys(carrying),
    carrySequences(carrying),
    carryStatistics(carrying),
    carryPolicies(carrying, carryings),
    views,
    refuseDependents(carrying),
  ]
  return {
    build: parts.flatMap(({ build = [] }) => build),
    keys: parts.flatMap(({ keys = [] }) => keys),
    prepare: parts.flatMap(({ prepare = [] }) => prepare),
    release: parts.flatMap(({ release = [] }) => release),
    swap: {
      locks: withoutRepeats(parts.flatMap(({ locks = [] }) => locks)),
      before: parts.flatMap(({ before = [] }) => before),
      after: parts.flatMap(({ after = [] }) => after),
    },
    columnSetup: setUpColumns(carrying),
    bindings: parts.flatMap(({ bindings = [] }) => bindings),
    problems: parts.flatMap(({ problems = [] }) => problems),
    warnings: parts.flatMap(({ warnings = [] }) => warnings),
  }
}

function withoutRepeats(locks: readonly TableLock[]): readonly TableLock[] {
  return [...new Map(locks.map((lock) => [JSON.stringify(lock), lock])).values()]
}
