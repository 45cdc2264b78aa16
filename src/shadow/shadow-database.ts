import { cp, rm } from 'node:fs/promises'
import { introspect, type Catalog } from '../catalog/catalog.ts'
import { DatabaseError, id, openDatabase, sql, type Database, type Session } from '../database/database.ts'
import { MetastoreError } from '../errors.ts'
import { migrate, openEngine, rollback, stamp, type Engine, type MigrationFile } from '../migrations/migrations.ts'

/** A throw-away database that migrations are replayed on. */
export interface ShadowDatabase {
  readonly server: Database['server']
  /** The role that everything belongs to which says nothing else. */
  readonly role: string
  /** A session of it, for what is no migration. */
  readonly session: Session
  /** Notes that a file is in effect whose statements somebody else has run. */
  record(applied: readonly MigrationFile[], file: MigrationFile): Promise<void>
  /** Applies one more file; `applied` are those that are in effect, in the order of their names. Throws what it fails for. */
  apply(applied: readonly MigrationFile[], file: MigrationFile): Promise<void>
  /** Takes back the newest of those that are in effect, whatever data is lost. Throws `migration_irreversible`. */
  rollback(applied: readonly MigrationFile[]): Promise<void>
  /** Its catalog, without what is ours. */
  catalog(excludeSchemas: readonly string[]): Promise<Catalog>
  /** Runs SQL that is no migration. */
  run(script: string): Promise<void>
  /** A query as this server prints it, as the catalog has those of views; undefined where it does not work here. */
  printQuery(query: string): Promise<string | undefined>
  /** Makes a role that may do nothing, so that it can be named. False where the server is shared with others. */
  stubRole(name: string): Promise<boolean>
  /** Whether it still answers, and nothing is half done in it. */
  isSound(): Promise<boolean>
  close(): Promise<void>
}

/** How a throw-away database is opened. */
export interface ShadowOptions {
  readonly stateSchema: string
  readonly signal?: AbortSignal | undefined
}

/** Opens the embedded PostgreSQL in a directory, which is made when it is not there. */
export async function openEmbedded(directory: string, options: ShadowOptions): Promise<ShadowDatabase> {
  const database = await openDatabase(`pglite:${directory}`, { signal: options.signal })
  return shadowOn(database, options, { ownRoles: true, dispose: () => Promise.resolve() })
}

/** Copies the directory of an embedded database that is closed. */
export async function copyEmbedded(from: string, to: string): Promise<void> {
  await cp(from, to, { recursive: true })
}

/** Removes the directory of an embedded database that is closed, and what opening it may have left beside it. */
export async function removeEmbedded(directory: string): Promise<void> {
  for (const name of ['', '.new', '.lock', '.lock.holder'])
    await rm(`${directory}${name}`, { recursive: true, force: true })
}

/** Makes a database of its own on a real server, which is dropped when it is closed. */
export async function openOnServer(url: string, options: ShadowOptions): Promise<ShadowDatabase> {
  const name = `metastore_shadow_${crypto.randomUUID().replaceAll('-', '').slice(0, 12)}`
  const server = await openDatabase(url, { signal: options.signal })
  if (server.dialect !== 'postgres' || !server.features.manySessions) {
    await server.close()
    throw new MetastoreError({
      code: 'usage',
      message: 'The shadow has to be a PostgreSQL server.',
      where: '--shadow',
      remedy: 'Give the URL of a server on which databases may be created, or leave --shadow out.',
    })
  }
  await onServer(server, (session) => session.script(`create database ${quoted(name)} template template0`))
  const own = new URL(url)
  own.pathname = `/${name}`
  const dispose = async () => {
    await onServer(server, (session) => session.script(`drop database if exists ${quoted(name)} with (force)`))
    await server.close()
  }
  try {
    const database = await openDatabase(own.href, { signal: options.signal })
    return await shadowOn(database, options, { ownRoles: false, dispose })
  } catch (error) {
    await dispose()
    throw error
  }
}

async function onServer(server: Database, work: (session: Session) => Promise<void>): Promise<void> {
  const session = await server.session()
  try {
    await work(session)
  } finally {
    await session.close()
  }
}

function quoted(name: string): string {
  return id(name).inline('postgres')
}

async function shadowOn(
  database: Database,
  { stateSchema, signal }: ShadowOptions,
  { ownRoles, dispose }: { readonly ownRoles: boolean; readonly dispose: () => Promise<void> },
): Promise<ShadowDatabase> {
  const session = await database.session({ signal })
  const [me] = await session.query<{ role: string }>(sql`select current_user as role`)
  let engine: Engine | undefined
  return {
    server: database.server,
    role: me?.role ?? '',
    session,
    async record(applied, file) {
      engine ??= await openEngine(database, { stateSchema, signal, command: 'shadow' })
      await stamp(engine, [...applied, file], { kind: 'head' })
    },
    async apply(applied, file) {
      engine ??= await openEngine(database, { stateSchema, signal, command: 'shadow' })
      await migrate(engine, [...applied, file], { allow: { outOfOrder: [file.name] } })
    },
    async rollback(applied) {
      engine ??= await openEngine(database, { stateSchema, signal, command: 'shadow' })
      await rollback(engine, applied, { to: { kind: 'steps', count: -1 }, allowDataLoss: true })
    },
    catalog: (excludeSchemas) => introspect(session, 'postgres', { excludeSchemas }),
    run: (script) => session.script(script),
    printQuery: (query) => printQuery(session, query),
    async stubRole(name) {
      if (!ownRoles) return false
      await session.query(sql`create role ${id(name)} nologin`)
      return true
    },
    async isSound() {
      try {
        // After COPY … TO PROGRAM every statement "succeeds" with nothing; after a failed library load no function runs.
        const [row] = await session.query<{ canary: number }>(sql`select 42 as canary`)
        await session.script('do $$ begin perform 1; end $$')
        const position = await engine?.look()
        return row?.canary === 42 && (position === undefined || position.state.batch === null)
      } catch (error) {
        if (error instanceof DatabaseError) return false
        throw error
      }
    },
    async close() {
      await engine?.[Symbol.asyncDispose]()
      await session.close()
      await database.close()
      await dispose()
    },
  }
}

async function printQuery(session: Session, query: string): Promise<string | undefined> {
  try {
    return await session.transaction(async (tx) => {
      // With an empty search path every name is printed with its schema, as the catalog has it.
      await tx.query(sql`select set_config('search_path', '', true)`)
      await tx.script(`create temporary view printed as ${query}`)
      const [row] = await tx.query<{ text: string }>(
        sql`select pg_catalog.pg_get_viewdef('pg_temp.printed'::pg_catalog.regclass) as text`,
      )
      await tx.query(sql`drop view pg_temp.printed`)
      return row?.text
    })
  } catch (error) {
    if (error instanceof DatabaseError) return undefined
    throw error
  }
}
