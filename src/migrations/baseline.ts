import { introspect, type Catalog } from '../catalog/catalog.ts'
import { id, sql, type Queryable, type Sql, type Transaction } from '../database/database.ts'
import { MetastoreError } from '../errors.ts'
import { versionSchemaName } from './batch/names.ts'
import type { VersionSchema } from './batch/version-view.ts'
import { setState } from './bookkeeping.ts'
import type { Engine, Position } from './engine.ts'
import { parseMigration } from './formats.ts'
import { recordApplied } from './history.ts'
import { clearJournal } from './journal.ts'
import type { Migration, MigrationFile } from './migration.ts'
import { combineProblems } from './problems.ts'
import type { Destination } from './resolve.ts'
import type { Run } from './run.ts'
import { selectPending } from './selection.ts'
import { createVersionSchema, versionProblems } from './versions/version-schema.ts'

/** How a database that exists already becomes managed. */
export interface BaselineOptions {
  /** How far its tables are: to the newest file by default; `base` when every file is still to be run. */
  readonly to?: Destination
  /** The schema that holds the real tables. Default `public`. */
  readonly base?: string
  /** Whether views and functions of the base schema are carried into the version's. Default true. */
  readonly exposeViews?: boolean
}

/** What making a baseline came to. */
export interface BaselineResult {
  /** The migrations that count as applied now. */
  readonly recorded: readonly string[]
  readonly current: string | null
  /** The version schema that applications can use now; null where there is none. */
  readonly schema: string | null
}

/**
 * Makes a database with tables and no history a managed one: records migrations as applied without running them, and makes
 * the version schema of the newest, so that the application can move to it before the first batch. A project without actions
 * gets no version schema. Throws `already_managed`, `schema_conflict` and the files' own errors before anything is changed.
 */
export async function baseline(
  engine: Engine,
  files: readonly MigrationFile[],
  { to = { kind: 'head' }, base = 'public', exposeViews = true }: BaselineOptions = {},
): Promise<BaselineResult> {
  const select = (position: Position) => (to.kind === 'base' ? [] : selectPending(files, position, { to }))
  const before = await engine.look()
  if (isDone(before, select(before))) return done(engine, [])
  assertUnmanaged(engine, before)
  const recorded = select(before)
  const migrations = await Promise.all(recorded.map((file) => parseMigration(file, engine.database.dialect)))
  const version = baselineVersion(engine, recorded, files)
  // Before the bookkeeping is made: a database that is refused stays as it was.
  if (version !== null) await versionStatements(engine.session, engine.database, version, { base, exposeViews })
  await engine.locked(async (run, position) => {
    assertUnmanaged(engine, position)
    await run.session.transaction(
      async (tx) => {
        for (const migration of migrations) await recordAsApplied(run, tx, migration, null)
        if (version !== null) await makeVersionSchema(run, tx, version, base, { exposeViews })
        await noteBaseline(run, tx)
      },
      { resetSession: true },
    )
  })
  return done(
    engine,
    recorded.map(({ name }) => name),
  )
}

/** Records a migration as applied without running it; `appliedAt` is when another tool did, null for now. */
export async function recordAsApplied(
  { bookkeeping, actor }: Run,
  tx: Queryable,
  migration: Pick<Migration, 'file' | 'description' | 'priority'>,
  appliedAt: Date | null,
): Promise<void> {
  const how = { how: 'stamped', durationMs: 0, startedAt: appliedAt ?? new Date() } as const
  await tx.query(recordApplied(bookkeeping, migration, actor, how))
  await tx.query(clearJournal(bookkeeping, migration.file.name))
  if (appliedAt === null) return
  await tx.query(sql`
    update ${bookkeeping.migrations} set applied_at = ${appliedAt}
    where name = ${migration.file.name} and rolled_back_at is null`)
}

/** Notes that tables which were there before the first migration are no mistake. */
export async function noteBaseline({ bookkeeping }: Run, tx: Queryable): Promise<void> {
  await tx.query(setState(bookkeeping, 'baseline', new Date().toISOString()))
}

