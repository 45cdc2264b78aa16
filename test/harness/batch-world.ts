import { onTestFinished } from 'vitest'
import { introspect } from '../../src/catalog/catalog.ts'
import { openDatabase, raw, type Database } from '../../src/database/database.ts'
import type { MetastoreError } from '../../src/errors.ts'
import type { CompiledBatch } from '../../src/migrations/batch/compiled-batch.ts'
import { openEngine, type Engine, type EngineOptions } from '../../src/migrations/engine.ts'
import { migrate, type MigrateOptions } from '../../src/migrations/migrate.ts'
import { abort } from '../../src/migrations/phases/abort.ts'
import { complete } from '../../src/migrations/phases/complete.ts'
import type { AbortOptions, PhaseOptions, StartOptions } from '../../src/migrations/phases/phase-options.ts'
import type { CompileBatch } from '../../src/migrations/phases/phase-work.ts'
import { start } from '../../src/migrations/phases/start.ts'
import { readStatus } from '../../src/migrations/status.ts'
import { emptyActions, handmadeBatch } from './handmade-batch.ts'
import { migrationDirectory } from './migration-files.ts'

/** The steps that a hand-made batch is to have, by the number of catalogs that are known. */
export type HandmadeSteps = (catalogs: number) => Parameters<typeof handmadeBatch>[1]

/** A database, files of which every one of actions is a batch of hand-made steps, and the phases. */
export type BatchWorld = Awaited<ReturnType<typeof batchWorld>>

/** A world on a fresh database; `names` are files of actions. */
export async function batchWorld(url: string, steps: HandmadeSteps, names: readonly string[] = ['1_a']) {
  const database = await openDatabase(url)
  onTestFinished(() => database.close())
  return worldOn(database, steps, names)
}

/** The same on a database that is open already. */
export async function worldOn(database: Database, steps: HandmadeSteps, names: readonly string[] = ['1_a']) {
  const files = migrationDirectory(Object.fromEntries(names.map((name) => [`${name}.json`, emptyActions])))
  const compile: CompileBatch = (input): CompiledBatch => handmadeBatch(input, steps(input.catalogs.length))
  const observer = await database.session()
  onTestFinished(() => observer.close())
  const withEngine = async <T>(work: (engine: Engine) => Promise<T>, options: EngineOptions = {}): Promise<T> => {
    await using engine = await openEngine(database, { lockWait: 0, user: 'ann@host', ...options })
    return await work(engine)
  }
  const query = (text: string) => observer.query(raw(text))
  return {
    database,
    files,
    query,
    withEngine,
    start: (options?: StartOptions, engine?: EngineOptions) =>
      withEngine(async (one) => start(one, await files.read(), options, compile), engine),
    migrate: (options?: MigrateOptions, engine?: EngineOptions) =>
      withEngine(async (one) => migrate(one, await files.read(), options), engine),
    complete: (options?: PhaseOptions, engine?: EngineOptions) =>
      withEngine((one) => complete(one, options, compile), engine),
    abort: (options?: AbortOptions, engine?: EngineOptions) =>
      withEngine((one) => abort(one, options, compile), engine),
    status: () => withEngine(async (one) => readStatus(one, await files.read())),
    tables: async () => {
      const rows = await query(
        `select relname as name from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') order by 1`,
      )
      return rows.map(({ name }) => name)
    },
    /** Interrupts what runs as soon as the step of that label has run. */
    interruptedAfter: (label: string): { options: PhaseOptions; engine: EngineOptions } => {
      const controller = new AbortController()
      const onStep = (done: { label: string }) => {
        if (done.label === label) controller.abort()
      }
      return { options: { onStep }, engine: { signal: controller.signal } }
    },
    /** All there is, but for what a crash may leave different: times and batches. */
    contents: async () => ({
      catalog: await introspect(observer, 'postgres', { excludeSchemas: ['metastore'] }),
      history: await query(`select name, how from metastore.migrations where rolled_back_at is null order by position`),
      state: await query(`select key, value from metastore.state where key not in ('batch', 'lease') order by key`),
      steps: await query(`select phase, step, status from metastore.steps order by 1, 2`),
    }),
  }
}

/** The error that something is refused with, as people see it. */
export async function refusalOf(work: Promise<unknown>): Promise<ReturnType<MetastoreError['toJSON']>> {
  const error: unknown = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  if (error === undefined) throw new Error('Nothing was refused.')
  if (!(error instanceof Error) || !('toJSON' in error)) throw new Error('It failed otherwise.', { cause: error })
  return (error as MetastoreError).toJSON()
}
