import { connect } from 'node:net'
import { once } from 'node:events'
import { createRoute, z } from '@hono/zod-openapi'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { unauthenticated } from '../../src/server/authentication/refusals.ts'
import { authentication, createApp, openToAll, serverLog, type Services, startServer } from '../../src/server/server.ts'
import { startRuns, type RunService } from '../../src/server/runs/run-service.ts'
import { anna, openStoreWorld, storeEngines, type StoreWorld } from '../harness/assistant-store.ts'

// The rules of the wire are the same whatever the database is.
describe('the rules of the wire', () => {
  let world: StoreWorld
  const failures: Error[] = []

  let runs: RunService

  beforeAll(async () => {
    world = await openStoreWorld(await storeEngines[0].freshSchema())
    runs = startRuns({ store: world.store, executors: [], logFailure: (error) => failures.push(error) })
  })
  afterAll(async () => {
    await runs.close()
    await world[Symbol.asyncDispose]()
    expect(failures).toEqual([])
  })

  /** A server with a route that gives back what it is sent. */
  function serverOf(more: Partial<Services> = {}) {
    const app = createApp({
      store: world.store,
      executors: [],
      runs,
      authenticate: openToAll(anna),
      logFailure: (error) => failures.push(error),
      ...more,
    })
    const body = { content: { 'application/json': { schema: z.looseObject({ number: z.int().optional() }) } } }
    const route = createRoute({
      method: 'post',
      path: '/mirror',
      request: { body },
      responses: { 200: { description: 'x' } },
    })
    app.openapi(route, (c) => c.json(c.req.valid('json'), 200))
    return app
  }
  const post = async (body: string | Uint8Array, headers: Readonly<Record<string, string>> = {}, app = serverOf()) => {
    const response = await app.request('/mirror', { method: 'POST', body, headers })
    return { status: response.status, body: await response.json() }
  }
  const refused = (error: string, message: string) => ({ error, message, detail: message })

  test('a body is JSON whatever its type says, and no body is an empty object', async () => {
    for (const type of ['application/json', 'text/plain', 'application/xml']) {
      expect(await post('{"a":1}', { 'content-type': type })).toEqual({ status: 200, body: { a: 1 } })
    }
    expect(await post(new TextEncoder().encode('{"a":1}'))).toEqual({ status: 200, body: { a: 1 } })
    expect(await post('')).toEqual({ status: 200, body: {} })
  })

  test('what is no JSON, no UTF-8 or too large is a 400, and what is too deep a 422', async () => {
    expect(await post('{')).toEqual({
      status: 400,
      body: refused('request_invalid', 'Malformed JSON in request body'),
    })
    expect(await post(new Uint8Array([0x22, 0xff, 0x22]))).toEqual({
      status: 400,
      body: refused('request_invalid', 'The body is not UTF-8.'),
    })
    const small = serverOf({ bodyLimits: { bytes: 10, depth: 2 } })
    const large = {
      status: 400,
      body: refused('request_invalid', 'The body is larger than 10 bytes, which is the most.'),
    }
    expect(await post('{"a":"123456789"}', {}, small)).toEqual(large)
    expect(await post('{"a":1}', { 'content-length': '11' }, small)).toEqual(large)
    expect(await post('{"a":[[]]}', {}, small)).toMatchObject({
      status: 422,
      body: { message: 'Lists and objects stand more than 2 deep in each other.' },
    })
    expect(await post('{"a":"[[["}', {}, serverOf({ bodyLimits: { bytes: 99, depth: 2 } }))).toMatchObject({
      status: 200,
    })
    expect(await post('['.repeat(100_000))).toMatchObject({ status: 422 })
  })

  test('the body of somebody who is not known, and one that is too large, is refused before it comes', async () => {
    await using server = await startServer({
      store: world.store,
      executors: [],
      logFailure: (error) => failures.push(error),
      authenticate(headers) {
        if (headers.get('x-api-key') !== 'good') throw unauthenticated('The key is not one that holds.')
        return Promise.resolve({ tenantId: anna, userId: undefined, role: 'admin' })
      },
      host: '127.0.0.1',
      port: 0,
    })
    // All that is ever sent is the beginning of the body.
    const begin = async (head: readonly string[], path = '/threads') => {
      const socket = connect(Number(new URL(server.url).port), '127.0.0.1').setEncoding('utf8')
      socket.write([`POST ${path} HTTP/1.1`, 'Host: x', ...head, '', '{"metadata":'].join('\r\n'))
      let answer = ''
      for await (const text of socket) answer += String(text)
      return [answer.slice(0, 12), JSON.parse(answer.slice(answer.indexOf('{')))] as const
    }
    const unknown = ['HTTP/1.1 401', refused('unauthenticated', 'The key is not one that holds.')]
    const answers = await Promise.all([
      begin(['Content-Length: 19000000']),
      begin(['Content-Length: 90000000', 'x-api-key: bad']),
      begin(['Content-Length: 19000000'], '/ok'),
      begin(['Content-Length: 20000001', 'x-api-key: good']),
    ])
    const tooLarge = refused('request_invalid', 'The body is larger than 20000000 bytes, which is the most.')
    expect(answers).toEqual([unknown, unknown, unknown, ['HTTP/1.1 400', tooLarge]])
    const large = { method: 'POST', headers: { 'x-api-key': 'good' }, body: `{"metadata":{"a":"${'a'.repeat(2e6)}"}}` }
    expect((await fetch(`${server.url}/threads`, large)).status).toBe(200)
  })

  test('a field that is wrong is named, and U+0000 in a path or a query is refused', async () => {
    expect(await post('{"number":"x"}')).toMatchObject({ status: 422, body: { detail: [{ path: 'number' }] } })
    for (const target of ['/assistants/a%00b', '/assistants/a?x=%00']) {
      expect((await serverOf().request(target)).status).toBe(422)
    }
  })

  test('a request keeps the id that it comes with, or gets one, and it is in the log', async () => {
    const lines: string[] = []
    const log = serverLog('info', (line) => lines.push(line))
    const app = serverOf({ logRequest: (answered) => log.request(answered) })
    const given = await app.request('/ok', { headers: { 'x-request-id': 'req-1' } })
    expect(given.headers.get('x-request-id')).toBe('req-1')
    const made = await app.request('/ok?check_db=1', { headers: { 'x-request-id': '<script>' } })
    expect(made.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/)
    await post('{"password":"hunter2"}', { 'x-api-key': 'ms_secret' }, app)
    expect(lines.map((line) => JSON.parse(line) as unknown)).toMatchObject([
      { level: 30, requestId: 'req-1', method: 'GET', path: '/ok', status: 200, msg: 'request answered' },
      { path: '/ok', status: 200 },
      { method: 'POST', path: '/mirror', status: 200, tenantId: anna },
    ])
    expect(lines.join('')).not.toMatch(/hunter2|ms_secret|check_db/)
  })

  test('a failure is told to the log, and to nobody else', async () => {
    const lines: string[] = []
    const log = serverLog('error', (line) => lines.push(line))
    const app = serverOf({
      authenticate: () => Promise.reject(new Error('the dog ate it')),
      logFailure: (error, requestId) => log.failure(error, { requestId }),
    })
    const response = await app.request('/assistants/x', { headers: { 'x-request-id': 'req-2' } })
    expect(response.status).toBe(500)
    expect(await response.json()).toEqual(
      refused('internal', 'The server has failed at this request. Its log says why.'),
    )
    expect(lines.map((line) => JSON.parse(line) as unknown)).toMatchObject([
      { level: 50, requestId: 'req-2', error: { name: 'Error', message: 'the dog ate it' }, msg: 'failure' },
    ])
  })

  test('pages of the origins that are named may ask, and read what they need', async () => {
    const app = serverOf({ corsOrigins: ['https://app.test'] })
    const asked = {
      origin: 'https://app.test',
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'x-api-key',
    }
    const before = await app.request('/mirror', { method: 'OPTIONS', headers: asked })
    expect(before.status).toBe(204)
    expect(before.headers.get('access-control-allow-origin')).toBe('https://app.test')
    expect(before.headers.get('access-control-allow-headers')).toBe('x-api-key')
    const response = await app.request('/ok', { headers: { origin: 'https://app.test' } })
    expect(response.headers.get('access-control-expose-headers')).toBe(
      'Content-Location,Location,X-Pagination-Total,X-Pagination-Next,X-Request-Id,Retry-After',
    )
    const stranger = await app.request('/ok', { headers: { origin: 'https://evil.test' } })
    expect(stranger.headers.get('access-control-allow-origin')).toBe(null)
    expect(
      (await serverOf().request('/ok', { headers: { origin: 'https://app.test' } })).headers.has(
        'access-control-allow-origin',
      ),
    ).toBe(false)
  })

  test('too many requests are a 429 that says when to go on', async () => {
    const app = serverOf({ requestsPerMinute: 1 })
    expect((await app.request('/mirror', { method: 'POST' })).status).toBe(200)
    const response = await app.request('/mirror', { method: 'POST' })
    expect([response.status, Number(response.headers.get('retry-after'))]).toEqual([
      429,
      expect.toSatisfy((seconds: number) => seconds > 0 && seconds <= 60),
    ])
    expect(await response.json()).toMatchObject({ error: 'rate_limited' })
    expect((await app.request('/ok')).status).toBe(200)
  })

  test('the server tells of itself without a key', async () => {
    const onFailure = (error: unknown) => failures.push(error as Error)
    const app = serverOf({ open: true, authenticate: authentication({ store: world.store, onFailure }) })
    const json = async (target: string) => (await app.request(target)).json()
    expect(await json('/ok')).toEqual({ ok: true })
    expect(await json('/ok?check_db=1')).toEqual({ ok: true })
    expect(await json('/ready')).toEqual({ ready: true })
    expect(await json('/info')).toMatchObject({
      flags: { assistants: true, langsmith: false },
      metadata: { authentication: 'none', graphs: [] },
    })
    await app.request('/nonsense/1')
    const metrics = await (await app.request('/metrics')).text()
    expect(metrics).toContain('metastore_http_requests_total{method="GET",route="/ok",status="200"} 2')
    expect(metrics).toMatch(/metastore_store_connections\{state="open"\} \d/)
    expect(metrics).not.toContain('nonsense')
  })

  test('a server that should get no requests says why', async () => {
    const response = await serverOf({ notReady: () => Promise.resolve('The server is stopping.') }).request('/ready')
    expect([response.status, response.headers.get('retry-after')]).toEqual([503, '5'])
    expect(await response.json()).toEqual(refused('unavailable', 'The server is stopping.'))
  })

  test('what is not there is a 404 of JSON', async () => {
    const response = await serverOf().request('/nonsense')
    expect([response.status, await response.json()]).toEqual([
      404,
      refused('not_found', 'There is no route GET /nonsense.'),
    ])
  })

  test('the document names every route with its failures and who may ask, and the page asks nobody else', async () => {
    const app = serverOf()
    const document = (await (await app.request('/openapi.json')).json()) as {
      openapi: string
      components: { securitySchemes: object }
      paths: Record<
        string,
        Record<string, { summary?: string; tags?: string[]; security?: unknown; responses: object }>
      >
    }
    expect(document.openapi).toBe('3.1.0')
    expect(Object.keys(document.components.securitySchemes)).toEqual(['apiKey', 'bearer'])
    for (const [path, item] of Object.entries(document.paths).filter(([path]) => path !== '/mirror')) {
      for (const [method, operation] of Object.entries(item)) {
        expect([path, method, operation.summary, operation.tags]).toEqual([
          path,
          method,
          expect.any(String),
          [expect.any(String)],
        ])
        expect(Object.keys(operation.responses)).toContain('503')
      }
    }
    expect(document.paths['/ok']?.['get']?.security).toEqual([])
    expect(Object.keys(document.paths['/assistants/{assistant_id}']?.['get']?.responses ?? {})).toEqual(
      expect.arrayContaining(['200', '401', '403', '404', '422', '429', '503']),
    )
    const page = await app.request('/docs')
    expect(page.headers.get('content-security-policy')).toContain("default-src 'none'")
    expect(await page.text()).not.toMatch(/https?:\/\//)
    expect(await (await app.request('/docs/rapidoc.js')).text()).toContain('rapi-doc')
  })

  test('a server that stops lets what is under way come to its end, and takes nothing new', async () => {
    let finish: () => void = () => {}
    const drained: string[] = []
    const entered = new Promise<void>((resolve) => {
      finish = resolve
    })
    let go: () => void = () => {}
    const gate = new Promise<void>((resolve) => {
      go = resolve
    })
    const server = await startServer({
      store: world.store,
      executors: [],
      logFailure: (error) => failures.push(error),
      async authenticate() {
        finish()
        await gate
        return { tenantId: anna, userId: undefined, role: 'admin' }
      },
      onDrain() {
        drained.push('drained')
        return Promise.resolve()
      },
      host: '127.0.0.1',
      port: 0,
    })
    const underWay = fetch(`${server.url}/assistants/00000000-0000-0000-0000-000000000001`)
    await entered
    const closed = server.close()
    const { port } = new URL(server.url)
    const refusal = connect(Number(port), '127.0.0.1')
    const [error] = (await once(refusal, 'error')) as [NodeJS.ErrnoException]
    expect(error.code).toBe('ECONNREFUSED')
    go()
    expect((await underWay).status).toBe(404)
    await closed
    expect(drained).toEqual(['drained'])
  })

  test('a request that is on its way when a server stops is answered, on a connection that ends with that', async () => {
    const server = await startServer({
      store: world.store,
      executors: [],
      logFailure: (error) => failures.push(error),
      authenticate: openToAll(anna),
      host: '127.0.0.1',
      port: 0,
      // It is not waited for that long, but for the request.
      linger: 1_000_000,
      patience: 1_000_000,
    })
    const socket = connect(Number(new URL(server.url).port), '127.0.0.1').setEncoding('utf8')
    const ask = async () => {
      socket.write('GET /ok HTTP/1.1\r\nHost: x\r\n\r\n')
      let answer = ''
      while (!answer.includes('{"ok":true}')) answer += String(await once(socket, 'data'))
      return [/ \d+ /.exec(answer)?.[0], /^connection: .*$/im.exec(answer)?.[0].toLowerCase()]
    }
    expect(await ask()).toEqual([' 200 ', 'connection: keep-alive'])
    const closed = server.close()
    const ended = once(socket, 'end')
    expect(await ask()).toEqual([' 200 ', 'connection: close'])
    await ended
    await closed
  })

  test('a server that does nothing any more says so before it does anything', async () => {
    const app = serverOf({ isDone: () => true })
    const response = await app.request('/threads', { method: 'POST', body: '{}' })
    expect([response.status, response.headers.get('retry-after'), await response.json()]).toEqual([
      503,
      '5',
      refused('unavailable', 'The server is stopping, and has done nothing of this.'),
    ])
    expect((await app.request('/ok')).status).toBe(200)
  })

  test('a port that is taken is told with what to do', async () => {
    await using server = await startServer({
      store: world.store,
      executors: [],
      logFailure: (error) => failures.push(error),
      authenticate: openToAll(anna),
      host: '127.0.0.1',
      port: 0,
    })
    const port = Number(new URL(server.url).port)
    const second = startServer({
      store: world.store,
      executors: [],
      logFailure: () => {},
      authenticate: openToAll(anna),
      host: '127.0.0.1',
      port,
    })
    await expect(second).rejects.toMatchObject({
      code: 'address_unavailable',
      message: `The server cannot listen on 127.0.0.1:${port}: another program listens there.`,
      remedy: 'Choose another with --port and --host, or port and host in [server] of metastore.toml.',
    })
  })
})
