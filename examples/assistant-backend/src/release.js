import path from 'node:path'
import { findProject, openDatabase, readProject } from 'metastore'
import { sql } from 'metastore/database'

/** @typedef {import('metastore/database').Database} Database */
/** @typedef {import('metastore/database').Transaction} Transaction */

/** @typedef {{
 *   inTransaction<T>(work: (tx: Transaction) => Promise<T>): Promise<T>,
 *   close(): Promise<void>,
 * }} Release */

/** The version of the schema that a release was built for is not in the database. */
export class VersionMissing extends Error {
  /** @param {string} schema */
  constructor(schema) {
    super(`The database has no schema ${schema}: it has not been migrated so far, or has left this version behind.`)
  }
}

/** Opens the database that metastore.toml calls assistant-backend. */
export async function openAssistant() {
  const directory = path.join(import.meta.dirname, '..')
  const project = await readProject({ ...(await findProject(directory, directory)), environment: process.env })
  const settings = project.databases.find(({ name }) => name === 'assistant-backend')
  if (settings === undefined) throw new Error('metastore.toml declares no database assistant-backend.')
  return openDatabase(settings.url, { directory: settings.urlDirectory, wait: settings.wait })
}

/**
 * A session of a release, which sees the tables as the migration that it was built for has made them. The path is set for
 * each transaction, so that it holds behind a connection pooler as well.
 * @param {Database} database
 * @param {string} migration
 * @returns {Promise<Release>}
 */
export async function openRelease(database, migration) {
  const session = await database.session()
  const schema = `migration_${migration}`
  return {
    inTransaction: (work) =>
      session.transaction(async (tx) => {
        await tx.query(sql`select set_config('search_path', quote_ident(${schema}), true)`)
        const [found] = await tx.query(sql`select current_schema() as schema`)
        if (found?.['schema'] !== schema) throw new VersionMissing(schema)
        return work(tx)
      }),
    close: () => session.close(),
  }
}
