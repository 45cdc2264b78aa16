import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { sql } from 'metastore/database'
import { engines, serve } from './serve.js'

const time = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/
const id = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/
const nowhere = '00000000-0000-4000-8000-000000000000'

for (const { name, url } of engines) {
  describe(`the API on ${name}`, () => {
    /** @type {Awaited<ReturnType<typeof serve>>} */
    let app
    before(async () => {
      app = await serve(url)
    })
    after(() => app.close())

    /** @param {Record<string, unknown>} [thread] */
    const newThread = async (thread = {}) =>
      /** @type {{ id: string }} */ ((await app.post('/api/threads', thread)).body)

    test('a thread is created with what the request says', async () => {
      const thread = { title: 'Löhne 💶', agent_type: 'salary_viewer', model: 'gpt-4o', provider: 'azure-openai' }
      const { status, headers, body } = await app.post('/api/threads', thread)
      assert.equal(status, 201)
      assert.match(body.id, id)
      assert.match(body.created_at, time)
      assert.equal(body.updated_at, body.created_at)
      assert.equal(headers.get('location'), `/api/threads/${body.id}/messages`)
      assert.deepEqual(body, { id: body.id, ...thread, created_at: body.created_at, updated_at: body.updated_at })
    })

    test('a thread of which nothing is said is a chat without a title', async () => {
      const { body } = await app.post('/api/threads', {})
      assert.equal(body.agent_type, 'chat')
      assert.deepEqual([body.title, body.model, body.provider], [null, null, null])
    })

    test('messages come back in the order in which they were added, with their JSON', async () => {
      const { id: thread } = await newThread()
      const artifact = { kind: 'canvas', cells: [1, 2.5, null, 'ü\0'], nested: { 'a"b': true } }
      const sent = [
        { role: 'user', content: 'Draw it.' },
        { role: 'assistant', content: '', artifact_data: artifact, message_metadata: { tokens: 12 } },
        ...Array.from({ length: 8 }, (_, index) => ({
          role: 'tool',
          content: `it's line ${index}; drop table messages --`,
        })),
      ]
      for (const message of sent) assert.equal((await app.post(`/api/threads/${thread}/messages`, message)).status, 201)

      const { status, body } = await app.request(`/api/threads/${thread}/messages`)
      assert.equal(status, 200)
      assert.equal(body.next, null)
      assert.deepEqual(
        body.messages.map((/** @type {Record<string, unknown>} */ { role, content }) => ({ role, content })),
        sent.map(({ role, content }) => ({ role, content })),
      )
      const [first, second] = body.messages
      assert.deepEqual([first.thread_id, first.artifact_data, first.message_metadata], [thread, null, null])
      assert.match(first.created_at, time)
      assert.deepEqual([second.artifact_data, second.message_metadata], [artifact, { tokens: 12 }])
    })

    test('messages that are added at the same time get different times, in one order', async () => {
      const { id: thread } = await newThread()
      const message = { role: 'user', content: 'at once' }
      await Promise.all(Array.from({ length: 20 }, () => app.post(`/api/threads/${thread}/messages`, message)))
      const { body } = await app.request(`/api/threads/${thread}/messages`)
      /** @type {string[]} */
      const times = body.messages.map((/** @type {{ created_at: string }} */ { created_at }) => created_at)
      assert.equal(new Set(times).size, 20)
      assert.deepEqual(times, times.toSorted())
    })

    test('a message makes its thread the one that was updated last', async () => {
      const thread = await newThread()
      const { body: message } = await app.post(`/api/threads/${thread.id}/messages`, { role: 'user', content: 'Hi' })
      const { body } = await app.request('/api/threads?limit=100')
      const listed = body.threads.find((/** @type {{ id: string }} */ each) => each.id === thread.id)
      assert.equal(listed.updated_at, message.created_at)
      assert.ok(listed.updated_at > listed.created_at)
    })

    test('page by page, every thread is listed once, the newest first', async () => {
      for (let count = 0; count < 5; count++) await newThread({ title: `page ${count}` })
      const whole = (await app.request('/api/threads?limit=100')).body.threads
      const paged = []
      let next = ''
      do {
        const { body } = await app.request(`/api/threads?limit=2${next && `&after=${next}`}`)
        assert.ok(body.threads.length <= 2)
        paged.push(...body.threads)
        next = body.next
      } while (next)
      assert.deepEqual(paged, whole)
      const times = whole.map((/** @type {{ created_at: string }} */ { created_at }) => created_at)
      assert.deepEqual(times, times.toSorted().reverse())
    })

    test('page by page, every message of a thread is listed once', async () => {
      const { id: thread } = await newThread()
      for (const content of ['1', '2', '3'])
        await app.post(`/api/threads/${thread}/messages`, { role: 'user', content })
      const first = (await app.request(`/api/threads/${thread}/messages?limit=2`)).body
      const second = (await app.request(`/api/threads/${thread}/messages?limit=2&after=${first.next}`)).body
      const contents = [...first.messages, ...second.messages].map((/** @type {{ content: string }} */ m) => m.content)
      assert.deepEqual(contents, ['1', '2', '3'])
      assert.equal(second.next, null)
    })

    test('a row that was written by hand is listed with the time that the database gave it', async () => {
      const { id: thread } = await newThread()
      const session = await app.database.session()
      await session.query(
        sql`insert into messages (id, thread_id, role, content) values ('by-hand', ${thread}, 'user', 'x')`,
      )
      await session.close()
      const { body } = await app.request(`/api/threads/${thread}/messages`)
      assert.match(body.messages[0].created_at, time)
      assert.ok(Math.abs(Date.parse(body.messages[0].created_at) - Date.now()) < 600_000)
    })

    test('with a thread go its messages', async () => {
      const { id: thread } = await newThread()
      await app.post(`/api/threads/${thread}/messages`, { role: 'user', content: 'x' })
      const session = await app.database.session()
      await session.query(sql`delete from threads where id = ${thread}`)
      const left = await session.query(sql`select id from messages where thread_id = ${thread}`)
      await session.close()
      assert.deepEqual(left, [])
      assert.equal((await app.request(`/api/threads/${thread}/messages`)).status, 404)
    })

    test('the database itself refuses a type, a provider and a role that are not known', async () => {
      const session = await app.database.session()
      const thread = await newThread()
      const statements = [
        sql`insert into threads (id, agent_type) values ('a', 'other')`,
        sql`insert into threads (id, agent_type, provider) values ('a', 'chat', 'other')`,
        sql`insert into messages (id, thread_id, role, content) values ('a', ${thread.id}, 'other', 'x')`,
        sql`insert into messages (id, thread_id, role, content) values ('a', ${nowhere}, 'user', 'x')`,
      ]
      for (const statement of statements) await assert.rejects(session.query(statement), { reason: 'constraint' })
      await session.close()
    })

    test('what a request lacks or has wrong is said', async () => {
      const { id: thread } = await newThread()
      const messages = `/api/threads/${thread}/messages`
      /** @type {[string, unknown, string][]} */
      const cases = [
        ['/api/threads', { title: 1 }, 'title must be a string.'],
        ['/api/threads', { title: 'x'.repeat(256) }, 'title must have at most 255 characters.'],
        ['/api/threads', { model: 'a\0b' }, 'model must not hold a zero byte.'],
        ['/api/threads', { agent_type: 'Chat' }, 'agent_type must be one of chat, canvas, salary_viewer.'],
        ['/api/threads', { provider: 'openai' }, 'provider must be one of azure-openai, gemini, ollama.'],
        ['/api/threads', { name: 'x' }, 'There is no field "name"; the fields are title, agent_type, model, provider.'],
        ['/api/threads', [], 'The body must be a JSON object.'],
        ['/api/threads', null, 'The body must be a JSON object.'],
        [messages, { content: 'x' }, 'role is missing.'],
        [messages, { role: 'user' }, 'content is missing.'],
        [messages, { role: 'robot', content: 'x' }, 'role must be one of system, user, assistant, tool.'],
      ]
      for (const [path, input, error] of cases) {
        const { status, body } = await app.post(path, input)
        assert.deepEqual([status, body], [400, { error }])
      }
    })

    test('a title has as many characters as the database counts', async () => {
      const { status, body } = await app.post('/api/threads', { title: '💬'.repeat(255) })
      assert.deepEqual([status, body.title], [201, '💬'.repeat(255)])
    })

    test('an unknown thread is 404, whatever its id looks like', async () => {
      for (const [thread, shown] of [
        [nowhere, nowhere],
        ['%00', '%00'],
        ["'--", "'--"],
        ['x'.repeat(5000), 'x'.repeat(5000)],
      ]) {
        const path = `/api/threads/${thread}/messages`
        const answers = [await app.request(path), await app.post(path, { role: 'user', content: 'x' })]
        for (const { status, body } of answers) {
          assert.deepEqual([status, body], [404, { error: `There is no thread ${shown}.` }])
        }
      }
    })

    test('a page that cannot be is 400', async () => {
      const { id: thread } = await newThread()
      const limit = 'limit must be a whole number from 1 to 100.'
      /** @type {[string, string][]} */
      const cases = [
        ['/api/threads?limit=0', limit],
        ['/api/threads?limit=101', limit],
        ['/api/threads?limit=-1', limit],
        ['/api/threads?limit=1e1', limit],
        [`/api/threads?after=${nowhere}`, `There is no thread ${nowhere} for after to name.`],
        ['/api/threads?after=%00', 'after must be the id of the last row that you have.'],
        [
          `/api/threads/${thread}/messages?after=${nowhere}`,
          `The thread ${thread} has no message ${nowhere} for after to name.`,
        ],
      ]
      for (const [path, error] of cases) {
        const { status, body } = await app.request(path)
        assert.deepEqual([status, body], [400, { error }])
      }
    })

    test('a body that is too long, of another type, or no JSON is refused', async () => {
      /** @param {RequestInit} options */
      const send = (options) => app.request('/api/threads', { method: 'POST', ...options })
      const json = { 'content-type': 'application/json' }
      const long = await send({ headers: json, body: JSON.stringify({ title: 'x'.repeat(1024 * 1024) }) })
      assert.deepEqual([long.status, long.body], [413, { error: 'The body is longer than 1048576 bytes.' }])
      const form = await send({ body: new URLSearchParams({ title: 'x' }) })
      assert.deepEqual([form.status, form.body], [415, { error: 'Send the body as content-type: application/json.' }])
      for (const body of ['{"title": ', '', Buffer.from([0x22, 0xff, 0x22])]) {
        const answer = await send({ headers: json, body })
        assert.equal(answer.status, 400)
        assert.match(answer.body.error, /^The body is not JSON: /)
      }
    })

    test('what is not there is 404, and what cannot be done is 405', async () => {
      const missing = await app.request('/api/thread')
      assert.deepEqual([missing.status, missing.body], [404, { error: 'There is nothing at /api/thread.' }])
      const removal = await app.request('/api/threads', { method: 'DELETE' })
      assert.deepEqual(
        [removal.status, removal.body],
        [405, { error: 'DELETE is not possible here; GET and POST are.' }],
      )
      assert.equal(removal.headers.get('allow'), 'GET, POST')
    })

    test('it is ready while its database answers', async () => {
      const { status, body } = await app.request('/ready')
      assert.deepEqual([status, body], [200, { ready: true }])
    })
  })
}
