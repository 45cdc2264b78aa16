// Starts the application: finds its database, refuses one that is behind, listens, and drains on SIGTERM.

import { once } from 'node:events'
import { createServer } from 'node:http'
import path from 'node:path'
import { MetastoreError, findProject, openDatabase, readProject } from 'metastore'
import { createApp } from './app.js'
import { assertMigrated } from './schema.js'

/** The exit statuses of the `metastore` command, so that whoever starts us knows them already. */
const exitStatus = { failed: 1, input: 2, state: 3, locked: 4 }

/** How long the last requests may take after SIGTERM, in milliseconds. */
const drainTime = 25_000

async function main() {
  const settings = await readSettings(path.join(import.meta.dirname, '..'))
  const database = await openDatabase(settings.url, { directory: settings.urlDirectory, wait: settings.wait })
  try {
    await assertMigrated(database, settings)
    const server = createServer(createApp(database))
    server.listen(Number(process.env['PORT'] ?? 3000))
    await once(server, 'listening')
    say(`agentkit listens on port ${portOf(server)}, on ${database.server.name} at ${database.address}.`)
    await stopRequested()
    say('Stopping: the requests under way are finished first.')
    await drain(server)
  } finally {
    await database.close()
  }
}

/**
 * The database as metastore.toml and the environment have it: what `metastore migrate` works on is what the server uses.
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

/** @param {import('node:http').Server} server */
async function drain(server) {
  const closed = once(server, 'close')
  // A connection that is kept alive ends with the request that it is busy with.
  server.keepAliveTimeout = 1
  server.close()
  const deadline = setTimeout(() => server.closeAllConnections(), drainTime)
  await closed
  clearTimeout(deadline)
}

/** @param {import('node:http').Server} server */
function portOf(server) {
  const address = server.address()
  return typeof address === 'object' ? address?.port : address
}

/** @param {string} line */
function say(line) {
  process.stdout.write(`${line}\n`)
}

await main().catch((/** @type {unknown} */ error) => {
  if (!(error instanceof MetastoreError)) throw error
  const place = error.where === undefined ? [] : [`  at ${error.where}`]
  process.stderr.write([`error ${error.message}`, ...place, `  next: ${error.remedy}`, ''].join('\n'))
  process.exitCode = exitStatus[error.kind]
})
