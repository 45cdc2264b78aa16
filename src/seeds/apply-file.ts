import { DatabaseError, id, join, literal, raw, sql, type Transaction } from '../database/database.ts'
import { MetastoreError } from '../errors.ts'
import type { Progress } from '../progress.ts'
import { diagnose } from './diagnose.ts'
import { checkStaged } from './check-staged.ts'
import { diffStep, type StepDiff } from './diff.ts'
import { recordStatements, seedHistory } from './history.ts'
import { recordInputs } from './inputs.ts'
import { loadDirectly, type DirectlyLoaded } from './load-directly.ts'
import type { LoadedSeed } from './load-seed.ts'
import type { PlannedRows } from './planned-rows.ts'
import { placeOf, throwProblems } from './problem.ts'
import { resolveStep } from './resolve-step.ts'
import { sealSecrets } from './seal.ts'
import type { FileResult, SeedOptions, StatementResult, StepResult } from './seed-options.ts'
import { stageRows, StagingFailed } from './stage.ts'
import { rowColumn, stageSql, type ResolvedStep, type Staged } from './staged.ts'
import { shownTable } from './target.ts'
import type { CellWorld } from './world.ts'
import { removeUnlisted, writeStaged } from './write.ts'

/** What the files of a run share. */
export interface FileWork {
  readonly options: SeedOptions
  readonly cells: CellWorld
  readonly progress: Progress
  readonly planned: PlannedRows
  /** Staged steps whose rows are too many to be remembered. */
  readonly bulk: Staged[]
  /** Every staged step so far. */
  readonly earlier: Staged[]
  /** How many steps have been numbered. */
  steps: number
}

const nothing: StepDiff = { inserted: 0, updated: 0, unchanged: 0, removed: 0, rows: [] }

/** Stages and checks the rows of a file, and finds out what they would change. Problems are collected, not thrown. */
export async function planFile(
  work: FileWork,
  tx: Transaction,
  seed: LoadedSeed,
  { detail, direct }: PlanFileOptions,
): Promise<{ result: FileResult; staged: readonly ReadyStep[] }> {
  const steps: StepResult[] = []
  const staged: ReadyStep[] = []
  for (const step of seed.steps) {
    const resolved = await resolveStep(work.cells.scene, seed, step, ++work.steps)
    if (resolved === undefined) continue
    const loaded = direct ? await directly(work, tx, resolved) : undefined
    if (loaded !== undefined) {
      staged.push(loaded)
      continue
    }
    const one = await stageOrDiagnose(work, tx, resolved)
    if (one === undefined) continue
    const known = {
      problems: work.cells.problems,
      scene: work.cells.scene,
      dialect: work.cells.dialect,
      earlier: work.earlier,
    }
    await checkStaged(tx, one, known)
    work.earlier.push(one)
    if (resolved.source.bulk) work.bulk.push(one)
    staged.push(one)
    if (work.cells.problems.found.length > 0) continue
    const table = shownTable(resolved.table, work.options.baseSchema)
    // Rows that a sync removes are looked for in any case: somebody may have to be asked.
    const diff = detail || resolved.mode === 'sync' ? await planned(work, tx, one) : nothing
    steps.push({ table, mode: resolved.mode, ...diff })
  }
  const { source } = seed.reading
  const statements = seed.statements.map(({ text, offset }) => ({ where: placeOf(source, offset), text, rows: 0 }))
  return { result: fileResult(seed, 'pending', { steps, statements, durationMs: 0 }), staged }
}

/** A step of which the plan has left the rows: staged, or in their table already. */
export type ReadyStep = Staged | DirectlyLoaded

/** How a file is planned. */
export interface PlanFileOptions {
  /** Find out row by row what would change. */
  readonly detail: boolean
  /** It is written in the same transaction, so that rows may go where they belong right away. */
  readonly direct: boolean
}

