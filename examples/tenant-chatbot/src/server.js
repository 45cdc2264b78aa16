// Starts the application: finds its database, refuses one that is behind, listens, and drains on SIGTERM.

import { once } from 'node:events'
import { createServer } from 'node:http'
import path from 'node:path'
import { findProject, MetastoreError, openDatabase, readProject } from 'metastore'
import { createApp } from './app.js'
import { assertMigrated } from './schema.js'

/** How long the last requests may take after SIGTERM, in milliseconds. */
const drainTime = 10_000

async function main() {
  const settings = await readSettings(path.join(import.meta.dirname, '..'))
  const database = await openDatabase(settings.url, { directory: settings.urlDirectory, wait: settings.wait })
  try {
    await assertMigrated(database, settings.migrations)
    const server = createServer(createApp(database))
    // For this machine alone: nobody is asked who they are. See the README.
    server.listen(Number(process.env['PORT'] ?? 3000), '127.0.0.1')
    await once(server, 'listening')
    const { port } = /** @type {import('node:net').AddressInfo} */ (server.address())
    process.stdout.write(`tenant-chatbot listens on port ${port}, on ${database.address}.\n`)
    await stopRequested()
    const closed = once(server, 'close')
    server.close()
    server.closeIdleConnections()
    const deadline = setTimeout(() => server.closeAllConnections(), drainTime)
    await closed
    clearTimeout(deadline)
  } finally {
    await database.close()
  }
}

/**
 * The database as metastore.toml and the environment have it: what `metastore setup` works on is what the server uses.
 * @param {string} directory
 */
async function readSettings(directory) {
  const project = await readProject({ ...(await findProject(directory, directory)), environment: process.env })
  const [settings] = project.databases
  if (settings === undefined) throw new Error('metastore.toml declares no database.')
  return settings
}

/** @returns {Promise<void>} */
function stopRequested() {
  return new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT']) process.once(signal, () => resolve())
  })
}

await main().catch((/** @type {unknown} */ error) => {
  if (!(error instanceof MetastoreError)) throw error
  const place = error.where === undefined ? [] : [`  at ${error.where}`]
  process.stderr.write([`error ${error.message}`, ...place, `  next: ${error.remedy}`, ''].join('\n'))
  process.exitCode = error.kind === 'state' ? 3 : 1
})
