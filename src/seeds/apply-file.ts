import { DatabaseError, id, join, literal, sql, type Transaction } from '../database/database.ts'
import { MetastoreError } from '../errors.ts'
import { noTelemetry } from '../telemetry/telemetry.ts'
import { diffStep, type StepDiff } from './staging/diff.ts'
import { fileResult, nothing, type FileWork, type ReadyStep } from './file-work.ts'
import { recordStatements, seedHistory } from './history.ts'
import { beginChecksums, recordInputs, type Checksums } from './inputs.ts'
import type { LoadedSeed } from './load-seed.ts'
import { throwProblems } from './problem.ts'
import { resolveStep } from './resolve-step.ts'
import { runScript, runStatements } from './run-code.ts'
import { sealSecrets } from './staging/seal.ts'
import type { FileResult, StepResult } from './seed-options.ts'
import { stageRows, StagingFailed } from './staging/stage.ts'
import { rowColumn, stageSql, type ResolvedStep } from './staging/staged.ts'
import { shownTable } from './target.ts'
import { removeUnlisted, writeStaged } from './writing/write.ts'

/** What the plan has left for whoever writes the file in the same transaction. */
interface PlannedFile {
  /** Its rows, where they are. */
  readonly staged: readonly ReadyStep[]
  /** When the plan began, which is a part of the work. */
  readonly started: number
}

/** Writes a file, and notes it in the history. */
export async function applyFile(
  work: FileWork,
  tx: Transaction,
  seed: LoadedSeed,
  planned?: PlannedFile,
): Promise<FileResult> {
  const { span, measure } = work.options.telemetry ?? noTelemetry
  return span('metastore.seed', { 'metastore.file': seed.file.path }, async ({ set }) => {
    const result = await writeFile(work, tx, seed, planned)
    const { inserted, updated, removed } = result.counts
    const rows = inserted + updated + removed
    set({ 'metastore.rows': rows })
    measure('metastore.seed.files', 1)
    measure('metastore.seed.rows', rows)
    return result
  })
}

async function writeFile(
  work: FileWork,
  tx: Transaction,
  seed: LoadedSeed,
  { staged, started }: PlannedFile = { staged: [], started: performance.now() },
): Promise<FileResult> {
  const steps: StepResult[] = []
  const begun = beginChecksums(seed.file, seed.inputs)
  for (const [index, step] of seed.steps.entries()) {
    const resolved = staged[index]?.step ?? (await resolveStep(work.cells.scene, seed, step, ++work.steps))
    throwProblems(work.cells.problems)
    if (resolved === undefined) continue
    const table = shownTable(resolved.table, work.options.baseSchema)
    const written = await explaining(resolved, table, () => writeStep(work, tx, resolved, staged[index]))
    steps.push({ table, mode: resolved.mode, ...written })
  }
  const statements = await runStatements(tx, seed)
  if (seed.run !== null) await runScript(work, tx, seed)
  const result = fileResult(seed, 'applied', { steps, statements, durationMs: performance.now() - started })
  await record({ work, tx, begun }, seed, result)
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

async function record(
  { work: { options }, tx, begun }: { readonly work: FileWork; readonly tx: Transaction; readonly begun: Checksums },
  seed: LoadedSeed,
  { counts, durationMs }: FileResult,
): Promise<void> {
  const history = seedHistory(options.database, options.stateSchema)
  const statements = recordStatements(history, {
    set: options.set,
    file: seed.file.path,
    checksum: seed.file.checksum,
    environment: options.environment,
    inputs: await recordInputs(seed.file, seed.inputs, { options, begun }),
    position: options.position,
    counts,
    verified: false,
    appliedAt: new Date().toISOString(),
    durationMs: Math.round(durationMs),
    actor: options.actor,
  })
  for (const statement of statements) tx.beforeCommit(statement)
}