function directly({ progress }: FileWork, tx: Transaction, step: ResolvedStep): Promise<DirectlyLoaded | undefined> {
  return reading(progress, step, (onRows) => loadDirectly(tx, step, onRows))
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

/** Writes a file, and notes it in the history. `staged` are its rows where the plan has left them. */
export async function applyFile(
  work: FileWork,
  tx: Transaction,
  seed: LoadedSeed,
  staged?: readonly ReadyStep[],
): Promise<FileResult> {
  const started = performance.now()
  const steps: StepResult[] = []
  for (const [index, step] of seed.steps.entries()) {
    const resolved = staged?.[index]?.step ?? (await resolveStep(work.cells.scene, seed, step, ++work.steps))
    throwProblems(work.cells.problems)
    if (resolved === undefined) continue
    const table = shownTable(resolved.table, work.options.baseSchema)
    const written = await explaining(resolved, table, () => writeStep(work, tx, resolved, staged?.[index]))
    steps.push({ table, mode: resolved.mode, ...written })
  }
  const statements = await runStatements(tx, seed)
  if (seed.run !== null) await runScript(work, tx, seed)
  const result = fileResult(seed, 'applied', { steps, statements, durationMs: performance.now() - started })
  await record(work, tx, seed, result)
  return result
}

async function writeStep(
  work: FileWork,
  tx: Transaction,
  step: ResolvedStep,
  ready: ReadyStep | undefined,
): Promise<StepDiff> {
  const { cells } = work
  if (ready !== undefined && 'inserted' in ready) return { ...nothing, inserted: ready.inserted }
  const stage = (only?: ReadonlySet<number>) =>
    stageRows({ tx, cells, problems: cells.problems, planned: null, bulk: [] }, step, only)
  let staged = ready !== undefined && ready.late.size === 0 ? ready : await stage()
  throwProblems(cells.problems)
  let { count } = staged
  const total: { -readonly [Key in keyof StepDiff]: StepDiff[Key] } = { ...nothing }
  for (let round = 0; ; round += 1) {
    const { waiting } = staged
    if (waiting.size > 0) await tx.query(sql`delete from ${stageSql(staged)} where ${rowIn(waiting)}`)
    await sealSecrets(tx, staged, { cells, dry: false })
    if (!step.source.bulk)
      total.rows = [
        ...total.rows,
        ...(await diffStep(tx, staged, cells.dialect)).rows.filter(({ change }) => change !== 'remove'),
      ]
    const written = await writeStaged(tx, staged, cells.dialect)
    total.inserted += written.inserted
    total.updated += written.updated
    if (round === 0) count = staged.count
    if (waiting.size === 0) {
      if (round > 0 && step.mode === 'sync') staged = await stage()
      break
    }
    staged = await stage(waiting)
    throwProblems(cells.problems)
    if (staged.waiting.size === waiting.size) throw unresolved(step, waiting)
  }
  if (step.mode === 'sync') {
    const { rows } = await diffStep(tx, staged, cells.dialect)
    total.rows = [...total.rows, ...rows.filter(({ change }) => change === 'remove')]
    total.removed = await removeUnlisted(tx, staged)
  }
  total.unchanged = count - total.inserted - total.updated
  return total
}

function rowIn(rows: ReadonlySet<number>) {
  return sql`${id(rowColumn)} in (${join([...rows].map((row) => literal(row)))})`
}

function unresolved({ source }: ResolvedStep, rows: ReadonlySet<number>): MetastoreError {
  const [first = 0] = rows
  return new MetastoreError({
    code: 'seed_invalid',
    message: 'The row refers to a row that is not there any more.',
    where: source.place(first),
    remedy: 'Run the same command again.',
  })
}

// What the server says of a row may hold what the row holds, so it is left out where that could be a secret.
async function explaining<T>(step: ResolvedStep, table: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof StagingFailed) throw refused(step, table, 'a value does not fit its column.')
    if (!(error instanceof DatabaseError)) throw error
    if (['connection_lost', 'canceled', 'lock_timeout', 'deadlock', 'serialization', 'busy'].includes(error.reason))
      throw error
    const open = step.inputs.variables.size === 0
    throw refused(step, table, error.message, open ? error.details : [], error)
  }
}

function refused(
  step: ResolvedStep,
  table: string,
  reason: string,
  details: readonly string[] = [],
  cause?: unknown,
): MetastoreError {
  return new MetastoreError({
    code: 'seed_failed',
    message: `The database refused rows of ${table}: ${reason}`,
    where: step.where,
    remedy: 'Correct the rows, or the table; nothing of this file was kept.',
    details,
    cause,
  })
}

async function runStatements(tx: Transaction, { statements, reading }: LoadedSeed): Promise<StatementResult[]> {
  const results: StatementResult[] = []
  for (const { text, offset } of statements) {
    try {
      results.push({ where: placeOf(reading.source, offset), text, rows: await tx.execute(raw(text)) })
    } catch (error) {
      if (!(error instanceof DatabaseError) || error.reason === 'connection_lost') throw error
      const { code, message, remedy, details, cause } = error
      const { reason, engineCode, statement, position, object, completed } = error
      const where = placeOf(reading.source, offset + (position ?? 0))
      throw new DatabaseError({
        code,
        message,
        where,
        remedy,
        details,
        cause,
        reason,
        engineCode,
        statement,
        position,
        object,
        completed,
      })
    }
  }
  return results
}

async function runScript({ options }: FileWork, tx: Transaction, { run, file }: LoadedSeed): Promise<void> {
  try {
    await run?.({ db: tx, sql, env: options.variable })
  } catch (error) {
    if (error instanceof MetastoreError) throw error
    throw new MetastoreError({
      code: 'script_failed',
      message: `The seed script threw an error: ${error instanceof Error ? error.message : String(error)}`,
      where: file.path,
      remedy: 'Mend the script and run again; nothing of this file was kept.',
      cause: error,
    })
  }
}

async function record(
  { options }: FileWork,
  tx: Transaction,
  seed: LoadedSeed,
  { counts, durationMs }: FileResult,
): Promise<void> {
  const history = seedHistory(options.database, options.stateSchema)
  const statements = recordStatements(history, {
    set: options.set,
    file: seed.file.path,
    checksum: seed.file.checksum,
    environment: options.environment,
    inputs: await recordInputs(seed.file, seed.inputs, options),
    position: options.position,
    counts,
    verified: false,
    appliedAt: new Date().toISOString(),
    durationMs: Math.round(durationMs),
    actor: options.actor,
  })
  for (const statement of statements) tx.beforeCommit(statement)
}

interface Outcome {
  readonly steps: readonly StepResult[]
  readonly statements: readonly StatementResult[]
  readonly durationMs: number
}

function fileResult({ file }: LoadedSeed, state: FileResult['state'], outcome: Outcome): FileResult {
  const sum = (count: (step: StepDiff) => number) => outcome.steps.reduce((total, step) => total + count(step), 0)
  const counts = {
    inserted: sum(({ inserted }) => inserted),
    updated: sum(({ updated }) => updated),
    unchanged: sum(({ unchanged }) => unchanged),
    removed: sum(({ removed }) => removed),
  }
  return { file: file.path, state, counts, ...outcome, durationMs: Math.round(outcome.durationMs) }
}
