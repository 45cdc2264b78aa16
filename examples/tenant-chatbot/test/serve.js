import { once } from 'node:events'
import { createServer } from 'node:http'
import { fileURLToPath } from 'node:url'
import { sql } from 'metastore/database'
import { openTestDatabase } from 'metastore/testing'
import { createApp } from '../src/app.js'

/** @typedef {{ status: number, body: any }} Answer */

/** Serves the application on a database in memory with two tenants, of whom only the first may use the DebtAgent. */
export async function serve() {
  const migrations = fileURLToPath(new URL('../migrations', import.meta.url))
  const database = await openTestDatabase({ migrations: [migrations] })
  await fill(database)
  const server = createServer(createApp(database)).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address())
  return {
    /**
     * @param {string} request as `GET /api/one/sessions`
     * @param {unknown} [body] JSON; a text is sent as it is
     * @returns {Promise<Answer>}
     */
    async ask(request, body) {
      const [method = '', path = ''] = request.split(' ')
      const json = {
        headers: { 'content-type': 'application/json' },
        body: typeof body === 'string' ? body : JSON.stringify(body),
      }
      const response = await fetch(`http://127.0.0.1:${port}${path}`, {
        method,
        ...(body !== undefined && json),
      })
      const text = await response.text()
      return { status: response.status, body: text === '' ? undefined : JSON.parse(text) }
    },

    async close() {
      server.close()
      server.closeAllConnections()
      await database.close()
    },
  }
}

/** @param {import('metastore/database').Database} database */
async function fill(database) {
  const session = await database.session()
  await session.query(sql`
    insert into tenants (name, domain, region) values ('one', 'one.test', 'Primary'), ('two', 'two.test', 'Secondary')`)
  await session.query(sql`
    insert into agent_configs (name, prompt_template, handler_class)
    values ('SupervisorAgent', '-', '-'), ('DebtAgent', '-', '-')`)
  await session.query(sql`
    insert into tenant_agent_permissions (tenant_id, agent_id)
    select t.id, a.id from tenants t, agent_configs a where t.name = 'one' or a.name = 'SupervisorAgent'`)
  await session.query(sql`
    insert into users (tenant_id, email, username, password_hash, role)
    select t.id, u || '@test', u, '-', 'supporter' from tenants t, unnest(array ['sam', 'sue']) u`)
  await session.close()
}
