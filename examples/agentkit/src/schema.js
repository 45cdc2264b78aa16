import { MetastoreError } from 'metastore'
import { openEngine, readMigrationFiles, readStatus } from 'metastore/migrations'

/**
 * Throws `database_behind` when the database lacks a migration that this version of the code was written for. It only
 * looks: to migrate is another process's work, done before this one starts. A database that is ahead is fine, because that
 * is what the old version meets while a new one is being rolled out.
 * @param {import('metastore/database').Database} database
 * @param {{ migrations: readonly { path: string, absolute: string }[], stateSchema?: string }} settings
 */
export async function assertMigrated(database, { migrations, stateSchema }) {
  const files = await readMigrationFiles(migrations)
  const engine = await openEngine(database, { command: 'agentkit', ...(stateSchema !== undefined && { stateSchema }) })
  try {
    const { pending, interrupted } = await readStatus(engine, files)
    const unfinished = interrupted.map(({ migration }) => migration)
    const missing = [...new Set([...unfinished, ...pending])]
    if (missing.length > 0) throw databaseBehind(database.address, missing)
  } finally {
    await engine[Symbol.asyncDispose]()
  }
}

/**
 * @param {string} address
 * @param {readonly string[]} missing
 */
function databaseBehind(address, missing) {
  return new MetastoreError({
    code: 'database_behind',
    message: `The database lacks ${missing.join(', ')}, which this version of agentkit needs.`,
    where: address,
    remedy: 'Run metastore migrate, then start agentkit again.',
  })
}
