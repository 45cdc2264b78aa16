import type { Queryable } from '../database/driver.ts'
import type { Dialect } from '../database/sql.ts'
import type { Catalog } from './database-catalog.ts'
import type { IntrospectOptions } from './introspect/options.ts'
import { introspectPostgres } from './introspect/postgres.ts'
import { introspectSqlite } from './introspect/sqlite.ts'

export type { IntrospectOptions }

/**
 * Reads the schema of a database, in a fixed number of queries. A session's is read in a read-only transaction of its
 * own, so that all of it is from one instant; within a transaction under way, what that has done so far is seen.
 * What is found depends on no setting of the session, and needs no privilege but to connect. Throws DatabaseError.
 */
export function introspect(db: Queryable, dialect: Dialect, options: IntrospectOptions = {}): Promise<Catalog> {
  return dialect === 'postgres' ? introspectPostgres(db, options) : introspectSqlite(db, options)
}
