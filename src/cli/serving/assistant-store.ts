import { type Database, openDatabase, sql } from '../../database/database.ts'
import { MetastoreError } from '../../errors.ts'
import { readStatus, versionSchemaName, type Engine, type MigrationFile } from '../../migrations/migrations.ts'
import { type EmbeddingModel, openStore, type Store } from '../../store/store.ts'
import type { DatabaseEntry } from '../context.ts'

/** A store on a database that has the schema that it needs. */
export interface AssistantStore extends AsyncDisposable {
  readonly store: Store
  /** The schema of views that statements use; null where no migration is in actions. */
  readonly version: string | null
  /** Why the store cannot work at this moment; undefined when it can. */
  whyNot(): Promise<string | undefined>
}

/** The tables without which no request is answered. */
const needed = [
  'tenants',
  'users',
  'api_keys',
  'assistants',
  'threads',
  'messages',
  'runs',
  'checkpoints',
  'store_items',
]

/**
 * Opens the store of a database for the version of the schema that the project's files make. Throws `schema_mismatch` where
 * the database is behind them, `not_supported` on SQLite, `connection_failed`.
 */
export async function openAssistantStore(
  entry: DatabaseEntry,
  connections?: number,
  embeddings?: EmbeddingModel,
): Promise<AssistantStore> {
  if (entry.dialect() === 'sqlite') throw notOnSqlite(entry)
  const version = await versionFor(entry)
  const { url, urlDirectory, wait, schema } = entry.settings
  // Not ended by an interruption: what is under way comes to its end first.
  const database = await openDatabase(url, { directory: urlDirectory, wait })
  const searchPath = [...(version === null ? [] : [version]), schema]
  const store = openStore(database, { searchPath, embeddings, ...(connections !== undefined && { connections }) })
  const close = async (): Promise<void> => {
    await store.close()
    await database.close()
  }
  try {
    const lacking = await lackingTables(store)
    if (lacking.length > 0) throw tablesMissing(entry, lacking)
  } catch (error) {
    await close()
    throw error
  }
  return { store, version, whyNot: () => whyNot(store, version, database), [Symbol.asyncDispose]: close }
}

/** The version schema that the files make, which the database has to have. */
async function versionFor(entry: DatabaseEntry): Promise<string | null> {
  await using engine = await entry.engine({ command: 'serve', reads: true })
  const { files } = await entry.migrationsOn(engine)
  const version = newestVersion(files)
  const pending = await pendingOn(engine, files, version)
  if (pending.length > 0) throw behind(entry, pending)
  if (version !== null && !(await hasSchema(engine.session, version))) throw versionMissing(entry, version)
  return version
}

// A role that owns nothing need not read the history: where files make a schema of their version, that is proof of what they make.
async function pendingOn(
  engine: Engine,
  files: readonly MigrationFile[],
  version: string | null,
): Promise<readonly string[]> {
  try {
    return (await readStatus(engine, files)).pending
  } catch (error) {
    if (version === null || !(error instanceof MetastoreError && error.code === 'privilege_missing')) throw error
    return []
  }
}

function newestVersion(files: readonly MigrationFile[]): string | null {
  const newest = files.findLast(({ format }) => format === 'actions')
  return newest === undefined ? null : versionSchemaName(newest.name)
}

type Asked = Pick<Awaited<ReturnType<Database['session']>>, 'query'>

async function hasSchema(asked: Asked, name: string): Promise<boolean> {
  return (await asked.query(sql`select from pg_namespace where nspname = ${name}`)).length > 0
}

function lackingTables(store: Store): Promise<readonly string[]> {
  return store.admin.transaction(async (tx) => {
    const lacking: string[] = []
    for (const table of needed) {
      const [found] = await tx.query<{ oid: unknown }>(sql`select to_regclass(${table}) as oid`)
      if (found?.oid === null) lacking.push(table)
    }
    return lacking
  })
}

async function whyNot(store: Store, version: string | null, { address }: Database): Promise<string | undefined> {
  try {
    const there = await store.admin.transaction((tx) =>
      version === null ? Promise.resolve(true) : hasSchema(tx, version),
    )
    return there ? undefined : `The database has the schema ${version ?? ''} no more, which this server was built for.`
  } catch {
    return `The database ${new URL(address).protocol.slice(0, -1)} does not answer.`
  }
}

function behind(entry: DatabaseEntry, pending: readonly string[]): MetastoreError {
  const [first = ''] = pending
  const rest = pending.length > 1 ? ` and ${pending.length - 1} more` : ''
  return new MetastoreError({
    code: 'schema_mismatch',
    message: `The database ${entry.address()} is behind the schema that this server was built for: ${first}${rest} not applied.`,
    remedy: 'Run metastore migrate, then start the server again. metastore up does both.',
  })
}

function versionMissing(entry: DatabaseEntry, version: string): MetastoreError {
  return new MetastoreError({
    code: 'schema_mismatch',
    message: `The database ${entry.address()} has no schema ${version}, which this server was built for.`,
    remedy: 'Start the server of the version that the database is at; metastore status says which that is.',
  })
}

function tablesMissing(entry: DatabaseEntry, tables: readonly string[]): MetastoreError {
  return new MetastoreError({
    code: 'schema_mismatch',
    message: `The database ${entry.address()} has not the schema for assistants: there is no ${tables.join(', no ')}.`,
    remedy: 'Put its modules among the migrations (metastore docs guides/assistant-schema), or use metastore up.',
  })
}

function notOnSqlite(entry: DatabaseEntry): MetastoreError {
  return new MetastoreError({
    code: 'not_supported',
    message: `The schema for assistants is for PostgreSQL, and ${entry.address()} is SQLite.`,
    remedy: 'Give the URL of a PostgreSQL database, or of an embedded one: pglite:DIR.',
  })
}
