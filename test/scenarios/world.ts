import { expect, onTestFinished, test } from 'vitest'
import { introspect } from '../../src/catalog/introspect.ts'
import { id, literal, openDatabase, raw, sql, type Database, type Session } from '../../src/database/database.ts'
import { MetastoreError } from '../../src/errors.ts'
import {
  abortBatch,
  completeBatch,
  openEngine,
  readStatus,
  startBatch,
  type AbortOptions,
  type AbortResult,
  type CompleteResult,
  type DatabaseStatus,
  type EngineOptions,
  type StartOptions,
  type StartResult,
} from '../../src/migrations/migrations.ts'
import { engines, type Engine } from '../harness/engines.ts'
import { migrationDirectory, type MigrationDirectory } from '../harness/migration-files.ts'

/** The engines that migrate in phases. */
const phasedEngines = engines.filter(({ name }) => name !== 'sqlite')

/** A row as a query gives it. */
export type Row = Record<string, unknown>

/** One database with an application of each version, and the migrations between them. */
export interface World {
  readonly engine: Engine['name']
  readonly url: string
  readonly database: Database
  readonly files: MigrationDirectory
  /** Runs SQL on the base tables, as whoever looks after the database. */
  base(text: string): Promise<Row[]>
  /** Runs one statement as the old application: on the old version's schema, or on the base tables before the first. */
  asOld(text: string): Promise<Row[]>
  /** Runs one statement as the new application. */
  asNew(text: string): Promise<Row[]>
  start(options?: StartOptions): Promise<StartResult>
  complete(): Promise<CompleteResult>
  abort(options?: AbortOptions): Promise<AbortResult>
  status(): Promise<DatabaseStatus>
  /** The catalog of the base schema, to be compared. */
  catalog(): Promise<unknown>
  /** Fails unless nothing of ours is left in the base schema, and no helper is left anywhere. */
  expectClean(): Promise<void>
}

/** How a world begins. */
export interface WorldOptions {
  /** SQL that makes the base tables, as the first migration, completed. */
  readonly schema?: string
  /** Rows of the base tables, before the batch. */
  readonly rows?: string
  /** The files of the batch, by name. */
  readonly files?: Readonly<Record<string, string>>
  readonly engine?: EngineOptions
}

/**
 * A world whose base tables were made by a first migration that is complete, so that `migration_1_base` is the old version's
 * schema, and whose batch waits to be started.
 */
export async function world(engine: Engine, options: WorldOptions = {}): Promise<World> {
  const url = await engine.freshUrl()
  const database = await openDatabase(url)
  onTestFinished(() => database.close())
  const files = migrationDirectory({})
  const settings: EngineOptions = { lockDeadline: 20_000, ...options.engine }
  const session = await database.session()
  onTestFinished(() => session.close())

  const made: World = {
    engine: engine.name,
    url,
    database,
    files,
    base: (text) => run(session, 'public', text),
    asOld: async (text) => run(session, (await made.status()).oldSchema ?? 'public', text),
    asNew: async (text) => run(session, (await made.status()).newSchema ?? 'public', text),
    start: (start) => withEngine(database, settings, async (one) => startBatch(one, await files.read(), start)),
    complete: () => withEngine(database, settings, (one) => completeBatch(one)),
    abort: (abort) => withEngine(database, settings, (one) => abortBatch(one, abort)),
    status: () => withEngine(database, settings, async (one) => readStatus(one, await files.read())),
    catalog: () => introspect(session, 'postgres', { schemas: ['public'] }),
    expectClean: () => expectCleanDatabase(session),
  }
  if (options.schema !== undefined) {
    files.write('1_base.json', JSON.stringify({ actions: [{ type: 'custom', complete: options.schema }] }))
    await made.start({ complete: true })
  }
  if (options.rows !== undefined) await made.base(options.rows)
  for (const [name, text] of Object.entries(options.files ?? {})) files.write(name, text)
  return made
}

/** A file of actions as JSON. */
export function actions(...list: readonly object[]): string {
  return JSON.stringify({ actions: list })
}