/** Makes the version schema of a migration, which shows the tables as they are, and notes it as the current one. */
export async function makeVersionSchema(
  { database, bookkeeping }: Run,
  tx: Transaction,
  version: string,
  base: string,
  { mayExist = false, exposeViews = true }: { readonly mayExist?: boolean; readonly exposeViews?: boolean } = {},
): Promise<void> {
  if (!mayExist || !(await schemaExists(tx, versionSchemaName(version)))) {
    for (const statement of await versionStatements(tx, database, version, { base, exposeViews }))
      await tx.query(statement)
  }
  await tx.query(setState(bookkeeping, 'version', version))
  await tx.query(setState(bookkeeping, 'base', base))
}

async function versionStatements(
  db: Queryable,
  { dialect, server }: Engine['database'],
  version: string,
  { base, exposeViews }: { readonly base: string; readonly exposeViews: boolean },
): Promise<Sql[]> {
  const name = versionSchemaName(version)
  if (await schemaExists(db, name)) throw schemaTaken(name)
  const catalog = await introspect(db, dialect, { schemas: [base] })
  const problem = combineProblems(versionProblems(catalog, base, server.major))
  if (problem !== undefined) throw problem
  return createVersionSchema(tablesAsVersion(catalog, base, name), { serverMajor: server.major, exposeViews })
}

async function schemaExists(db: Queryable, name: string): Promise<boolean> {
  return (await db.query(sql`select 1 from pg_namespace where nspname = ${name}`)).length > 0
}

/** A version schema that shows the tables of the base schema as they are. */
function tablesAsVersion({ tables, schemas }: Catalog, base: string, name: string): VersionSchema {
  return {
    name,
    base,
    grants: schemas.find((schema) => schema.name === base)?.grants ?? [],
    views: tables
      .filter(({ schema, partitionOf }) => schema === base && partitionOf === null)
      .map((table) => ({
        name: table.name,
        table: table.name,
        comment: table.comment,
        grants: table.grants,
        columns: table.columns.map(({ name: column, comment, grants }) => ({
          name: column,
          physical: column,
          comment,
          grants,
        })),
      })),
  }
}

/**
 * The migration whose version schema a database gets that is made a managed one; null where there are no version schemas.
 * As it would be if the files had been run: the newest with actions names it, or the newest file where actions begin only now.
 */
export function baselineVersion(
  { database }: Pick<Engine, 'database'>,
  recorded: readonly MigrationFile[],
  files: readonly MigrationFile[],
): string | null {
  const isAction = ({ format }: MigrationFile) => format === 'actions'
  if (!database.features.schemas || !files.some(isAction)) return null
  return (recorded.findLast(isAction) ?? recorded.at(-1))?.name ?? null
}

function isDone({ state, applied }: Position, selected: readonly MigrationFile[]): boolean {
  return state.layout !== null && state.phase === null && applied.length > 0 && selected.length === 0
}

async function done(engine: Engine, recorded: readonly string[]): Promise<BaselineResult> {
  const { applied, state } = await engine.look()
  return {
    recorded,
    current: applied.at(-1)?.name ?? null,
    schema: state.version === null ? null : versionSchemaName(state.version),
  }
}

/** Throws `already_managed` when a database has a history, or a batch under way. */
export function assertUnmanaged({ database }: Pick<Engine, 'database'>, { applied, state }: Position): void {
  const current = applied.at(-1)?.name
  if (current === undefined && state.phase === null) return
  const what = current === undefined ? 'a batch is under way' : `it is at ${current}`
  throw new MetastoreError({
    code: 'already_managed',
    message: `${database.address} is managed already: ${what}. Nothing was changed.`,
    where: database.address,
    remedy: 'To run what is pending: metastore migrate. To correct the history by hand: metastore stamp NAME.',
  })
}

function schemaTaken(name: string): MetastoreError {
  return new MetastoreError({
    code: 'schema_conflict',
    message: `The schema ${name}, which the version needs, is there already. Nothing was changed.`,
    where: name,
    remedy: `If Reshape made it, use metastore adopt --from reshape. Otherwise rename or drop it: drop schema ${id(name).inline('postgres')}.`,
  })
}
