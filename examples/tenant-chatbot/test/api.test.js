import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { serve } from './serve.js'

/** @type {Awaited<ReturnType<typeof serve>>} */
let app
before(async () => {
  app = await serve()
})
after(() => app.close())

const nowhere = '00000000-0000-4000-8000-000000000000'

/** @param {string} tenant */
async function newSession(tenant) {
  const { body } = await app.ask(`POST /api/${tenant}/chat`, { message: 'Hello' })
  return String(body.session_id)
}

test('an agent answers by its very name, where the tenant may use it', async () => {
  const chat = (/** @type {string} */ tenant, /** @type {unknown} */ agent_name) =>
    app.ask(`POST /api/${tenant}/chat`, { message: 'Hello', agent_name })
  assert.equal((await chat('one', undefined)).body.agent_used, 'SupervisorAgent')
  assert.equal((await chat('one.test', null)).body.agent_used, 'SupervisorAgent')
  const before = await app.ask('GET /api/two/sessions?limit=100')
  for (const [agent, error, message] of [
    ['debtagent', 'agent_unknown', '"debtagent": agent not found.'],
    ['', 'agent_unknown', '"": agent not found.'],
    ['DebtAgent', 'agent_unavailable', 'The agent DebtAgent is not available for tenant two.'],
  ]) {
    assert.deepEqual(await chat('two', agent), { status: 400, body: { error, message } })
  }
  assert.deepEqual(await app.ask('GET /api/two/sessions?limit=100'), before)
  assert.equal((await chat('one', 'DebtAgent')).body.agent_used, 'DebtAgent')
  assert.deepEqual(await chat('three', undefined), {
    status: 404,
    body: { error: 'not_found', message: 'There is no tenant three.' },
  })
})

test('a session keeps what was said in its order, and is not there for another tenant', async () => {
  const session_id = await newSession('one')
  const answers = await Promise.all(
    ['a', 'b', 'c'].map((message) => app.ask('POST /api/one/chat', { message, session_id })),
  )
  assert.deepEqual(
    answers.map(({ status }) => status),
    [200, 200, 200],
  )
  const { body } = await app.ask(`GET /api/one/sessions/${session_id}`)
  assert.equal(body.agent, 'SupervisorAgent')
  assert.deepEqual(
    body.messages.map((/** @type {{ sequence: number }} */ { sequence }) => sequence),
    [1, 2, 3, 4, 5, 6, 7, 8],
  )
  const removed = await newSession('two')
  assert.equal((await app.ask(`DELETE /api/two/sessions/${removed}`)).status, 204)
  for (const id of [session_id, removed, nowhere, 'x']) {
    const missing = { status: 404, body: { error: 'not_found', message: `There is no session ${id}.` } }
    assert.deepEqual(await app.ask(`GET /api/two/sessions/${id}`), missing)
    assert.deepEqual(await app.ask(`DELETE /api/two/sessions/${id}`), missing)
    assert.deepEqual(await app.ask('POST /api/two/chat', { message: 'x', session_id: id }), missing)
    assert.deepEqual(await app.ask('POST /api/two/escalate', { session_id: id, reason: 'x' }), missing)
  }
})

test('page by page, every session is listed once, the newest first', async () => {
  for (let count = 0; count < 3; count++) await newSession('two')
  const whole = (await app.ask('GET /api/two/sessions?limit=100')).body.sessions
  const paged = []
  let next = ''
  do {
    const { body } = await app.ask(`GET /api/two/sessions?limit=2${next && `&after=${next}`}`)
    paged.push(...body.sessions)
    next = body.next
  } while (next)
  assert.deepEqual(paged, whole)
  assert.ok(whole.length >= 3)
})

