import { once } from 'node:events'
import { createServer } from 'node:http'
import { fileURLToPath } from 'node:url'
import { openTestDatabase } from 'metastore/testing'
import { createApp } from '../src/app.js'

/** The databases that the application is for, each in memory: nothing to install, and nothing is left behind. */
export const engines = [
  { name: 'SQLite', url: 'sqlite::memory:' },
  { name: 'PostgreSQL', url: 'pglite:memory' },
]

/** @typedef {{ status: number, headers: Headers, body: any }} Reply */

/**
 * Serves the application on a database in memory that has every migration.
 * @param {string} url
 */
export async function serve(url) {
  const migrations = fileURLToPath(new URL('../migrations', import.meta.url))
  const database = await openTestDatabase({ url, migrations: [migrations] })
  const server = createServer(createApp(database)).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address())

  /**
   * @param {string} path
   * @param {RequestInit} [options]
   * @returns {Promise<Reply>}
   */
  const request = async (path, options = {}) => {
    const response = await fetch(`http://127.0.0.1:${port}${path}`, options)
    return { status: response.status, headers: response.headers, body: await response.json() }
  }
  return {
    database,
    request,

    /**
     * @param {string} path
     * @param {unknown} body
     */
    post: (path, body) =>
      request(path, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      }),

    async close() {
      server.close()
      server.closeAllConnections()
      await database.close()
    },
  }
}
