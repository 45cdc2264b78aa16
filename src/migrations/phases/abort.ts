import { id, raw, sql } from '../../database/database.ts'
import { MetastoreError } from '../../errors.ts'
import type { AbortCheck } from '../batch/compiled-batch.ts'
import { setState } from '../bookkeeping.ts'
import type { Engine } from '../engine.ts'
import { namesOf, type BatchPhase } from '../stored-batch.ts'
import { undoSteps } from './abort-steps.ts'
import { loadBatch } from './load-batch.ts'
import { countLosses, losesData, saveLosses } from './losses.ts'
import type { AbortOptions, AbortResult } from './phase-options.ts'
import { inPhases } from './phase-run.ts'
import { inPhaseTransaction, settings } from './phase-transaction.ts'
import type { BatchWork, CompileBatch } from './phase-work.ts'
import { refused } from './refusals.ts'
import { moveFor } from './transitions.ts'

const nothing: AbortResult = { outcome: 'nothing', migrations: [], lost: [], saved: [] }

/**
 * Takes back the batch that is under way, and leaves the old version as it was. Run again after an interruption or a failure,
 * it goes on. Throws `batch_not_abortable`, `abort_blocked`, and what the steps fail for.
 */
export async function abort(engine: Engine, options: AbortOptions = {}, compile?: CompileBatch): Promise<AbortResult> {
  const { state } = await engine.look()
  if (state.batch === null) return nothing
  const outcome = await inPhases(
    engine,
    { options, compile, alreadyDone: (now) => now.state.batch === null },
    async (work, { state: { phase, batch } }): Promise<AbortResult> => {
      if (phase === null || batch === null) return nothing
      const decision = moveFor({ phase, batch, command: 'abort', complete: false, waiting: false })
      if ('refusal' in decision) throw refused(decision.refusal, batch)
      return abortUnderLock({ ...work, batch }, phase, options)
    },
  )
  return outcome ?? nothing
}

async function abortUnderLock(work: BatchWork, phase: BatchPhase, options: AbortOptions): Promise<AbortResult> {
  const { run } = work
  const { compiled } = await loadBatch(work)
  // Nobody could write as the new version before there was its schema.
  const shown = phase === 'in_progress'
  const losses = shown ? compiled.losses : []
  const counts = await countLosses(work, losses)
  const lost = counts.filter(losesData)
  if (lost.length > 0 && (await options.confirm?.(lost)) === false) {
    return { outcome: 'kept', migrations: namesOf(work.batch), lost, saved: [] }
  }
  if (phase !== 'applying') await passChecks(work, compiled.abortChecks, options.fill)
  // What is saved is noted with the batch, so that an abort that goes on after an interruption saves it as well.
  const saveLost = shown ? options.saveLost : work.batch.saveLost
  const batch = { ...work.batch, ...(saveLost !== undefined && { saveLost }) }
  await inPhaseTransaction(run, batch.base, {
    locks: [],
    last: () => [
      setState(run.bookkeeping, 'batch', JSON.stringify(batch)),
      setState(run.bookkeeping, 'phase', 'aborting'),
    ],
  })
  const saved: string[] = []
  await undoSteps({ ...work, batch }, async (notes) => {
    if (saveLost === undefined) return
    saved.push(...(await saveLosses({ ...work, batch }, compiled.losses, saveLost, notes)))
  })
  return { outcome: 'aborted', migrations: namesOf(batch), lost, saved }
}

/** Makes sure that old sessions find no nulls where they may not. Throws `abort_blocked`. */
async function passChecks(work: BatchWork, checks: readonly AbortCheck[], fill: string | undefined): Promise<void> {
  const { run, batch } = work
  const blocked: AbortCheck[] = []
  for (const check of checks) {
    if (!(await findsRows(work, check))) continue
    if (fill === undefined) {
      blocked.push(check)
      continue
    }
    const { table, column } = check
    const statements = [
      sql`update ${id(batch.base, table)} set ${id(column)} = (${raw(fill)}) where ${id(column)} is null`,
    ]
    await inPhaseTransaction(run, batch.base, { locks: [], statements, last: () => [] })
    if (await findsRows(work, check)) blocked.push(check)
  }
  if (blocked.length > 0) throw abortBlocked(blocked, fill)
}

async function findsRows({ run, batch }: BatchWork, { query }: AbortCheck): Promise<boolean> {
  let found = false
  await run.session.transaction(
    async (tx) => {
      await tx.script(
        settings(batch.base)
          .map((setting) => setting.inline('postgres'))
          .join(';'),
      )
      found = (await tx.query(query)).length > 0
    },
    { resetSession: true },
  )
  return found
}

function abortBlocked(checks: readonly AbortCheck[], fill: string | undefined): MetastoreError {
  const columns = checks.map(({ table, column }) => `${table}.${column}`).join(', ')
  return new MetastoreError({
    code: 'abort_blocked',
    message: `The new version has written rows in which ${columns} is null, which the old version does not allow.`,
    where: columns,
    remedy:
      fill === undefined
        ? 'Give them a value, or have the abort do it with --fill and an SQL expression over the row; or complete instead.'
        : `The expression ${fill} gives null for some of them: give one that does not, or complete instead.`,
    details: checks.map(({ label }) => label),
  })
}
