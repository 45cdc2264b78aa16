import type { DatabaseError } from '../../database/database.ts'
import { MetastoreError } from '../../errors.ts'
import type { BackfillPlan, UpdatePlan } from './plan.ts'
import { isRowFailure } from './job.ts'

/** A row that could not be brought up to date, as far as it is known. */
export interface FailedRow {
  /** The column of an update whose value was refused, or that of a derived row; null where several take part. */
  readonly column: string | null
  /** `id = 900`, or the place of a row without a key; null where the row could not be found again. */
  readonly row: string | null
}

/** The failure for a row whose values cannot be computed or stored. */
export function rowFailed(error: DatabaseError, plan: BackfillPlan, { column, row }: FailedRow): MetastoreError {
  const { migration, name } = originOf(plan, column)
  const table = `${plan.schema}.${plan.table}`
  const which = row === null ? `rows of ${table}` : `the row of ${table} where ${row}`
  const message =
    plan.kind === 'derive'
      ? `${migration} cannot make rows of ${plan.schema}.${plan.into} from ${which}`
      : `${migration} cannot fill ${name === null ? 'the new columns' : `column ${name}`} for ${which}`
  return new MetastoreError({
    code: 'backfill_failed',
    message: `${message}: ${error.message}`,
    where: name === null ? table : `${table}.${name}`,
    remedy: 'Correct the row, or the expression that its value comes from, and run again.',
    details: withoutRows(error.details),
    cause: error,
  })
}

/** The failure of the query that gives the values of a column; anything else that went wrong stays what it is. */
export function sideTableFailed(error: unknown, plan: UpdatePlan, column: string): unknown {
  if (!isRowFailure(error)) return error
  const { migration, name } = originOf(plan, column)
  const keys = plan.key.join(', ')
  const twice = error.engineCode === '23505'
  return new MetastoreError({
    code: 'backfill_failed',
    message: twice
      ? `The backfill query of ${migration} for column ${name} gives a row more than one value.`
      : `The backfill query of ${migration} for column ${name} failed: ${error.message}`,
    where: `${plan.schema}.${plan.table}.${name}`,
    remedy: `Correct the query: it is to give ${keys} and the value, once for each row.`,
    details: twice ? error.details : withoutRows(error.details),
    cause: error,
  })
}

/** The failure when rows stay pending although every update of them goes well. */
export function rowsUntouched(plan: UpdatePlan, count: number): MetastoreError {
  return new MetastoreError({
    code: 'backfill_failed',
    message: `${count} rows of ${plan.schema}.${plan.table} stay as they are although nothing refuses their update.`,
    where: `${plan.schema}.${plan.table}`,
    remedy: 'Look for a trigger or a rule of the table that suppresses updates, turn it off meanwhile, and run again.',
  })
}

/** The failure when the work is interrupted. */
export function interrupted(plan: BackfillPlan, rows: number, cause: unknown): MetastoreError {
  return new MetastoreError({
    code: 'canceled',
    message: `Interrupted while the rows of ${plan.schema}.${plan.table} were brought up to date; ${rows} are done.`,
    where: `${plan.schema}.${plan.table}`,
    remedy: 'Run the same command again to go on from there.',
    cause,
  })
}

interface Origin {
  readonly migration: string
  readonly name: string | null
}

function originOf(plan: BackfillPlan, column: string | null): Origin {
  if (plan.kind === 'derive') return { migration: plan.migration, name: null }
  const own = plan.origins.find((origin) => origin.column === column)
  if (own !== undefined) return { migration: own.migration, name: own.name ?? own.column }
  return { migration: [...new Set(plan.origins.map(({ migration }) => migration))].join(' and '), name: null }
}

// The server quotes whole rows, with whatever private things people have written into them.
function withoutRows(details: readonly string[]): string[] {
  return details.filter((line) => !line.includes('Failing row contains'))
}
