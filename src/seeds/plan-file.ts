import { DatabaseError, type Transaction } from '../database/database.ts'
import { MetastoreError } from '../errors.ts'
import type { Progress } from '../progress.ts'
import { checkStaged } from './staging/check-staged.ts'
import { diagnose } from './staging/diagnose.ts'
import { diffStep, type StepDiff } from './staging/diff.ts'
import { fileResult, nothing, type FileWork, type ReadyStep } from './file-work.ts'
import { loadDirectly, type DirectlyLoaded } from './writing/load-directly.ts'
import type { LoadedSeed, LoadedStep } from './load-seed.ts'
import { placeOf, type Problems } from './problem.ts'
import { tableKey } from './staging/resolve-references.ts'
import { resolveStep } from './resolve-step.ts'
import { sealSecrets } from './staging/seal.ts'
import type { FileResult, StepResult } from './seed-options.ts'
import { stageRows, StagingFailed } from './staging/stage.ts'
import type { ResolvedStep, Staged } from './staging/staged.ts'
import { shownTable } from './target.ts'

/** Stages and checks the rows of a file, and finds out what they would change. Problems are collected, not thrown. */
export async function planFile(
  work: FileWork,
  tx: Transaction,
  seed: LoadedSeed,
  { detail, direct }: PlanFileOptions,
): Promise<{ result: FileResult; staged: readonly ReadyStep[] }> {
  const steps: StepResult[] = []
  const staged: ReadyStep[] = []
  const { problems } = work.cells
  for (const step of seed.steps) {
    const ready = await collecting(problems, () => readyStep(work, tx, { seed, step, direct }))
    if (ready === undefined) continue
    staged.push(ready)
    if ('inserted' in ready) continue
    const one = ready
    const resolved = one.step
    if (problems.found.length > 0) continue
    const table = shownTable(resolved.table, work.options.baseSchema)
    // Rows that a sync removes are looked for in any case: somebody may have to be asked.
    const diff = detail || resolved.mode === 'sync' ? await planned(work, tx, one) : nothing
    steps.push({ table, mode: resolved.mode, ...diff })
  }
  const { source } = seed.reading
  const statements = seed.statements.map(({ text, offset }) => ({ where: placeOf(source, offset), text, rows: 0 }))
  return { result: fileResult(seed, 'pending', { steps, statements, durationMs: 0 }), staged }
}

/** How a file is planned. */
export interface PlanFileOptions {
  /** Find out row by row what would change. */
  readonly detail: boolean
  /** It is written in the same transaction, so that rows may go where they belong right away. */
  readonly direct: boolean
}

interface StepToPlan {
  readonly seed: LoadedSeed
  readonly step: LoadedStep
  readonly direct: boolean
}

// The rows of a step, staged and checked, or in their table already; undefined when something is wrong with them.
async function readyStep(
  work: FileWork,
  tx: Transaction,
  { seed, step, direct }: StepToPlan,
): Promise<ReadyStep | undefined> {
  const { problems, scene, dialect } = work.cells
  const resolved = await resolveStep(scene, seed, step, ++work.steps)
  if (resolved === undefined) return undefined
  const loaded = direct ? await directly(work, tx, resolved) : undefined
  if (loaded !== undefined) return loaded
  const before = problems.found.length
  // Until it is known to be whole: nobody is told that rows are missing which are only wrong.
  work.spoiled.add(tableKey(resolved.table))
  const staged = await stageOrDiagnose(work, tx, resolved)
  if (staged === undefined || problems.found.length > before) return undefined
  work.spoiled.delete(tableKey(resolved.table))
  const { earlier, spoiled } = work
  await checkStaged(tx, staged, { problems, scene, dialect, earlier, spoiled })
  earlier.push(staged)
  if (resolved.source.bulk) work.bulk.push(staged)
  return staged
}

// What is wrong with one file is told together with what is wrong with the others.
async function collecting<T>(problems: Problems, work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof MetastoreError) || error instanceof DatabaseError) throw error
    problems.add(error.where ?? '', error.message, error.remedy)
    return undefined
  }
}

function directly(
  { progress, cells: { dialect } }: FileWork,
  tx: Transaction,
  step: ResolvedStep,
): Promise<DirectlyLoaded | undefined> {
  return reading(progress, step, (onRows) => loadDirectly(tx, step, { dialect, onRows }))
}

async function reading<T>(
  progress: Progress,
  step: ResolvedStep,
  work: (onRows: (done: number) => void) => Promise<T>,
): Promise<T> {
  const task = `read ${step.table.name}`
  progress({ kind: 'begin', task, total: null, unit: 'rows' })
  try {
    return await work((done) => progress({ kind: 'advance', task, done }))
  } finally {
    progress({ kind: 'end', task })
  }
}

async function planned(work: FileWork, tx: Transaction, staged: Staged): Promise<StepDiff> {
  await sealSecrets(tx, staged, { cells: work.cells, dry: true })
  return diffStep(tx, staged, work.cells.dialect)
}

async function stageOrDiagnose(
  { cells, planned: rows, bulk, progress }: FileWork,
  tx: Transaction,
  step: ResolvedStep,
): Promise<Staged | undefined> {
  try {
    return await reading(progress, step, (onRows) =>
      stageRows({ tx, cells, problems: cells.problems, planned: rows, bulk, onRows }, step),
    )
  } catch (error) {
    if (!(error instanceof StagingFailed)) throw error
    await diagnose({ tx, problems: cells.problems, dialect: cells.dialect }, step, error.message)
    return undefined
  }
}