test('a document is found by its words, and is the answer to questions of its tenant', async () => {
  const document = { title: 'Moorings', content: 'Zeppelins are moored at the mast.\n\nBring ropes.', source: 'manual' }
  const kept = await app.ask('POST /api/one/knowledge', document)
  assert.deepEqual([kept.status, kept.body.title, kept.body.source], [200, 'Moorings', 'manual'])
  const again = await app.ask('POST /api/one/knowledge', document)
  assert.equal(again.body.id, kept.body.id)
  const found = await app.ask('GET /api/one/knowledge?query=Where%20are%20zeppelins%3F')
  assert.deepEqual(
    found.body.passages.map((/** @type {{ content: string }} */ { content }) => content),
    ['Zeppelins are moored at the mast.'],
  )
  const question = { message: 'Where are zeppelins moored?' }
  const answer = await app.ask('POST /api/one/chat', question)
  assert.equal(answer.body.response, 'Zeppelins are moored at the mast.\n\nFrom: Moorings')
  const other = await app.ask('POST /api/two/chat', question)
  assert.equal(other.body.response, 'I have found nothing on that. Ask for a person, and somebody will help.')
  assert.deepEqual((await app.ask('GET /api/two/knowledge')).body, { documents: [], next: null })
})

test('a session goes to the available supporter who has the least to do', async () => {
  const escalate = async (/** @type {string} */ session_id) =>
    app.ask('POST /api/one/escalate', { session_id, reason: 'Too hard' })
  const first = await newSession('one')
  assert.deepEqual(await escalate(first), {
    status: 503,
    body: { error: 'unavailable', message: 'No supporter is available.' },
  })
  assert.deepEqual((await app.ask('GET /api/one/escalations')).body, { escalations: [], next: null })

  const supporters = async () => (await app.ask('GET /api/one/supporters')).body.supporters
  for (const { user_id } of await supporters()) {
    const said = await app.ask(`PATCH /api/one/supporters/${user_id}/availability`, { availability: 'available' })
    assert.deepEqual(said, { status: 200, body: { user_id, availability: 'available' } })
    const other = await app.ask(`PATCH /api/two/supporters/${user_id}/availability`, { availability: 'available' })
    assert.equal(other.status, 404)
  }
  const sessions = await Promise.all(Array.from({ length: 6 }, () => newSession('one')))
  const made = await Promise.all(sessions.map(escalate))
  assert.deepEqual(
    made.map(({ status }) => status),
    [201, 201, 201, 201, 201, 201],
  )
  assert.deepEqual(
    (await supporters()).map((/** @type {{ active: number }} */ { active }) => active),
    [3, 3],
  )
  assert.deepEqual(await escalate(sessions[0] ?? ''), { status: 200, body: made[0]?.body })

  const step = (/** @type {string} */ status, tenant = 'one') =>
    app.ask(`PATCH /api/${tenant}/escalations/${made[0]?.body.id}/status`, { status })
  for (const status of ['in_progress', 'on_hold', 'in_progress', 'assigned', 'resolved', 'closed']) {
    assert.equal((await step(status)).body.status, status)
  }
  assert.deepEqual(await step('assigned'), {
    status: 409,
    body: { error: 'conflict', message: 'An escalation that is closed cannot become assigned.' },
  })
  assert.equal((await step('closed', 'two')).status, 404)
})

test('what a request has wrong is said', async () => {
  /** @type {[string, unknown, number, string][]} */
  const cases = [
    ['POST /api/one/chat', {}, 422, 'message is missing.'],
    ['POST /api/one/chat', { message: 1 }, 422, 'message must be a string.'],
    ['POST /api/one/chat', { message: 'a\0' }, 422, 'message must not hold a zero byte.'],
    ['POST /api/one/chat', [], 400, 'The body must be a JSON object.'],
    ['POST /api/one/chat', '{', 400, 'The body is not JSON.'],
    ['POST /api/one/chat', undefined, 400, 'Send the body as content-type: application/json.'],
    ['POST /api/one/knowledge', { title: 'x'.repeat(201) }, 422, 'title must have at most 200 characters.'],
    [
      `PATCH /api/one/escalations/${nowhere}/status`,
      { status: 'done' },
      422,
      'status must be one of pending, assigned, in_progress, on_hold, resolved, closed.',
    ],
    ['GET /api/one/sessions?limit=0', undefined, 422, 'limit must be a whole number from 1 to 100.'],
    ['GET /api/one/sessions?after=x', undefined, 422, 'after must be the id of the last row that you have.'],
    ['GET /api/one/nothing', undefined, 404, 'There is no route GET /api/one/nothing.'],
  ]
  for (const [request, body, status, message] of cases) {
    const answer = await app.ask(request, body)
    assert.deepEqual([request, answer.status, answer.body.message], [request, status, message])
  }
})
