import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openDatabase, sql, type Database } from '../../src/database/database.ts'
import { type RunService, startRuns } from '../../src/server/runs/run-service.ts'
import { createApp } from '../../src/server/server.ts'
import { openStore, type Store } from '../../src/store/store.ts'
import { anna, ident, shared } from '../harness/assistant-store.ts'
import { freshPostgresUrl } from '../harness/engines.ts'
import { migrateShipped, modules } from '../shipped-schema/migrate.ts'
import { fittingRequest, operationsOf } from './open-api-requests.ts'

const id = ident('any', 'thing')

describe('a database that has only the modules that the others stand on', () => {
  const failures: Error[] = []
  let database: Database
  let store: Store
  let runs: RunService
  let app: ReturnType<typeof createApp>

  beforeAll(async () => {
    database = await openDatabase(await freshPostgresUrl(18))
    store = openStore(database, { searchPath: [await migrateShipped(database, modules.slice(0, 3)), 'public'] })
    await store.admin.transaction(async (tx) => {
      const agent = ident(shared, 'supervisor')
      await tx.execute(sql`insert into tenants (id, name, domain) values (${anna}, 'Anna', 'anna.test')`)
      await tx.execute(sql`
        insert into assistants (tenant_id, assistant_id, graph_id, name) values (${shared}, ${agent}, 'chat', 'SupervisorAgent')`)
      await tx.execute(sql`insert into tenant_assistants (tenant_id, assistant_id) values (${anna}, ${agent})`)
    })
    // The worker asks for runs, of which there are none to be had; only what requests come to is told here.
    runs = startRuns({ store, executors: [], logFailure: () => {} })
    app = createApp({
      store,
      executors: [],
      runs,
      authenticate: () => Promise.resolve({ tenantId: anna, userId: undefined, role: 'admin' }),
      logFailure: (error) => failures.push(error),
    })
  })
  afterAll(async () => {
    await runs.close()
    await store.close()
    await database.close()
    expect(failures).toEqual([])
  })

  const send = async (request: string, body?: unknown) => {
    const [method = '', path = ''] = request.split(' ')
    const sent =
      body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }
    const response = await app.request(path, { method, ...sent })
    return { status: response.status, body: (await response.json()) as Record<string, unknown> }
  }

  test('has chats, sessions and threads', async () => {
    const chat = await send('POST /api/Anna/chat', { message: 'Hello' })
    expect(chat).toMatchObject({ status: 200, body: { agent_used: 'SupervisorAgent', guardrail: null } })
    const { session_id } = chat.body
    expect(await send('GET /api/Anna/sessions')).toMatchObject({ body: { sessions: [{ id: session_id }] } })
    expect(await send(`GET /threads/${String(session_id)}`)).toMatchObject({ status: 200 })
    const escalation = { session_id, reason: 'Too hard' }
    expect(await send('POST /api/Anna/escalate', escalation)).toEqual(without('support'))
    expect(await send(`GET /threads/${String(session_id)}/runs`)).toEqual(without('runs'))
  })

  test.each([
    ['GET /api/Anna/knowledge', undefined, 'knowledge'],
    ['GET /api/Anna/knowledge?query=words', undefined, 'knowledge'],
    [`GET /api/Anna/knowledge/${id}`, undefined, 'knowledge'],
    ['POST /api/Anna/knowledge', { title: 't', content: 'c' }, 'knowledge'],
    ['GET /api/Anna/escalations', undefined, 'support'],
    ['GET /api/Anna/supporters', undefined, 'support'],
    [`PATCH /api/Anna/escalations/${id}/status`, { status: 'closed' }, 'support'],
    [`PATCH /api/Anna/supporters/${id}/availability`, { availability: 'away' }, 'support'],
    ['PUT /store/items', { namespace: ['a'], key: 'k', value: {} }, 'memory'],
    ['GET /store/items?namespace=a&key=k', undefined, 'memory'],
    ['POST /runs/crons/search', {}, 'runs'],
  ])('answers %s with 404, and says which module it is without', async (request, body, module) => {
    expect(await send(request, body)).toEqual(without(module))
  })

  test('fails on no route', async () => {
    const { body: session } = await send('POST /api/Anna/chat', { message: 'Hello' })
    const agent = ident(shared, 'supervisor')
    const ids: Readonly<Record<string, string>> = {
      tenant: 'Anna',
      thread_id: String(session['session_id']),
      session_id: String(session['session_id']),
      assistant_id: agent,
    }
    const { all, schemas } = await operationsOf(app)
    const statuses: [string, number][] = []
    for (const operation of all) {
      const { method, target, body } = fittingRequest(operation, schemas, (name) => ids[name] ?? id)
      const sent = body === undefined ? {} : { body, headers: { 'content-type': 'application/json' } }
      const response = await app.request(target, { method, ...sent })
      statuses.push([`${method} ${operation.path}`, response.status])
    }
    expect(statuses.length).toBeGreaterThan(80)
    expect(statuses.filter(([, status]) => status >= 500)).toEqual([])
  })
})

function without(module: string) {
  const message = `This database has been made without the module ${module} of the schema, which the route needs.`
  return { status: 404, body: { error: 'not_found', message, detail: message } }
}
