import { amended, type Sql } from '../../database/database.ts'
import { MetastoreError } from '../../errors.ts'
import { noTelemetry } from '../../telemetry/telemetry.ts'
import type { PhaseStep } from '../batch/phase-step.ts'
import { inPhaseTransaction } from './phase-transaction.ts'
import type { BatchWork } from './phase-work.ts'
import { runBody } from './run-body.ts'
import { noteStep, type StepNote, type StepPhase } from './step-journal.ts'

/** The steps of one phase, with what is done of them. */
export interface StepsRun {
  readonly phase: Exclude<StepPhase, 'abort'>
  readonly steps: readonly PhaseStep[]
  readonly notes: readonly StepNote[]
  /** Statements that commit together with the last step. */
  readonly last: readonly Sql[]
}

/** Runs the steps of a phase that are not done yet, each noted in its own transaction. */
export async function runSteps(work: BatchWork, { phase, steps, notes, last }: StepsRun): Promise<void> {
  const { run, batch } = work
  const noted = new Map(notes.filter((note) => note.phase === phase).map((note) => [note.step, note]))
  const isDone = (step: PhaseStep) => noted.get(step.key)?.status === 'done' && !isRepeated(phase, step)
  const task = `${phase} ${batch.target}`
  run.progress({ kind: 'begin', task, total: steps.length })
  try {
    for (const [index, step] of steps.entries()) {
      if (isDone(step)) continue
      run.progress({ kind: 'advance', task, done: index, label: step.label })
      await runStep(work, phase, step, noted.get(step.key), index === steps.length - 1 ? last : [])
    }
    run.progress({ kind: 'advance', task, done: steps.length })
  } finally {
    run.progress({ kind: 'end', task })
  }
  const final = steps.at(-1)
  if (last.length > 0 && (final === undefined || isDone(final))) {
    await inPhaseTransaction(run, batch.base, { locks: [], last: () => last })
  }
}

// Between two attempts to complete, both versions go on writing, so what was made sure of has to be made sure of again.
function isRepeated(phase: StepPhase, { body }: PhaseStep): boolean {
  return phase === 'prepare' && ['transaction', 'backfill', 'require_settled'].includes(body.kind)
}

async function runStep(
  work: BatchWork,
  phase: StepPhase,
  step: PhaseStep,
  note: StepNote | undefined,
  last: readonly Sql[],
): Promise<void> {
  const { run, batch, lease, options } = work
  await lease.step(step.label)
  const begin = performance.now()
  let told = 0
  const { span } = run.telemetry ?? noTelemetry
  const attributes = {
    'metastore.phase': phase,
    'metastore.step': step.label,
    ...(step.migration !== null && { 'metastore.migration': step.migration }),
  }
  try {
    await span('metastore.step', attributes, () =>
      runBody(step.body, {
        work,
        label: step.label,
        migration: step.migration,
        note: isRepeated(phase, step) ? undefined : note,
        noting: (change) => {
          // Time that an interrupted run has spent is not lost either.
          const durationMs = performance.now() - begin - told
          told += durationMs
          return noteStep(run.bookkeeping, batch.id, phase, step, { durationMs, ...change })
        },
        last: () => {
          const durationMs = performance.now() - begin - told
          return [noteStep(run.bookkeeping, batch.id, phase, step, { status: 'done', durationMs }), ...last]
        },
      }),
    )
  } catch (error) {
    throw stepFailed(error, step)
  }
  options.onStep?.({ label: step.label, migration: step.migration })
}

/** A step's failure, with what it was about. */
export function stepFailed(error: unknown, { label, migration }: Pick<PhaseStep, 'label' | 'migration'>): unknown {
  if (!(error instanceof MetastoreError) || error.code === 'canceled') return error
  const of = migration === null ? '' : ` of migration ${migration}`
  return amended(error, {
    where: error.where ?? migration ?? undefined,
    details: [`This was the step${of}: ${label}.`, ...error.details],
  })
}
