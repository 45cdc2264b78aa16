import { sql } from '../../database/database.ts'
import type { PhaseStep, StepBody } from '../batch/phase-step.ts'
import { dropSideTable, sideTablesOf } from '../backfill/run-backfill.ts'
import { setState, type Bookkeeping } from '../bookkeeping.ts'
import { loadBatch } from './load-batch.ts'
import { inPhaseTransaction } from './phase-transaction.ts'
import type { BatchWork } from './phase-work.ts'
import { runBody } from './run-body.ts'
import { stepFailed } from './run-steps.ts'
import { forgetAllSteps, forgetStep, noteStep, type StepNote, type StepPhase } from './step-journal.ts'
import type { Sql } from '../../database/database.ts'

/** What is done between taking the new version away and taking its data away. */
export type BeforeData = (notes: readonly StepNote[]) => Promise<void>

/** One step to take back. */
interface Undo {
  readonly phase: StepPhase
  readonly step: PhaseStep
}

/** Takes back every step that is in the journal, the newest first, and ends the batch. */
export async function undoSteps(work: BatchWork, beforeData?: BeforeData): Promise<void> {
  const { run, batch, options } = work
  const { compiled, started, notes } = await loadBatch(work)
  const undos: Undo[] = [
    ...started.map((step) => ({ phase: 'start' as const, step })),
    ...compiled.prepare.map((step) => ({ phase: 'prepare' as const, step })),
  ]
    .filter(({ phase, step }) => notes.some((note) => note.phase === phase && note.step === step.key))
    .reverse()
  const task = `abort ${batch.target}`
  run.progress({ kind: 'begin', task, total: undos.length })
  try {
    let saved = false
    for (const [index, undo] of undos.entries()) {
      const { label, migration, key } = undo.step
      // Nobody writes as the new version once its schema, which was made last, is gone.
      if (!saved && key !== compiled.start.at(-1)?.key && undo.phase === 'start') {
        await beforeData?.(notes)
        saved = true
      }
      run.progress({ kind: 'advance', task, done: index, label: `take back: ${label}` })
      await undoStep(work, undo, notes)
      options.onStep?.({ label: `take back: ${label}`, migration })
    }
    if (!saved) await beforeData?.(notes)
    run.progress({ kind: 'advance', task, done: undos.length })
  } finally {
    run.progress({ kind: 'end', task })
  }
  await inPhaseTransaction(run, batch.base, { locks: [], last: () => endBatch(run.bookkeeping) })
}

/** The statements that make a database idle. */
export function endBatch(bookkeeping: Bookkeeping): Sql[] {
  return [
    forgetAllSteps(bookkeeping),
    sql`delete from ${bookkeeping.state} where key like 'catalog:%'`,
    setState(bookkeeping, 'batch', null),
    setState(bookkeeping, 'phase', null),
  ]
}

async function undoStep(work: BatchWork, { phase, step }: Undo, notes: readonly StepNote[]): Promise<void> {
  const { run, batch, lease } = work
  await lease.step(`take back: ${step.label}`)
  const forget = forgetStep(run.bookkeeping, batch.id, phase, step.key)
  try {
    const undo = undoOf(step, notes.find((note) => note.phase === phase && note.step === step.key)?.status)
    for (const [index, body] of undo.entries()) {
      const key = `${phase}/${step.key}/${index}`
      await runBody(body, {
        work,
        label: step.label,
        migration: step.migration,
        note: notes.find((note) => note.phase === 'abort' && note.step === key),
        noting: (change) => noteStep(run.bookkeeping, batch.id, 'abort', { ...step, key }, change),
        last: () => (index === undo.length - 1 ? [forget] : []),
      })
    }
    const statements = sideTables(work, step)
    if (undo.length > 0 && statements.length === 0) return
    await inPhaseTransaction(run, batch.base, { locks: [], statements, last: () => [forget] })
  } catch (error) {
    throw stepFailed(error, { ...step, label: `take back: ${step.label}` })
  }
}

// An index gets its final name together with the note that it is done; until then, who has that name is somebody else.
function undoOf({ body, undo }: PhaseStep, status: StepNote['status'] | undefined): readonly StepBody[] {
  if (body.kind !== 'build_index' || status === 'done') return undo
  return undo.filter((one) => one.kind !== 'drop_index' || one.name !== body.finalName)
}

// A backfill that was cut off has not dropped what it had made for itself.
function sideTables({ run }: BatchWork, { body }: PhaseStep): Sql[] {
  if (body.kind !== 'backfill' || body.plan.kind !== 'update' || run.bookkeeping.schema === null) return []
  return sideTablesOf(body.plan, run.bookkeeping.schema).map(dropSideTable)
}
