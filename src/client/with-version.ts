import { MetastoreError } from '../errors.ts'
import { quote, versionSchema, searchPath, type VersionScope } from './search-path.ts'

/** A connection of `pg`, or one that can be used as such. */
export interface PgConnection {
  query(text: string): Promise<PgResult>
}

/** What a query gives; `command` names a statement that is not a query. */
export interface PgResult {
  readonly rows: readonly object[]
  readonly command?: string
}

/** A pool of `pg`. */
export interface PgPool {
  connect(): Promise<PgConnection & { release(destroy?: boolean): void }>
  /** By which a pool is told from a connection, which has `connect` too. */
  readonly idleCount: number
}

/** What a pool lends. The type of `pg` has two forms of `connect`, of which the second takes a callback. */
export type ConnectionOf<Pool extends PgPool> = Pool extends {
  connect: { (): Promise<infer Connection>; (callback: never): void }
}
  ? Connection
  : Awaited<ReturnType<Pool['connect']>>

/** A PGlite, or one that can be used as such. */
export interface PGliteDatabase<Transaction extends { query(text: string): Promise<{ rows: object[] }> }> {
  transaction<T>(work: (tx: Transaction) => Promise<T>): Promise<T>
}

/**
 * Runs `work` in a transaction of its own that uses a version: `BEGIN`, the search path for this transaction only, and
 * `COMMIT`, or `ROLLBACK` when it throws. So it works behind poolers that give each transaction another session, and on
 * PGlite, where all share one. Without a version the transaction sees the tables themselves.
 * Throws `version_missing` when the database has no such version, or keeps it from this role.
 */
export function withVersion<Transaction extends { query(text: string): Promise<{ rows: object[] }> }, T>(
  client: PGliteDatabase<Transaction>,
  version: string | undefined,
  work: (tx: Transaction) => Promise<T>,
  scope?: VersionScope,
): Promise<T>
/** The same with a connection that the pool lends. */
export function withVersion<Pool extends PgPool, T>(
  client: Pool,
  version: string | undefined,
  work: (connection: ConnectionOf<Pool>) => Promise<T>,
  scope?: VersionScope,
): Promise<T>
/** The same with a connection. */
export function withVersion<Connection extends PgConnection, T>(
  client: Connection,
  version: string | undefined,
  work: (connection: Connection) => Promise<T>,
  scope?: VersionScope,
): Promise<T>
/** Tells what it was given by what that can do. */
export async function withVersion<T>(
  client: PGliteDatabase<PgConnection & { query(text: string): Promise<{ rows: object[] }> }> | PgPool | PgConnection,
  version: string | undefined,
  work: (connection: PgConnection) => Promise<T>,
  scope: VersionScope = {},
): Promise<T> {
  const select = version === undefined ? undefined : selection(version, scope)
  const selected = async (connection: PgConnection): Promise<T> => {
    if (select !== undefined) await select(connection)
    return work(connection)
  }
  if ('transaction' in client) return client.transaction(selected)
  if (!('idleCount' in client)) return inTransaction(client, selected)
  const connection = await client.connect()
  let usable = false
  try {
    const result = await inTransaction(connection, selected)
    usable = true
    return result
  } catch (error) {
    // Whether it can be used again is known by a statement that it answers.
    usable = await connection.query('select').then(
      () => true,
      () => false,
    )
    throw error
  } finally {
    connection.release(!usable)
  }
}

// In one statement with a look at whether there is such a schema: the server takes a path with any name on it.
function selection(version: string, scope: VersionScope): (connection: PgConnection) => Promise<void> {
  const path = literal(searchPath(version, scope))
  const schema = literal(quote(versionSchema(version)))
  const text = `select pg_catalog.set_config('search_path', ${path}, true), coalesce(pg_catalog.has_schema_privilege(pg_catalog.to_regnamespace(${schema}), 'usage'), false) as usable`
  return async (connection) => {
    const { rows } = await connection.query(text)
    const [row] = rows
    if (row === undefined || !('usable' in row) || row.usable !== true) throw versionMissing(version)
  }
}

async function inTransaction<T>(connection: PgConnection, work: (connection: PgConnection) => Promise<T>): Promise<T> {
  await connection.query('begin')
  let result: T
  try {
    result = await work(connection)
  } catch (error) {
    // The failure that brought us here is the one to report.
    await connection.query('rollback').catch(() => undefined)
    throw error
  }
  const { command } = await connection.query('commit')
  // Where a statement has failed and `work` went on, the server rolls back in place of it, without an error.
  if (command === 'ROLLBACK') throw rolledBack()
  return result
}

function literal(text: string): string {
  const quoted = `'${text.replaceAll("'", "''")}'`
  return text.includes('\\') ? ` E${quoted.replaceAll('\\', '\\\\')}` : quoted
}

function versionMissing(version: string): MetastoreError {
  return new MetastoreError({
    code: 'version_missing',
    message: `The database has no version ${JSON.stringify(version)} that this role may use.`,
    where: versionSchema(version),
    remedy:
      'Start the migration of that name first (metastore start), or use the version that metastore status shows; a role needs a right on the base schema or on one of its tables.',
  })
}

function rolledBack(): MetastoreError {
  return new MetastoreError({
    code: 'statement_failed',
    message: 'The transaction was rolled back, because a statement in it has failed.',
    remedy: 'Let the error of that statement pass, or use a savepoint around what may fail.',
  })
}
