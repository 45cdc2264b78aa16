import { introspect } from '../../src/catalog/catalog.ts'
import { id, join, literal, openDatabase, sql, type Database, type Session } from '../../src/database/database.ts'
import {
  abortBatch,
  completeBatch,
  openEngine,
  readStatus,
  startBatch,
  type MigrationFile,
} from '../../src/migrations/migrations.ts'
import { dyingDatabase } from '../harness/dying-database.ts'
import { dropDatabase, freshPostgresUrl } from '../harness/engines.ts'
import { schemaText } from '../harness/schema-text.ts'

/** What a batch is put through. */
export type Phase = 'start' | 'complete' | 'abort'

/** The moments of a run, numbered from 1. */
export interface Moments {
  readonly last: number
  /** Those that come first after a step was done. */
  readonly afterSteps: readonly number[]
}

/** A database with files, on which phases run, and are cut off. */
export interface CrashSite extends AsyncDisposable {
  readonly url: string
  readonly files: readonly MigrationFile[]
  run(phase: Phase): Promise<void>
  /** Runs a phase whose user dies at a moment, or never with 0. Tells what moments there were. */
  die(phase: Phase, moment: number): Promise<Moments>
  /** Runs a script in one transaction, as an application whose search path is this schema. */
  write(schema: string, script: string): Promise<void>
  /** What the database says is going on. */
  state(): Promise<string>
  /** All there is, but for what a crash may leave different: times, and who. */
  look(): Promise<object>
  /** Closes its connections and keeps its database. */
  close(): Promise<void>
}

/** A site on a copy of another, which nobody may use meanwhile, or on an empty database; its database goes with it. */
export async function crashSite(files: readonly MigrationFile[], copied?: string): Promise<CrashSite> {
  const url = await freshPostgresUrl(18, copied)
  const database = await openDatabase(url)
  const session = await database.session()
  return {
    url,
    files,
    run: (phase) => run(database, files, phase),
    async die(phase, moment) {
      const dying = dyingDatabase(database, moment)
      const afterSteps: number[] = []
      const end = run(dying.database, files, phase, () => afterSteps.push(dying.moments() + 1))
      // A user who dies has no success to tell of, unless that was in something that may fail.
      await (moment === 0 ? end : end.catch(() => {}))
      return { last: dying.moments(), afterSteps }
    },
    write: (schema, script) =>
      session.transaction(async (tx) => {
        await tx.script(`set local search_path to ${id(schema).inline('postgres')}; ${script}`)
      }),
    async state() {
      await using engine = await openEngine(database)
      return (await readStatus(engine, files)).state
    },
    look: () => look(session, database, files),
    close: () => database.close(),
    async [Symbol.asyncDispose]() {
      await database.close()
      await dropDatabase(url)
    },
  }
}

/** The URL of a site that was prepared and that nobody uses any more, so that it can be copied. */
export async function preparedSite(
  files: readonly MigrationFile[],
  copied: string | undefined,
  prepare: (site: CrashSite) => Promise<void>,
): Promise<string> {
  const site = await crashSite(files, copied)
  await prepare(site)
  await site.close()
  return site.url
}

async function run(
  database: Database,
  files: readonly MigrationFile[],
  phase: Phase,
  onStep: () => unknown = () => {},
): Promise<void> {
  await using engine = await openEngine(database, { lockWait: 0, user: 'ann@host' })
  // Small batches, so that a backfill has moments between them.
  const options = { backfill: { batchSize: 10 }, onStep: () => void onStep() }
  if (phase === 'start') await startBatch(engine, files, options)
  if (phase === 'complete') await completeBatch(engine, options)
  if (phase === 'abort') await abortBatch(engine, options)
}

async function look(session: Session, database: Database, files: readonly MigrationFile[]): Promise<object> {
  await using engine = await openEngine(database)
  const { step: _step, backfills, ...status } = await readStatus(engine, files)
  const schemas = await session.query<{ name: string }>(sql`
    select nspname as name from pg_namespace
    where nspname !~ '^pg_' and nspname not in ('information_schema', 'metastore')
    order by nspname`)
  const texts: Record<string, unknown> = {}
  for (const { name } of schemas) texts[name] = await schemaText(session, name)
  return {
    status: { ...status, backfills: backfills.map(({ label }) => label) },
    texts,
    catalog: await introspect(session, 'postgres', { excludeSchemas: ['metastore'] }),
    rows: await readRows(session),
    invalid: await session.query(sql`select indexrelid::regclass::text as name from pg_index where not indisvalid`),
    history: await session.query(sql`
      select name, how, checksum from metastore.migrations where rolled_back_at is null order by position`),
    state: await session.query(sql`
      select key, value from metastore.state where key not in ('batch', 'lease') order by key`),
    steps: await session.query(sql`select phase, step, status from metastore.steps order by phase, step`),
    journal: await session.query(sql`select * from metastore.journal`),
    bookkeeping: await session.query(sql`
      select relname as name from pg_class where relnamespace = 'metastore'::regnamespace order by relname`),
  }
}

// Of every table and view, of both versions.
async function readRows(session: Session): Promise<unknown> {
  const relations = await session.query<{ schema: string; name: string }>(sql`
    select nspname as schema, relname as name
    from pg_class
    join pg_namespace on pg_namespace.oid = relnamespace
    where relkind in ('r', 'v') and nspname !~ '^pg_' and nspname not in ('information_schema', 'metastore')
    order by nspname, relname`)
  const reads = relations.map(
    ({ schema, name }) => sql`
      select ${literal(`${schema}.${name}`)} as relation, jsonb_agg(to_jsonb(t) order by to_jsonb(t)) as rows
      from ${id(schema, name)} t`,
  )
  return reads.length === 0 ? [] : session.query(join(reads, ' union all '))
}
