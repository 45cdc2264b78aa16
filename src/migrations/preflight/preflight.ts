import { failedBecause } from '../../database/database.ts'
import type { MetastoreError } from '../../errors.ts'
import { retrying } from '../retry.ts'
import type { Run } from '../run.ts'
import { bindAll, forgetPrepared } from './bind.ts'
import { transactionWarnings, triggerWarnings } from './bystanders.ts'
import type { PreflightPlan } from './preflight-plan.ts'
import { rightsProblems } from './rights.ts'
import { rolledBack } from './rolled-back.ts'
import { costProblems } from './row-costs.ts'
import { checkProblems } from './run-checks.ts'
import { makeScratch } from './scratch.ts'

/** What a preflight needs of a run. */
export type PreflightContext = Pick<Run, 'database' | 'session' | 'signal' | 'retry' | 'progress'> & {
  /** Milliseconds after which an open transaction is worth a warning; a minute by default. */
  readonly longTransaction?: number
}

/** All that stands against a batch on the live database, and what is worth knowing before it starts. */
export interface PreflightResult {
  readonly problems: readonly MetastoreError[]
  readonly warnings: readonly MetastoreError[]
}

/**
 * Asks the server everything that can make a batch fail: whether its SQL is understood, whether the rows fit, whether the
 * role may do it. Changes nothing; locks tables against nothing but their being changed or dropped, and each for a moment.
 * Throws DatabaseError when the connection breaks, `canceled`, or when a lock is not to be had until the deadline.
 */
export async function preflight(context: PreflightContext, plan: PreflightPlan): Promise<PreflightResult> {
  const { database, session, longTransaction = 60_000 } = context
  const rights = await rightsProblems(session, plan)
  const unbound = await retrying(context, () => bindingProblems(context, plan))
  const unfit: MetastoreError[] = []
  for (const check of plan.checks) {
    unfit.push(...(await retrying(context, () => checkProblems(session, check, unbound.length === 0))))
  }
  return {
    problems: [...rights, ...unbound, ...unfit],
    warnings: [
      ...(await triggerWarnings(session, database, plan)),
      ...(await transactionWarnings(session, database, plan, longTransaction)),
    ],
  }
}

async function bindingProblems({ session, retry }: PreflightContext, plan: PreflightPlan): Promise<MetastoreError[]> {
  try {
    return await rolledBack(session, retry.lockTimeout, async (tx) => {
      const scratch = await makeScratch(tx, plan)
      const bound = await bindAll(tx, plan, scratch)
      const problems = bound.flatMap(({ problem }) => (problem === undefined ? [] : [problem]))
      const costly = bound.flatMap(({ binding, problem }) => (problem === undefined && binding.perRow ? [binding] : []))
      // A column with an unknown type is told at the type's own place where it has one.
      const types = bound.some(({ binding, problem }) => binding.kind === 'type' && problem !== undefined)
      return [...(types ? [] : scratch.problems), ...problems, ...(await costProblems(tx, plan, scratch, costly))]
    })
  } catch (error) {
    if (!failedBecause(error, 'canceled', 'connection_lost')) await forgetPrepared(session)
    // The role may not make the scratch schemas, so it may not make the version's either, which has been told.
    if (failedBecause(error, 'permission')) return []
    throw error
  }
}
