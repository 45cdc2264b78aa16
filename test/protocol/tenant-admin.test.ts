import { expect, test } from 'vitest'
import { anna, bert, ident, shared } from '../harness/assistant-store.ts'
import { agentIds, people, rowsIn, tenantTests, textIn } from './tenant-world.ts'

tenantTests('the API of a tenant', [], (it) => {
  test('makes and changes users, and never tells a password', async () => {
    const made = await it().send('admin', 'POST /api/Anna/users', { email: 'New@Anna.test', password: 'not-a-secret' })
    expect(made).toMatchObject({ status: 201, body: { email: 'new@anna.test', role: 'user', is_active: true } })
    expect(JSON.stringify(made.body)).not.toContain('password')
    const twice = await it().send('admin', 'POST /api/Anna/users', { email: 'new@anna.test' })
    expect(twice).toMatchObject({
      status: 422,
      body: { detail: [{ path: 'email', message: 'Another user has this address.' }] },
    })
    const path = `/api/Anna/users/${textIn(made, 'id')}`
    expect(await it().send('admin', `PATCH ${path}`, { role: 'supporter' })).toMatchObject({
      body: { role: 'supporter' },
    })
    expect((await it().send('admin', `GET ${path}`)).body).toMatchObject({ email: 'new@anna.test' })
    const first = await it().send('admin', 'GET /api/Anna/users?limit=2')
    const second = await it().send('admin', `GET /api/Anna/users?limit=2&after=${textIn(first, 'next')}`)
    const emails = [...rowsIn(first, 'users'), ...rowsIn(second, 'users')].map(({ email }) => String(email))
    expect(emails).toHaveLength(4)
    expect(emails.join()).toBe(emails.toSorted().join())
  })

  test('makes agents with tools, and changes what they say in versions', async () => {
    const agent = await it().send('admin', 'POST /api/Anna/agents', { name: 'Clerk', prompt: 'Be brief.' })
    expect(agent).toMatchObject({ status: 201, body: { name: 'Clerk', shared: false, version: 1 } })
    const path = `/api/Anna/agents/${textIn(agent, 'id')}`
    expect(await it().send('admin', `PATCH ${path}`, { prompt: 'Be kind.' })).toMatchObject({ body: { version: 2 } })
    const tool = await it().send('admin', 'POST /api/Anna/tools', {
      name: 'ask',
      base_tool: 'http',
      config: { a: [1] },
    })
    expect(tool).toMatchObject({ status: 201, body: { name: 'ask', config: { a: [1] } } })
    expect(await it().send('admin', `PUT ${path}/tools`, [{ tool_id: tool.body['id'], priority: 1 }])).toMatchObject({
      status: 204,
    })
    expect((await it().send('user', `GET ${path}/tools`)).body).toMatchObject({ tools: [{ name: 'ask', priority: 1 }] })
    expect(await it().send('admin', `DELETE /api/Anna/tools/${textIn(tool, 'id')}`)).toMatchObject({ status: 409 })
    const reply = await it().send('user', 'POST /api/Anna/chat', { message: 'Hi', agent_name: 'Clerk' })
    expect(reply.body['agent_used']).toBe('Clerk')
    expect(await it().send('admin', `DELETE ${path}`)).toMatchObject({
      status: 409,
      body: { message: 'The agent is still used.' },
    })
    const unused = await it().send('admin', 'POST /api/Anna/agents', { name: 'Unused' })
    expect(await it().send('admin', `DELETE /api/Anna/agents/${textIn(unused, 'id')}`)).toMatchObject({ status: 204 })
  })

  test('grants a shared agent across tenants alone, and lets the tenant switch it', async () => {
    const path = `/api/anna.test/agents/${agentIds.DebtAgent}/permission`
    const names = async () =>
      rowsIn(await it().send('user', 'GET /api/Anna/agents'), 'agents').some(({ name }) => name === 'DebtAgent')
    expect(await it().send('admin', `PUT ${path}`, { enabled: true })).toMatchObject({ status: 404 })
    expect(await it().send('operator', `PUT ${path}`, { enabled: true })).toMatchObject({ status: 204 })
    expect(await names()).toBe(true)
    expect(await it().send('admin', `PUT ${path}`, { enabled: false })).toMatchObject({ status: 204 })
    expect(await names()).toBe(false)
    expect(await it().send('admin', `DELETE ${path}`)).toMatchObject({
      status: 403,
      body: {
        error: 'forbidden',
        message: 'This is for administrators of the tenant shared, and the key or token is of nobody who is one.',
      },
    })
    expect(await it().send('operator', `DELETE ${path}`)).toMatchObject({ status: 204 })
    expect(await it().send('admin', `PUT ${path}`, { enabled: true })).toMatchObject({ status: 404 })
  })

  test('keeps the key of a language model encrypted, and gives it to nobody', async () => {
    const model = { provider: 'p', model_name: 'big', context_window: 1000, cost_per_1k_input_tokens: 0.25 }
    const made = await it().send('admin', 'POST /api/Anna/models', model)
    expect(made).toMatchObject({ status: 201, body: { shared: false, cost_per_1k_input_tokens: '0.250000' } })
    const set = { llm_model_id: made.body['id'], api_key: 'not-a-real-key', rate_limit_rpm: 5 }
    const config = await it().send('admin', 'PUT /api/Anna/llm-config', set)
    expect(config).toMatchObject({ status: 200, body: { has_api_key: true, rate_limit_rpm: 5 } })
    const all = [
      config,
      await it().send('admin', 'GET /api/Anna/llm-config'),
      await it().send('admin', 'GET /api/Anna/models'),
    ]
    expect(JSON.stringify(all)).not.toMatch(/not-a-real-key|gAAAA|encrypted/)
    expect(await it().store.tenant(anna).llm.access(it().keyring)).toMatchObject({ api_key: 'not-a-real-key' })
  })

  test('lists, adds and changes tenants for whoever administers all of them', async () => {
    expect(await it().send('admin', 'GET /api/admin/tenants')).toMatchObject({ status: 403 })
    const made = await it().send('operator', 'POST /api/admin/tenants', { name: 'Carl', domain: 'carl.test' })
    expect(made).toMatchObject({ status: 201, body: { name: 'Carl', status: 'active' } })
    const refused = [
      { name: 'Carl', domain: 'Carl.x' },
      { name: 'admin', domain: 'admin.x' },
      { name: 'Threads', domain: 'threads' },
    ]
    for (const tenant of refused) {
      expect(await it().send('operator', 'POST /api/admin/tenants', tenant)).toMatchObject({ status: 422 })
    }
    const changed = await it().send('operator', `PATCH /api/admin/tenants/${textIn(made, 'id')}`, {
      settings: { theme: 'dark' },
    })
    expect(changed.body).toMatchObject({ settings: { theme: 'dark' } })
    expect((await it().send('operator', 'GET /api/carl.test')).body).toMatchObject({ id: made.body['id'] })
    const tenants = rowsIn(await it().send('operator', 'GET /api/admin/tenants?limit=100'), 'tenants')
    expect(tenants.map(({ name }) => name)).not.toContain('shared')
    expect(await it().send('operator', `GET /api/${shared}`)).toMatchObject({ status: 404 })
    expect((await it().send('user', 'GET /api/Anna')).body).toMatchObject({ id: anna })
  })

  test.each([
    'GET /users',
    'POST /users',
    'GET /tools',
    'POST /tools',
    'POST /agents',
    'GET /models',
    'GET /llm-config',
    'POST /knowledge',
  ])('is for administrators: %s', async (request) => {
    const [method, path] = request.split(' ')
    const bodies: Record<string, unknown> = {
      '/users': { email: 'x@x.test' },
      '/tools': { name: 'x', base_tool: 'x' },
      '/agents': { name: 'x' },
      '/knowledge': { title: 'x', content: 'x' },
    }
    const body = method === 'POST' ? bodies[path ?? ''] : undefined
    for (const who of ['user', 'visitor', 'sue'] as const) {
      expect(await it().send(who, `${method} /api/Anna${path}`, body)).toMatchObject({ status: 403 })
    }
    expect(await it().send('bert', `${method} /api/Anna${path}`, body)).toMatchObject({ status: 404 })
  })

  test('never finds what is another tenant’s, wherever its id stands', async () => {
    const own = `/api/${bert}`
    const session = ident(anna, 'thread')
    const requests: [string, unknown?][] = [
      [`GET ${own}/users/${people.user}`],
      [`PATCH ${own}/users/${people.user}`, { name: 'x' }],
      [`PATCH ${own}/agents/${ident(anna, 'assistant')}`, { name: 'x' }],
      [`DELETE ${own}/agents/${ident(anna, 'assistant')}`],
      [`PUT ${own}/agents/${ident(anna, 'assistant')}/tools`, []],
      [`PUT ${own}/agents/${agentIds.GuidelineAgent}/permission`, { enabled: true }],
      [`PATCH ${own}/tools/${ident(anna, 'tool')}`, { name: 'x' }],
      [`DELETE ${own}/tools/${ident(anna, 'tool')}`],
      [`PUT ${own}/tools/${ident(anna, 'tool')}/permission`, { enabled: true }],
      [`GET ${own}/sessions/${session}`],
      [`POST ${own}/escalate`, { session_id: session, reason: 'x' }],
      [`PATCH ${own}/escalations/${ident(anna, 'escalation')}/status`, { status: 'closed' }],
      [`PATCH ${own}/supporters/${people.sue}/availability`, { availability: 'away' }],
      [`GET ${own}/knowledge/${ident(anna, 'document')}`],
      [`DELETE ${own}/knowledge/${ident(anna, 'document')}`],
      [`GET /api/threads/${session}/messages`],
      [`POST /api/threads/${session}/messages`, { role: 'user', content: 'x' }],
    ]
    for (const [request, body] of requests) {
      expect([request, (await it().send('bert', request, body)).status]).toEqual([request, 404])
    }
    const refused: [string, unknown][] = [
      [`PUT ${own}/llm-config`, { llm_model_id: ident(anna, 'model') }],
      [`PUT ${own}/agents/${ident(bert, 'assistant')}/tools`, [{ tool_id: ident(anna, 'tool'), priority: 1 }]],
      [`POST ${own}/agents`, { name: 'x', llm_model_id: ident(anna, 'model') }],
    ]
    for (const [request, body] of refused) {
      expect([request, (await it().send('bert', request, body)).status]).toEqual([request, 422])
    }
    expect((await it().send('bert', `GET ${own}/agents/${ident(anna, 'assistant')}/tools`)).body).toEqual({ tools: [] })
    expect((await it().send('bert', `GET ${own}/escalations?supporter_id=${people.sue}`)).body['escalations']).toEqual(
      [],
    )
  })

  test('refuses what the database cannot keep before it gets there', async () => {
    for (const bad of ['zero\0', '\uD800']) {
      const bodies: [string, unknown][] = [
        ['POST /api/Anna/chat', { message: bad }],
        ['POST /api/Anna/knowledge', { title: 'x', content: bad }],
        ['POST /api/Anna/tools', { name: 'x', base_tool: 'http', config: { deep: [bad] } }],
        ['POST /api/Anna/users', { email: bad }],
        ['POST /api/threads', { title: bad }],
      ]
      for (const [request, body] of bodies) {
        const { status, body: answer } = await it().send('admin', request, body)
        expect([request, status, answer['error']]).toEqual([request, 422, 'request_invalid'])
      }
    }
    expect(await it().send('admin', 'GET /api/%00/users')).toMatchObject({ status: 422 })
    expect(await it().send('admin', 'GET /api/Anna/knowledge?query=%00')).toMatchObject({ status: 422 })
  })

  test('keeps threads and messages, and lists them page by page', async () => {
    const made = await it().send('user', 'POST /api/threads', { title: 'T', model: 'm', provider: 'gemini' })
    expect(made).toMatchObject({
      status: 201,
      body: { title: 'T', agent_type: 'chat', model: 'm', provider: 'gemini' },
    })
    const path = `/api/threads/${textIn(made, 'id')}/messages`
    const message = { role: 'user', content: 'Hi', artifact_data: [1, { a: null }], message_metadata: { k: 'v' } }
    expect(await it().send('user', `POST ${path}`, message)).toMatchObject({ status: 201, body: message })
    for (const content of ['', 'Two']) await it().send('user', `POST ${path}`, { role: 'assistant', content })
    const first = await it().send('user', `GET ${path}?limit=2`)
    const rest = await it().send('user', `GET ${path}?limit=2&after=${textIn(first, 'next')}`)
    expect([...rowsIn(first, 'messages'), ...rowsIn(rest, 'messages')].map(({ content }) => content)).toEqual([
      'Hi',
      '',
      'Two',
    ])
    expect(rest.body['next']).toBeNull()
    expect((await it().send('user', 'GET /api/threads?limit=1')).body['threads']).toMatchObject([
      { id: made.body['id'] },
    ])
    const session = await it().send('user', `GET /api/Anna/sessions/${textIn(made, 'id')}`)
    expect(session.body['messages']).toHaveLength(3)
    expect(await it().send('user', `GET ${path}?after=${textIn(made, 'id')}`)).toMatchObject({
      status: 422,
      body: { message: 'after: There is no such row to go on behind.' },
    })
    expect(await it().send('user', `POST ${path}`, { role: 'robot', content: 'x' })).toMatchObject({ status: 422 })
  })

  test('keeps a message once that is sent twice', async () => {
    const id = textIn(await it().send('user', 'POST /api/threads', {}), 'id')
    const message = { role: 'user', content: 'x', client_message_id: ident('client', 'twice') }
    const both = await Promise.all([1, 2].map(() => it().send('user', `POST /api/threads/${id}/messages`, message)))
    expect(both[0]).toEqual(both[1])
  })
})
