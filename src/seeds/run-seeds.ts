import { withDetail, type Transaction } from '../database/database.ts'
import { introspect } from '../catalog/catalog.ts'
import { MetastoreError } from '../errors.ts'
import { silent } from '../progress.ts'
import { applyFile } from './apply-file.ts'
import { throughDomains } from './domains.ts'
import { planFile, type PlanFileOptions } from './plan-file.ts'
import type { FileWork, ReadyStep } from './file-work.ts'
import { checkExpectations, expectationFailure } from './expectations.ts'
import { ensureSeedHistory, markVerified, readSeedHistory, seedHistory, type AppliedSeed } from './history.ts'
import { isUnchanged } from './inputs.ts'
import { isFor, loadSeed, type LoadedSeed } from './load-seed.ts'
import { plannedRows } from './staging/planned-rows.ts'
import { collectProblems, placeOf, throwProblems, type Problems } from './problem.ts'
import type { ExpectationResult, FileResult, Removal, SeedOptions, SeedResult } from './seed-options.ts'
import type { SeedFile } from './format/seed-file.ts'
import { seeEveryRow, type BoundTable } from './row-security.ts'
import type { Scene } from './target.ts'
import type { CellWorld } from './world.ts'

/**
 * What applying a set would do, row by row, without writing anything but temporary tables.
 * Throws `seed_invalid` with everything that is wrong.
 */
export async function planSeeds(options: SeedOptions): Promise<SeedResult> {
  const run = await beginRun(options)
  if (run.pending.length === 0) return { set: options.set, files: run.standing, expectations: [] }
  const files = await inTransaction(
    options,
    async (tx, bound) => (await planAll(run, tx, { bound, detail: true, direct: false })).results,
  )
  return { set: options.set, files: inOrder(options, [...run.standing, ...files]), expectations: [] }
}

/**
 * Applies a set: everything is validated first, then each file is written in a transaction of its own, and at the end it is
 * looked at whether what the set expects is so. The caller holds the migration lock. Throws `seed_invalid` before anything is
 * written, `seed_failed` with the earlier files kept, `seed_expectation_failed`.
 */
export async function applySeeds(options: SeedOptions): Promise<SeedResult> {
  const run = await beginRun(options)
  run.standing.forEach((file) => options.onFile?.(file))
  const files = run.pending.length === 0 ? [] : await applyPending(run)
  const expectations = await expect(run)
  const failed = expectations.filter(({ ok }) => !ok)
  if (failed.length > 0) throw expectationFailure(options.set, failed)
  return { set: options.set, files: inOrder(options, [...run.standing, ...files]), expectations }
}

/** Looks only whether what a set expects is so; nothing is thrown for what is not. */
export async function verifySeeds(options: SeedOptions): Promise<readonly ExpectationResult[]> {
  const problems = collectProblems()
  const seeds = await loadAll(options, options.files, problems)
  throwProblems(problems)
  return look(options, seeds)
}

interface SeedRun {
  readonly options: SeedOptions
  readonly history: readonly AppliedSeed[]
  /** Files that nothing is to be done about. */
  readonly standing: readonly FileResult[]
  readonly pending: readonly LoadedSeed[]
  /** What is wrong with the files; what reads rows later on adds to it. */
  readonly problems: Problems
}

async function beginRun(options: SeedOptions): Promise<SeedRun> {
  const history = await readSeedHistory(options.session, seedHistory(options.database, options.stateSchema))
  const standing: FileResult[] = []
  const changed: SeedFile[] = []
  for (const file of options.files) {
    const applied = history.find((one) => one.set === options.set && one.file === file.path)
    if (await isUnchanged(file, applied, options)) standing.push(nothingDone(file, 'unchanged'))
    else changed.push(file)
  }
  const problems = collectProblems()
  const loaded = await loadAll(options, changed, problems)
  const pending: LoadedSeed[] = []
  for (const seed of loaded) {
    if (isFor(seed, options.environment)) pending.push(seed)
    else standing.push(nothingDone(seed.file, 'skipped'))
  }
  throwProblems(problems)
  return { options, history, standing, pending, problems }
}

function nothingDone({ path }: SeedFile, state: 'unchanged' | 'skipped'): FileResult {
  const counts = { inserted: 0, updated: 0, unchanged: 0, removed: 0 }
  return { file: path, state, steps: [], statements: [], counts, durationMs: 0 }
}

async function loadAll(
  { database: { dialect }, readers }: SeedOptions,
  files: readonly SeedFile[],
  problems: Problems,
): Promise<LoadedSeed[]> {
  const loaded: LoadedSeed[] = []
  const failures: MetastoreError[] = []
  for (const file of files) {
    try {
      loaded.push(await loadSeed(file, { problems, dialect, readers }))
    } catch (error) {
      if (!(error instanceof MetastoreError)) throw error
      failures.push(error)
      problems.add(error.where ?? file.path, error.message, error.remedy)
    }
  }
  const [only] = failures
  // Alone it says more: the statement, with a mark.
  if (only !== undefined && problems.found.length === 1) throw only
  return loaded
}

function inOrder({ files }: SeedOptions, results: readonly FileResult[]): FileResult[] {
  return files.flatMap(({ path }) => results.filter(({ file }) => file === path))
}

/** A transaction that sees every row, or fails; `bound` are the tables of which it cannot. */
function inTransaction<T>(
  { session, database }: SeedOptions,
  work: (tx: Transaction, bound: readonly BoundTable[]) => Promise<T>,
): Promise<T> {
  return session.transaction(async (tx) => work(tx, database.features.roles ? await seeEveryRow(tx) : []))
}

