import { fc } from '../harness/properties.ts'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { id, sql } from '../../src/database/database.ts'
import { createApp, type Principal } from '../../src/server/server.ts'
import { startRuns, type RunService } from '../../src/server/runs/run-service.ts'
import { anna, bert, ident, openStoreWorld, storeEngines, type StoreWorld } from '../harness/assistant-store.ts'
import { campaign } from '../harness/campaign.ts'
import { fittingRequest, type FuzzedRequest, type Operations, operationsOf, requestsOf } from './open-api-requests.ts'

/** What the fixtures have one row of for each tenant; ids of routes are named after them. */
const things = ['thread', 'assistant', 'run', 'cron', 'user', 'document', 'task', 'escalation', 'message', 'checkpoint']

/** Routes that answer when a run has ended, which may be long after; they are left after half a second. */
const waitsForRun = /\/(stream|wait|join)\b/
/** Milliseconds after which a request that waits for nothing has hung. */
const hung = 60_000

/** What no answer may hold, whoever asks: traces, paths of code, what the database says. */
const innards =
  /\n {4}at |node_modules|\.ts:\d|SQLSTATE|syntax error at|relation "|column "|constraint "|violates |duplicate key|pg_catalog/

describe.each(storeEngines)('every route of the OpenAPI document on $name', (engine) => {
  let world: StoreWorld
  let operations: Operations
  let principal: Principal = { tenantId: anna, userId: undefined, role: 'admin' }
  let app: ReturnType<typeof createApp>
  const failures: Error[] = []
  const counts = new Map<string, number>()

  let runs: RunService

  beforeAll(async () => {
    world = await openStoreWorld(await engine.freshSchema())
    const services = { store: world.store, executors: [], logFailure: (error: Error) => failures.push(error) }
    runs = startRuns(services)
    app = createApp({ ...services, runs, authenticate: () => Promise.resolve(principal) })
    operations = await operationsOf(app)
    // The worker ends the runs of the fixtures: what is compared begins after that.
    await vi.waitFor(async () => expect(await unfinished()).toBe(0), 60_000)
  })
  afterAll(async () => {
    await runs.close()
    await world[Symbol.asyncDispose]()
  })

  /** Sends a request and looks at the answer; a stream is read no further than to its beginning. */
  async function send({ method, target, headers, body }: FuzzedRequest): Promise<{ status: number; text: string }> {
    const stop = new AbortController()
    const mayWait = waitsForRun.test(target)
    const timer = setTimeout(() => stop.abort(), mayWait ? 500 : hung)
    const given = new Promise<undefined>((resolve) => stop.signal.addEventListener('abort', () => resolve(undefined)))
    try {
      const asked = app.request(target, { method, headers, ...(body !== undefined && { body }), signal: stop.signal })
      const response = await Promise.race([asked, given])
      if (response === undefined) {
        expect(mayWait, `${method} ${target} ${body ?? ''}: no answer`).toBe(true)
        return count({ status: 0, text: '' })
      }
      const isStream = response.headers.get('content-type')?.includes('event-stream') === true
      const text = await Promise.race([isStream ? response.body?.cancel() : response.text(), given])
      const answered = { status: response.status, text: text ?? '' }
      expect(failures.map(String), `${method} ${target} ${body ?? ''}`).toEqual([])
      expect(answered.status, `${method} ${target} ${body ?? ''}: ${answered.text}`).toBeLessThan(500)
      expect(answered.text).not.toMatch(innards)
      if (response.status >= 400) {
        const failed = JSON.parse(answered.text) as Record<string, unknown>
        expect(Object.keys(failed).sort(), `${method} ${target}`).toEqual(['detail', 'error', 'message'])
      }
      return count(answered)
    } finally {
      clearTimeout(timer)
      stop.abort()
    }
  }

  function count<Answer extends { readonly status: number }>(answer: Answer): Answer {
    const group = answer.status === 0 ? 'open' : `${Math.floor(answer.status / 100)}xx`
    counts.set(group, (counts.get(group) ?? 0) + 1)
    return answer
  }

  async function unfinished(): Promise<number | undefined> {
    await using session = await world.database.session()
    const [row] = await session.query<{ count: number }>(
      sql`select count(*)::int as count from runs where status in ('pending', 'running')`,
    )
    return row?.count
  }

  /** Everything of a tenant, in one line for each table. */
  async function contentOf(tenant: string): Promise<unknown> {
    await using session = await world.database.session()
    const tables = await session.query<{ schema: string; name: string }>(sql`
      select n.nspname as schema, c.relname as name from pg_class c
        join pg_namespace n on n.oid = c.relnamespace join pg_attribute a on a.attrelid = c.oid
      where n.nspname in ('public', 'ai_guardrails') and c.relkind in ('r', 'p') and not c.relispartition
        and a.attname = 'tenant_id'
      order by 1, 2`)
    const contents: Record<string, unknown> = {}
    for (const { schema, name } of tables) {
      const [row] = await session.query<{ content: string }>(
        sql`select md5(coalesce(string_agg(t::text, ',' order by t::text), '')) as content
            from ${id(schema, name)} t where tenant_id = ${tenant}`,
      )
      contents[name] = row?.content
    }
    return contents
  }

  /** Those of these ids that a tenant has in no row: ids of threads, assistants and items are chosen by whoever makes them. */
  async function strangeTo(tenant: string, ids: readonly string[]): Promise<readonly string[]> {
    if (ids.length === 0) return ids
    await using session = await world.database.session()
    const found = new Set<string>()
    for (const table of ['threads', 'assistants', 'messages', 'runs', 'store_items', 'documents']) {
      for (const one of ids) {
        const [row] = await session.query<{ found: boolean }>(
          sql`select exists (select from ${id(table)} t where tenant_id = ${tenant} and strpos(t::text, ${one}) > 0) as found`,
        )
        if (row?.found === true) found.add(one)
      }
    }
    return ids.filter((one) => !found.has(one))
  }

  const idsOf = (tenant: string): string[] => [tenant, ...things.map((thing) => ident(tenant, thing))]
  const isOfSystem = (path: string): boolean => /^\/(ok|ready|info|metrics|openapi\.json|docs)/.test(path)

  test('another tenant’s ids, in every place of every request, find and change nothing', async () => {
    const before = await contentOf(bert)
    const foreign = idsOf(bert)
    for (const operation of operations.all.filter(({ path }) => !isOfSystem(path))) {
      const names = [...operation.path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name)
      const idFor = (tenant: string) => (name: string) =>
        name === 'tenant' ? tenant : ident(tenant, name.replace(/_ids?$/, ''))
      // All of them another's, and each of them alone among our own.
      for (const alone of [undefined, ...names]) {
        const request = fittingRequest(operation, operations.schemas, (name) =>
          idFor(alone === undefined || name === alone ? bert : anna)(name),
        )
        const asked = foreign.filter((one) => request.target.includes(one))
        const isOfOthers = names.length > 0 && (await strangeTo(anna, asked)).length > 0
        const { status, text } = await send(request)
        const said = `${request.method} ${request.target} ${request.body ?? ''}`
        const sent = decodeURIComponent(said)
        if (isOfOthers) expect([0, 400, 403, 404, 409, 422], said).toContain(status)
        const given = foreign.filter((one) => text.includes(one) && !sent.includes(one))
        expect(await strangeTo(anna, given), said).toEqual([])
      }
    }
    expect(await contentOf(bert)).toEqual(before)
  })

  test('hostile requests are answered with no 5xx, no trace and nothing of another tenant', async () => {
    const before = await contentOf(bert)
    const runs = campaign ? 1000 : 15
    for (const role of ['admin', 'user'] as const) {
      principal = { tenantId: anna, userId: role === 'user' ? ident(anna, 'user') : undefined, role }
      for (const operation of operations.all) {
        const requests = requestsOf(operation, operations.schemas, [...idsOf(anna), ...idsOf(bert)])
        const held = fc.asyncProperty(requests, async (request) => {
          const { text } = await send(request)
          const sent = `${decodeURIComponent(request.target.replaceAll(/%(?![0-9a-f]{2})/gi, '%25'))} ${request.body ?? ''}`
          const given = idsOf(bert).filter((one) => text.includes(one) && !sent.includes(one))
          expect(await strangeTo(anna, given)).toEqual([])
        })
        await fc.assert(held, { numRuns: role === 'admin' ? runs : Math.ceil(runs / 5) })
      }
    }
    expect(await contentOf(bert)).toEqual(before)
    const told = [...counts]
      .sort(([one], [other]) => one.localeCompare(other))
      .map(([group, number]) => `${number} ${group}`)
    console.info(`fuzzer [${engine.name}]: ${operations.all.length} operations, ${told.join(', ')}`)
    expect(counts.get('2xx')).toBeGreaterThan(0)
    expect(counts.get('4xx')).toBeGreaterThan(0)
  })
})
