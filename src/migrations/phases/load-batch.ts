import type { Catalog } from '../../catalog/catalog.ts'
import { MetastoreError } from '../../errors.ts'
import type { BatchInput, BatchMigration, CompiledBatch } from '../batch/compiled-batch.ts'
import type { PhaseStep } from '../batch/phase-step.ts'
import { parseMigration } from '../formats.ts'
import type { Migration } from '../migration.ts'
import { loadParser } from '../sql/parser.ts'
import { namesOf, type StoredBatch, type StoredMigration, type StoredRollback } from '../stored-batch.ts'
import type { BatchWork } from './phase-work.ts'
import { readCatalogs } from './reintrospect.ts'
import { readSteps, type StepNote } from './step-journal.ts'
import { listed } from './refusals.ts'

/** A batch as the database has it, understood and compiled again. */
export interface LoadedBatch {
  readonly compiled: CompiledBatch
  readonly migrations: readonly Migration[]
  readonly notes: readonly StepNote[]
  /** Every start step that may be in the journal, in order; more than `compiled.start` where what came later does not compile. */
  readonly started: readonly PhaseStep[]
}

/** What a batch is loaded with. */
export interface ToLoad extends Pick<BatchWork, 'batch' | 'compile'> {
  readonly run: Pick<BatchWork['run'], 'database' | 'session' | 'bookkeeping'>
}

/** Reads and compiles the batch that is under way. Throws `batch_incompatible`. */
export async function loadBatch({ run, batch, compile }: ToLoad): Promise<LoadedBatch> {
  const migrations = await Promise.all(batch.migrations.map(parseStored))
  const catalogs = await readCatalogs(run.session, run.bookkeeping)
  const notes = await readSteps(run.session, run.bookkeeping)
  const known = {
    parts: partsOf(migrations),
    stateSchema: run.bookkeeping.schema ?? '',
    serverMajor: run.database.server.major,
  }
  // One for each catalog: what ran before an opaque step is there even where the rest does not compile after it.
  const inputs = await Promise.all(
    catalogs.map((_, index) => inputOf(batch, { ...known, catalogs: catalogs.slice(0, index + 1) })),
  )
  const compilations = inputs.map(compile)
  const compiled = compilations.at(-1)
  if (compiled === undefined) throw new RangeError('A batch under way has no catalog.')
  const started = [...new Map(compilations.flatMap(({ start }) => start.map((step) => [step.key, step]))).values()]
  const steps = { start: started, prepare: compiled.prepare, complete: compiled.complete }
  for (const { phase, step } of notes) {
    if (phase !== 'abort' && !steps[phase].some(({ key }) => key === step)) throw incompatible(batch)
  }
  return { compiled, migrations, notes, started }
}

/** What a batch is compiled from. */
export async function inputOf(
  batch: Pick<StoredBatch, 'base' | 'oldVersion' | 'options'> & {
    readonly target?: string | undefined
    readonly rollback?: Pick<StoredRollback, 'columnOrder'> | undefined
  },
  known: {
    readonly parts: readonly BatchMigration[]
    readonly catalogs: readonly Catalog[]
    readonly stateSchema: string
    readonly serverMajor: number
  },
): Promise<BatchInput> {
  const [first, ...others] = known.catalogs
  if (first === undefined) throw new RangeError('A batch is compiled from a catalog.')
  const { base, oldVersion, options, target, rollback } = batch
  return {
    migrations: known.parts,
    catalogs: [first, ...others],
    target,
    columnOrder: rollback?.columnOrder,
    base,
    stateSchema: known.stateSchema,
    oldVersion,
    serverMajor: known.serverMajor,
    parser: await loadParser(),
    options,
  }
}

/** The actions of migrations, by name. */
export function partsOf(migrations: readonly Migration[]): BatchMigration[] {
  return migrations.map(({ name, up }) => {
    if (up.kind !== 'actions') throw new RangeError(`Migration ${name} holds no actions.`)
    return { name, part: up }
  })
}

function parseStored(stored: StoredMigration): Promise<Migration> {
  const { description: _description, priority: _priority, ...file } = stored
  return parseMigration({ ...file, absolutePath: file.path }, 'postgres')
}

function incompatible(batch: StoredBatch): MetastoreError {
  return new MetastoreError({
    code: 'batch_incompatible',
    message: `${listed(namesOf(batch))} was started by metastore ${batch.toolVersion}, which took other steps than this version would.`,
    remedy: `Complete or abort it with metastore ${batch.toolVersion}.`,
  })
}
