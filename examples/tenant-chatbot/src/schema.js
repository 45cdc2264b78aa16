import { MetastoreError } from 'metastore'
import { migrationsHere, openEngine, readMigrationFiles, readStatus } from 'metastore/migrations'

/**
 * Throws `database_behind` when the database lacks a migration that this version of the code was written for. One that waits for an
 * extension which the server does not have is not lacking.
 * @param {import('metastore/database').Database} database
 * @param {readonly { path: string, absolute: string }[]} migrations
 */
export async function assertMigrated(database, migrations) {
  const files = await readMigrationFiles(migrations)
  const engine = await openEngine(database, { command: 'tenant-chatbot' })
  try {
    const { pending } = await readStatus(engine, (await migrationsHere(engine, files)).files)
    if (pending.length > 0) throw databaseBehind(database.address, pending)
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
    message: `The database lacks ${missing.join(', ')}, which this version of tenant-chatbot needs.`,
    where: address,
    remedy: 'Run metastore setup, then start tenant-chatbot again.',
  })
}