interface Planned {
  readonly results: readonly FileResult[]
  readonly work: FileWork
  readonly staged: readonly (readonly ReadyStep[])[]
}

async function planAll(
  run: SeedRun,
  tx: Transaction,
  { bound, ...how }: PlanFileOptions & { readonly bound: readonly BoundTable[] },
): Promise<Planned> {
  const { options, problems } = run
  const scene: Scene = {
    ...throughDomains(await introspect(tx, options.database.dialect, { excludeSchemas: [options.stateSchema] })),
    baseSchema: options.baseSchema,
    stateSchema: options.stateSchema,
    bound,
  }
  const cells: CellWorld = {
    dialect: options.database.dialect,
    variable: options.variable,
    secrets: options.secrets,
    now: new Date().toISOString(),
    scene,
    problems,
  }
  const work: FileWork = {
    options,
    cells,
    progress: options.progress ?? silent,
    planned: plannedRows(),
    bulk: [],
    earlier: [],
    spoiled: new Set(),
    steps: 0,
  }
  const results: FileResult[] = []
  const staged: (readonly ReadyStep[])[] = []
  for (const seed of run.pending) {
    const planned = await planFile(work, tx, seed, how)
    results.push(planned.result)
    staged.push(planned.staged)
  }
  throwProblems(problems)
  return { results, work, staged }
}

async function applyPending(run: SeedRun): Promise<FileResult[]> {
  const { options, pending } = run
  const history = seedHistory(options.database, options.stateSchema)
  const applied: FileResult[] = []
  const [only, another] = pending
  // Of one file, what was staged for the plan is written in the same transaction: rows are read once.
  const work = await inTransaction(options, async (tx, bound) => {
    const started = performance.now()
    const planned = await planAll(run, tx, {
      bound,
      detail: false,
      direct: only !== undefined && another === undefined,
    })
    await askForRemovals(options, planned.results)
    if (only === undefined || another !== undefined) return planned.work
    await ensureSeedHistory(tx, history)
    applied.push(await applyFile(planned.work, tx, only, { staged: planned.staged[0] ?? [], started }))
    return planned.work
  }).catch((error: unknown) => {
    throw explained(error, run, [])
  })
  for (const file of applied) options.onFile?.(file)
  if (applied.length > 0) return applied
  const progress = options.progress ?? silent
  progress({ kind: 'begin', task: 'seed', total: pending.length, unit: 'files' })
  try {
    for (const [index, seed] of pending.entries()) {
      progress({ kind: 'advance', task: 'seed', done: index, label: seed.file.path })
      const file = await inTransaction(options, async (tx) => {
        await ensureSeedHistory(tx, history)
        return applyFile(work, tx, seed)
      })
      applied.push(file)
      options.onFile?.(file)
    }
  } catch (error) {
    throw explained(error, run, applied)
  } finally {
    progress({ kind: 'end', task: 'seed' })
  }
  return applied
}

async function askForRemovals({ onRemovals }: SeedOptions, results: readonly FileResult[]): Promise<void> {
  const removals: Removal[] = results.flatMap(({ file, steps }) =>
    steps.flatMap(({ table, removed }) => (removed > 0 ? [{ file, table, rows: removed }] : [])),
  )
  if (removals.length > 0) await onRemovals?.(removals)
}

// What stays after a failure, and that the same command goes on from there.
function explained(error: unknown, { pending }: SeedRun, applied: readonly FileResult[]): unknown {
  if (!(error instanceof MetastoreError) || pending.length < 2 || error.code === 'seed_invalid') return error
  const kept = applied.length === 0 ? 'Nothing was written.' : `Kept: ${applied.map(({ file }) => file).join(', ')}.`
  const next = pending[applied.length]?.file.path ?? 'the rest'
  return withDetail(error, `${kept} Run the same command again: it goes on with ${next}.`)
}

// What a set expects is looked at when something was applied, and until it has once been so.
async function expect({ options, history, pending }: SeedRun): Promise<readonly ExpectationResult[]> {
  const open = history.some(({ set, verified }) => set === options.set && !verified)
  if (pending.length === 0 && !open) return []
  const problems = collectProblems()
  const seeds = await loadAll(options, options.files, problems)
  throwProblems(problems)
  const results = await look(options, seeds)
  if (results.every(({ ok }) => ok)) {
    await markVerified(options.session, seedHistory(options.database, options.stateSchema), options.set)
  }
  return results
}

async function look(options: SeedOptions, seeds: readonly LoadedSeed[]): Promise<ExpectationResult[]> {
  const placed = seeds
    .filter((seed) => isFor(seed, options.environment))
    .flatMap(({ reading, expectations }) =>
      expectations.map((expectation) => ({ expectation, where: placeOf(reading.source, expectation.at) })),
    )
  if (placed.length === 0) return []
  const home = options.database.dialect === 'sqlite' ? 'main' : options.baseSchema
  const pathOf = (name: string) => (name.includes('.') ? name.split('.') : [home, name])
  return inTransaction(options, (tx) => checkExpectations(tx, placed, pathOf))
}

/** Whether every file was applied as it is now, and what the set expects was so: then there is nothing to do, or to lock for. */
export async function isNothingToDo(options: SeedOptions): Promise<boolean> {
  const history = await readSeedHistory(options.session, seedHistory(options.database, options.stateSchema))
  const own = history.filter(({ set }) => set === options.set)
  if (own.some(({ verified }) => !verified)) return false
  for (const file of options.files) {
    if (
      !(await isUnchanged(
        file,
        own.find((one) => one.file === file.path),
        options,
      ))
    )
      return false
  }
  return true
}
