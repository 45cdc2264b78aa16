import { amended, failedBecause } from '../database/database.ts'
import { MetastoreError } from '../errors.ts'
import type { Direction } from './journal.ts'
import type { OutsideStep, Step } from './step.ts'

/** Where a run stood when it failed. */
interface Standing {
  readonly migration: string
  readonly direction: Direction
  readonly step: Step | undefined
  /** What the failure left: nothing, because all was one transaction; or the steps before, which are journalled. */
  readonly kept: 'nothing' | 'earlier steps'
}

/** A failure of a step, with what it left of its migration and how to go on. */
export function stepFailed(error: unknown, standing: Standing): unknown {
  if (!(error instanceof MetastoreError)) return error
  if (error.code === 'step_outcome_unknown') return error
  const canceled = error.code === 'canceled'
  const left = whatIsLeft(standing)
  return amended(error, {
    message: canceled ? `Interrupted in migration ${standing.migration}${at(standing.step)}.` : sentence(error.message),
    where: error.where ?? standing.migration,
    remedy: remedyFor(error, standing, canceled),
    details: [...(canceled ? [] : error.details), left],
  })
}

function remedyFor(error: MetastoreError, { migration, direction }: Standing, canceled: boolean): string {
  if (canceled) return 'Run the same command again to go on.'
  if (direction === 'up' && failedBecause(error, 'duplicate_object')) {
    return `If the database has what this migration makes, because somebody made it by hand, record it as applied with metastore stamp ${migration}; otherwise rename one of the two.`
  }
  return error.remedy
}

/** The error for a statement whose outcome cannot be told. */
export function outcomeUnknown(migration: string, step: OutsideStep): MetastoreError {
  return new MetastoreError({
    code: 'step_outcome_unknown',
    message: `An earlier run was cut off while it ran this statement of ${migration} outside a transaction, and nothing tells whether it took effect: ${step.label}`,
    where: step.sql.path,
    remedy:
      'Look at the database, then run again with --interrupted rerun, or with --interrupted skip if it has happened.',
  })
}

function whatIsLeft({ migration, direction, kept }: Standing): string {
  if (kept === 'earlier steps') {
    return `The statements of ${migration} before this one are done and recorded; the next run goes on with this one.`
  }
  return direction === 'up'
    ? `Nothing of ${migration} was kept: its transaction was rolled back.`
    : `${migration} is still applied: its rollback was undone as a whole.`
}

function at(step: Step | undefined): string {
  return step === undefined || step.kind === 'code' ? '' : ` (${step.label})`
}

function sentence(message: string): string {
  return /[.!?:)]$/.test(message) ? message : `${message}.`
}