/**
 * A test of a numbered acceptance scenario, on each engine that migrates in phases. What needs several sessions, locks or
 * timeouts runs on native PostgreSQL only, since PGlite has one session.
 */
export function scenario(
  number: number,
  title: string,
  body: (engine: Engine) => Promise<void>,
  { only, timeout = 600_000 }: { readonly only?: 'postgres'; readonly timeout?: number } = {},
): void {
  for (const engine of phasedEngines) {
    if (only !== undefined && engine.name !== only) continue
    test(
      `scenario ${number}: ${title} [${engine.name}]`,
      async () => {
        expect.hasAssertions()
        await body(engine)
      },
      timeout,
    )
  }
}

/** What is said when something is refused: the whole of it as text, too. */
export interface Refusal {
  readonly code: string
  /** `input`, `state`, `locked` or `failed`: exit status 2, 3, 4 or 1. */
  readonly kind: string
  readonly message: string
  readonly where: string | undefined
  readonly remedy: string
  readonly text: string
}

/** The error that something is refused with. */
export async function refusal(work: Promise<unknown>): Promise<Refusal> {
  const error: unknown = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  if (error === undefined) throw new Error('Nothing was refused.')
  if (!(error instanceof MetastoreError)) throw new Error('It failed otherwise.', { cause: error })
  const { code, kind, message, where, remedy, details } = error
  return { code, kind, message, where, remedy, text: [message, ...details].join('\n') }
}

/** Fails unless starting the batch is refused in these words as a mistake of the files or the data, with nothing changed. */
export async function expectRefused(
  it: World,
  expected: { readonly message: string; readonly remedy: string; readonly code?: string },
): Promise<void> {
  const before = await it.catalog()
  expect(await refusal(it.start())).toMatchObject({ kind: 'input', ...expected })
  expect(await it.catalog()).toEqual(before)
  expect(await it.status()).toMatchObject({ state: 'idle' })
}

// As behind a pooler: the path holds for one transaction.
async function run(session: Session, schema: string, text: string): Promise<Row[]> {
  return session.transaction(async (tx) => {
    await tx.script(`set local search_path to ${id(schema).inline('postgres')}`)
    return isScript(text) ? (await tx.script(text), []) : tx.query<Row>(raw(text))
  })
}

function isScript(text: string): boolean {
  return /;\s*\S/.test(text)
}

async function withEngine<T>(
  database: Database,
  options: EngineOptions,
  work: (engine: Awaited<ReturnType<typeof openEngine>>) => Promise<T>,
): Promise<T> {
  await using engine = await openEngine(database, options)
  return await work(engine)
}

/** Fails unless nothing of ours is left in the base schema, and no helper is left anywhere. */
export async function expectCleanDatabase(session: Session): Promise<void> {
  const pattern = literal('%\\_\\_metastore\\_%')
  const left = await session.query<{ object: string }>(sql`
    select 'relation ' || relname as object from pg_class
    where relnamespace = 'public'::regnamespace and relname like ${pattern}
    union all
    select 'column ' || attrelid::regclass || '.' || attname from pg_attribute
    join pg_class on pg_class.oid = attrelid
    where relnamespace = 'public'::regnamespace and attname like ${pattern} and not attisdropped
    union all
    select 'constraint ' || conname from pg_constraint
    where connamespace = 'public'::regnamespace and conname like ${pattern}
    union all
    select 'trigger ' || tgname from pg_trigger where tgname like ${pattern}
    union all
    select 'function ' || proname from pg_proc
    where pronamespace = 'public'::regnamespace and proname like ${pattern}
    union all
    select 'type ' || typname from pg_type
    where typnamespace = 'public'::regnamespace and typname like ${pattern}
    union all
    select 'schema ' || nspname from pg_namespace where nspname = 'metastore_sync'
    union all
    select 'invalid index ' || indexrelid::regclass from pg_index where not indisvalid`)
  expect(left.map(({ object }) => object)).toEqual([])
}
